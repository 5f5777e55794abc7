//! One rendition ready to be packaged: its sample index, checked once, so that a request only looks up and cuts.

use crate::mezzanine::{IndexedSegment, TrackIndex};
use crate::{Error, Result};
use bytes::Bytes;
use hearth_isobmff::{Encryption, Pssh, SampleInfo, SegmentSpec, Track, parse_init, write_init, write_segment};
use std::ops::Range;

/// A rendition's index with the facts that every request needs already taken out of it.
#[derive(Debug)]
pub struct Source {
    index: TrackIndex,
    track: Track,
}

/// How much of a segment is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Its first sample, a key frame.
    KeyFrame,
}

/// Where a segment lies in the presentation, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From the start.
    pub start_us: u64,
    /// So that it ends where the next one starts.
    pub duration_us: u64,
    /// Bytes of the segment as it is sent, to a hundredth or so.
    pub size: u64,
}

impl Source {
    /// Checks that the index agrees with itself: what a request relies on holds for every segment, or the index is refused here.
    pub fn new(index: TrackIndex) -> Result<Self> {
        let damaged = |what: &str| Error::Damaged(format!("sample index: {what}"));
        let mut tracks = parse_init(&index.init)?.tracks;
        if tracks.len() != 1 {
            return Err(damaged("its init segment must hold one track"));
        }
        let track = tracks.remove(0);
        if index.timescale == 0 || track.timescale != index.timescale {
            return Err(damaged("its timescale is not its track's"));
        }
        if track.protection.is_some() {
            return Err(damaged("the mezzanine is encrypted"));
        }
        let mut next = 0;
        for segment in &index.segments {
            let samples = samples(&index, segment).ok_or_else(|| damaged("a segment has samples that are not there"))?;
            let size: u64 = samples.iter().map(|s| u64::from(s.size)).sum();
            if segment.first_sample != next || samples.is_empty() || size != u64::from(segment.size) {
                return Err(damaged("samples and segments do not add up"));
            }
            if segment.offset.checked_add(size).is_none() {
                return Err(damaged("a segment lies beyond every file"));
            }
            next = segment.first_sample + segment.sample_count;
        }
        Ok(Self { index, track })
    }

    /// The track as its init segment describes it.
    pub fn track(&self) -> &Track {
        &self.track
    }

    /// How many segments there are; they count from 1.
    pub fn segment_count(&self) -> u32 {
        u32::try_from(self.index.segments.len()).unwrap_or(u32::MAX)
    }

    /// Memory that this takes, in bytes.
    pub fn weight(&self) -> usize {
        self.index.init.len() + std::mem::size_of_val(&*self.index.segments) + std::mem::size_of_val(&*self.index.samples) + 512
    }

    /// Where the clear samples of segment `number` lie in the mezzanine; none if there is no such segment, or no key frame in it.
    pub fn byte_range(&self, number: u32, part: Part) -> Option<Range<u64>> {
        let segment = self.segment_at(number)?;
        let size: u64 = self.samples_in(segment, part).iter().map(|s| u64::from(s.size)).sum();
        (size > 0).then_some(segment.offset..segment.offset + size)
    }

    fn samples_in(&self, segment: &IndexedSegment, part: Part) -> &[crate::mezzanine::IndexedSample] {
        let all = samples(&self.index, segment).unwrap_or_default();
        match part {
            Part::Whole => all,
            Part::KeyFrame => all.get(..1).filter(|s| s[0].sync).unwrap_or_default(),
        }
    }

    /// The rate in bit/s of a stream of key frames alone, at its highest; none where a segment does not begin with one.
    pub fn key_frame_rate(&self) -> Option<u64> {
        let rate = |(s, t): (&IndexedSegment, Timing)| {
            let bits = u64::from(self.samples_in(s, Part::KeyFrame).first()?.size) * 8;
            Some((u128::from(bits) * 1_000_000 / u128::from(t.duration_us.max(1))) as u64)
        };
        let rates: Option<Vec<u64>> = self.index.segments.iter().zip(self.timings()).map(rate).collect();
        rates?.into_iter().max()
    }

    /// Which samples segment `number` has.
    pub fn samples_of(&self, number: u32) -> Option<Range<usize>> {
        let segment = self.segment_at(number)?;
        let first = usize::try_from(segment.first_sample).ok()?;
        Some(first..first + usize::try_from(segment.sample_count).ok()?)
    }

    /// The init segment.
    pub fn init(&self, encryption: Option<&Encryption>, pssh: &[Pssh]) -> Result<Bytes> {
        let end_us = self.timings().last().map_or(0, |t| t.start_us + t.duration_us);
        Ok(write_init(&self.track, Some(end_us.div_ceil(1000)), encryption, pssh)?.into())
    }

    /// Segment `number`, or its key frame, of which `data` is what lies at [`Source::byte_range`].
    pub fn segment(&self, number: u32, part: Part, data: &[u8], encryption: Option<&Encryption>) -> Result<Bytes> {
        let segment = self.segment_at(number).ok_or_else(|| Error::not_found("this segment"))?;
        let samples: Vec<SampleInfo> = self
            .samples_in(segment, part)
            .iter()
            .map(|s| SampleInfo { size: s.size, duration: s.duration, cts_offset: s.cts_offset, sync: s.sync })
            .collect();
        let spec = SegmentSpec {
            sequence: number,
            base_decode_time: segment.base_decode_time,
            first_sample: segment.first_sample.into(),
            samples: &samples,
            data,
        };
        Ok(write_segment(&self.track, &spec, encryption)?.into())
    }

    /// Every segment's place in the presentation. Ends are the next one's start, so that rounding never leaves a gap.
    pub fn timings(&self) -> impl Iterator<Item = Timing> + '_ {
        let us = |ticks: u64| {
            let exact = u128::from(ticks) * 1_000_000 / u128::from(self.index.timescale);
            u64::try_from(exact).unwrap_or(u64::MAX)
        };
        let segments = &self.index.segments;
        segments.iter().enumerate().map(move |(i, s)| {
            let start_us = us(s.start);
            let own_end = us(s.start.saturating_add(s.duration));
            let end = segments.get(i + 1).map_or(own_end, |next| us(next.start));
            // What the boxes of a fragment add, about: a row of `trun` and one of `senc` a sample.
            let size = u64::from(s.size) + 150 + u64::from(s.sample_count) * 16;
            Timing { start_us, duration_us: end.saturating_sub(start_us), size }
        })
    }

    fn segment_at(&self, number: u32) -> Option<&IndexedSegment> {
        self.index.segments.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }
}

fn samples<'a>(index: &'a TrackIndex, segment: &IndexedSegment) -> Option<&'a [crate::mezzanine::IndexedSample]> {
    let first = usize::try_from(segment.first_sample).ok()?;
    index.samples.get(first..first.checked_add(usize::try_from(segment.sample_count).ok()?)?)
}
