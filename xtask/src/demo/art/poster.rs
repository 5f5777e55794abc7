//! Lettering on posters: one block, sized to the width it has, in the place that the composition leaves free.
use super::canvas::Canvas;
use super::colour::{fade, rgb};
use super::text::{Faces, Style};
use serde::Deserialize;
use tiny_skia::Color;

/// How a poster's title is set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lettering {
    /// As broken on the poster.
    pub lines: Vec<String>,
    /// Where the block stands.
    pub place: Place,
    /// Flush left, or centred.
    #[serde(default)]
    pub centred: bool,
    /// Very heavy, or bold.
    #[serde(default)]
    pub black: bool,
    /// Extra room between letters, in em.
    #[serde(default)]
    pub tracking: f32,
    /// Of the title, `RRGGBB`.
    pub ink: String,
    /// Of the small line, `RRGGBB`.
    pub accent: String,
    /// The longest line is this part of the width between the margins.
    #[serde(default = "full")]
    pub width: f32,
    /// The small line: who made it.
    pub byline: String,
    /// Darkens the ground behind the block, `RRGGBB`.
    pub scrim: Option<String>,
}

fn full() -> f32 {
    1.0
}

/// Where a block of lettering stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Under the upper edge.
    Top,
    /// Over the lower edge.
    Bottom,
}

/// Sets title and byline.
pub fn letter(c: &mut Canvas, faces: &Faces, l: &Lettering) {
    let margin = c.w * 0.085;
    let room = (c.w - 2.0 * margin) * l.width;
    let font = if l.black { &faces.black } else { &faces.bold };
    let unit = Style { font, size: 1.0, tracking: l.tracking };
    let widest = l.lines.iter().map(|line| unit.width(line)).fold(0.01, f32::max);
    let size = (room / widest).min(c.h * 0.17);
    let title = Style { font, size, tracking: l.tracking };
    let leading = title.cap_height() * 1.24;
    let small = Style { font: &faces.medium, size: c.w * 0.0285, tracking: 0.20 };
    // A tail in the last line needs room of its own.
    let tail = l.lines.last().is_some_and(|line| line.contains(['g', 'j', 'p', 'q', 'y']));
    let gap = small.cap_height() * 2.0 + if tail { size * 0.19 } else { 0.0 };
    let height = title.cap_height() + leading * (l.lines.len() as f32 - 1.0) + gap + small.cap_height();
    let top = match l.place {
        Place::Top => margin * 1.05,
        Place::Bottom => c.h - margin - height,
    };
    if let Some(scrim) = l.scrim.as_deref().map(hex) {
        ground(c, l.place, scrim, top, height);
    }
    let (x, anchor) = if l.centred { (c.w * 0.5, 0.5) } else { (margin, 0.0) };
    let mut y = top + title.cap_height();
    for line in &l.lines {
        // A big letter's left edge has air before it that a small one's has not.
        let hang = if l.centred { 0.0 } else { size * 0.055 };
        title.draw(c, line, x - hang, y, anchor, hex(&l.ink));
        y += leading;
    }
    y += gap + small.cap_height() - leading;
    small.draw(c, &l.byline.to_uppercase(), x, y, anchor, hex(&l.accent));
}

fn ground(c: &mut Canvas, place: Place, colour: Color, top: f32, height: f32) {
    let reach = height * 1.1;
    match place {
        Place::Top => {
            let end = top + height + reach;
            let all = super::canvas::rectangle(0.0, 0.0, c.w, end);
            c.gradient(&all, &[fade(colour, 0.9), fade(colour, 0.75), fade(colour, 0.0)], (0.0, 0.0), (0.0, end));
        }
        Place::Bottom => {
            let start = top - reach;
            let all = super::canvas::rectangle(0.0, start, c.w, c.h - start);
            c.gradient(&all, &[fade(colour, 0.0), fade(colour, 0.78), fade(colour, 0.95)], (0.0, start), (0.0, c.h));
        }
    }
}

/// `RRGGBB`; white if it is none, which a test on the catalog rules out.
pub fn hex(text: &str) -> Color {
    u32::from_str_radix(text, 16).map_or(Color::WHITE, rgb)
}
