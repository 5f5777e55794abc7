//! The seam between the launcher and what one looks at: a window, nothing at all, or a box's display.

use super::Seat;
use crate::compose::{Over, Picture};
use hearth_nav::RemoteKey;
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

/// A part of the screen, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// What to show.
pub struct Frame<'a> {
    /// Below; none where no film is shown, or where it is on a plane of its own ([`Seat`]).
    pub film: Option<&'a Picture<'a>>,
    /// The film is another picture than in the last frame, or has come or gone.
    pub film_changed: bool,
    /// Above.
    pub ui: Over<'a>,
    /// Where the interface is another than in the last frame.
    pub ui_changed: &'a [Rect],
}

/// What has been shown so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that reached the display.
    pub frames: u64,
    /// Those of them with a new picture of a film.
    pub pictures: u64,
}

impl Tally {
    /// `frame` has reached the display.
    pub fn add(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        self.pictures += u64::from(frame.film_changed && frame.film.is_some());
    }
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

    /// Shows a frame. One that cannot be shown yet is [owed](Screen::owes).
    fn present(&mut self, frame: &Frame<'_>) -> Result<(), ScreenError>;

    /// The display was busy, or is new: present again, whatever changed since.
    fn owes(&self) -> bool {
        false
    }

    /// What has been shown so far.
    fn tally(&self) -> Tally;

    /// Frames are looked at by nobody.
    fn blind(&self) -> bool {
        false
    }

    /// Where a film can be shown past this screen's frames; a seat that is never offered, where it cannot.
    fn seat(&self) -> Seat {
        Seat::default()
    }
}
