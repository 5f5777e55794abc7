//! Fixture artwork, drawn: hills under an evening sky, another one for each seed.

/// An RGB picture.
pub struct Art {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

type Rgb = [f32; 3];

const SKIES: [(Rgb, Rgb, Rgb); 8] = [
    ([0.07, 0.09, 0.25], [0.98, 0.52, 0.33], [1.0, 0.86, 0.58]),
    ([0.03, 0.12, 0.20], [0.16, 0.56, 0.58], [0.90, 0.97, 0.85]),
    ([0.16, 0.04, 0.20], [0.86, 0.22, 0.42], [1.0, 0.70, 0.55]),
    ([0.02, 0.05, 0.14], [0.20, 0.33, 0.72], [0.78, 0.88, 1.0]),
    ([0.10, 0.07, 0.04], [0.75, 0.49, 0.18], [1.0, 0.92, 0.62]),
    ([0.04, 0.10, 0.08], [0.30, 0.58, 0.30], [0.93, 0.96, 0.62]),
    ([0.10, 0.05, 0.16], [0.46, 0.32, 0.78], [0.96, 0.78, 0.98]),
    ([0.14, 0.03, 0.04], [0.78, 0.20, 0.12], [1.0, 0.74, 0.40]),
];

fn mix(a: Rgb, b: Rgb, t: f32) -> Rgb {
    let t = t.clamp(0.0, 1.0);
    [0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * t)
}

/// Hills `seed` in a frame of `width` x `height`.
pub fn scene(seed: u32, width: u32, height: u32) -> Art {
    let (dusk, glow, light) = SKIES[seed as usize % SKIES.len()];
    let s = seed as f32;
    let aspect = width as f32 / height as f32;
    let sun = (0.62 + 0.22 * (s * 1.7).sin(), 0.40 + 0.08 * (s * 2.3).cos());
    let mut rgb = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let to_sun = ((u - sun.0) * aspect).hypot(v - sun.1);
            let mut pixel = mix(mix(dusk, glow, v * 1.5), light, (0.5 - to_sun).max(0.0) * 1.5);
            if to_sun < 0.085 {
                pixel = mix(pixel, [1.0, 0.97, 0.88], ((0.085 - to_sun) * 260.0).min(0.92));
            }
            for layer in 0..5 {
                let l = layer as f32;
                let ridge = 0.50
                    + 0.10 * l
                    + 0.075 * ((u * aspect * (1.6 + 0.9 * l)) + s * (1.1 + l)).sin()
                    + 0.028 * ((u * aspect * (5.3 + 1.7 * l)) + s * 2.9 + l * 4.0).sin()
                    + 0.010 * ((u * aspect * 17.0) + l * 9.0 + s).sin();
                // A ridge is one pixel soft.
                let cover = ((v - ridge) * height as f32 + 0.5).clamp(0.0, 1.0);
                if cover > 0.0 {
                    let haze = mix(glow, dusk, 0.25 + 0.19 * l);
                    let near = mix(haze, light, 0.16 * (1.0 - l / 4.0));
                    pixel = mix(pixel, mix(near, mix(dusk, [0.0; 3], 0.5), (v - ridge) * (0.6 + 0.3 * l)), cover);
                }
            }
            rgb.extend(pixel.map(|c| (c.clamp(0.0, 1.0).powf(0.9) * 255.0) as u8));
        }
    }
    Art { width, height, rgb }
}

/// As a PNG file.
pub fn png(art: &Art) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, art.width, art.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("writes to memory");
    writer.write_image_data(&art.rgb).expect("writes to memory");
    drop(writer);
    out
}
