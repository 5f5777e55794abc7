//! The display: SSD0323, 128x64 pixels in 16 greys, on SSI0 with D/C on PC7 and the select line on PD0.

use crate::chip::{self, Pin, read, write};

const SSI: usize = 0x4000_8000;
const CR0: usize = 0x000;
const CR1: usize = 0x004;
const DATA: usize = 0x008;
const STATUS: usize = 0x00c;
const PRESCALE: usize = 0x010;
const BUSY: u32 = 1 << 4;

const DATA_OR_COMMAND: Pin = Pin::new(chip::C, 7);
const SELECT: Pin = Pin::new(chip::D, 0);

/// Clock, full drive, all lines, page by columns; then an empty picture and on.
const START: &[u8] = &[0xae, 0xa8, 0x3f, 0xa1, 0, 0xa2, 0, 0xa0, 0x52, 0xad, 0x02, 0x81, 0x7f, 0x86, 0xa4];

/// Wakes it.
pub fn start() {
    for pin in [Pin::new(chip::A, 2), Pin::new(chip::A, 3), Pin::new(chip::A, 5)] {
        pin.peripheral();
    }
    DATA_OR_COMMAND.output(false);
    SELECT.output(true);
    write(SSI + CR1, 0);
    write(SSI + PRESCALE, 10); // 5 MHz
    write(SSI + CR0, 0x07); // 8 bits, Motorola's format
    write(SSI + CR1, 1 << 1);
    command(START);
    for y in 0..64 {
        row(y, &[0; 64]);
    }
    command(&[0xaf]);
}

/// Sends one row: two pixels a byte, the left one on top.
pub fn row(y: u8, pixels: &[u8]) {
    command(&[0x15, 0, 63, 0x75, y, y]);
    DATA_OR_COMMAND.put(true);
    bytes(pixels);
}

/// 0 (dark, but readable) to 15.
pub fn brightness(level: u8) {
    command(&[0x81, level.min(15) * 8 + 7]);
}

fn command(words: &[u8]) {
    DATA_OR_COMMAND.put(false);
    bytes(words);
}

/// The line between data and commands may change only when all is sent: each byte is waited for.
fn bytes(bytes: &[u8]) {
    for byte in bytes {
        write(SSI + DATA, u32::from(*byte));
        while read(SSI + STATUS) & BUSY != 0 {}
        read(SSI + DATA);
    }
}
