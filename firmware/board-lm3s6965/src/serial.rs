//! Serial lines: PL011, 115,200 baud, 8 bits, no parity. What arrives waits in a queue; what is sent waits for room in the chip.

use crate::chip::{MHZ, read, write};

/// The line to the box.
pub const LINK: usize = 0x4000_c000;
/// The bench's line.
#[cfg(feature = "bench")]
pub const BENCH: usize = 0x4000_d000;

const DATA: usize = 0x000;
const FLAGS: usize = 0x018;
const IBRD: usize = 0x024;
const FBRD: usize = 0x028;
const LINE: usize = 0x02c;
const CONTROL: usize = 0x030;
const MASK: usize = 0x038;
const CLEAR: usize = 0x044;
const RECEIVE_EMPTY: u32 = 1 << 4;
const SEND_FULL: u32 = 1 << 5;

/// Divisor of 1/64ths: clock / (16 * baud).
const DIVISOR: u32 = (MHZ * 1_000_000 * 4 + 115_200 / 2) / 115_200;

/// Opens a line.
pub fn open(base: usize) {
    write(base + CONTROL, 0);
    write(base + IBRD, DIVISOR / 64);
    write(base + FBRD, DIVISOR % 64);
    write(base + LINE, 3 << 5 | 1 << 4); // 8 bits, FIFOs
    write(base + MASK, 1 << 4 | 1 << 6); // bytes are there; bytes have been there for a while
    write(base + CONTROL, 1 | 1 << 8 | 1 << 9);
}

/// A byte that has arrived. Call until `None`, in the interrupt.
pub fn received(base: usize) -> Option<u8> {
    write(base + CLEAR, 1 << 4 | 1 << 6);
    (read(base + FLAGS) & RECEIVE_EMPTY == 0).then(|| read(base + DATA) as u8)
}

/// Sends.
pub fn send(base: usize, bytes: &[u8]) {
    for byte in bytes {
        while read(base + FLAGS) & SEND_FULL != 0 {}
        write(base + DATA, u32::from(*byte));
    }
}
