//! The segments of one rendition, and where a live one stands between two looks at it.

use hearth_manifest::{ContentProtection, Resource, Segment};
use std::time::{Duration, Instant};

/// The segments of one rendition. A segment keeps its index for as long as the title is open, however often a live list is loaded anew,
/// and has the same one in all renditions of its track set.
#[derive(Clone, Debug)]
pub(crate) struct Playlist {
    /// Init segment.
    pub(crate) init: Option<Resource>,
    /// In order.
    pub(crate) segments: Vec<Segment>,
    /// How it is protected.
    pub(crate) protection: Vec<ContentProtection>,
    /// Index of the first segment. On demand zero.
    pub(crate) first: usize,
    /// More may come.
    pub(crate) live: Option<Edge>,
    /// Stretches of continuous timestamps before the first segment.
    pub(crate) discontinuities: usize,
    /// Counts an encoder's starts.
    pub(crate) run: usize,
}

/// A live list's own facts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// When it was asked for last.
    pub(crate) asked: Instant,
    /// When it was asked for and had something new.
    pub(crate) changed: Instant,
    /// How often to look: `EXT-X-TARGETDURATION`, `@minimumUpdatePeriod`.
    pub(crate) every: Duration,
    /// How far behind the end to play.
    pub(crate) delay_us: u64,
}

impl Playlist {
    /// On demand, from zero on.
    pub(crate) fn whole(init: Option<Resource>, segments: Vec<Segment>, protection: Vec<ContentProtection>) -> Self {
        Self { init, segments, protection, first: 0, live: None, discontinuities: 0, run: 0 }
    }

    /// Index of the segment at `position_us`, the last one where it is after the end, the first where it is before the start.
    pub(crate) fn at(&self, position_us: u64) -> usize {
        self.first + self.segments.partition_point(|s| s.start_us <= position_us).saturating_sub(1)
    }

    /// The segment of an index, if it is listed.
    pub(crate) fn get(&self, index: usize) -> Option<&Segment> {
        self.segments.get(index.checked_sub(self.first)?)
    }

    /// Index after the last segment.
    pub(crate) fn end(&self) -> usize {
        self.first + self.segments.len()
    }

    /// Start of the first segment.
    pub(crate) fn start_us(&self) -> u64 {
        self.segments.first().map_or(0, |s| s.start_us)
    }

    /// End of the last segment.
    pub(crate) fn end_us(&self) -> u64 {
        self.segments.last().map_or(0, |s| s.start_us.saturating_add(s.duration_us))
    }

    /// Where to play to be as close to the edge as it may be.
    pub(crate) fn edge_us(&self, delay_us: u64) -> u64 {
        self.end_us().saturating_sub(delay_us).max(self.start_us())
    }

    /// Which stretch of continuous timestamps a segment is in.
    pub(crate) fn stretch(&self, index: usize) -> (usize, usize) {
        let upto = (index + 1).saturating_sub(self.first).min(self.segments.len());
        (self.run, self.discontinuities + self.segments[..upto].iter().filter(|s| s.discontinuity).count())
    }
}

impl Edge {
    /// When to look again: after the whole period where there was something new, else after half of it (RFC 8216bis §6.3.4).
    pub(crate) fn due(&self) -> Instant {
        self.asked + if self.changed == self.asked { self.every } else { self.every / 2 }
    }

    /// Nothing new for three periods at `now`.
    pub(crate) fn is_stale(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.changed) > self.every * 3 + Duration::from_millis(500)
    }
}
