//! Words as shapes: Inter, set with tracking and the font's own kerning.
use super::canvas::{Canvas, Shape};
use ab_glyph::{Font, FontRef, OutlineCurve};
use anyhow::{Context, Result};
use tiny_skia::{Color, PathBuilder};

/// The cuts of Inter that the launcher uses too.
pub struct Faces {
    /// Big and heavy.
    pub black: FontRef<'static>,
    /// Big.
    pub bold: FontRef<'static>,
    /// Small.
    pub medium: FontRef<'static>,
}

impl Faces {
    /// From the launcher's fonts.
    pub fn load() -> Result<Self> {
        let font = |bytes: &'static [u8]| FontRef::try_from_slice(bytes).context("a font in launcher/ui/fonts is damaged");
        Ok(Self {
            black: font(include_bytes!("../../../../launcher/ui/fonts/InterDisplay-Black.otf"))?,
            bold: font(include_bytes!("../../../../launcher/ui/fonts/InterDisplay-Bold.otf"))?,
            medium: font(include_bytes!("../../../../launcher/ui/fonts/Inter-SemiBold.otf"))?,
        })
    }
}

/// How a line is set.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// Cut.
    pub font: &'a FontRef<'static>,
    /// Em in pixels.
    pub size: f32,
    /// Extra room between letters, in em.
    pub tracking: f32,
}

impl Style<'_> {
    /// How wide a line is.
    pub fn width(&self, text: &str) -> f32 {
        self.walk(text, |_, _| {})
    }

    /// Height of a capital letter.
    pub fn cap_height(&self) -> f32 {
        let top = self.font.outline(self.font.glyph_id('H')).map_or(0.0, |o| o.bounds.max.y.max(o.bounds.min.y));
        top * self.scale()
    }

    fn scale(&self) -> f32 {
        self.size / self.font.units_per_em().unwrap_or(1000.0)
    }

    /// Calls with each glyph and where it goes; returns the width without the last letter's tracking.
    fn walk(&self, text: &str, mut each: impl FnMut(ab_glyph::GlyphId, f32)) -> f32 {
        let (mut x, mut before) = (0.0, None);
        for letter in text.chars() {
            let id = self.font.glyph_id(letter);
            if let Some(before) = before {
                x += self.font.kern_unscaled(before, id) * self.scale() + self.tracking * self.size;
            }
            each(id, x);
            x += self.font.h_advance_unscaled(id) * self.scale();
            before = Some(id);
        }
        x
    }

    /// The line as a shape, its baseline starting at `(x, y)`.
    fn shape(&self, text: &str, x: f32, y: f32) -> Shape {
        let mut b = PathBuilder::new();
        let scale = self.scale();
        self.walk(text, |id, offset| {
            let Some(outline) = self.font.outline(id) else { return };
            let at = |p: ab_glyph::Point| (x + offset + p.x * scale, y - p.y * scale);
            let mut pen: Option<ab_glyph::Point> = None;
            for curve in &outline.curves {
                let (start, end) = match curve {
                    OutlineCurve::Line(a, z) | OutlineCurve::Quad(a, _, z) | OutlineCurve::Cubic(a, _, _, z) => (*a, *z),
                };
                if pen != Some(start) {
                    let (px, py) = at(start);
                    b.move_to(px, py);
                }
                let (ex, ey) = at(end);
                match curve {
                    OutlineCurve::Line(..) => b.line_to(ex, ey),
                    OutlineCurve::Quad(_, c, _) => b.quad_to(at(*c).0, at(*c).1, ex, ey),
                    OutlineCurve::Cubic(_, c, d, _) => b.cubic_to(at(*c).0, at(*c).1, at(*d).0, at(*d).1, ex, ey),
                }
                pen = Some(end);
            }
        });
        b.finish()
    }

    /// Draws it. `anchor` says what `x` is: 0 the left end, 0.5 the middle, 1 the right end.
    pub fn draw(&self, canvas: &mut Canvas, text: &str, x: f32, y: f32, anchor: f32, colour: Color) {
        let left = x - self.width(text) * anchor;
        canvas.fill(&self.shape(text, left, y), colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_a_width_that_grows_with_size_and_tracking() {
        let faces = Faces::load().unwrap();
        let style = |size, tracking| Style { font: &faces.bold, size, tracking };
        let plain = style(40.0, 0.0).width("Hearth");
        assert!((style(80.0, 0.0).width("Hearth") - 2.0 * plain).abs() < 0.01);
        assert!((style(40.0, 0.1).width("Hearth") - plain - 5.0 * 4.0).abs() < 0.01);
        assert!(style(40.0, 0.0).cap_height() > 20.0);
        assert!(style(40.0, 0.0).shape("", 0.0, 0.0).is_none());
    }
}
