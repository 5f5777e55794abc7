//! The window's pixels: premultiplied RGBA, kept between frames, redrawn where something changed.

use super::Rect;
use crate::compose::{Cover, Over};
use hearth_typeset::Layer;
use slint::platform::WindowEvent;
use slint::platform::software_renderer::{MinimalSoftwareWindow, PremultipliedRgbaColor, RepaintBufferType};
use std::rc::Rc;

/// Height of the design in pixels; the scale of the interface follows from it.
const DESIGN_HEIGHT: f32 = 720.0;

/// What a frame cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Pixels that were drawn anew.
    pub pixels: u64,
    /// Where they are.
    pub region: Vec<Rect>,
}

/// The interface's picture. Alpha 0 where the film shows through.
pub struct Surface {
    window: Rc<MinimalSoftwareWindow>,
    pixels: Vec<PremultipliedRgbaColor>,
    cover: Cover,
    width: u32,
    height: u32,
}

impl Surface {
    pub(super) fn new(window: Rc<MinimalSoftwareWindow>, width: u32, height: u32) -> Self {
        let scale_factor = height as f32 / DESIGN_HEIGHT;
        window.dispatch_event(WindowEvent::ScaleFactorChanged { scale_factor });
        window.set_size(slint::PhysicalSize::new(width, height));
        let pixels = vec![PremultipliedRgbaColor::default(); width as usize * height as usize];
        Self { window, pixels, cover: Cover::new(width, height), width, height }
    }

    /// In pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Pixels of the screen to one of the design.
    pub fn scale(&self) -> f32 {
        self.height as f32 / DESIGN_HEIGHT
    }

    /// Rows from the top, without padding.
    pub fn pixels(&self) -> &[PremultipliedRgbaColor] {
        &self.pixels
    }

    /// The picture as it goes to a screen, over `captions`.
    pub fn over<'a>(&'a self, captions: &'a [Layer]) -> Over<'a> {
        Over { pixels: &self.pixels, width: self.width, height: self.height, cover: &self.cover, captions }
    }

    /// Something on it is moving by itself.
    pub fn animating(&self) -> bool {
        self.window.has_active_animations()
    }

    /// Brings timers and animations up to the clock and draws what changed. None: nothing did.
    pub fn draw(&mut self) -> Option<Drawn> {
        slint::platform::update_timers_and_animations();
        let (pixels, stride) = (&mut self.pixels, self.width as usize);
        let mut drawn = None;
        self.window.draw_if_needed(|renderer| {
            let region = renderer.render(pixels, stride);
            let rect = |(at, size): (slint::PhysicalPosition, slint::PhysicalSize)| {
                let (x, y) = (at.x.max(0) as u32, at.y.max(0) as u32);
                Rect { x, y, width: size.width, height: size.height }
            };
            let region: Vec<Rect> = region.iter().map(rect).filter(|r| r.width > 0 && r.height > 0).collect();
            let pixels = region.iter().map(|r| u64::from(r.width) * u64::from(r.height)).sum();
            drawn = Some(Drawn { pixels, region });
        });
        let drawn = drawn.filter(|d: &Drawn| d.pixels > 0)?;
        drawn.region.iter().for_each(|r| self.cover.update(&self.pixels, r.y..(r.y + r.height).min(self.height)));
        Some(drawn)
    }

    /// Draws everything anew into a fresh buffer; the kept one stays as it is. For checks that partial drawing left nothing stale.
    pub fn draw_whole(&mut self) -> Vec<PremultipliedRgbaColor> {
        let (mut whole, stride) = (vec![PremultipliedRgbaColor::default(); self.pixels.len()], self.width as usize);
        self.window.request_redraw();
        self.window.draw_if_needed(|renderer| {
            renderer.set_repaint_buffer_type(RepaintBufferType::NewBuffer);
            renderer.render(&mut whole, stride);
            renderer.set_repaint_buffer_type(RepaintBufferType::ReusedBuffer);
        });
        whole
    }
}
