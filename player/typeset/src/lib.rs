//! Captions to pixels: where each line stands, and what it looks like, in the author's style or the viewer's. Knows fonts; no clock, no
//! network, no GStreamer, no Slint.
//!
//! [`Fonts`] holds fonts and scratch memory; [`Fonts::draw`] gives one [`Layer`] for each cue that shows something at a time.
#![forbid(unsafe_code)]

mod avoid;
mod fonts;
mod layer;
mod layout;
mod paint;
mod place;
mod viewer;

pub use fonts::Fonts;
pub use layer::{Layer, Rect};
pub use viewer::{Edge, Viewer};

use hearth_captions::Document;

/// The picture that captions belong to, and the screen that cuts them off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Where the film is on the screen, in pixels.
    pub film: Rect,
    /// Of the screen, in pixels.
    pub screen: (u32, u32),
}

impl Stage {
    /// A film that fills the screen.
    pub fn whole(width: u32, height: u32) -> Self {
        Self { film: Rect { x: 0.0, y: 0.0, width: width as f32, height: height as f32 }, screen: (width, height) }
    }

    /// The picture that a document's lengths are parts of: in the middle of the film where the document has a shape of its own (IMSC 1.2
    /// §6.2, `ittp:aspectRatio`).
    fn picture(&self, shape: Option<(u32, u32)>) -> Rect {
        let film = self.film;
        let Some((w, h)) = shape.filter(|(w, h)| *w > 0 && *h > 0) else { return film };
        let ratio = w as f32 / h as f32;
        let (width, height) =
            if ratio * film.height > film.width { (film.width, film.width / ratio) } else { (film.height * ratio, film.height) };
        Rect { x: film.x + (film.width - width) / 2.0, y: film.y + (film.height - height) / 2.0, width, height }
    }
}

impl Fonts {
    /// What `document` shows at `at_us`, the layers in front last.
    pub fn draw(&mut self, document: &Document, at_us: u64, stage: &Stage, viewer: &Viewer) -> Vec<Layer> {
        let picture = stage.picture(document.aspect_ratio);
        let now = |c: &&hearth_captions::Cue| c.start_us <= at_us && c.end_us.is_none_or(|end| at_us < end);
        let mut cues: Vec<_> = document.cues.iter().filter(now).collect();
        // Of those that come at once and stand at the bottom the last takes the lowest place, so that they read downwards. WebVTT §7.2 would
        // stack them upwards.
        cues.reverse();
        cues.sort_by_key(|c| (c.region.z_index, c.start_us));
        let mut placed: Vec<_> = cues.iter().map(|c| place::cue(self, c, at_us, picture, viewer)).collect();
        avoid::overlaps(&mut placed, viewer.within(picture));
        placed.iter().filter_map(|p| paint::layer(self, p, stage.screen, viewer)).collect()
    }
}
