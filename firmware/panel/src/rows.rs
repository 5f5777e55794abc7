//! From a picture to the rows of a display that have changed: eight rows at a time are drawn, and of what the display shows only a
//! checksum a row is kept. So a panel needs 0.8 KB where a picture alone would take 4, and bytes go out only where something moved.

use core::convert::Infallible;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;

use crate::view::{Large, Screen};

const WIDTH: u32 = Large::WIDTH;
const HEIGHT: u32 = Large::HEIGHT;

/// Rows drawn at a time.
const BAND: usize = 8;
const BYTES: usize = WIDTH as usize / 2;

/// Eight rows; what is drawn elsewhere falls beside.
pub struct Band {
    top: i32,
    /// Two pixels a byte, the left one in the high bits.
    pixels: [[u8; BYTES]; BAND],
}

/// What the display shows, as far as one needs to know.
pub struct Rows {
    sums: [u32; HEIGHT as usize],
    /// How many rows were ever sent: from the top.
    known: usize,
    band: Band,
    next: Option<usize>,
}

impl Default for Rows {
    fn default() -> Self {
        Self::new()
    }
}

impl Rows {
    /// Nothing is known of the display.
    pub const fn new() -> Self {
        Self { sums: [0; HEIGHT as usize], known: 0, band: Band { top: 0, pixels: [[0; BYTES]; BAND] }, next: None }
    }

    /// The picture may have changed: look at all of it again.
    pub const fn restart(&mut self) {
        self.next = Some(0);
    }

    /// [`Rows::next`] has something to do.
    pub const fn pending(&self) -> bool {
        self.next.is_some()
    }

    /// Draws the next eight rows and sends those that changed: row, and its pixels, two a byte.
    pub fn next(&mut self, draw: impl FnOnce(&mut Band) -> Result<(), Infallible>, mut send: impl FnMut(u8, &[u8])) {
        let Some(first) = self.next else { return };
        self.next = Some(first + BAND).filter(|next| *next < HEIGHT as usize);
        self.band.top = first as i32;
        let Ok(()) = draw(&mut self.band);
        for (i, (row, sum)) in self.band.pixels.iter().zip(self.sums.iter_mut().skip(first)).enumerate() {
            let now = sum_of(row);
            if core::mem::replace(sum, now) != now || first + i >= self.known {
                send((first + i) as u8, row);
            }
        }
        self.known = self.known.max(first + BAND);
    }
}

/// FNV-1a: rows that differ in one byte never have the same sum, others once in four thousand million times.
fn sum_of(row: &[u8]) -> u32 {
    row.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

impl Dimensions for Band {
    fn bounding_box(&self) -> Rectangle {
        Rectangle::new(Point::new(0, self.top), Size::new(WIDTH, BAND as u32))
    }
}

impl DrawTarget for Band {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Gray4>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, color) in pixels {
            self.set(at, color);
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, color: Gray4) -> Result<(), Infallible> {
        let area = area.intersection(&self.bounding_box());
        for at in area.points() {
            self.set(at, color);
        }
        Ok(())
    }
}

impl Band {
    fn set(&mut self, at: Point, color: Gray4) {
        let (Ok(x), Ok(y)) = (usize::try_from(at.x), usize::try_from(at.y - self.top)) else { return };
        if let Some(byte) = self.pixels.get_mut(y).and_then(|row| row.get_mut(x / 2)) {
            *byte = if x % 2 == 0 { *byte & 0x0f | color.luma() << 4 } else { *byte & 0xf0 | color.luma() };
        }
    }
}
