//! The film below, the interface above: what a box's display controller does with two planes, done by the CPU for windows and pictures.

use slint::platform::software_renderer::PremultipliedRgbaColor;

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

/// Composes into `out`, `0x00RRGGBB` a pixel, row by row without padding. Black where there is neither.
pub fn compose(video: Option<&Picture<'_>>, ui: &[PremultipliedRgbaColor], width: u32, height: u32, out: &mut [u32]) {
    let columns = video.map(|v| Columns::new(v, (width, height)));
    let rows = ui.chunks_exact(width as usize).zip(out.chunks_exact_mut(width as usize));
    for (y, (ui, out)) in rows.enumerate() {
        match (video, &columns) {
            (Some(video), Some(columns)) if ui.iter().any(|p| p.alpha < 255) => columns.row(video, y as u32, out),
            _ => out.fill(0),
        }
        for (out, over) in out.iter_mut().zip(ui) {
            *out = match over.alpha {
                0 => *out,
                255 => pack(over.red, over.green, over.blue),
                _ => blend(*out, *over),
            };
        }
    }
}

fn pack(red: u8, green: u8, blue: u8) -> u32 {
    u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue)
}

fn blend(below: u32, over: PremultipliedRgbaColor) -> u32 {
    let rest = 255 - u32::from(over.alpha);
    let channel = |shift: u32, over: u8| {
        let below = below >> shift & 0xff;
        (u32::from(over) + (below * rest + 127) / 255).min(255) << shift
    };
    channel(16, over.red) | channel(8, over.green) | channel(0, over.blue)
}

/// Which source column each column of the screen shows; computed once a frame.
struct Columns {
    place: (u32, u32, u32, u32),
    source: Vec<u32>,
}

impl Columns {
    fn new(video: &Picture<'_>, screen: (u32, u32)) -> Self {
        let place = fit(video.width, video.height, screen);
        let source = (0..place.2).map(|x| scale(x, place.2, video.width)).collect();
        Self { place, source }
    }

    fn row(&self, video: &Picture<'_>, y: u32, out: &mut [u32]) {
        out.fill(0);
        let (left, top, width, height) = self.place;
        let Some(line) = y.checked_sub(top).filter(|line| *line < height) else { return };
        let Some(row) = video.row(scale(line, height, video.height)) else { return };
        let Some(out) = out.get_mut(left as usize..(left + width) as usize) else { return };
        for (out, x) in out.iter_mut().zip(&self.source) {
            if let Some([blue, green, red]) = row.get(*x as usize * 4..*x as usize * 4 + 3) {
                *out = pack(*red, *green, *blue);
            }
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

    #[test]
    fn the_interface_lies_over_the_film() {
        let film = [0, 0, 200, 0, 0, 100, 0, 0];
        let video = Picture { width: 2, height: 1, stride: 8, bgrx: &film };
        let over = |red, alpha| PremultipliedRgbaColor { red, green: 0, blue: 0, alpha };
        let mut out = [0; 2];
        compose(Some(&video), &[over(0, 0), over(100, 128)], 2, 1, &mut out);
        assert_eq!(out, [0x00c8_0000, 0x0064_3200]);
        compose(Some(&video), &[over(9, 255), over(0, 128)], 2, 1, &mut out);
        assert_eq!(out, [0x0009_0000, 0x0000_3200]);
        compose(None, &[over(0, 0), over(100, 128)], 2, 1, &mut out);
        assert_eq!(out, [0, 0x0064_0000]);
    }

    #[test]
    fn a_picture_shorter_than_it_says_is_black_not_a_panic() {
        let video = Picture { width: 4, height: 4, stride: 16, bgrx: &[1; 20] };
        let mut out = [7; 16];
        compose(Some(&video), &[PremultipliedRgbaColor::default(); 16], 4, 4, &mut out);
        assert_eq!(out[..4], [0x0001_0101; 4]);
        assert_eq!(out[4..], [0; 12]);
    }
}
