//! What the interface leaves of the film, row by row: kept between frames, so that composing need not look at every pixel.

use crate::platform::Rect;
use slint::platform::software_renderer::PremultipliedRgbaColor;
use std::ops::Range;

/// The part of a row on which the interface has drawn; beside it the film shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First pixel with any alpha.
    pub start: u32,
    /// After the last one; `start == end`: the row is clear.
    pub end: u32,
    /// All of it hides what is below.
    pub opaque: bool,
}

impl Span {
    fn of(row: &[PremultipliedRgbaColor]) -> Self {
        let Some(start) = row.iter().position(|p| p.alpha != 0) else { return Self::default() };
        let end = row.iter().rposition(|p| p.alpha != 0).map_or(start, |last| last + 1);
        let opaque = row[start..end].iter().all(|p| p.alpha == 255);
        Self { start: start as u32, end: end as u32, opaque }
    }

    /// Nothing of the film is to be seen in a row of `width` pixels.
    pub fn hides(self, width: u32) -> bool {
        self.opaque && self.start == 0 && self.end >= width
    }
}

/// A [`Span`] for each row.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    width: u32,
    spans: Vec<Span>,
}

impl Cover {
    /// Of a clear interface.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, spans: vec![Span::default(); height as usize] }
    }

    /// These rows were drawn anew; `pixels` are those of the whole screen.
    pub fn update(&mut self, pixels: &[PremultipliedRgbaColor], rows: Range<u32>) {
        for y in rows {
            let start = y as usize * self.width as usize;
            if let (Some(span), Some(row)) = (self.spans.get_mut(y as usize), pixels.get(start..start + self.width as usize)) {
                *span = Span::of(row);
            }
        }
    }

    /// What is drawn in row `y`.
    pub fn span(&self, y: u32) -> Span {
        self.spans.get(y as usize).copied().unwrap_or_default()
    }

    /// The parts of `place` in which anything below can be seen: runs of whole rows.
    pub fn seen_through(&self, place: Rect) -> Vec<Rect> {
        let mut runs: Vec<Rect> = Vec::new();
        for y in place.y..place.y + place.height {
            if self.span(y).hides(self.width) {
                continue;
            }
            match runs.last_mut().filter(|run| run.y + run.height == y) {
                Some(run) => run.height += 1,
                None => runs.push(Rect { y, height: 1, ..place }),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_clear_opaque_or_mixed() {
        let check = |alphas: &[u8], expected: (u32, u32, bool)| {
            let row: Vec<_> = alphas.iter().map(|a| PremultipliedRgbaColor { alpha: *a, ..Default::default() }).collect();
            let span = Span::of(&row);
            assert_eq!((span.start, span.end, span.opaque), expected, "{alphas:?}");
        };
        check(&[0, 0, 0], (0, 0, false));
        check(&[255, 255, 255], (0, 3, true));
        check(&[0, 255, 255], (1, 3, true));
        check(&[0, 9, 0], (1, 2, false));
        check(&[255, 0, 255], (0, 3, false));
    }

    #[test]
    fn what_is_hidden_need_not_be_drawn_when_the_film_moves_on() {
        let rows = [0, 255, 255, 90, 0, 255];
        let pixels: Vec<_> = rows.iter().flat_map(|a| [PremultipliedRgbaColor { alpha: *a, ..Default::default() }; 2]).collect();
        let mut cover = Cover::new(2, 6);
        let place = Rect { x: 0, y: 1, width: 2, height: 5 };
        assert_eq!(cover.seen_through(place), [place], "nothing is drawn yet");
        cover.update(&pixels, 0..6);
        assert_eq!(cover.seen_through(place), [Rect { x: 0, y: 3, width: 2, height: 2 }]);
        assert!(cover.seen_through(Rect { x: 0, y: 1, width: 2, height: 2 }).is_empty());
    }
}
