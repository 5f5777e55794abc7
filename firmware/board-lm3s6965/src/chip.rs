//! The registers of the LM3S6965 that this board uses, by the names of its data sheet (revision 2014), and its pins.

use core::ptr::{read_volatile, write_volatile};

/// Reads a register.
pub fn read(address: usize) -> u32 {
    // SAFETY: every address in this crate is a register of this chip; reading one has no effect on memory.
    unsafe { read_volatile(address as *const u32) }
}

/// Writes a register.
pub fn write(address: usize, value: u32) {
    // SAFETY: as above; no register used here moves data to or from memory.
    unsafe { write_volatile(address as *mut u32, value) }
}

/// Sets bits of a register.
pub fn set(address: usize, bits: u32) {
    write(address, read(address) | bits);
}

const SYSTEM: usize = 0x400f_e000;
/// Why it was reset: bit 0 external, 1 power-on, 2 brown-out, 3 watchdog, 4 software.
pub const RESC: usize = SYSTEM + 0x05c;
const RCC: usize = SYSTEM + 0x060;
const RIS: usize = SYSTEM + 0x050;
const RCGC0: usize = SYSTEM + 0x100;
const RCGC1: usize = SYSTEM + 0x104;
const RCGC2: usize = SYSTEM + 0x108;

/// Of the core, in ticks a microsecond.
pub const MHZ: u32 = 50;

/// 50 MHz from the 8 MHz crystal by the PLL, clocks for what is used.
pub fn start() {
    const BYPASS: u32 = 1 << 11;
    const PWRDN: u32 = 1 << 13;
    const USE_DIVIDER: u32 = 1 << 22;
    const CRYSTAL_8_MHZ: u32 = 0xe << 6;
    const DIVIDE_BY_4: u32 = 3 << 23;
    // Data sheet, 5.3: the crystal with the PLL bypassed, then the PLL powered, its lock, and no bypass.
    write(RCC, BYPASS | PWRDN | CRYSTAL_8_MHZ);
    write(RCC, BYPASS | CRYSTAL_8_MHZ | DIVIDE_BY_4 | USE_DIVIDER);
    for _ in 0..100_000 {
        if read(RIS) & 1 << 6 != 0 {
            break;
        }
    }
    write(RCC, CRYSTAL_8_MHZ | DIVIDE_BY_4 | USE_DIVIDER);
    set(RCGC0, 1 << 3); // watchdog
    set(RCGC1, 1 << 17 | 1 << 16 | 1 << 4 | 1 << 1 | 1); // timers 0 and 1, SSI0, UART0 and 1
    set(RCGC2, 0x3f); // ports A to F
    read(RCGC2); // three clocks until they answer
}

/// One pin of a port.
#[derive(Clone, Copy)]
pub struct Pin {
    port: usize,
    bit: u32,
}

/// Port A.
pub const A: usize = 0x4000_4000;
/// Port B.
pub const B: usize = 0x4000_5000;
/// Port C.
pub const C: usize = 0x4000_6000;
/// Port D.
pub const D: usize = 0x4000_7000;
/// Port E.
pub const E: usize = 0x4002_4000;
/// Port F.
pub const F: usize = 0x4002_5000;

const DIR: usize = 0x400;
const IBE: usize = 0x408;
const IM: usize = 0x410;
const ICR: usize = 0x41c;
const AFSEL: usize = 0x420;
const PUR: usize = 0x510;
const DEN: usize = 0x51c;

impl Pin {
    /// Pin `bit` of the port at `port`.
    pub const fn new(port: usize, bit: u32) -> Self {
        Self { port, bit: 1 << bit }
    }

    /// Drives it.
    pub fn output(self, high: bool) {
        set(self.port + DEN, self.bit);
        self.put(high); // before it drives: no glitch
        set(self.port + DIR, self.bit);
        self.put(high);
    }

    /// Listens to it: pulled up, an interrupt at each edge.
    pub fn input(self) {
        set(self.port + PUR, self.bit);
        set(self.port + DEN, self.bit);
        set(self.port + IBE, self.bit);
        write(self.port + ICR, self.bit);
        set(self.port + IM, self.bit);
    }

    /// Gives it to the peripheral behind it.
    pub fn peripheral(self) {
        set(self.port + AFSEL, self.bit);
        set(self.port + DEN, self.bit);
    }

    /// Sets the level of an output. The address carries the mask, so that nothing else of the port is touched.
    pub fn put(self, high: bool) {
        write(self.port + ((self.bit as usize) << 2), if high { self.bit } else { 0 });
    }

    /// The level.
    pub fn is_high(self) -> bool {
        read(self.port + ((self.bit as usize) << 2)) != 0
    }

    /// The interrupts of the whole port have been seen.
    pub fn seen(self) {
        write(self.port + ICR, 0xff);
    }
}
