//! What a media playlist says.
use crate::{ContentProtection, Live, Part, Rendition, Resource, Segment, Segments, TimedEvent};

/// A media playlist, to be put into the rendition that named it. Times count from the first segment listed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MediaPlaylist {
    /// No `EXT-X-ENDLIST` yet.
    pub live: bool,
    /// `EXT-X-PLAYLIST-TYPE:EVENT`: nothing is ever taken away.
    pub event: bool,
    /// `EXT-X-TARGETDURATION`.
    pub target_duration_us: u64,
    /// `EXT-X-DISCONTINUITY-SEQUENCE`: discontinuities before the first segment.
    pub discontinuity_sequence: u64,
    /// `EXT-X-I-FRAMES-ONLY`.
    pub iframes_only: bool,
    /// `EXT-X-INDEPENDENT-SEGMENTS`.
    pub independent_segments: bool,
    /// `EXT-X-START`: from the beginning, or if negative from the end.
    pub start_offset_us: Option<i64>,
    /// The `EXT-X-MAP` of the first segment.
    pub init: Option<Resource>,
    /// In order.
    pub segments: Vec<Segment>,
    /// The first segment's keys.
    pub protection: Vec<ContentProtection>,
    /// `EXT-X-DATERANGE`s, one an ID.
    pub date_ranges: Vec<TimedEvent>,
    /// `EXT-X-SERVER-CONTROL`.
    pub server_control: ServerControl,
    /// `EXT-X-PART-INF`: the longest part.
    pub part_target_us: Option<u64>,
    /// Parts of the segment after the last, which is not complete yet.
    pub parts: Vec<Part>,
    /// `EXT-X-PRELOAD-HINT`s.
    pub hints: Vec<Hint>,
    /// `EXT-X-RENDITION-REPORT`s.
    pub reports: Vec<RenditionReport>,
    /// `EXT-X-SKIP`: this is a delta update, see [`MediaPlaylist::complete`].
    pub skipped: Option<Skip>,
}

/// What the server can do for low latency (RFC 8216bis §4.4.3.8).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerControl {
    /// `CAN-BLOCK-RELOAD`: it can wait with its answer for a segment or part to come.
    pub can_block_reload: bool,
    /// `CAN-SKIP-UNTIL`: segments further from the edge than this can be left out of a delta update.
    pub can_skip_until_us: Option<u64>,
    /// `CAN-SKIP-DATERANGES`.
    pub can_skip_dateranges: bool,
    /// `HOLD-BACK`.
    pub hold_back_us: Option<u64>,
    /// `PART-HOLD-BACK`.
    pub part_hold_back_us: Option<u64>,
}

/// Something that will be needed soon (RFC 8216bis §4.4.5.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// `TYPE=MAP` rather than `PART`.
    pub is_map: bool,
    /// Absolute.
    pub url: String,
    /// `BYTERANGE-START`; zero if not said.
    pub start: u64,
    /// `BYTERANGE-LENGTH`; none: to the end.
    pub length: Option<u64>,
}

/// How far another rendition is (RFC 8216bis §4.4.5.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RenditionReport {
    /// Its playlist, absolute.
    pub url: String,
    /// `LAST-MSN`.
    pub last_sequence: Option<u64>,
    /// `LAST-PART`.
    pub last_part: Option<u64>,
}

/// What a delta update left out (RFC 8216bis §4.4.5.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Skip {
    /// So many segments, before those listed.
    pub segments: u64,
    /// IDs of date ranges that are no more.
    pub removed_date_ranges: Vec<String>,
}

impl MediaPlaylist {
    /// Sum of the segments.
    pub fn duration_us(&self) -> u64 {
        self.segments.last().map_or(0, |s| s.start_us.saturating_add(s.duration_us))
    }

    /// Sequence number of the first segment listed.
    pub fn media_sequence(&self) -> u64 {
        self.segments.first().map_or(0, |s| s.number)
    }

    /// Clock and window of a live playlist.
    pub fn live_window(&self) -> Option<Live> {
        self.live.then(|| Live {
            update_us: Some(self.target_duration_us),
            delay_us: self.server_control.hold_back_us,
            target_latency_us: self.server_control.part_hold_back_us,
            ..Live::default()
        })
    }

    /// Puts what the playlist says where `rendition` only named it. Keys that the multivariant playlist told (`EXT-X-SESSION-KEY`) give way.
    pub fn fill(self, rendition: &mut Rendition) {
        rendition.init = self.init;
        rendition.segments = Segments::List { segments: self.segments };
        rendition.protection = self.protection;
    }

    /// The whole playlist that this delta update of `before` stands for; itself if it is none. `None`: `before` does not have what was
    /// skipped, so ask for the whole playlist (RFC 8216bis §6.3.7).
    pub fn complete(mut self, before: &MediaPlaylist) -> Option<MediaPlaylist> {
        let Some(skip) = self.skipped.take() else { return Some(self) };
        let next = self.segments.first()?.number;
        let from = next.checked_sub(skip.segments)?;
        let old = |number: u64| before.segments.iter().find(|s| s.number == number);
        let mut segments: Vec<Segment> = (from..next).map_while(|n| old(n).cloned()).collect();
        if segments.len() as u64 != skip.segments {
            return None;
        }
        let zero = segments.first().map_or(0, |s| s.start_us);
        for s in &mut segments {
            s.start_us = s.start_us.saturating_sub(zero);
            // Both lists say only what differs from their own first segment.
            s.init = s.init.take().or_else(|| before.init.clone()).filter(|i| self.init.as_ref() != Some(i));
            let own = s.protection.take().unwrap_or_else(|| before.protection.clone());
            s.protection = (own != self.protection).then_some(own);
        }
        let shift = segments.last().map_or(0, |s| s.start_us.saturating_add(s.duration_us));
        let mut date_ms = segments.last().and_then(|s| Some(s.program_date_time_ms? + (s.duration_us / 1000) as i64));
        for s in &mut self.segments {
            s.start_us = s.start_us.saturating_add(shift);
            s.program_date_time_ms = s.program_date_time_ms.or(date_ms);
            date_ms = s.program_date_time_ms.map(|d| d.saturating_add((s.duration_us / 1000) as i64));
        }
        segments.append(&mut self.segments);
        self.segments = segments;
        let kept = before.date_ranges.iter().filter(|d| !skip.removed_date_ranges.contains(&d.id));
        let kept: Vec<TimedEvent> = kept.filter(|d| self.date_ranges.iter().all(|n| n.id != d.id)).cloned().collect();
        self.date_ranges.splice(0..0, kept);
        super::media::place_date_ranges(&mut self);
        Some(self)
    }
}
