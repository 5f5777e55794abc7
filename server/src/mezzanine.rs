//! The clear CMAF mezzanine of one rendition and its sample index: what ingest writes once and every segment request reads.
//!
//! In the store: `titles/{title}/{rendition}.mp4` is a playable fragmented MP4 (init segment, then one `moof`+`mdat` a segment);
//! `titles/{title}/{rendition}.idx` is a [`TrackIndex`] in postcard. A request is a look-up in the index and one range read: the
//! samples of a segment lie one after the other in its `mdat`.

use serde::{Deserialize, Serialize};

/// The index of one rendition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackIndex {
    /// The mezzanine's own clear init segment; `hearth_isobmff::parse_init` gives the track.
    pub init: Vec<u8>,
    /// Ticks a second of all times here.
    pub timescale: u32,
    /// In order; segment boundaries are the same instants in all video renditions of a title.
    pub segments: Vec<IndexedSegment>,
    /// Every sample, in decoding order.
    pub samples: Vec<IndexedSample>,
}

/// One media segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedSegment {
    /// First sample in `samples`.
    pub first_sample: u32,
    /// How many.
    pub sample_count: u32,
    /// Decoding time of the first sample, in ticks.
    pub base_decode_time: u64,
    /// Earliest presentation time, edit list applied, in ticks.
    pub start: u64,
    /// In ticks.
    pub duration: u64,
    /// First byte of its samples in the mezzanine file.
    pub offset: u64,
    /// Bytes of its samples.
    pub size: u32,
}

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedSample {
    /// In bytes.
    pub size: u32,
    /// In ticks.
    pub duration: u32,
    /// Composition minus decoding time.
    pub cts_offset: i32,
    /// A sync sample.
    pub sync: bool,
}
