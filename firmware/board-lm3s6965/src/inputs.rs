//! Interrupts to queues: edges of the receiver, the keys' contacts, bytes from the box. Nothing is decided here and nothing waits.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use hearth_wire::PanelKey;
use lm3s6965::interrupt;

use crate::chip::{self, Pin};
use crate::ring::Ring;
use crate::{clock, serial};

/// The infrared receiver's output: low is light.
pub const RECEIVER: Pin = Pin::new(chip::B, 2);

/// Contacts: low is pressed.
pub const KEYS: [(PanelKey, Pin); 6] = [
    (PanelKey::Power, Pin::new(chip::B, 3)),
    (PanelKey::Up, Pin::new(chip::E, 0)),
    (PanelKey::Down, Pin::new(chip::E, 1)),
    (PanelKey::Left, Pin::new(chip::E, 2)),
    (PanelKey::Right, Pin::new(chip::E, 3)),
    (PanelKey::Ok, Pin::new(chip::F, 1)),
];

/// What changed: the low 27 bits of the microsecond, then whether it is pressed or lit, then its number in [`KEYS`], or the number after those: the receiver.
#[derive(Clone, Copy)]
pub struct Change(u32);

const TIME_BITS: u32 = 27;

impl Change {
    fn new(at_us: u64, what: u8, active: bool) -> Self {
        Self(at_us as u32 & ((1 << TIME_BITS) - 1) | u32::from(active) << TIME_BITS | u32::from(what) << (TIME_BITS + 1))
    }

    /// When, where the panel's time is `last_us` and at most a minute before or behind.
    pub fn at_us(self, last_us: u64) -> u64 {
        let later = (self.0.wrapping_sub(last_us as u32) << (32 - TIME_BITS)) as i32 >> (32 - TIME_BITS);
        last_us + u64::from(later.max(0) as u32)
    }

    /// Number in [`KEYS`], or the number after those: the receiver.
    pub const fn what(self) -> u8 {
        (self.0 >> (TIME_BITS + 1)) as u8
    }

    /// Pressed, or lit.
    pub const fn active(self) -> bool {
        self.0 >> TIME_BITS & 1 == 1
    }
}

/// In the order in which they happened.
static CHANGES: Ring<64> = Ring::new();
/// From the box.
pub static BYTES: Ring<64> = Ring::new();

/// The next change.
pub fn change() -> Option<Change> {
    CHANGES.take().map(Change)
}

/// One of the queues has got something, or the alarm has gone off.
pub static NEWS: AtomicBool = AtomicBool::new(false);

/// Levels as last seen, a bit each; a key that is held while we start has been held for ever.
static SEEN: AtomicU32 = AtomicU32::new(0);

fn pins() -> impl Iterator<Item = (u8, Pin)> {
    KEYS.into_iter().map(|(_, pin)| pin).chain([RECEIVER]).enumerate().map(|(i, pin)| (i as u8, pin))
}

/// Listens.
pub fn start() {
    let mut seen = 0;
    for (what, pin) in pins() {
        pin.input();
        seen |= u32::from(pin.is_high()) << what;
    }
    SEEN.store(seen, Ordering::Relaxed);
    serial::open(serial::LINK);
}

/// Levels against levels: an edge that was too short to be seen is none.
fn look() {
    let at_us = clock::now_us();
    let mut seen = SEEN.load(Ordering::Relaxed);
    for (what, pin) in pins() {
        let high = pin.is_high();
        if (seen >> what & 1 == 1) != high {
            seen ^= 1 << what;
            // No room means that the loop stands still: the decoder drops what has no counterpart.
            CHANGES.put(Change::new(at_us, what, !high).0);
        }
    }
    SEEN.store(seen, Ordering::Relaxed);
    NEWS.store(true, Ordering::Relaxed);
}

// All interrupts have one priority, so none comes inside another.

#[interrupt]
fn GPIOB() {
    RECEIVER.seen();
    look();
}

#[interrupt]
fn GPIOE() {
    KEYS[1].1.seen();
    look();
}

#[interrupt]
fn GPIOF() {
    KEYS[5].1.seen();
    look();
}

#[interrupt]
fn UART0() {
    while let Some(byte) = serial::received(serial::LINK) {
        BYTES.put(u32::from(byte)); // lost: the frame's CRC says so
    }
    NEWS.store(true, Ordering::Relaxed);
}

#[interrupt]
fn TIMER_1A() {
    clock::alarm_heard();
    NEWS.store(true, Ordering::Relaxed);
}
