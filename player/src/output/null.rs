//! A screen that is not there: pictures are shown to nobody at the right time. For servers' checks and headless play.

use super::{CopyPath, Presented, Shown, VideoOutput};
use crate::Error;
use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts pictures at the right speed and shows none.
#[derive(Debug, Default)]
pub struct NullVideo;

impl VideoOutput for NullVideo {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let caps = gst::Caps::builder("video/x-raw").any_features().build();
        Ok(counted_sink(&caps, move |_| (), presented))
    }

    fn copy_path(&self) -> CopyPath {
        CopyPath::Cpu
    }
}

/// A synchronised sink that hands every shown buffer to `show`, then reports it. The picture of a preroll is shown once, though the
/// sink names it twice (as preroll, and as the first sample when the pipeline plays).
pub(super) fn counted_sink(
    caps: &gst::Caps,
    show: impl Fn(&gst::Sample) + Send + Sync + 'static,
    presented: Presented,
) -> gst::Element {
    let last = Arc::new(Mutex::new(None));
    let flushed = last.clone();
    let report = Arc::new(move |sample: &gst::Sample| {
        let Some(shown) = sample.buffer().and_then(|buffer| Shown::of(buffer, sample.segment())) else { return };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.replace(shown.pts_us) == Some(shown.pts_us) {
            return;
        }
        drop(last);
        show(sample);
        presented(shown);
    });
    let on_preroll = report.clone();
    let callbacks = gst_app::AppSinkCallbacks::builder()
        .new_preroll(move |sink| {
            let sample = sink.pull_preroll().map_err(|_| gst::FlowError::Eos)?;
            on_preroll(&sample);
            Ok(gst::FlowSuccess::Ok)
        })
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            report(&sample);
            Ok(gst::FlowSuccess::Ok)
        })
        .build();
    let sink = gst_app::AppSink::builder().sync(true).caps(caps).enable_last_sample(false).callbacks(callbacks).build();
    if let Some(pad) = sink.static_pad("sink") {
        // After a jump to where it is the same picture is new.
        pad.add_probe(gst::PadProbeType::EVENT_FLUSH, move |_, _| {
            *flushed.lock().unwrap_or_else(PoisonError::into_inner) = None;
            gst::PadProbeReturn::Ok
        });
    }
    sink.set_property("qos", true);
    sink.set_property("max-lateness", 20_000_000i64);
    sink.upcast()
}
