//! The seam between the launcher and what one looks at: a window, nothing at all, or (on boxes) KMS planes.

use hearth_nav::RemoteKey;
use slint::platform::software_renderer::PremultipliedRgbaColor;
use std::sync::Arc;
use std::time::Duration;

/// Ends [`Screen::wait`] from any thread.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// What the viewer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key went down, or its sender repeats it.
    Down(RemoteKey),
    /// A key went up.
    Up(RemoteKey),
    /// All keys are up: the remote, or the window's focus, is gone.
    Released,
    /// The window was closed.
    Quit,
}

/// What to show.
pub struct Frame<'a> {
    /// Below; none where the interface hides it.
    pub video: Option<&'a crate::compose::Picture<'a>>,
    /// Above, premultiplied.
    pub ui: &'a [PremultipliedRgbaColor],
    /// Of `ui`.
    pub width: u32,
    /// Of `ui`.
    pub height: u32,
}

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// Neither `DISPLAY` nor `WAYLAND_DISPLAY` leads anywhere.
    #[error("there is no display: {0}. Start it on a desktop, or with --headless --keys SCRIPT")]
    NoDisplay(String),
    /// The window system refused.
    #[error("the window system refused: {0}")]
    Refused(String),
}

/// Somewhere to show frames and to get keys from.
pub trait Screen {
    /// In pixels.
    fn size(&self) -> (u32, u32);

    /// Ends a [`Screen::wait`].
    fn waker(&self) -> Waker;

    /// Sleeps until there is input, someone wakes it or the time is over (none: for ever). Input goes to the end of `input`.
    fn wait(&mut self, timeout: Option<Duration>, input: &mut Vec<Input>);

    /// Shows a frame.
    fn present(&mut self, frame: &Frame<'_>) -> Result<(), ScreenError>;

    /// Frames are looked at by nobody: they need not be composed.
    fn blind(&self) -> bool {
        false
    }
}
