//! The settings' two copies: the last two pages of flash, 1 KiB each, erased as a whole and written by words.

use hearth_panel::settings::{COPY_BYTES, Flash};

use crate::chip::{read, write};

const FIRST: usize = 0x3_f800;
const PAGE: usize = 0x400;
const ADDRESS: usize = 0x400f_d000;
const DATA: usize = 0x400f_d004;
const CONTROL: usize = 0x400f_d008;
const USECRL: usize = 0x400f_e140;
const KEY: u32 = 0xa442_0000;
const WRITE: u32 = 1;
const ERASE: u32 = 2;

/// Both pages.
pub struct Pages;

fn control(address: usize, what: u32) {
    write(USECRL, crate::chip::MHZ - 1);
    write(ADDRESS, address as u32);
    write(CONTROL, KEY | what);
    // The core stands still while its flash is busy; this ends at once.
    while read(CONTROL) & what != 0 {}
}

impl Flash for Pages {
    fn read(&self, copy: usize) -> [u8; COPY_BYTES] {
        let mut out = [0; COPY_BYTES];
        for (i, word) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *word = read(FIRST + copy * PAGE + i * 4).to_le_bytes();
        }
        out
    }

    fn erase(&mut self, copy: usize) {
        control(FIRST + copy * PAGE, ERASE);
    }

    fn write(&mut self, copy: usize, offset: usize, word: [u8; 4]) {
        write(DATA, u32::from_le_bytes(word));
        control(FIRST + copy * PAGE + offset, WRITE);
    }
}
