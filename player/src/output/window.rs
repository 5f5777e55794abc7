//! A plain window of GStreamer's, for the command line on a desktop.

use super::flow::Flow;
use super::{CopyPath, Presented, Row, VideoOutput, shown};
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
        let row = Row::of(&[&convert, &sink])?;
        self.0.watch(&row.entry, &row.exit);
        shown::report(&sink, presented);
        Ok(row.bin.upcast())
    }

    fn copy_path(&self) -> CopyPath {
        self.0.path()
    }
}
