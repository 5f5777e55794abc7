//! Reads media segments (`moof` + `mdat`) and segment indexes (`sidx`).
use crate::{Error, Init, Sample};

/// Every sample of every `moof` in `bytes`, in file order. `styp`, `sidx`, `emsg`, `prft` are passed over.
pub fn parse_segment(init: &Init, bytes: &[u8]) -> Result<Vec<Sample>, Error> {
    let _ = (init, bytes);
    Err(Error::Missing("moof"))
}

/// One reference of a `sidx` (ISO 14496-12 §8.16.3), made absolute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentIndexEntry {
    /// First byte, from the start of the resource.
    pub offset: u64,
    /// In bytes.
    pub size: u32,
    /// Earliest presentation time in `timescale` ticks.
    pub start: u64,
    /// In ticks.
    pub duration: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// Refers to another `sidx` rather than to media.
    pub is_index: bool,
}

/// Reads the first `sidx` in `bytes`, which start at byte `base` of the resource.
pub fn parse_sidx(bytes: &[u8], base: u64) -> Result<Vec<SegmentIndexEntry>, Error> {
    let _ = (bytes, base);
    Err(Error::Missing("sidx"))
}
