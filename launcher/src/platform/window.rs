//! A window on a developer's desktop: winit for keys, softbuffer for pixels. X11 (Wayland desktops bring XWayland).

use super::{Frame, Input, Screen, ScreenError, Tally, Waker};
use crate::{compose, keys::window as keys};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use winit::application::ApplicationHandler;
use winit::dpi::PhysicalSize;
use winit::event::{ElementState, KeyEvent, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop, OwnedDisplayHandle};
use winit::platform::pump_events::{EventLoopExtPumpEvents, PumpStatus};
use winit::window::{Fullscreen, Window, WindowId};

type Pixels = softbuffer::Surface<OwnedDisplayHandle, Rc<Window>>;

/// A window of the desktop.
pub struct WindowScreen {
    events: EventLoop<()>,
    state: State,
}

struct State {
    size: (u32, u32),
    window: Option<(Rc<Window>, Pixels)>,
    input: Vec<Input>,
    /// The last frame, composed; shown again when the window system has lost it.
    composed: Vec<u32>,
    failed: Option<String>,
    tally: Tally,
}

impl WindowScreen {
    /// Opens a window of so many pixels.
    pub fn open(width: u32, height: u32) -> Result<Self, ScreenError> {
        if ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| std::env::var_os(name).is_none_or(|v| v.is_empty())) {
            return Err(ScreenError::NoDisplay("DISPLAY is not set".into()));
        }
        let events = EventLoop::with_user_event().build().map_err(|e| ScreenError::NoDisplay(e.to_string()))?;
        let composed = vec![0; width as usize * height as usize];
        let state =
            State { size: (width, height), window: None, input: Vec::new(), composed, failed: None, tally: Tally::default() };
        let mut screen = Self { events, state };
        // The window is there once the loop has run.
        screen.pump(Some(Duration::from_millis(500)));
        match (screen.state.failed.take(), screen.state.window.is_some()) {
            (None, true) => Ok(screen),
            (reason, _) => Err(ScreenError::Refused(reason.unwrap_or_else(|| "no window appeared".into()))),
        }
    }

    fn pump(&mut self, timeout: Option<Duration>) {
        if let PumpStatus::Exit(_) = self.events.pump_app_events(timeout, &mut self.state) {
            self.state.input.push(Input::Quit);
        }
    }
}

impl Screen for WindowScreen {
    fn size(&self) -> (u32, u32) {
        self.state.size
    }

    fn waker(&self) -> Waker {
        let proxy = std::sync::Mutex::new(self.events.create_proxy());
        Arc::new(move || {
            if let Ok(proxy) = proxy.lock() {
                // Closed: there is nobody to wake.
                let _ = proxy.send_event(());
            }
        })
    }

    fn wait(&mut self, timeout: Option<Duration>, input: &mut Vec<Input>) {
        self.pump(timeout);
        input.append(&mut self.state.input);
    }

    fn present(&mut self, frame: &Frame<'_>) -> Result<(), ScreenError> {
        compose::compose(frame.film, &frame.ui, &mut self.state.composed);
        self.state.tally.add(frame);
        self.state.show().map_err(ScreenError::Refused)
    }

    fn tally(&self) -> Tally {
        self.state.tally
    }
}

impl State {
    fn create(&mut self, events: &ActiveEventLoop) -> Result<(), String> {
        let attributes = Window::default_attributes()
            .with_title("Hearth")
            .with_inner_size(PhysicalSize::new(self.size.0, self.size.1))
            .with_resizable(true);
        let window = Rc::new(events.create_window(attributes).map_err(|e| e.to_string())?);
        window.set_cursor_visible(false);
        let context = softbuffer::Context::new(events.owned_display_handle()).map_err(|e| e.to_string())?;
        let pixels = Pixels::new(&context, window.clone()).map_err(|e| e.to_string())?;
        self.window = Some((window, pixels));
        Ok(())
    }

    /// Puts the composed frame into the window, scaled to it by nearest pixel if the desktop gave it another size.
    fn show(&mut self) -> Result<(), String> {
        let Some((window, pixels)) = &mut self.window else { return Ok(()) };
        let inner = window.inner_size();
        let (Some(width), Some(height)) = (NonZeroU32::new(inner.width), NonZeroU32::new(inner.height)) else { return Ok(()) };
        pixels.resize(width, height).map_err(|e| e.to_string())?;
        let mut buffer = pixels.buffer_mut().map_err(|e| e.to_string())?;
        if (inner.width, inner.height) == self.size {
            buffer.copy_from_slice(&self.composed);
        } else {
            scale(&self.composed, self.size, &mut buffer, (inner.width, inner.height));
        }
        buffer.present().map_err(|e| e.to_string())
    }

    fn key(&mut self, event: &KeyEvent) {
        if keys::is_fullscreen(&event.logical_key) {
            if event.state == ElementState::Pressed && !event.repeat {
                self.toggle_fullscreen();
            }
        } else if let Some(key) = keys::remote(&event.logical_key) {
            self.input.push(if event.state == ElementState::Pressed { Input::Down(key) } else { Input::Up(key) });
        }
    }

    fn toggle_fullscreen(&self) {
        if let Some((window, _)) = &self.window {
            let next = window.fullscreen().is_none().then_some(Fullscreen::Borderless(None));
            window.set_fullscreen(next);
        }
    }
}

/// Nearest pixel, shape kept, black around.
fn scale(from: &[u32], size: (u32, u32), to: &mut [u32], screen: (u32, u32)) {
    let (left, top, width, height) = compose::fit(size.0, size.1, screen);
    to.fill(0);
    for y in 0..height {
        let row = &from[((y * size.1 / height) * size.0) as usize..];
        let start = ((top + y) * screen.0 + left) as usize;
        for (x, out) in (0..width).zip(&mut to[start..]) {
            *out = row[(x * size.0 / width) as usize];
        }
    }
}

impl ApplicationHandler for State {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if self.window.is_none()
            && let Err(reason) = self.create(events)
        {
            self.failed = Some(reason);
        }
    }

    fn window_event(&mut self, _events: &ActiveEventLoop, _id: WindowId, event: WindowEvent) {
        match event {
            WindowEvent::CloseRequested | WindowEvent::Destroyed => self.input.push(Input::Quit),
            WindowEvent::KeyboardInput { event, .. } => self.key(&event),
            WindowEvent::Focused(false) => self.input.push(Input::Released),
            WindowEvent::RedrawRequested | WindowEvent::Resized(_) => {
                if let Err(reason) = self.show() {
                    tracing::warn!("cannot show a frame: {reason}");
                }
            }
            _ => {}
        }
    }
}
