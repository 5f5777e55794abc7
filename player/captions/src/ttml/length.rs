//! Lengths (TTML2 §10.3.15) in parts of the picture.

/// What lengths stand for in a document.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Units {
    /// `ttp:cellResolution`: columns, rows.
    pub cells: (f32, f32),
    /// `tts:extent` of the root, in pixels.
    pub pixels: Option<(f32, f32)>,
}

/// A direction: parts of the picture's width or height.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Axis {
    X,
    Y,
}

impl Units {
    /// One length. `whole` is what a percentage is of, `em` the size of text, both in parts of the axis.
    pub fn length(&self, text: &str, axis: Axis, whole: Option<f32>, em: f32) -> Option<f32> {
        let text = text.trim();
        let at = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+'))?;
        let value: f32 = text[..at].parse().ok().filter(|v: &f32| v.is_finite() && v.abs() < 1e6)?;
        let of = |(x, y): (f32, f32)| if axis == Axis::X { x } else { y };
        Some(match &text[at..] {
            "%" => value / 100.0 * whole?,
            "c" => value / of(self.cells),
            "px" => value / of(self.pixels?),
            "em" => value * em,
            "rw" if axis == Axis::X => value / 100.0,
            "rh" if axis == Axis::Y => value / 100.0,
            _ => return None,
        })
    }

    /// `x y`, percentages of the picture.
    pub fn pair(&self, text: &str) -> Option<(f32, f32)> {
        let mut parts = text.split_whitespace();
        let (x, y) = (parts.next()?, parts.next()?);
        Some((self.length(x, Axis::X, Some(1.0), 0.0)?, self.length(y, Axis::Y, Some(1.0), 0.0)?))
    }

    /// A size of text, in parts of the picture's width.
    fn across(&self, em: f32) -> f32 {
        let (width, height) = self.pixels.unwrap_or((16.0, 9.0));
        em * height / width.max(1.0)
    }

    /// `tts:padding`: one to four lengths of a box of this size with text of size `em`, by the horizontal writing mode, as top, right, bottom,
    /// left.
    pub fn padding(&self, text: &str, width: f32, height: f32, em: f32) -> Option<[f32; 4]> {
        let p: Vec<&str> = text.split_whitespace().collect();
        let (top, right, bottom, left) = match p.as_slice() {
            [a] => (a, a, a, a),
            [a, b] => (a, b, a, b),
            [a, b, c] => (a, b, c, b),
            [a, b, c, d] => (a, b, c, d),
            _ => return None,
        };
        let x = |t: &str| self.length(t, Axis::X, Some(width), self.across(em));
        let y = |t: &str| self.length(t, Axis::Y, Some(height), em);
        Some([y(top)?, x(right)?, y(bottom)?, x(left)?])
    }
}
