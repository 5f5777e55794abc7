//! Captions over the film: drawn when they change, laid between film and interface by [`crate::compose`].

use crate::compose::fit;
use crate::platform::Rect;
use hearth_player::captions::Document;
use hearth_typeset::{Fonts, Layer, Stage, Viewer};
use std::path::PathBuf;

/// The part of the screen, from the bottom, that the overlay's words take.
const OVERLAY: f32 = 0.4;

/// What the pictures are of.
#[derive(Clone, PartialEq)]
struct Of {
    at_us: u64,
    document: Document,
    /// Size of the film's pictures, and of the screen.
    film: (u32, u32),
    screen: (u32, u32),
    overlay: bool,
    viewer: Viewer,
}

/// The pictures of what is said now.
#[derive(Default)]
pub struct Captions {
    /// The viewer's style.
    pub viewer: Viewer,
    /// Folders with more fonts than the built-in ones.
    pub folders: Vec<PathBuf>,
    /// Made with the first caption: most films are watched without.
    fonts: Option<Fonts>,
    of: Option<Of>,
    layers: Vec<Layer>,
}

impl Captions {
    /// With the folder of fonts that Slint reads too.
    pub fn new() -> Self {
        let folders = std::env::var_os("SLINT_FONT_PATH").map(PathBuf::from).into_iter().collect();
        Self { folders, ..Self::default() }
    }

    /// `due`: cues and the moment they are of. `film`: the size of its pictures. Where the screen has changed by this.
    pub fn show(
        &mut self,
        due: Option<(u64, &Document)>,
        film: Option<(u32, u32)>,
        screen: (u32, u32),
        overlay: bool,
    ) -> Vec<Rect> {
        let now = due.zip(film);
        let same = match (&self.of, &now) {
            (None, None) => true,
            (Some(of), Some(((at_us, document), film))) => {
                (of.at_us, of.film, of.screen, of.overlay, of.viewer) == (*at_us, *film, screen, overlay, self.viewer)
                    && of.document == **document
            }
            _ => false,
        };
        if same {
            return Vec::new();
        }
        let viewer = self.viewer;
        let of = now.map(|((at_us, document), film)| Of { at_us, document: document.clone(), film, screen, overlay, viewer });
        let before = std::mem::take(&mut self.layers);
        self.layers = of.as_ref().map(|of| self.draw(of)).unwrap_or_default();
        self.of = of;
        if before == self.layers { Vec::new() } else { before.iter().chain(&self.layers).map(place).collect() }
    }

    fn draw(&mut self, of: &Of) -> Vec<Layer> {
        let fonts = self.fonts.get_or_insert_with(|| {
            let mut fonts = Fonts::new();
            let more: usize = self.folders.iter().map(|folder| fonts.add_folder(folder)).sum();
            tracing::debug!(more, "fonts for captions");
            fonts
        });
        let (x, y, width, height) = fit(of.film.0, of.film.1, of.screen);
        let film = hearth_typeset::Rect { x: x as f32, y: y as f32, width: width as f32, height: height as f32 };
        let lift = if of.overlay { OVERLAY } else { self.viewer.lift };
        fonts.draw(&of.document, of.at_us, &Stage { film, screen: of.screen }, &Viewer { lift, ..self.viewer })
    }

    /// The pictures.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

fn place(layer: &Layer) -> Rect {
    Rect { x: layer.x, y: layer.y, width: layer.width, height: layer.height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hearth_player::captions::parse;

    #[test]
    fn drawn_once_and_again_where_something_changes() {
        let document = parse("WEBVTT\n\n0:00.000 --> 0:09.000\nHello").expect("cues");
        let mut captions = Captions::default();
        let screen = (320, 180);
        let mut show = |due, overlay| captions.show(due, Some((640, 360)), screen, overlay).len();
        assert_eq!(show(None, false), 0);
        assert_eq!(show(Some((0, &document)), false), 1, "it has come");
        assert_eq!(show(Some((0, &document)), false), 0, "it is there");
        assert_eq!(show(Some((1, &document)), false), 0, "another moment, the same picture");
        assert_eq!(show(Some((1, &document)), true), 2, "it makes room");
        captions.viewer.size = 1.5;
        let mut show = |due, overlay| captions.show(due, Some((640, 360)), screen, overlay).len();
        assert_eq!(show(Some((1, &document)), true), 2, "the viewer wants it larger");
        assert_eq!(show(None, true), 1, "it has gone");
        assert!(captions.show(Some((0, &document)), None, screen, false).is_empty(), "no film, no captions");
    }
}
