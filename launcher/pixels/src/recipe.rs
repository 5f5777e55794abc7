//! What to make of a picture.

use std::sync::Arc;

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour(pub u8, pub u8, pub u8);

/// What to make of a picture. Sizes in pixels of the screen, so that nothing is scaled while drawing. The picture is cropped to the
/// wanted aspect around its middle (a little above it for posters and backdrops: faces).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// Cropped and scaled, square corners, opaque.
    Plain {
        /// Of the result.
        width: u32,
        /// Of the result.
        height: u32,
    },
    /// A tile at rest: rounded corners over a plain page, opaque.
    Tile {
        /// Of the result.
        width: u32,
        /// Of the result.
        height: u32,
        /// Of the corners.
        radius: u32,
        /// What is behind the corners.
        page: Colour,
    },
    /// A tile at rest with transparent corners, premultiplied: for pages that are not plain.
    Cutout {
        /// Of the result.
        width: u32,
        /// Of the result.
        height: u32,
        /// Of the corners.
        radius: u32,
    },
    /// The tile that has the focus: scaled up, a bright ring, a soft shadow; premultiplied; larger than the tile, see
    /// [`Recipe::canvas`].
    Focused {
        /// Of the tile at rest.
        width: u32,
        /// Of the tile at rest.
        height: u32,
        /// Of the corners at rest.
        radius: u32,
        /// Growth in percent: 108 is a usual one.
        percent: u32,
        /// Of the ring.
        ring: Colour,
    },
    /// A page's background, darkened to the page's colour from the left (where text stands) and from below (where shelves begin), opaque.
    Backdrop {
        /// Of the result.
        width: u32,
        /// Of the result.
        height: u32,
        /// The page's colour.
        page: Colour,
    },
}

/// Size of a finished bitmap, and how far it reaches beyond the tile at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Of the bitmap.
    pub width: u32,
    /// Of the bitmap.
    pub height: u32,
    /// To the left of the tile at rest (and as far to the right).
    pub left: u32,
    /// Above the tile at rest (and as far below).
    pub top: u32,
}

/// Geometry of [`Recipe::Focused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grown {
    pub width: u32,
    pub height: u32,
    pub radius: u32,
    pub ring: u32,
    pub pad: u32,
}

impl Recipe {
    /// Sides beyond this are refused: an 8K screen.
    pub const MAX_SIDE: u32 = 8192;

    /// Size of the result, known before there is one.
    pub fn canvas(&self) -> Canvas {
        match *self {
            Self::Plain { width, height }
            | Self::Tile { width, height, .. }
            | Self::Cutout { width, height, .. }
            | Self::Backdrop { width, height, .. } => Canvas { width, height, left: 0, top: 0 },
            Self::Focused { width, height, .. } => {
                let g = self.grown();
                let (width, height) = (width.min(Self::MAX_SIDE), height.min(Self::MAX_SIDE));
                let (w, h) = (g.width + 2 * g.pad, g.height + 2 * g.pad);
                Canvas { width: w, height: h, left: (w - width) / 2, top: (h - height) / 2 }
            }
        }
    }

    /// The tile grown by its percentage, by an even number of pixels so that it stays centred.
    pub(crate) fn grown(&self) -> Grown {
        let Self::Focused { width, height, radius, percent, .. } = *self else {
            let c = self.canvas();
            return Grown { width: c.width, height: c.height, radius: 0, ring: 0, pad: 0 };
        };
        let (width, height) = (width.min(Self::MAX_SIDE), height.min(Self::MAX_SIDE));
        let more = percent.clamp(100, 150) - 100;
        let even = |side: u32| side + (side * more / 200) * 2;
        // 3 pixels and a shadow of 18 around a poster of 720 lines' home screen (about 210 high).
        let side = width.min(height);
        let (ring, pad) = ((side / 48).max(2), (side / 7).max(8));
        Grown { width: even(width), height: even(height), radius: radius + radius * more / 100, ring, pad }
    }
}

/// Which picture, made how: what the cache goes by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Absolute.
    pub url: Arc<str>,
    /// How.
    pub recipe: Recipe,
}

impl Key {
    /// A key.
    pub fn new(url: impl Into<Arc<str>>, recipe: Recipe) -> Self {
        Self { url: url.into(), recipe }
    }
}
