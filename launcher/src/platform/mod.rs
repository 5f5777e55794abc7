//! Slint's platform, our own: one window drawn by the software renderer into a buffer with alpha, a clock that tests can set, and
//! the [`Screen`]s that buffer goes to. (Slint's own KMS backend knows neither alpha nor a second plane.)

mod headless;
#[cfg(feature = "display")]
pub mod kms;
mod screen;
mod seat;
mod surface;
#[cfg(feature = "window")]
mod window;

pub use headless::HeadlessScreen;
pub use screen::{Frame, Input, Rect, Screen, ScreenError, Tally, Waker};
pub use seat::{FilmPlane, Seat};
pub use surface::{Drawn, Surface};
#[cfg(feature = "window")]
pub use window::WindowScreen;

use slint::platform::software_renderer::{MinimalSoftwareWindow, RepaintBufferType};
use slint::platform::{Platform, WindowAdapter};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Where time comes from.
#[derive(Clone)]
pub enum Clock {
    /// The machine's monotonic clock.
    Real(Instant),
    /// Stands still until a test moves it.
    Mock(Rc<Cell<Duration>>),
}

impl Clock {
    /// Runs from now on.
    pub fn real() -> Self {
        Self::Real(Instant::now())
    }

    /// Stands at zero.
    pub fn mock() -> Self {
        Self::Mock(Rc::new(Cell::new(Duration::ZERO)))
    }

    /// Since the start.
    pub fn now(&self) -> Duration {
        match self {
            Self::Real(start) => start.elapsed(),
            Self::Mock(now) => now.get(),
        }
    }

    /// Since the start, in ms.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// Moves a mock clock on; a real one goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Self::Mock(now) = self {
            now.set(now.get() + by);
        }
    }
}

struct TvPlatform {
    window: Rc<MinimalSoftwareWindow>,
    clock: Clock,
}

impl Platform for TvPlatform {
    fn create_window_adapter(&self) -> Result<Rc<dyn WindowAdapter>, slint::PlatformError> {
        Ok(self.window.clone())
    }

    fn duration_since_start(&self) -> Duration {
        self.clock.now()
    }
}

/// Installs the platform on this thread, with its one window of `width` x `height` pixels. Once a thread: Slint allows no second.
pub fn install(clock: &Clock, width: u32, height: u32) -> Result<Surface, slint::PlatformError> {
    let window = MinimalSoftwareWindow::new(RepaintBufferType::ReusedBuffer);
    slint::platform::set_platform(Box::new(TvPlatform { window: window.clone(), clock: clock.clone() }))
        .map_err(|e| slint::PlatformError::Other(e.to_string()))?;
    Ok(Surface::new(window, width, height))
}
