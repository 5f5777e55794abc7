//! A plain window of GStreamer's, for the command line on a desktop.

use super::{CopyPath, Presented, Shown, VideoOutput};
use crate::Error;
use gst::prelude::*;
use gstreamer as gst;

/// Whatever window sink the desktop has.
#[derive(Debug, Default)]
pub struct WindowVideo;

impl VideoOutput for WindowVideo {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let missing = |e: gst::glib::BoolError| Error::Framework(e.to_string());
        let convert = gst::ElementFactory::make("videoconvertscale").build().map_err(missing)?;
        let sink = gst::ElementFactory::make("autovideosink").build().map_err(missing)?;
        let bin = gst::Bin::new();
        bin.add_many([&convert, &sink]).map_err(missing)?;
        convert.link(&sink).map_err(missing)?;
        let pad = convert.static_pad("sink").ok_or_else(|| Error::Framework("no sink pad".into()))?;
        // Counted on the way into the window, which drops late pictures itself and reports them.
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(buffer) = info.buffer()
                && let Some(pts) = buffer.pts()
            {
                let duration_us = buffer.duration().map_or(0, gst::ClockTime::useconds);
                presented(Shown { pts_us: pts.useconds(), duration_us });
            }
            gst::PadProbeReturn::Ok
        });
        bin.add_pad(&gst::GhostPad::with_target(&pad).map_err(missing)?).map_err(missing)?;
        Ok(bin.upcast())
    }

    fn copy_path(&self) -> CopyPath {
        CopyPath::Cpu
    }
}
