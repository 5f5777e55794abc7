//! A plain window of GStreamer's, for the command line on a desktop.

use super::flow::Flow;
use super::{CopyPath, Presented, VideoOutput, shown};
use crate::Error;
use gst::prelude::*;
use gstreamer as gst;

/// Whatever window sink the desktop has.
#[derive(Debug)]
pub struct WindowVideo(Flow);

impl Default for WindowVideo {
    fn default() -> Self {
        // The desktop composes its windows.
        Self(Flow::new(CopyPath::Gl))
    }
}

impl VideoOutput for WindowVideo {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let missing = |e: gst::glib::BoolError| Error::Framework(e.to_string());
        let convert = gst::ElementFactory::make("videoconvertscale").build().map_err(missing)?;
        let sink = gst::ElementFactory::make("autovideosink").build().map_err(missing)?;
        let bin = gst::Bin::new();
        bin.add_many([&convert, &sink]).map_err(missing)?;
        convert.link(&sink).map_err(missing)?;
        let pad = convert.static_pad("sink").ok_or_else(|| Error::Framework("no sink pad".into()))?;
        self.0.watch(&pad, &sink.static_pad("sink").ok_or_else(|| Error::Framework("no sink pad".into()))?);
        shown::report(&sink, presented);
        bin.add_pad(&gst::GhostPad::with_target(&pad).map_err(missing)?).map_err(missing)?;
        Ok(bin.upcast())
    }

    fn copy_path(&self) -> CopyPath {
        self.0.path()
    }
}
