//! Pictures as textures, for applications that draw with OpenGL: what a decoder has in memory that the GPU reaches is not copied.

use super::flow::Flow;
use super::null::counted_sink;
use super::{CopyPath, Presented, Row, VideoOutput};
use crate::Error;
use gst::prelude::*;
use gst_gl::prelude::*;
use gstreamer as gst;
use gstreamer_gl as gst_gl;
use gstreamer_video as gst_video;
use std::sync::Arc;

/// One picture as a texture: RGBA, the first row at the top. The texture is the picture's until the last clone is dropped; then the decoder
/// may draw the next one into it.
#[derive(Clone)]
pub struct Texture {
    /// OpenGL's name of it, in every context that shares with the one given to [`GlTexture::shared`].
    pub id: u32,
    /// OpenGL's target: `GL_TEXTURE_2D`.
    pub target: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Presentation time in microseconds.
    pub pts_us: u64,
    frame: Arc<gst_gl::GLVideoFrame<gst_gl::gl_video_frame::Readable>>,
}

const GL_TEXTURE_2D: u32 = 0x0DE1;

impl Texture {
    /// Has the GPU finish the picture before it does what `context` asks for next. Call this in the thread of `context`, before drawing.
    pub fn wait(&self, context: &gst_gl::GLContext) {
        if let Some(meta) = self.frame.buffer().meta::<gst_gl::GLSyncMeta>() {
            meta.wait(context);
        }
    }

    /// Its pixels in main memory, rows without gaps: for a screenshot, not for every picture.
    pub fn read(&self) -> Option<Vec<u8>> {
        let info = gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgba, self.width, self.height).build().ok()?;
        let copy = gst_video::VideoFrameRef::from_buffer_ref_readable(self.frame.buffer(), &info).ok()?;
        let stride = usize::try_from(*copy.plane_stride().first()?).ok()?;
        let rows = copy.plane_data(0).ok()?.chunks(stride).take(self.height as usize);
        Some(rows.flat_map(|row| &row[..row.len().min(self.width as usize * 4)]).copied().collect())
    }

    /// The context that made it.
    pub fn context(&self) -> Option<gst_gl::GLContext> {
        self.frame.memory(0).ok().map(|m| m.context().clone())
    }
}

/// Hands textures to a callback, on a GStreamer thread: store the texture and return at once.
pub struct GlTexture {
    callback: Arc<dyn Fn(Texture) + Send + Sync>,
    display: gst_gl::GLDisplay,
    shared: Option<gst_gl::GLContext>,
    flow: Flow,
}

impl GlTexture {
    /// Textures that `context` can draw with, by sharing. It is the application's, on `display`, wrapped by `GLContext::new_wrapped` and
    /// made known (`activate`, `fill_info`) in its thread.
    pub fn shared(
        display: &gst_gl::GLDisplay,
        context: &gst_gl::GLContext,
        callback: Arc<dyn Fn(Texture) + Send + Sync>,
    ) -> Self {
        Self { callback, display: display.clone(), shared: Some(context.clone()), flow: Flow::new(CopyPath::Gl) }
    }

    /// Textures on a display of its own, whoever may draw with them: [`Texture::context`] can.
    pub fn new(callback: Arc<dyn Fn(Texture) + Send + Sync>) -> Result<Self, Error> {
        gst::init().map_err(|e| Error::Framework(e.to_string()))?;
        Ok(Self { callback, display: display()?, shared: None, flow: Flow::new(CopyPath::Gl) })
    }
}

/// The desktop's display where there is one, else the GPU without any: EGL on the device itself.
fn display() -> Result<gst_gl::GLDisplay, Error> {
    let desktop =
        ["DISPLAY", "WAYLAND_DISPLAY", "GST_GL_WINDOW"].iter().any(|v| std::env::var_os(v).is_some_and(|v| !v.is_empty()));
    if desktop {
        return Ok(gst_gl::GLDisplay::new());
    }
    gst_gl::GLDisplay::with_type(gst_gl::GLDisplayType::EGL_DEVICE).ok_or_else(|| {
        Error::VideoOutput("no EGL device: install the GPU's driver, or Mesa, which draws without a GPU too".into())
    })
}

/// The sample's texture, if it is one.
fn texture(sample: &gst::Sample) -> Option<Texture> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let buffer = sample.buffer_owned()?;
    let pts_us = buffer.pts()?.useconds();
    // What is drawn from here on comes after the picture, once the other context waits for this point.
    let context = buffer.peek_memory(0).downcast_memory_ref::<gst_gl::GLBaseMemory>()?.context().clone();
    if let Some(meta) = buffer.meta::<gst_gl::GLSyncMeta>() {
        meta.set_sync_point(&context);
    }
    let frame = gst_gl::GLVideoFrame::from_buffer_readable(buffer, &info).ok()?;
    let id = frame.texture_id(0).ok()?;
    Some(Texture { id, target: GL_TEXTURE_2D, width: info.width(), height: info.height(), pts_us, frame: Arc::new(frame) })
}

impl VideoOutput for GlTexture {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let missing = |e: gst::glib::BoolError| Error::Framework(format!("{e} (gstreamer1.0-gl has the elements)"));
        let upload = gst::ElementFactory::make("glupload").build().map_err(missing)?;
        let convert = gst::ElementFactory::make("glcolorconvert").build().map_err(missing)?;
        let caps = gst::Caps::builder("video/x-raw")
            .features(["memory:GLMemory"])
            .field("format", "RGBA")
            .field("texture-target", "2D")
            .build();
        let callback = self.callback.clone();
        let show = move |sample: &gst::Sample| match texture(sample) {
            Some(texture) => callback(texture),
            None => tracing::warn!("a picture is no texture"),
        };
        let sink = counted_sink(&caps, show, presented);
        let row = Row::of(&[&upload, &convert, &sink])?;
        self.flow.watch(&row.entry, &row.exit);
        self.share(&row.bin);
        Ok(row.bin.upcast())
    }

    fn copy_path(&self) -> CopyPath {
        self.flow.path()
    }
}

impl GlTexture {
    /// Tells the elements where to draw, before they ask.
    fn share(&self, bin: &gst::Bin) {
        let mut context = gst::Context::new("gst.gl.GLDisplay", true);
        context.make_mut().set_gl_display(&self.display);
        bin.set_context(&context);
        if let Some(shared) = &self.shared {
            let mut context = gst::Context::new("gst.gl.app_context", true);
            context.make_mut().structure_mut().set("context", shared);
            bin.set_context(&context);
        }
    }
}
