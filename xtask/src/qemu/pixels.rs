//! What is on the screen: pictures as QEMU dumps them, and the questions that tests ask of them.
use anyhow::{Context, Result, bail};
use std::path::Path;

/// A picture, three bytes a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    rgb: Vec<u8>,
}

/// Part of a picture, in thousandths of its width and height, so that a mode may change.
#[derive(Clone, Copy, Debug)]
pub struct Region(pub usize, pub usize, pub usize, pub usize);

/// All of it.
pub const WHOLE: Region = Region(0, 0, 1000, 1000);

/// A channel that differs by less is the same: a cursor's fade, a compressed gradient.
const TOLERANCE: u8 = 16;
/// Brighter than this is not black.
const BLACK: u8 = 24;

impl Picture {
    /// Reads a binary PPM.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut at = 0;
        let mut word = || -> Option<&str> {
            while bytes.get(at)?.is_ascii_whitespace() {
                at += 1;
            }
            let from = at;
            while !bytes.get(at)?.is_ascii_whitespace() {
                at += 1;
            }
            std::str::from_utf8(bytes.get(from..at)?).ok()
        };
        let header = (word(), word().and_then(|w| w.parse().ok()), word().and_then(|h| h.parse().ok()), word());
        let (Some("P6"), Some(width), Some(height), Some("255")) = header else { bail!("no PPM of 8 bits") };
        let size =
            usize::checked_mul(width, height).and_then(|n| n.checked_mul(3)).filter(|n| *n > 0).context("an empty picture")?;
        let rgb = bytes.get(at + 1..).filter(|rgb| rgb.len() == size).context("not as long as it says")?.to_vec();
        Ok(Self { width, height, rgb })
    }

    /// Keeps it as PNG.
    pub fn save(&self, file: &Path) -> Result<()> {
        let (width, height) = (self.width as u32, self.height as u32);
        image::save_buffer(file, &self.rgb, width, height, image::ColorType::Rgb8)
            .with_context(|| format!("cannot write {}", file.display()))
    }

    /// Red, where red, green and blue are one.
    pub fn luma(&self, x: usize, y: usize) -> u8 {
        self.pixel(x, y)[0]
    }

    fn pixel(&self, x: usize, y: usize) -> &[u8] {
        let at = (y * self.width + x) * 3;
        &self.rgb[at..at + 3]
    }

    fn pixels(&self, region: Region) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Region(left, top, right, bottom) = region;
        let (width, height) = (self.width, self.height);
        let columns = left * width / 1000..(right * width / 1000).min(width);
        (top * height / 1000..(bottom * height / 1000).min(height)).flat_map(move |y| columns.clone().map(move |x| (x, y)))
    }

    /// The share of a region's pixels that are not black, 0 to 1.
    pub fn lit(&self, region: Region) -> f64 {
        share(self.pixels(region).map(|(x, y)| self.pixel(x, y).iter().any(|c| *c > BLACK)))
    }

    /// The share of a region's pixels that differ from those of `other`; all of them if the sizes differ.
    pub fn changed(&self, other: &Self, region: Region) -> f64 {
        if (self.width, self.height) != (other.width, other.height) {
            return 1.0;
        }
        share(self.pixels(region).map(|(x, y)| differ(self.pixel(x, y), other.pixel(x, y))))
    }

    /// Mean brightness around a point given in 640x360, over a square of `reach` of those pixels each way.
    fn bright(&self, frame: &Frame, x: usize, y: usize, reach: usize) -> Option<f64> {
        let (mut sum, mut count) = (0_u64, 0_u64);
        for dy in 0..reach * 2 {
            for dx in 0..reach * 2 {
                let px = frame.left + (x + dx - reach) * frame.width / 640;
                let py = frame.top + (y + dy - reach) * frame.height / 360;
                if px >= self.width || py >= self.height {
                    return None;
                }
                sum += self.pixel(px, py).iter().map(|c| u64::from(*c)).sum::<u64>();
                count += 3;
            }
        }
        Some(sum as f64 / count as f64)
    }

    /// The number burnt into a frame of [`super::film`], if a whole one is on the screen: scaled to fill it, or as it is in the middle.
    pub fn frame_number(&self) -> Option<u32> {
        let fill = Frame { left: 0, top: 0, width: self.width, height: self.height };
        let middle =
            Frame { left: self.width.checked_sub(640)? / 2, top: self.height.checked_sub(360)? / 2, width: 640, height: 360 };
        [fill, middle].iter().find_map(|frame| self.read_number(frame))
    }

    fn read_number(&self, frame: &Frame) -> Option<u32> {
        let mut cells = Vec::with_capacity(super::film::CELLS);
        for cell in 0..super::film::CELLS {
            let (x, y) = super::film::cell_centre(cell);
            match self.bright(frame, x, y, 6)? {
                dark if dark < 90.0 => cells.push(false),
                light if light > 165.0 => cells.push(true),
                _ => return None,
            }
        }
        super::film::decode(&cells)
    }
}

/// Where a 640x360 film lies on the screen.
struct Frame {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

fn differ(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > TOLERANCE)
}

fn share(hits: impl Iterator<Item = bool>) -> f64 {
    let (mut hit, mut all) = (0_u64, 0_u64);
    for one in hits {
        hit += u64::from(one);
        all += 1;
    }
    hit as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::film;

    fn picture(width: usize, height: usize, colour: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
        let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
        bytes.extend((0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| colour(x, y)));
        Picture::parse(&bytes).unwrap()
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let check = |bytes: &[u8]| assert!(Picture::parse(bytes).is_err(), "{bytes:?}");
        check(b"");
        check(b"P6\n2 2\n255\n123");
        check(b"P5\n1 1\n255\n1");
        check(b"P6\n0 1\n255\n");
        check(b"P6\n99999999999 99999999999\n255\n");
        check(b"P6\n18446744073709551615 2\n255\n");
    }

    #[test]
    fn light_and_change_are_shares() {
        let black = picture(100, 100, |_, _| [0, 0, 5]);
        let half = picture(100, 100, |x, _| if x < 50 { [0, 0, 0] } else { [90, 0, 0] });
        assert_eq!((black.lit(WHOLE), half.lit(WHOLE), half.lit(Region(500, 0, 1000, 1000))), (0.0, 0.5, 1.0));
        assert_eq!((half.changed(&black, WHOLE), half.changed(&half, WHOLE)), (0.5, 0.0));
        assert_eq!(half.changed(&picture(1, 1, |_, _| [0; 3]), WHOLE), 1.0);
    }

    #[test]
    fn a_films_number_is_read_at_any_size() {
        let shown = |number: u32, width: usize, height: usize, film: (usize, usize, usize, usize)| {
            let frame = film::luma(number);
            let (left, top, w, h) = film;
            picture(width, height, |x, y| match (x.checked_sub(left), y.checked_sub(top)) {
                (Some(dx), Some(dy)) if dx < w && dy < h => [frame[(dy * 360 / h) * 640 + dx * 640 / w]; 3],
                _ => [7; 3],
            })
        };
        for number in [0, 1, 25, 1023, 2047] {
            assert_eq!(shown(number, 1280, 720, (0, 0, 1280, 720)).frame_number(), Some(number));
            assert_eq!(shown(number, 1280, 720, (320, 180, 640, 360)).frame_number(), Some(number));
            assert_eq!(shown(number, 1920, 1080, (0, 0, 1920, 1080)).frame_number(), Some(number));
        }
        assert_eq!(shown(5, 1280, 720, (0, 300, 1280, 720)).frame_number(), None);
        assert_eq!(picture(1280, 720, |_, _| [0; 3]).frame_number(), None);
        assert_eq!(picture(320, 200, |_, _| [255; 3]).frame_number(), None);
    }
}
