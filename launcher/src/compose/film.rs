//! The film's picture, scaled to the screen by nearest pixel.

/// A film's picture, borrowed. Scaled to the screen by nearest pixel where it is not of the screen's size, keeping its shape.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Blue, green, red, nothing; from the top.
    pub bgrx: &'a [u8],
}

impl Picture<'_> {
    fn row(&self, y: u32) -> Option<&[u8]> {
        let start = y as usize * self.stride;
        self.bgrx.get(start..start + self.width as usize * 4)
    }
}

/// Where a picture of `width` x `height` goes on a screen: as large as fits, centred. `(x, y, width, height)`.
pub fn fit(width: u32, height: u32, screen: (u32, u32)) -> (u32, u32, u32, u32) {
    let (w, h) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let (sw, sh) = (u64::from(screen.0), u64::from(screen.1));
    let (fw, fh) = if w * sh >= h * sw { (sw, (h * sw).div_ceil(w).min(sh)) } else { ((w * sh).div_ceil(h).min(sw), sh) };
    (((sw - fw) / 2) as u32, ((sh - fh) / 2) as u32, fw as u32, fh as u32)
}

/// One row of the film at the screen's width. Rows of the screen that show the same row of the film share it.
#[derive(Default)]
pub(super) struct Line {
    /// Width of the picture, and the screen, that `place` and `source` are for.
    of: (u32, u32, (u32, u32)),
    place: (u32, u32, u32, u32),
    /// For each column of the place the film's; empty where a simpler rule holds.
    source: Vec<u32>,
    pixels: Vec<u32>,
    /// The film's row in `pixels`.
    row: Option<u32>,
}

impl Line {
    pub(super) fn begin(&mut self, film: Option<&Picture<'_>>, screen: (u32, u32)) {
        self.row = None;
        let Some(film) = film else { return };
        let of = (film.width, film.height, screen);
        if self.of != of || self.pixels.is_empty() {
            self.of = of;
            self.place = fit(film.width, film.height, screen);
            let width = self.place.2;
            let simple = width == film.width || width == 2 * film.width;
            self.source = if simple { Vec::new() } else { (0..width).map(|x| scale(x, width, film.width)).collect() };
            self.pixels = vec![0; width as usize];
        }
    }

    /// What row `y` of the screen shows of the film, black around it.
    pub(super) fn copy(&mut self, film: &Picture<'_>, y: u32, out: &mut [u32]) {
        let (left, top, width, height) = self.place;
        let (left, right) = (left as usize, (left + width) as usize);
        let line = y.checked_sub(top).filter(|line| *line < height).map(|line| scale(line, height, film.height));
        let (Some(line), true) = (line, out.len() >= right) else { return out.fill(0) };
        if self.row != Some(line) {
            self.expand(film, line);
            self.row = Some(line);
        }
        out[..left].fill(0);
        out[left..right].copy_from_slice(&self.pixels);
        out[right..].fill(0);
    }

    fn expand(&mut self, film: &Picture<'_>, line: u32) {
        let Some(row) = film.row(line) else { return self.pixels.fill(0) };
        // The fourth byte is nobody's: a screen ignores it, pictures and tests should not see it.
        let pixel = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], 0]);
        let pixels = row.chunks_exact(4).map(pixel);
        if !self.source.is_empty() {
            for (out, x) in self.pixels.iter_mut().zip(&self.source) {
                *out = row.get(*x as usize * 4..*x as usize * 4 + 4).map_or(0, pixel);
            }
        } else if self.pixels.len() == film.width as usize {
            self.pixels.iter_mut().zip(pixels).for_each(|(out, p)| *out = p);
        } else {
            self.pixels.chunks_exact_mut(2).zip(pixels).for_each(|(out, p)| (out[0], out[1]) = (p, p));
        }
    }
}

fn scale(at: u32, of: u32, source: u32) -> u32 {
    (u64::from(at) * u64::from(source) / u64::from(of.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_shape() {
        for (size, screen, place) in [
            ((1280, 720), (1280, 720), (0, 0, 1280, 720)),
            ((640, 360), (1280, 720), (0, 0, 1280, 720)),
            ((640, 480), (1280, 720), (160, 0, 960, 720)),
            ((1920, 800), (1280, 720), (0, 93, 1280, 534)),
            ((0, 0), (1280, 720), (280, 0, 720, 720)),
        ] {
            assert_eq!(fit(size.0, size.1, screen), place, "{size:?} on {screen:?}");
        }
    }
}
