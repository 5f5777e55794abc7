//! What the software renderer cannot draw: shadows and glows, computed once at start at the size they are shown in.

use slint::{Image, Rgba8Pixel, SharedPixelBuffer};

/// How much of a blurred edge is left at `distance` (in standard deviations) outside of it: the Gaussian's integral, by a logistic
/// curve that is within 1 % of it.
fn edge(distance: f32) -> f32 {
    1.0 / (1.0 + (1.702 * distance).exp())
}

/// Distance to a rounded rectangle around the origin; negative inside.
fn distance(x: f32, y: f32, half: (f32, f32), radius: f32) -> f32 {
    let (qx, qy) = (x.abs() - half.0 + radius, y.abs() - half.1 + radius);
    qx.max(0.0).hypot(qy.max(0.0)) + qx.max(qy).min(0.0) - radius
}

/// Dithers away the steps that 8 bits leave in a slow fade: the same everywhere and in every run.
fn dither(x: u32, y: u32) -> f32 {
    let v = 0.067_110_56 * x as f32 + 0.005_837_15 * y as f32;
    (52.982_918 * v.fract()).fract()
}

fn bake(width: u32, height: u32, pixel: impl Fn(f32, f32) -> [f32; 4]) -> Image {
    let mut buffer = SharedPixelBuffer::<Rgba8Pixel>::new(width, height);
    let rows = buffer.make_mut_slice().chunks_exact_mut(width.max(1) as usize);
    for (y, row) in (0..height).zip(rows) {
        for (x, out) in (0..width).zip(row) {
            let noise = dither(x, y);
            let [r, g, b, a] = pixel(x as f32 + 0.5, y as f32 + 0.5);
            let alpha = (a * 255.0 + noise).floor().clamp(0.0, 255.0);
            let byte = |v: f32| (v * 255.0 + noise).floor().clamp(0.0, alpha) as u8;
            *out = Rgba8Pixel { r: byte(r), g: byte(g), b: byte(b), a: alpha as u8 };
        }
    }
    Image::from_rgba8_premultiplied(buffer)
}

/// A focused tile's surroundings: a deep shadow below it and the fire's glow around it. `margin` pixels on each side of the tile.
pub fn halo(width: u32, height: u32, radius: f32, margin: u32) -> Image {
    let half = (width as f32 / 2.0, height as f32 / 2.0);
    let centre = (half.0 + margin as f32, half.1 + margin as f32);
    let (shadow_sigma, glow_sigma, drop) = (margin as f32 * 0.36, margin as f32 * 0.30, margin as f32 * 0.25);
    let last = margin as f32;
    bake(width + 2 * margin, height + 2 * margin, |x, y| {
        let (x, y) = (x - centre.0, y - centre.1);
        let outside = distance(x, y, half, radius);
        if outside < -2.0 {
            return [0.0; 4];
        }
        // Both end at the margin, whatever their tails would do.
        let fade = (1.0 - outside.max(0.0) / last).clamp(0.0, 1.0);
        let shadow = 0.80 * edge(distance(x, y - drop, half, radius) / shadow_sigma) * fade;
        let glow = 0.62 * edge(outside / glow_sigma) * fade;
        let alpha = shadow + glow * (1.0 - shadow);
        [glow, glow * 0.50, glow * 0.22, alpha.max(glow)]
    })
}

/// Firelight behind a message: an ember ellipse that fades out.
pub fn glow(width: u32, height: u32) -> Image {
    let half = (width as f32 / 2.0, height as f32 / 2.0);
    bake(width, height, |x, y| {
        let r = ((x - half.0) / half.0).hypot((y - half.1) / half.1);
        let light = 0.34 * (1.0 - r).max(0.0).powi(2);
        [light, light * 0.42, light * 0.16, light]
    })
}
