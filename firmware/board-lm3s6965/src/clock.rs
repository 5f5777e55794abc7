//! Microseconds since the start: SysTick runs freely and its wraps are counted, so that no interrupt has to be on time.

use core::sync::atomic::{AtomicU32, Ordering};
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::exception;

use crate::chip::{MHZ, read, write};

/// One wrap, a whole number of microseconds in 24 bits.
const WRAP_US: u32 = 0x0100_0000 / MHZ;
const TOP: u32 = WRAP_US * MHZ - 1;
static WRAPS: AtomicU32 = AtomicU32::new(0);

/// Starts it.
pub fn start(syst: &mut SYST) {
    syst.set_clock_source(SystClkSource::Core);
    syst.set_reload(TOP);
    syst.clear_current();
    syst.enable_interrupt();
    syst.enable_counter();
}

#[exception]
fn SysTick() {
    WRAPS.fetch_add(1, Ordering::Relaxed);
}

/// Microseconds since [`start`]; never goes back, also inside interrupts, and lasts for ten years.
pub fn now_us() -> u64 {
    loop {
        let wraps = WRAPS.load(Ordering::Relaxed);
        let before = SCB::is_pendst_pending();
        let count = TOP - SYST::get_current();
        if WRAPS.load(Ordering::Relaxed) == wraps && SCB::is_pendst_pending() == before {
            let wraps = u64::from(wraps) + u64::from(before); // a wrap that nobody could count yet
            return wraps * u64::from(WRAP_US) + u64::from(count / MHZ);
        }
    }
}

const TIMER1: usize = 0x4003_1000;
const CFG: usize = 0x000;
const TAMR: usize = 0x004;
const CTL: usize = 0x00c;
const IMR: usize = 0x018;
const ICR: usize = 0x024;
const TAILR: usize = 0x028;

/// Wakes the core after `us` microseconds, once.
pub fn alarm(us: u32) {
    one_shot(TIMER1, us);
}

/// The alarm has been heard.
pub fn alarm_heard() {
    write(TIMER1 + ICR, 1);
}

/// Starts a timer of 32 bits that ends with an interrupt.
pub fn one_shot(timer: usize, us: u32) {
    write(timer + CTL, 0);
    write(timer + CFG, 0);
    write(timer + TAMR, 1);
    write(timer + TAILR, us.clamp(1, 20_000_000) * MHZ);
    write(timer + IMR, 1);
    write(timer + CTL, read(timer + CTL) | 1);
}
