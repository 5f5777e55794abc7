//! Writes CMAF init and media segments, clear or encrypted.
use crate::{ContentKey, Error, KeyId, Pattern, Pssh, Scheme, Track};

/// One sample's facts, as a sample index keeps them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SampleInfo {
    /// In bytes.
    pub size: u32,
    /// In ticks.
    pub duration: u32,
    /// Composition time minus decoding time, in ticks; may be negative (`trun` version 1).
    pub cts_offset: i32,
    /// A sync sample.
    pub sync: bool,
}

/// One media segment to write: `styp`, `moof`, `mdat`.
pub struct SegmentSpec<'a> {
    /// `mfhd.sequence_number`, from 1.
    pub sequence: u32,
    /// `tfdt.baseMediaDecodeTime` in ticks.
    pub base_decode_time: u64,
    /// In decoding order.
    pub samples: &'a [SampleInfo],
    /// Their bytes, one after the other, clear.
    pub data: &'a [u8],
}

/// How to encrypt a track's segments. Where the NAL boundaries lie comes from the track's codec and config.
#[derive(Clone)]
pub struct Encryption {
    /// Which scheme.
    pub scheme: Scheme,
    /// The content key.
    pub key: ContentKey,
    /// Its ID.
    pub key_id: KeyId,
    /// `cbcs`: the constant IV. Other schemes: the IV of sample 0 of the track; each sample's own is derived from it and from the
    /// segment's sequence number, never reused under one key.
    pub iv: [u8; 16],
    /// Video pattern of `cens`, `cbcs` (1:9 as a rule); audio is always encrypted whole.
    pub pattern: Option<Pattern>,
}

/// Writes `ftyp` and `moov` of one CMAF track. `duration_ms` goes into `mehd`. With `encryption` the sample entry becomes `encv`
/// or `enca` with `sinf`, and `pssh` boxes follow.
pub fn write_init(
    track: &Track,
    duration_ms: Option<u64>,
    encryption: Option<&Encryption>,
    pssh: &[Pssh],
) -> Result<Vec<u8>, Error> {
    let _ = (track, duration_ms, encryption, pssh);
    Err(Error::Unsupported("write"))
}

/// Writes one media segment; with `encryption`, its `senc`, `saiz`, `saio` too, and the samples encrypted.
pub fn write_segment(track: &Track, spec: &SegmentSpec<'_>, encryption: Option<&Encryption>) -> Result<Vec<u8>, Error> {
    let _ = (track, spec, encryption);
    Err(Error::Unsupported("write"))
}
