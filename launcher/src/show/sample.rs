//! A strip of a film that does not exist, as high as the end of the screen where subtitles stand, with subtitles on it that are drawn by
//! what draws them in films, at the size that they have there.

use crate::captions::Captions;
use crate::compose::write_on;
use hearth_player::captions::{Document, parse};
use hearth_typeset::Viewer;
use slint::{Image, Rgba8Pixel, SharedPixelBuffer};

/// Two voices, one of which the film has coloured, so that every setting changes something.
const CUES: &str = "WEBVTT\n\n00:00.000 --> 00:09.000\n– Can you read this from there?\n<c.yellow>– Every word of it.</c>";

/// Sizes in pixels of the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub screen: (u32, u32),
    /// Of the strip.
    pub width: u32,
    pub height: u32,
    /// Of its corners.
    pub radius: f32,
}

/// The strip. It is dropped with the page: its fonts are not needed elsewhere.
pub(super) struct Sample {
    captions: Captions,
    document: Document,
    size: Size,
    /// Without subtitles.
    film: Vec<u32>,
    shown: Option<Viewer>,
}

impl Sample {
    pub fn new(size: Size) -> Self {
        let document = parse(CUES).unwrap_or_default();
        Self { captions: Captions::new(), document, size, film: film(size), shown: None }
    }

    /// What it looks like in this style; none: as it was.
    pub fn image(&mut self, viewer: Viewer) -> Option<Image> {
        if self.shown.replace(viewer) == Some(viewer) {
            return None;
        }
        let Size { screen, width, height, radius } = self.size;
        self.captions.viewer = viewer;
        self.captions.show(Some((0, &self.document)), Some(screen), screen, false);
        let (left, top) = (screen.0.saturating_sub(width) / 2, screen.1.saturating_sub(height));
        let mut buffer = SharedPixelBuffer::<Rgba8Pixel>::new(width, height);
        let mut line = vec![0; screen.0.max(width) as usize];
        let rows = buffer.make_mut_slice().chunks_exact_mut(width.max(1) as usize);
        for (y, (row, film)) in rows.zip(self.film.chunks_exact(width.max(1) as usize)).enumerate() {
            let part = left as usize..(left + width) as usize;
            line[part.clone()].copy_from_slice(film);
            self.captions.layers().iter().for_each(|layer| write_on(layer, top + y as u32, &mut line));
            for (x, (out, pixel)) in row.iter_mut().zip(&line[part]).enumerate() {
                let cover = inside(x as f32 + 0.5, y as f32 + 0.5, (width as f32, height as f32), radius);
                let channel = |shift: u32| (((pixel >> shift) & 0xff) as f32 * cover).round() as u8;
                *out = Rgba8Pixel { r: channel(16), g: channel(8), b: channel(0), a: (cover * 255.0).round() as u8 };
            }
        }
        Some(Image::from_rgba8_premultiplied(buffer))
    }
}

/// How much of a pixel is inside rounded corners, which the renderer cannot cut.
fn inside(x: f32, y: f32, (width, height): (f32, f32), radius: f32) -> f32 {
    let (dx, dy) = ((x - width / 2.0).abs() - width / 2.0 + radius, (y - height / 2.0).abs() - height / 2.0 + radius);
    (0.5 + radius - dx.max(0.0).hypot(dy.max(0.0))).clamp(0.0, 1.0)
}

/// Hills by the sea, from a pale morning on the left to night on the right: letters have to be read on both.
fn film(Size { width, height, .. }: Size) -> Vec<u32> {
    let mix = |a: [f32; 3], b: [f32; 3], t: f32| [0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * t.clamp(0.0, 1.0));
    let (day, dusk, night) = ([0.97, 0.91, 0.80], [0.72, 0.42, 0.34], [0.05, 0.07, 0.15]);
    let aspect = width as f32 / height.max(1) as f32;
    let pixel = |x: u32, y: u32| {
        let (u, v) = ((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
        let light = if u < 0.5 { mix(day, dusk, u * 2.0) } else { mix(dusk, night, u * 2.0 - 1.0) };
        let mut colour = mix(light, mix(light, [1.0; 3], 0.4), 0.6 - v);
        for layer in 0..3 {
            let l = layer as f32;
            let wave = (u * aspect * (0.9 + 0.5 * l) + 1.7 * l).sin() * 0.10 + (u * aspect * (2.9 + l) + l).sin() * 0.03;
            let ridge = 0.42 + 0.20 * l + wave;
            let cover = ((v - ridge) * height as f32 + 0.5).clamp(0.0, 1.0);
            colour = mix(colour, mix(light, night, 0.16 + 0.20 * l), cover);
        }
        colour.iter().fold(0, |packed, c| packed << 8 | (c.clamp(0.0, 1.0) * 255.0) as u32)
    };
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_style_is_seen() {
        let size = Size { screen: (640, 360), width: 576, height: 100, radius: 8.0 };
        let mut sample = Sample::new(size);
        let plain = Viewer::default();
        let mut pixels = |viewer| sample.image(viewer).map(|i| i.to_rgba8_premultiplied().expect("pixels").as_bytes().to_vec());
        let first = pixels(plain).expect("a picture");
        assert!(pixels(plain).is_none(), "drawn once");
        for other in [
            Viewer { size: 1.7, ..plain },
            Viewer { color: Some([255; 4]), ..plain },
            Viewer { background: Some([0; 4]), ..plain },
            Viewer { background: Some([0, 0, 0, 255]), ..plain },
        ] {
            assert_ne!(pixels(other).expect("another picture"), first, "{other:?}");
        }
        assert_eq!(first[..4], [0; 4], "its corners are cut");
    }
}
