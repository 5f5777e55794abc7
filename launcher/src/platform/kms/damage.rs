//! What of a buffer is older than what is to be seen: a few rectangles, never less than what changed.

use crate::platform::Rect;

/// Rectangles at most; more are joined.
const MOST: usize = 8;

/// Changed parts of a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    rects: Vec<Rect>,
}

fn area(r: Rect) -> u64 {
    u64::from(r.width) * u64::from(r.height)
}

fn join(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let (right, bottom) = ((a.x + a.width).max(b.x + b.width), (a.y + a.height).max(b.y + b.height));
    Rect { x, y, width: right - x, height: bottom - y }
}

/// Pixels that joining adds.
fn waste(a: Rect, b: Rect) -> u64 {
    area(join(a, b)).saturating_sub(area(a) + area(b))
}

impl Damage {
    /// Adds a part, cut to a screen of `size`.
    pub fn add(&mut self, rect: Rect, size: (u32, u32)) {
        let right = rect.x.saturating_add(rect.width).min(size.0);
        let bottom = rect.y.saturating_add(rect.height).min(size.1);
        if rect.x >= right || rect.y >= bottom {
            return;
        }
        let mut rect = Rect { x: rect.x, y: rect.y, width: right - rect.x, height: bottom - rect.y };
        // Joined with all that it can be joined with for nothing, and with the nearest where there would be too many.
        while let Some(at) = self.nearest(rect).filter(|at| waste(self.rects[*at], rect) == 0 || self.rects.len() >= MOST) {
            rect = join(rect, self.rects.swap_remove(at));
        }
        self.rects.push(rect);
    }

    fn nearest(&self, rect: Rect) -> Option<usize> {
        (0..self.rects.len()).min_by_key(|at| waste(self.rects[*at], rect))
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self, size: (u32, u32)) {
        other.rects.iter().for_each(|r| self.add(*r, size));
    }

    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.rects.clear();
    }

    /// The parts. They may overlap.
    pub fn rects(&self) -> &[Rect] {
        &self.rects
    }

    /// Rows with a changed part, and from where to where: `(y, start, end)`.
    pub fn rows(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        let first = self.rects.iter().map(|r| r.y).min().unwrap_or(0);
        let last = self.rects.iter().map(|r| r.y + r.height).max().unwrap_or(0);
        (first..last).filter_map(|y| {
            let hit = self.rects.iter().filter(|r| (r.y..r.y + r.height).contains(&y));
            let spans = hit.map(|r| (r.x, r.x + r.width));
            spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).map(|(start, end)| (y, start, end))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (64, 36);

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn parts_are_cut_and_joined() {
        let check = |parts: &[Rect], expected: &[Rect]| {
            let mut damage = Damage::default();
            parts.iter().for_each(|r| damage.add(*r, SIZE));
            assert_eq!(damage.rects(), expected, "{parts:?}");
        };
        check(&[rect(60, 30, 10, 10)], &[rect(60, 30, 4, 6)]);
        check(&[rect(64, 0, 1, 1), rect(0, 0, 0, 5)], &[]);
        check(&[rect(0, 0, 4, 4), rect(4, 0, 4, 4)], &[rect(0, 0, 8, 4)]);
        check(&[rect(0, 0, 4, 4), rect(20, 20, 4, 4)], &[rect(0, 0, 4, 4), rect(20, 20, 4, 4)]);
        check(&[rect(2, 2, 2, 2), rect(0, 0, 64, 36)], &[rect(0, 0, 64, 36)]);
        check(&[rect(u32::MAX, 0, u32::MAX, 1)], &[]);
    }

    #[test]
    fn nothing_that_changed_is_left_out() {
        let mut seed = 7u32;
        let mut next = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % most
        };
        for _ in 0..200 {
            let mut damage = Damage::default();
            let parts: Vec<Rect> = (0..1 + next(30)).map(|_| rect(next(70), next(40), next(20), next(20))).collect();
            parts.iter().for_each(|r| damage.add(*r, SIZE));
            assert!(damage.rects().len() <= MOST);
            let rows: Vec<_> = damage.rows().collect();
            for y in 0..SIZE.1 {
                for x in 0..SIZE.0 {
                    let inside = |r: &Rect| (r.x..r.x + r.width).contains(&x) && (r.y..r.y + r.height).contains(&y);
                    if parts.iter().any(inside) {
                        assert!(damage.rects().iter().any(inside), "{x},{y} of {parts:?}");
                        assert!(rows.iter().any(|(row, from, to)| *row == y && (*from..*to).contains(&x)));
                    }
                }
            }
            assert!(rows.iter().all(|(y, from, to)| *y < SIZE.1 && from < to && *to <= SIZE.0));
        }
    }
}
