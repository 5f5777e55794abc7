//! The box's end of the wire to the front panel. Start at [`Panel::start`]; [`Session`] is what it does, without a clock or a port.
#![forbid(unsafe_code)]

mod keymap;
mod port;
mod session;

pub use hearth_wire as wire;
pub use keymap::{Keymap, KeymapError, panel_key};
pub use port::{Panel, last_word};
pub use session::{Event, Session};

/// Text as it goes over the line.
pub type Text<const N: usize> = heapless::String<N>;
