//! Where pictures go: the seam between the engine and a screen. The engine asks a [`VideoOutput`] for a sink per session and is told
//! of every picture that the sink really shows.

mod copies;
mod flow;
#[cfg(feature = "gl")]
mod gl;
mod kms;
mod null;
mod overlay;
mod shown;
mod software;
mod wayland;
mod window;

#[cfg(feature = "gl")]
pub use gl::{GlTexture, Texture};
pub use kms::{Card, KmsPlane, KmsSettings};
pub use null::NullVideo;
pub use software::{FrameData, PixelFormat, SoftwareOutput, VideoFrame};
pub use wayland::WaylandOutput;
pub use window::WindowVideo;

use crate::Error;
use gst::prelude::*;
use gstreamer as gst;
use std::sync::Arc;

/// A picture on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Presentation time in microseconds.
    pub pts_us: u64,
    /// Of the picture in microseconds, zero if not known.
    pub duration_us: u64,
}

impl Shown {
    /// Of a buffer at a sink, by the stream's time; none without a time.
    fn of(buffer: &gst::BufferRef, segment: Option<&gst::Segment>) -> Option<Self> {
        let pts = buffer.pts()?;
        let time = segment.and_then(|s| s.downcast_ref::<gst::ClockTime>().and_then(|s| s.to_stream_time(pts)));
        let duration_us = buffer.duration().map_or(0, gst::ClockTime::useconds);
        Some(Self { pts_us: time.unwrap_or(pts).useconds(), duration_us })
    }
}

/// Called by a sink for each picture at the moment it is shown.
pub type Presented = Arc<dyn Fn(Shown) + Send + Sync>;

/// A place on the screen, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// How pictures get to the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyPath {
    /// The decoder's memory is scanned out.
    Zero,
    /// One pass of the GPU.
    Gl,
    /// The CPU copies or converts.
    Cpu,
}

impl CopyPath {
    /// As [`crate::Summary::copy_path`] says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Gl => "gl",
            Self::Cpu => "cpu",
        }
    }
}

/// Elements in a row, the last one a sink, as one element.
struct Row {
    bin: gst::Bin,
    /// Where pictures come in, and where they leave.
    entry: gst::Pad,
    exit: gst::Pad,
}

impl Row {
    fn of(elements: &[&gst::Element]) -> Result<Self, Error> {
        let broken = |e: gst::glib::BoolError| Error::Framework(e.to_string());
        let no_pad = || Error::Framework("an element has no sink pad".into());
        let pad = |element: Option<&&gst::Element>| element.and_then(|e| e.static_pad("sink")).ok_or_else(no_pad);
        let bin = gst::Bin::new();
        bin.add_many(elements).map_err(broken)?;
        gst::Element::link_many(elements).map_err(broken)?;
        let (entry, exit) = (pad(elements.first())?, pad(elements.last())?);
        bin.add_pad(&gst::GhostPad::with_target(&entry).map_err(broken)?).map_err(broken)?;
        Ok(Self { bin, entry, exit })
    }
}

/// A screen, or what stands for one. One object serves many sessions, one after the other.
pub trait VideoOutput: Send + Sync {
    /// A fresh element (or bin with a `sink` pad) that takes `video/x-raw`, keeps the clock (`sync=true`), and calls `presented` for
    /// every picture it shows, the still one of a paused pipeline included.
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error>;
    /// As seen in the first picture of the session, by the memory it came in; before that, the best that this output can do. For telemetry
    /// and boards' acceptance tests.
    fn copy_path(&self) -> CopyPath;
    /// Moves and scales the video plane. Outputs without a plane ignore it.
    fn set_rect(&self, _rect: Rect) {}
    /// Shows or hides the video plane, which moves out of the screen. Outputs without a plane ignore it.
    fn set_visible(&self, _visible: bool) {}
}
