//! Puts live playlists on one time line. HLS numbers segments and tells no time; a reload drops some in front and adds some behind; another
//! rendition may be ahead or behind by some; an encoder that starts again begins to count anew.

use super::Playlist;
use hearth_manifest::Segment;
use std::collections::BTreeMap;

/// Index of the first segment ever seen: others may turn out to be before it.
pub(super) const FIRST: usize = 1 << 20;
/// A list may be so many segments ahead of what is known and still go on from it.
const NEAR: u64 = 60;
/// Starts of an encoder that are remembered.
const RUNS: usize = 8;

/// What is known of one HLS title's time.
#[derive(Debug, Default)]
pub(super) struct Line {
    runs: Vec<Run>,
    /// Runs forgotten.
    gone: usize,
}

/// From one start of the encoder to the next.
#[derive(Debug)]
struct Run {
    /// Index of the segment `number`.
    base: usize,
    number: u64,
    /// Start of each known segment, by its index.
    times: BTreeMap<usize, u64>,
    end_us: u64,
}

impl Run {
    fn index(&self, number: u64) -> usize {
        let offset = i128::from(number) - i128::from(self.number);
        usize::try_from(self.base as i128 + offset).unwrap_or(0)
    }

    fn end(&self) -> usize {
        self.times.last_key_value().map_or(self.base, |(i, _)| i + 1)
    }

    /// `first..=last` can be of this run.
    fn fits(&self, first: u64, last: u64) -> bool {
        let low = self.index(first);
        last >= self.number.saturating_sub(NEAR)
            && low <= self.end() + NEAR as usize
            && self.index(last) + NEAR as usize >= self.base
    }
}

impl Line {
    /// Gives `segments`, whose times count from the first of them, the title's time; their first index, and the run they belong to. `before`:
    /// the same rendition's list so far. None: the list is older than that.
    pub(super) fn place(&mut self, segments: &mut Vec<Segment>, before: Option<&Playlist>) -> Option<(usize, usize)> {
        let (first, last) = (segments.first()?.number, segments.last()?.number);
        let at = match before {
            Some(before) => self.after(before, first, last)?,
            None => (0..self.runs.len()).rev().find(|i| self.runs[*i].fits(first, last)),
        };
        let at = at.unwrap_or_else(|| self.start(first));
        let run = &mut self.runs[at];
        // Older than the first of all: out of the window soon, and before the title's zero.
        let older = segments.iter().take_while(|s| run.index(s.number) < run.base).count();
        let lost: u64 = segments.drain(..older).map(|s| s.duration_us).sum();
        segments.iter_mut().for_each(|s| s.start_us = s.start_us.saturating_sub(lost));
        let index = run.index(segments.first()?.number);
        let start_us = run.start_of(index, segments);
        let zero = segments.first()?.start_us;
        for (i, s) in segments.iter_mut().enumerate() {
            s.start_us = s.start_us.saturating_sub(zero).saturating_add(start_us);
            run.times.insert(index + i, s.start_us);
            run.end_us = run.end_us.max(s.start_us.saturating_add(s.duration_us));
        }
        run.times = run.times.split_off(&index.saturating_sub(NEAR as usize));
        Some((index, at + self.gone))
    }

    /// The run that goes on after `before`; `Some(None)`: a new one. None: nothing new.
    #[expect(clippy::option_option, reason = "an old list is neither")]
    fn after(&self, before: &Playlist, first: u64, last: u64) -> Option<Option<usize>> {
        let Some(known) = before.run.checked_sub(self.gone) else { return Some(None) };
        let (old_first, old_last) = (before.segments.first()?.number, before.segments.last()?.number);
        if (old_first..=old_last).contains(&last) && last < old_last {
            return None;
        }
        if last >= old_last && first <= old_last.saturating_add(NEAR) {
            return Some(Some(known));
        }
        // The encoder has started again; another rendition may have told before.
        Some((known + 1..self.runs.len()).rev().find(|i| self.runs[*i].fits(first, last)))
    }

    /// A new run after all others.
    fn start(&mut self, number: u64) -> usize {
        let base = self.runs.last().map_or(FIRST, Run::end);
        let end_us = self.runs.last().map_or(0, |r| r.end_us);
        if self.runs.len() >= RUNS {
            self.runs.remove(0);
            self.gone += 1;
        }
        self.runs.push(Run { base, number, times: BTreeMap::from([(base, end_us)]), end_us });
        self.runs.len() - 1
    }
}

impl Run {
    /// Start of the segment `index`, the first of `segments`: known, or by the first of them that is, or some way after the last.
    fn start_of(&self, index: usize, segments: &[Segment]) -> u64 {
        let zero = segments.first().map_or(0, |s| s.start_us);
        let known = segments.iter().enumerate().find_map(|(i, s)| {
            let time = self.times.get(&(index + i))?;
            Some(time.saturating_sub(s.start_us.saturating_sub(zero)))
        });
        let missed = index.saturating_sub(self.end()) as u64;
        known.unwrap_or_else(|| self.end_us.saturating_add(missed.saturating_mul(segments.first().map_or(0, |s| s.duration_us))))
    }
}

/// Index of the first of `segments`, which have the title's time already (DASH), by the list `before`.
pub(super) fn index_by_time(segments: &[Segment], before: &Playlist) -> usize {
    let Some(first) = segments.first() else { return before.first };
    let near = |s: &Segment| s.start_us.abs_diff(first.start_us) <= s.duration_us / 2;
    if let Some(i) = before.segments.iter().position(near) {
        return before.first + i;
    }
    let many = |us: u64| usize::try_from((us + first.duration_us / 2) / first.duration_us.max(1)).unwrap_or(0);
    match first.start_us.checked_sub(before.end_us()) {
        Some(missed) => before.end() + many(missed),
        None => before.first.saturating_sub(many(before.start_us().saturating_sub(first.start_us))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(numbers: std::ops::Range<u64>) -> Vec<Segment> {
        let start = numbers.start;
        numbers.map(|number| Segment { number, start_us: (number - start) * 4, duration_us: 4, ..Segment::default() }).collect()
    }

    fn playlist(segments: Vec<Segment>, (first, run): (usize, usize)) -> Playlist {
        Playlist { first, run, ..Playlist::whole(None, segments, Vec::new()) }
    }

    /// Loads these lists one after the other as two renditions see them; first index from `FIRST`, start, and run of each.
    fn follow(loads: &[(usize, std::ops::Range<u64>)]) -> Vec<Option<(isize, u64, usize)>> {
        let (mut line, mut known) = (Line::default(), BTreeMap::<usize, Playlist>::new());
        let mut load = |(rendition, numbers): &(usize, std::ops::Range<u64>)| {
            let mut segments = list(numbers.clone());
            let (first, run) = line.place(&mut segments, known.get(rendition))?;
            let start = segments[0].start_us;
            known.insert(*rendition, playlist(segments, (first, run)));
            Some((first as isize - FIRST as isize, start, run))
        };
        loads.iter().map(&mut load).collect()
    }

    #[test]
    fn lists_find_their_place() {
        let on = |i, run| Some((i, 4 * i as u64, run));
        // Windows that slide, with overlap, without, with a hole, and one from a cache that is behind.
        assert_eq!(
            follow(&[(0, 7..10), (0, 7..10), (0, 9..12), (0, 12..15), (0, 17..20), (0, 16..19)]),
            [on(0, 0), on(0, 0), on(2, 0), on(5, 0), on(10, 0), None]
        );
        // Another rendition ahead, one behind (what is before zero is left out).
        assert_eq!(follow(&[(0, 7..10), (1, 8..11), (2, 5..9), (0, 9..12)]), [on(0, 0), on(1, 0), on(0, 0), on(2, 0)]);
        // The encoder starts again: from zero, and far ahead. The other rendition follows whenever it looks.
        assert_eq!(
            follow(&[(0, 100..103), (1, 100..103), (0, 0..2), (0, 1..4), (1, 2..5), (0, 5000..5002), (1, 4..5)]),
            [on(0, 0), on(0, 0), on(3, 1), on(4, 1), on(5, 1), on(8, 2), on(7, 1)]
        );
    }

    #[test]
    fn times_find_their_place() {
        let before = playlist(list(0..5), (100, 0));
        let from = |us: u64| {
            let mut segments = list(0..3);
            segments.iter_mut().for_each(|s| s.start_us += us);
            index_by_time(&segments, &before)
        };
        assert_eq!([0, 4, 9, 16, 20, 24].map(from), [100, 101, 102, 104, 105, 106]);
    }
}
