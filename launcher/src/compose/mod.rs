//! The film below, the interface above: what a box's display controller does with two planes, done by the CPU for windows, pictures, and
//! boards with one plane. Row by row, and only rows that changed: [`Cover`] says what the interface leaves of the film in each.

mod cover;
mod film;

pub use cover::{Cover, Span};
pub use film::{Picture, fit};

use film::Line;
use hearth_typeset::Layer;
use slint::platform::software_renderer::PremultipliedRgbaColor;

/// The interface's picture and what of the film shows through it.
#[derive(Clone, Copy)]
pub struct Over<'a> {
    /// Premultiplied, rows from the top without padding.
    pub pixels: &'a [PremultipliedRgbaColor],
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Of these pixels.
    pub cover: &'a Cover,
    /// Between the film and these: what is said in it.
    pub captions: &'a [Layer],
}

/// Composes rows; keeps what two rows after each other have in common.
#[derive(Default)]
pub struct Composer {
    line: Line,
}

impl Composer {
    /// A frame begins: the film's picture is another.
    pub fn begin(&mut self, film: Option<&Picture<'_>>, screen: (u32, u32)) {
        self.line.begin(film, screen);
    }

    /// Row `y` into `out`, `0x00RRGGBB` a pixel. Black where there is neither film nor interface.
    pub fn row(&mut self, film: Option<&Picture<'_>>, over: &Over<'_>, y: u32, out: &mut [u32]) {
        let width = over.width as usize;
        let Some(ui) = over.pixels.get(y as usize * width..(y as usize + 1) * width) else { return out.fill(0) };
        let span = over.cover.span(y);
        if !span.hides(over.width) {
            match film {
                Some(film) => self.line.copy(film, y, out),
                None => out.fill(0),
            }
            over.captions.iter().for_each(|layer| write_on(layer, y, out));
        }
        let (start, end) = (span.start as usize, span.end as usize);
        let (Some(out), Some(ui)) = (out.get_mut(start..end), ui.get(start..end)) else { return };
        if span.opaque {
            out.iter_mut().zip(ui).for_each(|(out, over)| *out = pack(*over));
        } else {
            for (out, over) in out.iter_mut().zip(ui) {
                *out = match over.alpha {
                    0 => *out,
                    255 => pack(*over),
                    _ => blend(*out, *over),
                };
            }
        }
    }
}

/// Row `y` of interface and captions alone into `out`, premultiplied `0xAARRGGBB` a pixel: for a plane above the film's.
pub fn above(over: &Over<'_>, y: u32, out: &mut [u32]) {
    out.fill(0);
    let width = over.width as usize;
    let Some(ui) = over.pixels.get(y as usize * width..(y as usize + 1) * width) else { return };
    let span = over.cover.span(y);
    if !span.hides(over.width) {
        over.captions.iter().for_each(|layer| lay(layer, y, out, blend_alpha));
    }
    let (start, end) = (span.start as usize, span.end as usize);
    let (Some(out), Some(ui)) = (out.get_mut(start..end), ui.get(start..end)) else { return };
    out.iter_mut().zip(ui).filter(|(_, over)| over.alpha > 0).for_each(|(out, over)| *out = blend_alpha(*out, *over));
}

/// A whole frame into `out`, for pictures and windows.
pub fn compose(film: Option<&Picture<'_>>, over: &Over<'_>, out: &mut [u32]) {
    let mut composer = Composer::default();
    composer.begin(film, (over.width, over.height));
    let rows = out.chunks_exact_mut(over.width.max(1) as usize);
    (0..over.height).zip(rows).for_each(|(y, row)| composer.row(film, over, y, row));
}

/// Lays a row of captions over the film's.
pub(crate) fn write_on(layer: &Layer, y: u32, out: &mut [u32]) {
    lay(layer, y, out, blend);
}

fn lay(layer: &Layer, y: u32, out: &mut [u32], blend: impl Fn(u32, PremultipliedRgbaColor) -> u32) {
    let Some(row) = y.checked_sub(layer.y).filter(|row| *row < layer.height) else { return };
    let (from, width) = (row as usize * layer.width as usize, layer.width as usize);
    let (Some(line), Some(out)) = (layer.pixels.get(from..from + width), out.get_mut(layer.x as usize..)) else { return };
    for (out, [red, green, blue, alpha]) in out.iter_mut().zip(line).filter(|(_, p)| p[3] > 0) {
        *out = blend(*out, PremultipliedRgbaColor { red: *red, green: *green, blue: *blue, alpha: *alpha });
    }
}

fn pack(pixel: PremultipliedRgbaColor) -> u32 {
    u32::from(pixel.red) << 16 | u32::from(pixel.green) << 8 | u32::from(pixel.blue)
}

fn blend(below: u32, over: PremultipliedRgbaColor) -> u32 {
    let rest = 255 - u32::from(over.alpha);
    let channel = |shift: u32, over: u8| {
        let below = below >> shift & 0xff;
        (u32::from(over) + (below * rest + 127) / 255).min(255) << shift
    };
    channel(16, over.red) | channel(8, over.green) | channel(0, over.blue)
}

/// The same where what is below has an alpha, too.
fn blend_alpha(below: u32, over: PremultipliedRgbaColor) -> u32 {
    let (alpha, rest) = (u32::from(over.alpha), 255 - u32::from(over.alpha));
    blend(below, over) | (alpha + ((below >> 24) * rest + 127) / 255).min(255) << 24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(film: Option<&Picture<'_>>, pixels: &[PremultipliedRgbaColor], width: u32) -> Vec<u32> {
        let height = pixels.len() as u32 / width;
        let mut cover = Cover::new(width, height);
        cover.update(pixels, 0..height);
        let mut out = vec![7; pixels.len()];
        compose(film, &Over { pixels, width, height, cover: &cover, captions: &[] }, &mut out);
        out
    }

    #[test]
    fn the_interface_lies_over_the_film() {
        let bgrx = [0, 0, 200, 0, 0, 100, 0, 0];
        let film = Picture { width: 2, height: 1, stride: 8, bgrx: &bgrx };
        let over = |red, alpha| PremultipliedRgbaColor { red, green: 0, blue: 0, alpha };
        let check = |film, pixels: &[PremultipliedRgbaColor], expected: &[u32]| {
            assert_eq!(composed(film, pixels, 2), expected);
        };
        check(Some(&film), &[over(0, 0), over(100, 128)], &[0x00c8_0000, 0x0064_3200]);
        check(Some(&film), &[over(9, 255), over(0, 128)], &[0x0009_0000, 0x0000_3200]);
        check(Some(&film), &[over(9, 255), over(8, 255)], &[0x0009_0000, 0x0008_0000]);
        check(Some(&film), &[over(0, 0), over(0, 0)], &[0x00c8_0000, 0x0000_6400]);
        check(None, &[over(0, 0), over(100, 128)], &[0, 0x0064_0000]);
    }

    #[test]
    fn captions_lie_between_film_and_interface() {
        let bgrx = [0, 0, 200, 0].repeat(4);
        let film = Picture { width: 4, height: 1, stride: 16, bgrx: &bgrx };
        let over = |alpha| PremultipliedRgbaColor { red: 0, green: 0, blue: 0, alpha };
        let pixels = [over(0), over(0), over(128), over(255)];
        let mut cover = Cover::new(4, 1);
        cover.update(&pixels, 0..1);
        let layer = Layer { x: 1, y: 0, width: 9, height: 1, pixels: vec![[255; 4]; 9] };
        let mut out = vec![7; 4];
        let captions = [layer.clone(), Layer { y: 1, ..layer }];
        compose(Some(&film), &Over { pixels: &pixels, width: 4, height: 1, cover: &cover, captions: &captions }, &mut out);
        assert_eq!(out, [0x00c8_0000, 0x00ff_ffff, 0x007f_7f7f, 0]);
    }

    /// What a display does with a plane of premultiplied alpha above the film's.
    fn displayed(below: u32, above: u32) -> u32 {
        let channel = |pixel: u32, shift: u32| pixel >> shift & 0xff;
        let rest = 255 - (above >> 24);
        [16, 8, 0].iter().fold(0, |all, s| all | (channel(above, *s) + (channel(below, *s) * rest + 127) / 255).min(255) << s)
    }

    #[test]
    fn two_planes_show_what_one_composed_picture_does() {
        let bgrx = [40, 90, 200, 0].repeat(256);
        let film = Picture { width: 256, height: 1, stride: 1024, bgrx: &bgrx };
        // Every alpha, with nothing at both ends; captions under some of it, half seen through.
        let alpha = |x: usize| if (4..250).contains(&x) { x as u8 } else { 0 };
        let pixels: Vec<_> = (0..256)
            .map(|x| PremultipliedRgbaColor { red: alpha(x) / 2, green: 0, blue: alpha(x) / 3, alpha: alpha(x) })
            .collect();
        let mut cover = Cover::new(256, 1);
        cover.update(&pixels, 0..1);
        let captions = [Layer { x: 100, y: 0, width: 156, height: 1, pixels: vec![[120, 120, 120, 128]; 156] }];
        let over = Over { pixels: &pixels, width: 256, height: 1, cover: &cover, captions: &captions };
        let (mut one, mut two) = (vec![7; 256], vec![7; 256]);
        compose(Some(&film), &over, &mut one);
        above(&over, 0, &mut two);
        assert_eq!((two[0], two[99] >> 24, two[255] >> 24), (0, 99, 128), "nothing, interface, captions");
        for (x, (one, two)) in one.iter().zip(&two).enumerate() {
            let shown = displayed(0x00c8_5a28, *two);
            // Rounded twice instead of once.
            let near = [16, 8, 0].iter().all(|s| (shown >> s & 0xff).abs_diff(one >> s & 0xff) <= 1);
            assert!(near, "{x}: {one:06x} composed, {shown:06x} displayed of {two:08x}");
        }
    }

    #[test]
    fn a_picture_shorter_than_it_says_is_black_not_a_panic() {
        let film = Picture { width: 4, height: 4, stride: 16, bgrx: &[1; 20] };
        let out = composed(Some(&film), &[PremultipliedRgbaColor::default(); 16], 4);
        assert_eq!(out[..4], [0x0001_0101; 4]);
        assert_eq!(out[4..], [0; 12]);
    }

    /// Every fast path gives what the plain way gives: film of any size, interface of any kind.
    #[test]
    fn fast_paths_change_nothing() {
        let mut seed = 1u32;
        let mut next = move || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 24
        };
        for size in [(16, 9), (32, 18), (64, 36), (20, 9), (9, 20), (33, 17)] {
            let bgrx: Vec<u8> = (0..size.0 * size.1 * 4).map(|_| next() as u8).collect();
            let film = Picture { width: size.0, height: size.1, stride: size.0 as usize * 4, bgrx: &bgrx };
            let (width, height) = (32, 18);
            let pixel = |n: u32| match n % 4 {
                0 | 3 => PremultipliedRgbaColor::default(),
                1 => PremultipliedRgbaColor { red: 10, green: 20, blue: 30, alpha: 255 },
                _ => PremultipliedRgbaColor { red: 10, green: 20, blue: 30, alpha: 90 },
            };
            let pixels: Vec<_> = (0..width * height).map(|i| pixel(if i / width < 12 { i / width } else { next() })).collect();
            let place = fit(size.0, size.1, (width, height));
            let plain = |at: usize| {
                let (x, y) = (at as u32 % width, at as u32 / width);
                let inside = (place.0..place.0 + place.2).contains(&x) && (place.1..place.1 + place.3).contains(&y);
                let below = if inside {
                    let (sx, sy) = ((x - place.0) * size.0 / place.2, (y - place.1) * size.1 / place.3);
                    let at = ((sy * size.0 + sx) * 4) as usize;
                    u32::from(bgrx[at]) | u32::from(bgrx[at + 1]) << 8 | u32::from(bgrx[at + 2]) << 16
                } else {
                    0
                };
                blend(below, pixels[at])
            };
            let expected: Vec<u32> = (0..pixels.len()).map(plain).collect();
            assert_eq!(composed(Some(&film), &pixels, width), expected, "{size:?}");
        }
    }
}
