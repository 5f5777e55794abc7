//! The window's pixels: premultiplied RGBA, kept between frames, redrawn where something changed.

use slint::platform::WindowEvent;
use slint::platform::software_renderer::{MinimalSoftwareWindow, PremultipliedRgbaColor, RepaintBufferType};
use std::rc::Rc;

/// Height of the design in pixels; the scale of the interface follows from it.
const DESIGN_HEIGHT: f32 = 720.0;

/// What a frame cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Pixels that were drawn anew.
    pub pixels: u64,
    /// Rectangles they were in.
    pub rectangles: usize,
}

/// The interface's picture. Alpha 0 where the film shows through.
pub struct Surface {
    window: Rc<MinimalSoftwareWindow>,
    pixels: Vec<PremultipliedRgbaColor>,
    width: u32,
    height: u32,
}

impl Surface {
    pub(super) fn new(window: Rc<MinimalSoftwareWindow>, width: u32, height: u32) -> Self {
        let scale_factor = height as f32 / DESIGN_HEIGHT;
        window.dispatch_event(WindowEvent::ScaleFactorChanged { scale_factor });
        window.set_size(slint::PhysicalSize::new(width, height));
        let pixels = vec![PremultipliedRgbaColor::default(); width as usize * height as usize];
        Self { window, pixels, width, height }
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
            let sizes = region.iter().map(|(_, size)| u64::from(size.width) * u64::from(size.height));
            drawn = Some(sizes.fold(Drawn::default(), |sum, n| Drawn { pixels: sum.pixels + n, rectangles: sum.rectangles + 1 }));
        });
        drawn.filter(|d| d.pixels > 0)
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
