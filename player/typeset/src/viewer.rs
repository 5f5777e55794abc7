//! What the viewer wants of captions (CTA-708, 47 CFR 79.103: size, colour, background, edge).
use crate::Rect;
use hearth_captions::Color;
use serde::{Deserialize, Serialize};

/// What sets letters off from the picture where nothing is behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edge {
    /// Nothing.
    None,
    /// A thin dark line around them, and a soft shadow.
    #[default]
    Shadow,
    /// A thick dark line around them.
    Outline,
}

/// The viewer's style. What is `None` stays as the author has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Viewer {
    /// Times the author's size, 0.5 to 2.
    pub size: f32,
    /// Of the text: red, green, blue, opacity.
    pub color: Option<[u8; 4]>,
    /// Behind the text.
    pub background: Option<[u8; 4]>,
    /// Around letters that have neither background nor outline.
    pub edge: Edge,
    /// Just as the author says: fonts, places, sharp boxes. For comparison with reference pictures.
    pub author: bool,
    /// At each edge of the picture, the part of it that text keeps out of where it can: old screens and eyes lose it.
    pub margin: f32,
    /// At the bottom, the part of the picture that something else needs now: the player's overlay.
    pub lift: f32,
}

impl Default for Viewer {
    fn default() -> Self {
        Self { size: 1.0, color: None, background: None, edge: Edge::Shadow, author: false, margin: 0.05, lift: 0.0 }
    }
}

impl Viewer {
    /// Nothing but the author's style.
    pub fn author() -> Self {
        Self { edge: Edge::None, author: true, margin: 0.0, ..Self::default() }
    }

    /// Times the author's size, in bounds.
    pub(crate) fn scale(&self) -> f32 {
        if self.author || !self.size.is_finite() { 1.0 } else { self.size.clamp(0.5, 2.0) }
    }

    /// The part of the picture that text is kept in.
    pub(crate) fn within(&self, picture: Rect) -> Rect {
        let part = |of: f32| if of.is_finite() { of.clamp(0.0, 0.4) } else { 0.0 };
        let (margin, lift) = (part(self.margin), part(self.lift));
        Rect {
            x: picture.x + picture.width * margin,
            y: picture.y + picture.height * margin,
            width: picture.width * (1.0 - 2.0 * margin),
            height: picture.height * (1.0 - margin - margin.max(lift)),
        }
    }

    pub(crate) fn color(&self, of_author: Color) -> Color {
        self.color.map_or(of_author, Color)
    }

    /// Behind text; nothing stays nothing only where the viewer does not ask for a background.
    pub(crate) fn background(&self, of_author: Color) -> Color {
        self.background.map_or(of_author, Color)
    }
}
