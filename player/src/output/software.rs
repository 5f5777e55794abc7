//! Pictures in main memory, converted and scaled by the CPU, handed to a callback. For windows, tests, and boards without a video plane.

use super::{CopyPath, Presented, Row, VideoOutput, null::counted_sink};
use crate::Error;
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Order of the bytes of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// Blue, green, red, nothing: a little-endian `0x00RRGGBB`.
    Bgrx,
    /// Red, green, blue, alpha (always 255).
    Rgba,
}

impl PixelFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Bgrx => "BGRx",
            Self::Rgba => "RGBA",
        }
    }
}

/// A picture's bytes, shared, not copied. They go back to GStreamer's pool when the last clone is dropped.
#[derive(Clone)]
pub struct FrameData(Arc<gst_video::VideoFrame<gst_video::video_frame::Readable>>);

impl std::ops::Deref for FrameData {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.0.plane_data(0).unwrap_or(&[])
    }
}

/// One picture at the moment it is to be shown.
#[derive(Clone)]
pub struct VideoFrame {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes from one row to the next; at least `4 * width`.
    pub stride: usize,
    /// Order of the bytes of a pixel.
    pub format: PixelFormat,
    /// Rows from the top; `stride * height` bytes (the last row's padding may lack).
    pub data: FrameData,
    /// Presentation time in microseconds.
    pub pts_us: u64,
}

/// Hands pictures to a callback, on a GStreamer thread: copy or store the frame and return at once.
pub struct SoftwareOutput {
    callback: Arc<dyn Fn(VideoFrame) + Send + Sync>,
    format: PixelFormat,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    size: Option<(u32, u32)>,
    filter: Option<gst::glib::WeakRef<gst::Element>>,
}

impl SoftwareOutput {
    /// Pictures in `format` go to `callback`, in the stream's own size until [`SoftwareOutput::set_size`].
    pub fn new(format: PixelFormat, callback: Arc<dyn Fn(VideoFrame) + Send + Sync>) -> Self {
        Self { callback, format, state: Mutex::default() }
    }

    /// Scales pictures to `size` from now on, keeping their shape with black bars; none: the stream's own size.
    pub fn set_size(&self, size: Option<(u32, u32)>) {
        let filter = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.size == size {
                return;
            }
            state.size = size;
            state.filter.as_ref().and_then(gst::glib::WeakRef::upgrade)
        };
        if let Some(filter) = filter {
            filter.set_property("caps", self.caps(size));
        }
    }

    fn caps(&self, size: Option<(u32, u32)>) -> gst::Caps {
        let caps = gst::Caps::builder("video/x-raw").field("format", self.format.name());
        match size {
            Some((width, height)) => caps
                .field("width", width.clamp(2, 8192) as i32)
                .field("height", height.clamp(2, 8192) as i32)
                .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
                .build(),
            None => caps.build(),
        }
    }
}

/// The frame in `sample`, if it is one.
fn frame(sample: &gst::Sample, format: PixelFormat) -> Option<VideoFrame> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let buffer = sample.buffer_owned()?;
    let pts_us = buffer.pts()?.useconds();
    let mapped = gst_video::VideoFrame::from_buffer_readable(buffer, &info).ok()?;
    let stride = usize::try_from(*mapped.plane_stride().first()?).ok()?;
    Some(VideoFrame { width: info.width(), height: info.height(), stride, format, data: FrameData(Arc::new(mapped)), pts_us })
}

impl VideoOutput for SoftwareOutput {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let missing = |e: gst::glib::BoolError| Error::Framework(e.to_string());
        let convert = gst::ElementFactory::make("videoconvertscale").property("n-threads", 2u32).build().map_err(missing)?;
        let filter = gst::ElementFactory::make("capsfilter").build().map_err(missing)?;
        let (callback, format) = (self.callback.clone(), self.format);
        let show = move |sample: &gst::Sample| {
            if let Some(frame) = frame(sample, format) {
                callback(frame);
            }
        };
        let sink = counted_sink(&gst::Caps::builder("video/x-raw").build(), show, presented);
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            filter.set_property("caps", self.caps(state.size));
            state.filter = Some(filter.downgrade());
        }
        Ok(Row::of(&[&convert, &filter, &sink])?.bin.upcast())
    }

    fn copy_path(&self) -> CopyPath {
        CopyPath::Cpu
    }
}
