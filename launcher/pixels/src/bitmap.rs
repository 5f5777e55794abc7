//! Pixels as the renderer takes them.

/// How a pixel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Three bytes, opaque: the cheapest thing to draw.
    Rgb8,
    /// Four bytes; red, green and blue are multiplied by alpha.
    Rgba8Premultiplied,
}

impl Format {
    /// Bytes a pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::Rgb8 => 3,
            Self::Rgba8Premultiplied => 4,
        }
    }
}

/// A finished picture: rows from top to bottom, no padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Bitmap {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Of a pixel.
    pub format: Format,
    /// Draw it so far left of the place of the tile at rest: [`crate::Canvas::left`].
    pub left: u32,
    /// Draw it so far above the place of the tile at rest: [`crate::Canvas::top`].
    pub top: u32,
    /// `width * height * format.bytes()`.
    pub data: Vec<u8>,
}

impl Bitmap {
    /// All zero: black, or transparent.
    pub fn new(width: u32, height: u32, format: Format) -> Self {
        Self { width, height, format, left: 0, top: 0, data: vec![0; width as usize * height as usize * format.bytes()] }
    }

    /// The bytes of a pixel; none outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<&[u8]> {
        let at = (y as usize * self.width as usize + x as usize) * self.format.bytes();
        (x < self.width).then(|| self.data.get(at..at + self.format.bytes()))?
    }
}

impl std::fmt::Debug for Bitmap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bitmap({}x{} {:?} at -{},-{})", self.width, self.height, self.format, self.left, self.top)
    }
}
