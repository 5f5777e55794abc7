//! Pure baking: a picture and a recipe in, a bitmap out.

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image, images::ImageRef};

use crate::{Bitmap, Colour, Error, Format, Picture, Recipe, decode::mul};

/// Makes what the recipe says.
pub fn bake(picture: &Picture, recipe: Recipe) -> Result<Bitmap, Error> {
    let canvas = recipe.canvas();
    let (width, height) = (canvas.width, canvas.height);
    let tile = recipe.grown();
    if tile.width == 0 || tile.height == 0 || width.max(height) > Recipe::MAX_SIDE {
        return Err(Error::Size { width, height });
    }
    let opaque = |rgb| Bitmap { width, height, format: Format::Rgb8, left: 0, top: 0, data: rgb };
    match recipe {
        Recipe::Plain { .. } => cover(picture, width, height).map(opaque),
        Recipe::Tile { radius, page, .. } => {
            let mut rgb = cover(picture, width, height)?;
            corners_over(&mut rgb, width, height, radius, page);
            Ok(opaque(rgb))
        }
        Recipe::Cutout { radius, .. } => {
            let rgb = cover(picture, width, height)?;
            let mut out = Bitmap::new(width, height, Format::Rgba8Premultiplied);
            let shape = Shape::new(0, 0, width, height, radius);
            draw(&mut out, &shape, |x, y| pixel(&rgb, width, x, y));
            Ok(out)
        }
        Recipe::Focused { ring, .. } => focused(picture, recipe, ring),
        Recipe::Backdrop { page, .. } => {
            let mut rgb = cover(picture, width, height)?;
            scrim(&mut rgb, width, height, page);
            Ok(opaque(rgb))
        }
    }
}

/// Crops to the aspect of the result, keeping a little more of the upper half, and scales.
fn cover(picture: &Picture, width: u32, height: u32) -> Result<Vec<u8>, Error> {
    let wrong = |e: String| Error::Decode(e);
    let source = ImageRef::new(picture.width, picture.height, &picture.rgb, PixelType::U8x3).map_err(|e| wrong(e.to_string()))?;
    let mut out = Image::new(width, height, PixelType::U8x3);
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).fit_into_destination(Some((0.5, 0.4)));
    Resizer::new().resize(&source, &mut out, &options).map_err(|e| wrong(e.to_string()))?;
    Ok(out.into_vec())
}

/// A rectangle with round corners.
struct Shape {
    left: f32,
    top: f32,
    half_width: f32,
    half_height: f32,
    radius: f32,
}

impl Shape {
    fn new(left: i32, top: i32, width: u32, height: u32, radius: u32) -> Self {
        let (half_width, half_height) = (width as f32 / 2.0, height as f32 / 2.0);
        Self {
            left: left as f32,
            top: top as f32,
            half_width,
            half_height,
            radius: (radius as f32).min(half_width).min(half_height),
        }
    }

    /// From the middle of a pixel to the edge, negative inside.
    fn distance(&self, x: u32, y: u32) -> f32 {
        let dx = (x as f32 + 0.5 - self.left - self.half_width).abs() - self.half_width + self.radius;
        let dy = (y as f32 + 0.5 - self.top - self.half_height).abs() - self.half_height + self.radius;
        dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - self.radius
    }

    /// How much of a pixel is inside, 0 to 255.
    fn coverage(&self, x: u32, y: u32) -> u8 {
        ((0.5 - self.distance(x, y)).clamp(0.0, 1.0) * 255.0 + 0.5) as u8
    }
}

fn pixel(rgb: &[u8], width: u32, x: u32, y: u32) -> [u8; 3] {
    let at = (y as usize * width as usize + x as usize) * 3;
    rgb.get(at..at + 3).map_or([0; 3], |p| [p[0], p[1], p[2]])
}

/// Blends the page's colour into the corners.
fn corners_over(rgb: &mut [u8], width: u32, height: u32, radius: u32, page: Colour) {
    let shape = Shape::new(0, 0, width, height, radius);
    let edge = radius.min(width).min(height);
    for y in (0..height).filter(|y| *y < edge || *y >= height - edge) {
        for x in (0..edge).chain((width - edge).max(edge)..width) {
            let inside = shape.coverage(x, y);
            let at = (y as usize * width as usize + x as usize) * 3;
            if let Some(p) = rgb.get_mut(at..at + 3).filter(|_| inside < 255) {
                for (c, page) in p.iter_mut().zip([page.0, page.1, page.2]) {
                    *c = mul(*c, inside).saturating_add(mul(page, 255 - inside));
                }
            }
        }
    }
}

/// Draws a shape over a premultiplied bitmap.
fn draw(out: &mut Bitmap, shape: &Shape, colour: impl Fn(u32, u32) -> [u8; 3]) {
    let width = out.width;
    for (n, p) in out.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = (n as u32 % width, n as u32 / width);
        let inside = shape.coverage(x, y);
        if inside > 0 {
            over(p, colour(x, y), inside);
        }
    }
}

/// Premultiplied "over". The sum never exceeds alpha: both products round down together.
fn over(p: &mut [u8], colour: [u8; 3], alpha: u8) {
    let rest = 255 - alpha;
    p[3] = alpha.saturating_add(mul(p[3], rest));
    for (c, new) in p.iter_mut().zip(colour) {
        *c = mul(new, alpha).saturating_add(mul(*c, rest));
    }
    let alpha = p[3];
    p[..3].iter_mut().for_each(|c| *c = (*c).min(alpha));
}

fn focused(picture: &Picture, recipe: Recipe, ring: Colour) -> Result<Bitmap, Error> {
    let (canvas, grown) = (recipe.canvas(), recipe.grown());
    let rgb = cover(picture, grown.width, grown.height)?;
    let mut out = Bitmap::new(canvas.width, canvas.height, Format::Rgba8Premultiplied);
    (out.left, out.top) = (canvas.left, canvas.top);
    let pad = grown.pad as i32;
    // The light is above: the shadow lies a little lower and fades out before the edge of the bitmap.
    let drop = pad / 4;
    let shadow = Shape::new(pad, pad + drop, grown.width, grown.height, grown.radius);
    let reach = (pad - drop) as f32;
    for (n, p) in out.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = (n as u32 % canvas.width, n as u32 / canvas.width);
        let near = 1.0 - (shadow.distance(x, y) / reach).clamp(0.0, 1.0);
        p[3] = (near * near * 0.7 * 255.0 + 0.5) as u8;
    }
    let wide = grown.ring as i32;
    let (w, h) = (grown.width + 2 * grown.ring, grown.height + 2 * grown.ring);
    draw(&mut out, &Shape::new(pad - wide, pad - wide, w, h, grown.radius + grown.ring), |_, _| [ring.0, ring.1, ring.2]);
    let shape = Shape::new(pad, pad, grown.width, grown.height, grown.radius);
    draw(&mut out, &shape, |x, y| pixel(&rgb, grown.width, x.saturating_sub(grown.pad), y.saturating_sub(grown.pad)));
    Ok(out)
}

/// 0 at `from`, 1 at `to`, smooth at both.
fn smooth(from: f32, to: f32, at: f32) -> f32 {
    let t = ((at - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// How much of the page's colour lies over a place of the backdrop, both 0 to 1: nearly all at the left edge, none right of three
/// quarters; all at the bottom, none above two fifths.
pub fn scrim_strength(x: f32, y: f32) -> f32 {
    let left = 0.94 * (1.0 - smooth(0.06, 0.72, x));
    let below = smooth(0.4, 1.0, y);
    1.0 - (1.0 - left) * (1.0 - below)
}

/// Slow dark gradients show bands in eight bits; a fixed pattern below one step hides them.
const DITHER: [[f32; 4]; 4] = [[0.5, 8.5, 2.5, 10.5], [12.5, 4.5, 14.5, 6.5], [3.5, 11.5, 1.5, 9.5], [15.5, 7.5, 13.5, 5.5]];

fn scrim(rgb: &mut [u8], width: u32, height: u32, page: Colour) {
    let page = [f32::from(page.0), f32::from(page.1), f32::from(page.2)];
    let left: Vec<f32> = (0..width).map(|x| 1.0 - scrim_strength((x as f32 + 0.5) / width as f32, 0.0)).collect();
    for (y, row) in rgb.chunks_exact_mut(width as usize * 3).enumerate() {
        let below = 1.0 - scrim_strength(1.0, (y as f32 + 0.5) / height as f32);
        for (x, p) in row.chunks_exact_mut(3).enumerate() {
            let (clear, dither) = (left[x] * below, DITHER[y % 4][x % 4] / 16.0);
            for (c, page) in p.iter_mut().zip(page) {
                *c = (page + (f32::from(*c) - page) * clear + dither) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Colour = Colour(10, 12, 18);

    fn plain(width: u32, height: u32, colour: [u8; 3]) -> Picture {
        Picture { width, height, rgb: colour.repeat((width * height) as usize) }
    }

    /// Red on the left, blue on the right.
    fn halves(width: u32, height: u32) -> Picture {
        let rgb = (0..width * height).flat_map(|n| if n % width < width / 2 { [255, 0, 0] } else { [0, 0, 255] }).collect();
        Picture { width, height, rgb }
    }

    #[test]
    fn a_tile_has_the_pages_colour_in_its_corners_and_the_picture_inside() {
        let tile = bake(&plain(400, 600, [200, 100, 50]), Recipe::Tile { width: 40, height: 60, radius: 8, page: PAGE }).unwrap();
        assert_eq!((tile.width, tile.height, tile.format, tile.data.len()), (40, 60, Format::Rgb8, 7200));
        for (x, y) in [(0, 0), (39, 0), (0, 59), (39, 59)] {
            assert_eq!(tile.pixel(x, y), Some(&[10, 12, 18][..]), "{x},{y}");
        }
        for (x, y) in [(20, 0), (0, 30), (20, 59), (39, 30), (8, 8), (20, 30)] {
            assert_eq!(tile.pixel(x, y), Some(&[200, 100, 50][..]), "{x},{y}");
        }
        // The arc is smooth: some pixel of the corner is in between.
        assert!((0..8).any(|x| (11..200).contains(&tile.pixel(x, 2).unwrap()[0])));
    }

    #[test]
    fn cropping_keeps_the_middle() {
        // A wide picture on an upright tile: red and blue meet in the middle.
        let tile = bake(&halves(600, 100), Recipe::Plain { width: 50, height: 100 }).unwrap();
        assert_eq!((tile.pixel(10, 50).unwrap(), tile.pixel(40, 50).unwrap()), (&[255, 0, 0][..], &[0, 0, 255][..]));
    }

    #[test]
    fn premultiplied_colours_never_exceed_alpha() {
        let picture = halves(100, 150);
        let ring = Colour(255, 255, 255);
        for recipe in [
            Recipe::Cutout { width: 60, height: 90, radius: 10 },
            Recipe::Focused { width: 60, height: 90, radius: 10, percent: 108, ring },
            Recipe::Focused { width: 7, height: 9, radius: 50, percent: 150, ring },
        ] {
            let out = bake(&picture, recipe).unwrap();
            assert!(out.data.chunks_exact(4).all(|p| p[..3].iter().all(|c| *c <= p[3])), "{recipe:?}");
        }
    }

    #[test]
    fn the_focused_tile_is_centred_ringed_and_its_shadow_fades_out() {
        let recipe = Recipe::Focused { width: 138, height: 207, radius: 10, percent: 108, ring: Colour(255, 255, 255) };
        let canvas = recipe.canvas();
        let out = bake(&plain(300, 450, [200, 0, 0]), recipe).unwrap();
        assert_eq!((out.width, out.height, out.left, out.top), (canvas.width, canvas.height, canvas.left, canvas.top));
        assert_eq!((138 + 2 * canvas.left, 207 + 2 * canvas.top), (canvas.width, canvas.height));
        let grown = recipe.grown();
        assert!((grown.width, grown.height) == (148, 223), "{grown:?}");
        assert_eq!(out.pixel(out.width / 2, out.height / 2), Some(&[200, 0, 0, 255][..]));
        assert_eq!(out.pixel(out.width / 2, grown.pad - 1), Some(&[255, 255, 255, 255][..]), "ring");
        let alpha = |x, y| out.pixel(x, y).unwrap()[3];
        for n in 0..out.width {
            assert_eq!((alpha(n, 0), alpha(n, out.height - 1)), (0, 0), "no hard edge at {n}");
        }
        let below: Vec<u8> = (out.height - grown.pad + grown.ring + 1..out.height).map(|y| alpha(out.width / 2, y)).collect();
        assert!(below[0] > 100 && below.windows(2).all(|w| w[0] >= w[1]), "{below:?}");
    }

    #[test]
    fn the_scrim_darkens_monotonically_to_the_page() {
        let out = bake(&plain(16, 9, [255; 3]), Recipe::Backdrop { width: 320, height: 180, page: PAGE }).unwrap();
        let red = |x, y| i32::from(out.pixel(x, y).unwrap()[0]);
        for y in [0, 60, 120, 179] {
            assert!((1..320).all(|x| red(x, y) + 1 >= red(x - 1, y)), "row {y} gets lighter to the right");
        }
        for x in [0, 100, 200, 319] {
            assert!((1..180).all(|y| red(x, y) <= red(x, y - 1) + 1), "column {x} gets darker to the bottom");
        }
        assert_eq!(red(319, 0), 255);
        assert!((red(319, 179) - 10).abs() <= 1 && red(0, 0) < 40, "{} {}", red(319, 179), red(0, 0));
    }

    #[test]
    fn impossible_sizes_are_errors() {
        for (width, height) in [(0, 10), (10, 0), (9000, 10), (u32::MAX, u32::MAX)] {
            assert_eq!(bake(&plain(2, 2, [0; 3]), Recipe::Plain { width, height }), Err(Error::Size { width, height }));
            let focused = Recipe::Focused { width, height, radius: 4, percent: 108, ring: PAGE };
            assert!(matches!(bake(&plain(2, 2, [0; 3]), focused), Err(Error::Size { .. })), "{width}x{height}");
        }
    }

    #[test]
    fn radius_may_exceed_the_tile() {
        let tile = bake(&plain(9, 9, [255; 3]), Recipe::Tile { width: 5, height: 7, radius: 90, page: PAGE }).unwrap();
        assert!(tile.pixel(0, 0).unwrap()[0] < 80);
        assert_eq!(tile.pixel(2, 3), Some(&[255; 3][..]));
    }
}
