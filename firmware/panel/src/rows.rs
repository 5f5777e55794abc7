//! From a picture to the rows of a display that have changed: eight rows of pixels at a time are drawn, and of what the display shows only a
//! checksum a row is kept. So a panel needs 0.8 KB where a picture alone would take 4, and bytes go out only where something moved.

use core::convert::Infallible;

use embedded_graphics::pixelcolor::{BinaryColor, Gray4};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;

use crate::view::{Large, Screen, Small};

/// Rows of pixels drawn at a time.
const BAND: u32 = 8;

/// How a display takes its pixels.
pub trait Layout: Screen {
    /// Bytes of eight rows of pixels.
    type Bytes: AsRef<[u8]> + AsMut<[u8]>;
    /// A checksum for each of the display's own rows.
    type Sums: AsRef<[u32]> + AsMut<[u32]>;
    /// All dark.
    const DARK: Self::Bytes;
    /// Nothing known.
    const UNKNOWN: Self::Sums;
    /// Bytes of one of the display's own rows.
    const ROW: usize;

    /// Sets the pixel in the column `x` of row `y`, 0 to 7.
    fn put(bytes: &mut [u8], x: usize, y: usize, color: Self::Color);
}

/// SSD0323 and SSD1322: a row is a row of pixels, two a byte, the left one in the high bits.
impl Layout for Large {
    type Bytes = [u8; 512];
    type Sums = [u32; 64];
    const DARK: [u8; 512] = [0; 512];
    const UNKNOWN: [u32; 64] = [0; 64];
    const ROW: usize = 64;

    fn put(bytes: &mut [u8], x: usize, y: usize, color: Gray4) {
        if let Some(byte) = bytes.get_mut(y * Self::ROW + x / 2) {
            *byte = if x.is_multiple_of(2) { *byte & 0x0f | color.luma() << 4 } else { *byte & 0xf0 | color.luma() };
        }
    }
}

/// SSD0303 and SSD1306: a row is a page, eight pixels a byte below one another, the upper one in the lowest bit.
impl Layout for Small {
    type Bytes = [u8; 96];
    type Sums = [u32; 2];
    const DARK: [u8; 96] = [0; 96];
    const UNKNOWN: [u32; 2] = [0; 2];
    const ROW: usize = 96;

    fn put(bytes: &mut [u8], x: usize, y: usize, color: BinaryColor) {
        if let Some(byte) = bytes.get_mut(x) {
            *byte = if color.is_on() { *byte | 1 << y } else { *byte & !(1 << y) };
        }
    }
}

/// Eight rows of pixels; what is drawn elsewhere falls beside.
pub struct Band<L: Layout = Large> {
    top: i32,
    bytes: L::Bytes,
}

/// What the display shows, as far as one needs to know.
pub struct Rows<L: Layout = Large> {
    sums: L::Sums,
    /// How many of the display's rows were ever sent: from the top.
    known: usize,
    band: Band<L>,
    /// The next band.
    next: Option<u32>,
}

impl<L: Layout> Default for Rows<L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Layout> Rows<L> {
    /// Nothing is known of the display.
    pub const fn new() -> Self {
        Self { sums: L::UNKNOWN, known: 0, band: Band { top: 0, bytes: L::DARK }, next: None }
    }

    /// The picture may have changed: look at all of it again.
    pub const fn restart(&mut self) {
        self.next = Some(0);
    }

    /// [`Rows::next`] has something to do.
    pub const fn pending(&self) -> bool {
        self.next.is_some()
    }

    /// Draws the next eight rows of pixels and sends those of the display's rows that changed: which, and its bytes as [`Layout`] says.
    pub fn next(&mut self, draw: impl FnOnce(&mut Band<L>) -> Result<(), Infallible>, mut send: impl FnMut(u8, &[u8])) {
        let Some(number) = self.next else { return };
        self.next = Some(number + 1).filter(|next| next * BAND < L::HEIGHT);
        self.band.top = (number * BAND) as i32;
        let Ok(()) = draw(&mut self.band);
        let bytes = self.band.bytes.as_ref();
        let first = number as usize * (size_of::<L::Bytes>() / L::ROW);
        for (i, (row, sum)) in bytes.chunks_exact(L::ROW).zip(self.sums.as_mut().iter_mut().skip(first)).enumerate() {
            let now = sum_of(row);
            if core::mem::replace(sum, now) != now || first + i >= self.known {
                send((first + i) as u8, row);
                self.known = self.known.max(first + i + 1);
            }
        }
    }
}

/// FNV-1a: rows that differ in one byte never have the same sum, others once in four thousand million times.
fn sum_of(row: &[u8]) -> u32 {
    row.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

impl<L: Layout> Dimensions for Band<L> {
    fn bounding_box(&self) -> Rectangle {
        Rectangle::new(Point::new(0, self.top), Size::new(L::WIDTH, BAND))
    }
}

impl<L: Layout> DrawTarget for Band<L> {
    type Color = L::Color;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<L::Color>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, color) in pixels {
            self.set(at, color);
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, color: L::Color) -> Result<(), Infallible> {
        let area = area.intersection(&self.bounding_box());
        for at in area.points() {
            self.set(at, color);
        }
        Ok(())
    }
}

impl<L: Layout> Band<L> {
    fn set(&mut self, at: Point, color: L::Color) {
        let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y - self.top)) else { return };
        if x < L::WIDTH && y < BAND {
            L::put(self.bytes.as_mut(), x as usize, y as usize, color);
        }
    }
}
