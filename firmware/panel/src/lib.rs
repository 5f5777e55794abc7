//! The front panel without its hardware: keys, power, clock, and what the display shows. `no_std`, no I/O, no clock.
//!
//! A board turns interrupts into [`Event`]s, calls [`Panel::step`] with the time in microseconds, does the [`Action`]s, and when told to
//! redraw gives [`Panel::draw`] a display. Everything is replayable from a log of events.
#![no_std]
#![forbid(unsafe_code)]

mod divide;
pub mod font;
pub mod ir;
mod keys;
mod panel;
mod power;
pub mod rows;
pub mod settings;
mod view;

pub use keys::DEBOUNCE_US;
pub use panel::{Action, Actions, Event, Led, Panel};
pub use power::{CUT_TIMEOUT_US, HARD_OFF_US, Power, WATCHDOG_US};
pub use view::{Large, Screen, Small};
