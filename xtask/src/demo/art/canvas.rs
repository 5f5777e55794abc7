//! A picture being drawn: gradients, paths, glows, grain. Lengths are pixels.
use super::colour::{fade, ramp};
use super::noise::chance;
use anyhow::{Context, Result};
use std::path::Path as FilePath;
use tiny_skia::{
    BlendMode, Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Shader, SpreadMode, Stroke, Transform,
};

/// A path, or none where it would have no extent; then nothing is drawn.
pub type Shape = Option<Path>;

/// The picture.
pub struct Canvas {
    pixels: Pixmap,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Canvas {
    /// Black.
    pub fn new(width: u32, height: u32) -> Result<Self> {
        let mut pixels = Pixmap::new(width, height).context("a picture needs a size")?;
        pixels.fill(Color::BLACK);
        Ok(Self { pixels, w: width as f32, h: height as f32 })
    }

    /// A length that looks alike on posters and backdrops: a thousandth of the shorter side.
    pub fn unit(&self) -> f32 {
        self.w.min(self.h) / 1000.0
    }

    /// Taller than wide.
    pub fn is_poster(&self) -> bool {
        self.h > self.w
    }

    /// The whole picture from top to bottom.
    pub fn sky(&mut self, colours: &[Color]) {
        let all = rectangle(0.0, 0.0, self.w, self.h);
        let (from, to) = ((0.0, 0.0), (0.0, self.h));
        self.gradient(&all, colours, from, to);
    }

    /// Fills with one colour.
    pub fn fill(&mut self, path: &Shape, colour: Color) {
        self.blend(path, colour, BlendMode::SourceOver);
    }

    /// Fills with one colour, mixed with what is there.
    pub fn blend(&mut self, path: &Shape, colour: Color, mode: BlendMode) {
        let Some(path) = path else { return };
        let mut paint = Paint { blend_mode: mode, ..Paint::default() };
        paint.set_color(colour);
        self.pixels.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
    }

    /// Fills with colours at even distances from one point to another.
    pub fn gradient(&mut self, path: &Shape, colours: &[Color], from: (f32, f32), to: (f32, f32)) {
        let shader = LinearGradient::new(point(from), point(to), stops(colours), SpreadMode::Pad, Transform::identity());
        self.shaded(path, shader, BlendMode::SourceOver);
    }

    /// Fills with colours from a centre outwards.
    pub fn radial(&mut self, path: &Shape, colours: &[Color], centre: (f32, f32), radius: f32) {
        self.radial_blend(path, colours, centre, radius, BlendMode::SourceOver);
    }

    /// Light around a point, added to what is there.
    pub fn glow(&mut self, centre: (f32, f32), radius: f32, colour: Color, strength: f32) {
        // Falls like a blurred disc, not like a cone.
        let colours: Vec<Color> = (0..=8).map(|i| fade(colour, strength * (1.0 - i as f32 / 8.0).powi(3))).collect();
        self.radial_blend(&circle(centre.0, centre.1, radius), &colours, centre, radius, BlendMode::Screen);
    }

    fn radial_blend(&mut self, path: &Shape, colours: &[Color], centre: (f32, f32), radius: f32, mode: BlendMode) {
        let c = point(centre);
        let shader = RadialGradient::new(c, c, radius.max(0.01), stops(colours), SpreadMode::Pad, Transform::identity());
        self.shaded(path, shader, mode);
    }

    fn shaded(&mut self, path: &Shape, shader: Option<Shader<'_>>, mode: BlendMode) {
        let (Some(shader), Some(path)) = (shader, path) else { return };
        let paint = Paint { shader, blend_mode: mode, anti_alias: true, ..Paint::default() };
        self.pixels.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
    }

    /// Draws along a path with round ends.
    pub fn stroke(&mut self, path: &Shape, colour: Color, width: f32) {
        let Some(path) = path else { return };
        let mut paint = Paint::default();
        paint.set_color(colour);
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixels.stroke_path(path, &paint, &stroke, Transform::identity(), None);
    }

    /// Gives each pixel a colour by its place, laid over what is there.
    pub fn shade(&mut self, colour_at: impl Fn(f32, f32) -> Color) {
        let width = self.pixels.width() as usize;
        for (i, pixel) in self.pixels.pixels_mut().iter_mut().enumerate() {
            let c = colour_at((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
            let a = c.alpha();
            if a <= 0.0 {
                continue;
            }
            let over = |new: f32, old: u8| ((new * a * 255.0) + f32::from(old) * (1.0 - a) + 0.5) as u8;
            let (r, g, b) = (over(c.red(), pixel.red()), over(c.green(), pixel.green()), over(c.blue(), pixel.blue()));
            if let Some(p) = tiny_skia::PremultipliedColorU8::from_rgba(r, g, b, 255) {
                *pixel = p;
            }
        }
    }

    /// Puts a photograph behind everything, scaled to cover.
    pub fn photograph(&mut self, picture: &image::RgbImage, focus: (f32, f32)) {
        let (pw, ph) = (picture.width() as f32, picture.height() as f32);
        let scale = (self.w / pw).max(self.h / ph);
        let left = (pw - self.w / scale) * focus.0;
        let top = (ph - self.h / scale) * focus.1;
        let view = image::imageops::crop_imm(picture, left as u32, top as u32, (self.w / scale) as u32, (self.h / scale) as u32);
        let sized =
            image::imageops::resize(&view.to_image(), self.w as u32, self.h as u32, image::imageops::FilterType::CatmullRom);
        for (pixel, colour) in self.pixels.pixels_mut().iter_mut().zip(sized.pixels()) {
            let [r, g, b] = colour.0;
            if let Some(p) = tiny_skia::PremultipliedColorU8::from_rgba(r, g, b, 255) {
                *pixel = p;
            }
        }
    }

    /// Film grain and darker corners: takes the plastic off, and hides the steps in long gradients.
    pub fn finish(&mut self, grain: f32, vignette: f32, seed: u32) {
        let (w, h) = (self.w, self.h);
        let width = self.pixels.width() as usize;
        for (i, pixel) in self.pixels.pixels_mut().iter_mut().enumerate() {
            let (x, y) = ((i % width) as i32, (i / width) as i32);
            let (dx, dy) = (x as f32 / w - 0.5, y as f32 / h - 0.5);
            let light = 1.0 - vignette * ((dx * dx + dy * dy) * 2.0).powf(1.3);
            // The sum of two chances: mostly little, seldom much.
            let speck = (chance(x, y, seed) + chance(x, y, seed ^ 0x5bd1) - 1.0) * grain * 255.0;
            let tone = |v: u8| (f32::from(v) * light + speck).clamp(0.0, 255.0) as u8;
            let (r, g, b) = (tone(pixel.red()), tone(pixel.green()), tone(pixel.blue()));
            if let Some(p) = tiny_skia::PremultipliedColorU8::from_rgba(r, g, b, 255) {
                *pixel = p;
            }
        }
    }

    /// Leaves it on the disc as JPEG.
    pub fn save(&self, file: &FilePath) -> Result<()> {
        let rgb: Vec<u8> = self.pixels.pixels().iter().flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
        let mut out = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 90)
            .encode(&rgb, self.pixels.width(), self.pixels.height(), image::ExtendedColorType::Rgb8)
            .context("encoding a JPEG")?;
        // Under another name first: a half-written picture must not pass for a kept one.
        let draft = file.with_extension("part");
        std::fs::write(&draft, out)
            .and_then(|()| std::fs::rename(&draft, file))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

fn point((x, y): (f32, f32)) -> Point {
    Point::from_xy(x, y)
}

/// Enough stops that the eye gets OKLab's way between the colours.
fn stops(colours: &[Color]) -> Vec<GradientStop> {
    let n = (colours.len().max(2) - 1) * 4;
    (0..=n).map(|i| i as f32 / n as f32).map(|t| GradientStop::new(t, ramp(colours, t))).collect()
}

/// An upright rectangle.
pub fn rectangle(x: f32, y: f32, w: f32, h: f32) -> Shape {
    polygon(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
}

/// A disc.
pub fn circle(x: f32, y: f32, r: f32) -> Shape {
    ellipse((x, y), r, r, 0.0)
}

/// An ellipse, turned by `angle` radians.
pub fn ellipse(centre: (f32, f32), rx: f32, ry: f32, angle: f32) -> Shape {
    arc(centre, rx, ry, angle, 0.0, std::f32::consts::TAU, true)
}

/// A piece of an ellipse from `from` to `to` radians; `close` joins the ends.
pub fn arc(centre: (f32, f32), rx: f32, ry: f32, angle: f32, from: f32, to: f32, close: bool) -> Shape {
    let steps = ((rx.max(ry) * (to - from).abs()).sqrt() * 2.5).clamp(12.0, 400.0) as usize;
    let (sin, cos) = angle.sin_cos();
    let at = |i: usize| {
        let (s, c) = (from + (to - from) * i as f32 / steps as f32).sin_cos();
        (centre.0 + rx * c * cos - ry * s * sin, centre.1 + rx * c * sin + ry * s * cos)
    };
    line(&(0..=steps).map(at).collect::<Vec<_>>(), close)
}

/// Straight edges, closed.
pub fn polygon(points: &[(f32, f32)]) -> Shape {
    line(points, true)
}

/// Straight edges, open or closed.
pub fn line(points: &[(f32, f32)], close: bool) -> Shape {
    let mut b = PathBuilder::new();
    for (i, (x, y)) in points.iter().enumerate() {
        if i == 0 {
            b.move_to(*x, *y);
        } else {
            b.line_to(*x, *y);
        }
    }
    if close {
        b.close();
    }
    b.finish()
}
