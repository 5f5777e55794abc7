//! The microcontroller's own watchdog: a loop that stands still for two seconds is reset.

use crate::chip::{MHZ, RESC, read, write};
use hearth_wire::ResetCause;

const LOAD: usize = 0x4000_0000;
const CONTROL: usize = 0x4000_0008;
const CLEAR: usize = 0x4000_000c;

/// Why we start.
pub fn cause() -> ResetCause {
    let cause = read(RESC);
    write(RESC, 0);
    if cause & 1 << 3 != 0 {
        ResetCause::Watchdog
    } else if cause & 1 << 4 != 0 {
        ResetCause::Software
    } else {
        ResetCause::PowerOn
    }
}

/// Arms it: at the first end it would interrupt, at the second it resets.
pub fn start() {
    write(LOAD, MHZ * 1_000_000);
    write(CONTROL, 1 | 1 << 1);
}

/// The loop turns.
pub fn kick() {
    write(CLEAR, 1);
}
