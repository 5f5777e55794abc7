//! A picture of captions, and boxes and letters drawn into it.
use hearth_captions::Color;

/// A box in pixels; right and bottom edges are outside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// To the right edge.
    pub width: f32,
    /// To the bottom edge.
    pub height: f32,
}

impl Rect {
    pub(crate) fn right(&self) -> f32 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f32 {
        self.y + self.height
    }

    pub(crate) fn of_edges(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Rect { x: x0, y: y0, width: (x1 - x0).max(0.0), height: (y1 - y0).max(0.0) }
    }

    pub(crate) fn grown(&self, dx: f32, dy: f32) -> Self {
        Rect { x: self.x - dx, y: self.y - dy, width: self.width + 2.0 * dx, height: self.height + 2.0 * dy }
    }

    pub(crate) fn moved(&self, dx: f32, dy: f32) -> Self {
        Rect { x: self.x + dx, y: self.y + dy, ..*self }
    }

    /// Around both; an empty one counts for nothing.
    pub(crate) fn with(&self, other: &Rect) -> Self {
        if self.is_empty() || other.is_empty() {
            return if self.is_empty() { *other } else { *self };
        }
        let edges =
            (self.x.min(other.x), self.y.min(other.y), self.right().max(other.right()), self.bottom().max(other.bottom()));
        Rect::of_edges(edges.0, edges.1, edges.2, edges.3)
    }

    pub(crate) fn meet(&self, other: &Rect) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        Rect::of_edges(x, y, self.right().min(other.right()), self.bottom().min(other.bottom()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.width <= 0.0 || self.height <= 0.0
    }
}

/// Pixels at a place on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layer {
    /// Column of the left edge on the screen.
    pub x: u32,
    /// Row of the top edge.
    pub y: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Red, green, blue, opacity, premultiplied; rows from the top.
    pub pixels: Vec<[u8; 4]>,
}

/// Coverage of a layer's pixels, 0 to 255.
pub(crate) struct Mask(Vec<u8>);

impl Layer {
    /// A clear layer over `place`, cut off by the screen; none where nothing of it is left.
    pub(crate) fn over(place: Rect, screen: (u32, u32)) -> Option<Self> {
        let end = |at: f32, most: u32| (at.ceil().max(0.0) as u32).min(most);
        let (x, y) = (place.x.floor().max(0.0) as u32, place.y.floor().max(0.0) as u32);
        let (width, height) = (end(place.right(), screen.0).saturating_sub(x), end(place.bottom(), screen.1).saturating_sub(y));
        let pixels = vec![[0; 4]; width as usize * height as usize];
        (width > 0 && height > 0 && !place.is_empty()).then_some(Self { x, y, width, height, pixels })
    }

    pub(crate) fn mask(&self) -> Mask {
        Mask(vec![0; self.pixels.len()])
    }

    /// Columns and rows of the layer that a part of the screen is in.
    fn span(&self, place: Rect) -> (std::ops::Range<u32>, std::ops::Range<u32>) {
        let clamp = |at: f32, from: u32, size: u32| (at - from as f32).clamp(0.0, size as f32) as u32;
        let columns = clamp(place.x.floor(), self.x, self.width)..clamp(place.right().ceil(), self.x, self.width);
        (columns, clamp(place.y.floor(), self.y, self.height)..clamp(place.bottom().ceil(), self.y, self.height))
    }

    /// Fills a box with rounded corners into `mask`; where boxes meet they are one.
    pub(crate) fn cover(&self, mask: &mut Mask, place: Rect, radius: f32) {
        let (columns, rows) = self.span(place);
        let radius = radius.min(place.width / 2.0).min(place.height / 2.0).max(0.0);
        let (cx, cy) = (place.x + place.width / 2.0, place.y + place.height / 2.0);
        for row in rows {
            for column in columns.clone() {
                let (x, y) = ((self.x + column) as f32 + 0.5, (self.y + row) as f32 + 0.5);
                // How far outside the box without its rounding, and then with it.
                let (dx, dy) = ((x - cx).abs() - place.width / 2.0 + radius, (y - cy).abs() - place.height / 2.0 + radius);
                let outside = dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius;
                let covered = ((0.5 - outside).clamp(0.0, 1.0) * 255.0).round() as u8;
                if let Some(m) = mask.0.get_mut((row * self.width + column) as usize) {
                    *m = covered.max(*m);
                }
            }
        }
    }

    /// Lays `color` over what is there, where `mask` says.
    pub(crate) fn fill(&mut self, mask: &Mask, color: Color) {
        self.pixels.iter_mut().zip(&mask.0).filter(|(_, m)| **m > 0).for_each(|(p, m)| blend(p, color, *m));
    }

    /// Lays a letter's coverage over what is there, its top left corner at column `x` and row `y` of the screen; nothing outside `clip`.
    pub(crate) fn stamp(&mut self, (x, y): (i32, i32), (width, data): (u32, &[u8]), color: Color, clip: Option<Rect>) {
        if width == 0 {
            return;
        }
        for (row, line) in data.chunks_exact(width as usize).enumerate() {
            for (column, m) in line.iter().enumerate().filter(|(_, m)| **m > 0) {
                let (sx, sy) = (i64::from(x) + column as i64, i64::from(y) + row as i64);
                let inside = |c: Rect| {
                    let (px, py) = (sx as f32 + 0.5, sy as f32 + 0.5);
                    px >= c.x && px < c.right() && py >= c.y && py < c.bottom()
                };
                let (lx, ly) = (sx - i64::from(self.x), sy - i64::from(self.y));
                if lx >= 0 && lx < i64::from(self.width) && ly >= 0 && clip.is_none_or(inside) {
                    let at = ly as usize * self.width as usize + lx as usize;
                    self.pixels.get_mut(at).into_iter().for_each(|p| blend(p, color, *m));
                }
            }
        }
    }

    /// Lays a coloured letter (an emoji) over what is there: red, green, blue, opacity, not premultiplied.
    pub(crate) fn stamp_color(&mut self, at: (i32, i32), (width, data): (u32, &[u8]), clip: Option<Rect>) {
        for (i, p) in data.chunks_exact(4).enumerate().filter(|_| width > 0) {
            let place = (at.0 + (i as u32 % width) as i32, at.1 + (i as u32 / width) as i32);
            self.stamp(place, (1, &[p[3]]), Color([p[0], p[1], p[2], 255]), clip);
        }
    }

    /// All of it more transparent.
    pub(crate) fn fade(&mut self, opacity: f32) {
        let part = (opacity.clamp(0.0, 1.0) * 256.0) as u32;
        let less = |c: &mut u8| *c = (u32::from(*c) * part / 256) as u8;
        self.pixels.iter_mut().for_each(|p| p.iter_mut().for_each(less));
    }

    /// Something can be seen.
    pub(crate) fn shows(&self) -> bool {
        self.pixels.iter().any(|p| p[3] > 0)
    }
}

fn blend(below: &mut [u8; 4], Color([r, g, b, a]): Color, mask: u8) {
    let alpha = (u32::from(a) * u32::from(mask) + 127) / 255;
    let over = |below: u8, c: u8| ((u32::from(c) * alpha + u32::from(below) * (255 - alpha) + 127) / 255) as u8;
    *below = [over(below[0], r), over(below[1], g), over(below[2], b), over(below[3], 255)];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_that_meet_are_one() {
        let place = Rect { x: 1.0, y: 1.0, width: 4.0, height: 2.0 };
        let mut layer = Layer::over(place, (10, 10)).unwrap();
        let mut mask = layer.mask();
        layer.cover(&mut mask, Rect { width: 3.0, ..place }, 0.0);
        layer.cover(&mut mask, Rect { x: 2.0, width: 3.0, ..place }, 0.0);
        layer.fill(&mask, Color([200, 100, 0, 128]));
        assert_eq!((layer.x, layer.y, layer.width, layer.height), (1, 1, 4, 2));
        assert_eq!(layer.pixels, [[100, 50, 0, 128]; 8], "the middle is no darker");
    }

    #[test]
    fn what_is_off_the_screen_is_cut_off() {
        let place = Rect { x: -3.0, y: 8.0, width: 6.0, height: 9.0 };
        let mut layer = Layer::over(place, (10, 10)).unwrap();
        assert_eq!((layer.x, layer.y, layer.width, layer.height), (0, 8, 3, 2));
        layer.stamp((-1, 9), (2, &[255; 6]), Color::WHITE, None);
        let seen: Vec<usize> = (0..6).filter(|i| layer.pixels[*i][3] > 0).collect();
        assert_eq!(seen, [3]);
        assert_eq!(Layer::over(Rect { x: 20.0, ..place }, (10, 10)), None);
    }
}
