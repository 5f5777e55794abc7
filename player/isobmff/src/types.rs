//! The plain data that parsers hand out and writers take.

use std::ops::Range;

/// A four-character code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FourCc(pub [u8; 4]);

impl std::fmt::Debug for FourCc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// A key ID (ISO 23001-7 §8): 16 bytes, shown as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl std::fmt::Debug for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// A content key. Zeroised on drop; has no `Debug`, no `Display` and no serde on purpose.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct ContentKey(pub [u8; 16]);

/// A DRM system ID (ISO 23001-7 §8.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SystemId(pub [u8; 16]);

impl std::fmt::Debug for SystemId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", KeyId(self.0))
    }
}

/// A `pssh` box (ISO 23001-7 §8.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pssh {
    /// Which DRM system.
    pub system_id: SystemId,
    /// Key IDs of a version 1 box; empty for version 0.
    pub key_ids: Vec<KeyId>,
    /// System-specific data.
    pub data: Vec<u8>,
}

/// What a track carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrackKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Timed text.
    Text,
    /// Anything else.
    Other,
}

/// What the samples are coded with, behind any protection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codec {
    /// H.264: `avc1`, `avc3`.
    Avc,
    /// H.265: `hvc1`, `hev1`.
    Hevc,
    /// AV1: `av01`.
    Av1,
    /// VP9: `vp09`.
    Vp9,
    /// AAC in `mp4a`.
    Aac,
    /// `ac-3`.
    Ac3,
    /// `ec-3`.
    Eac3,
    /// `Opus`.
    Opus,
    /// WebVTT in MP4: `wvtt`.
    Wvtt,
    /// TTML/IMSC1 in MP4: `stpp`.
    Stpp,
    /// Not known here.
    Other(FourCc),
}

/// An init segment, parsed.
#[derive(Clone, Debug)]
pub struct Init {
    /// In file order.
    pub tracks: Vec<Track>,
    /// `pssh` boxes of the `moov`.
    pub pssh: Vec<Pssh>,
    /// `mvex/mehd` or `mvhd` duration in milliseconds, if known and not zero.
    pub duration_ms: Option<u64>,
}

/// One track: what a decoder and a demultiplexer need to know. Make one with `Track { .., ..Track::default() }`.
#[derive(Clone, PartialEq, Debug)]
pub struct Track {
    /// `track_ID`.
    pub id: u32,
    /// What it carries.
    pub kind: TrackKind,
    /// Ticks a second of `dts`, `pts` and `duration` of its samples.
    pub timescale: u32,
    /// ISO 639-2/T, `und` if unknown.
    pub language: String,
    /// What it is coded with.
    pub codec: Codec,
    /// The sample entry's four-character code, the original one (`frma`) where it is protected.
    pub sample_entry: FourCc,
    /// Decoder configuration: the body of `avcC`, `hvcC`, `av1C`, `vpcC` (from its version field on), `dOps`, `dac3`, `dec3`,
    /// `vttC`; for AAC the AudioSpecificConfig (ISO 14496-3 §1.6.2.1); for `stpp` its namespace.
    pub config: Vec<u8>,
    /// Boxes of the sample entry that say how to show pictures (`colr`, `pasp`, `clli`, `mdcv`, `btrt`), verbatim.
    pub extra: Vec<u8>,
    /// Coded size in pixels; zero where it is not video.
    pub width: u32,
    /// See `width`.
    pub height: u32,
    /// Channels; zero where it is not audio.
    pub channels: u32,
    /// Samples a second; zero where it is not audio.
    pub sample_rate: u32,
    /// Ticks to add to a composition time to get the presentation time: minus `elst.media_time`, plus empty edits.
    pub edit_offset: i64,
    /// Where the only edit ends, in ticks of presentation time; none where there is no such end, or where there are several edits.
    pub edit_end: Option<i64>,
    /// `sinf` of the first sample entry that has one.
    pub protection: Option<Protection>,
    /// Protection of every sample entry, in order: a clear lead is a second, clear entry. Empty means one entry, `protection`.
    pub entries: Vec<Option<Protection>>,
    /// `seig` sample group descriptions of the track (ISO 23001-7 §6), in order: key rotation, clear ranges.
    pub key_groups: Vec<Protection>,
    /// `trex` defaults.
    pub defaults: SampleDefaults,
}

impl Default for Track {
    fn default() -> Self {
        Track {
            id: 1,
            kind: TrackKind::Other,
            timescale: 1000,
            language: "und".into(),
            codec: Codec::Other(FourCc([0; 4])),
            sample_entry: FourCc([0; 4]),
            config: Vec::new(),
            extra: Vec::new(),
            width: 0,
            height: 0,
            channels: 0,
            sample_rate: 0,
            edit_offset: 0,
            edit_end: None,
            protection: None,
            entries: Vec::new(),
            key_groups: Vec::new(),
            defaults: SampleDefaults::default(),
        }
    }
}

/// `trex` (ISO 14496-12 §8.8.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SampleDefaults {
    /// `default_sample_description_index`, from 1; zero counts as 1.
    pub description: u32,
    /// In ticks.
    pub duration: u32,
    /// In bytes.
    pub size: u32,
    /// `sample_flags`.
    pub flags: u32,
}

/// Protection scheme (ISO 23001-7 §10).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Scheme {
    /// AES-CTR, whole or subsample.
    Cenc,
    /// AES-CBC, whole or subsample.
    Cbc1,
    /// AES-CTR with a pattern.
    Cens,
    /// AES-CBC with a pattern and constant IVs.
    Cbcs,
}

/// `crypt_byte_block` and `skip_byte_block`: so many 16-byte blocks encrypted, so many left clear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// Blocks encrypted.
    pub crypt: u8,
    /// Blocks left clear.
    pub skip: u8,
}

/// `sinf`: `schm` and `tenc` (ISO 23001-7 §8.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protection {
    /// Which scheme.
    pub scheme: Scheme,
    /// `default_isProtected`.
    pub is_protected: bool,
    /// `default_KID`.
    pub key_id: KeyId,
    /// `default_Per_Sample_IV_Size`: 0, 8 or 16.
    pub iv_size: u8,
    /// `default_constant_IV`: 8 or 16 bytes, where `iv_size` is 0.
    pub constant_iv: Option<Vec<u8>>,
    /// Pattern of `cens` and `cbcs`; none means every block.
    pub pattern: Option<Pattern>,
}

/// One sample of a media segment.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Which track.
    pub track_id: u32,
    /// Decoding time in ticks, edit list applied.
    pub dts: i64,
    /// Presentation time in ticks, edit list applied.
    pub pts: i64,
    /// In ticks.
    pub duration: u32,
    /// A sync sample: decoding can start here.
    pub sync: bool,
    /// Where its bytes are in the segment that was parsed.
    pub data: Range<usize>,
    /// How to decrypt it; none where it is clear.
    pub crypto: Option<SampleCrypto>,
}

/// How one sample is encrypted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SampleCrypto {
    /// Which scheme.
    pub scheme: Scheme,
    /// With which key.
    pub key_id: KeyId,
    /// Zero-extended on the right to 16 bytes.
    pub iv: [u8; 16],
    /// None means every block of a protected range.
    pub pattern: Option<Pattern>,
    /// Empty means the whole sample.
    pub subsamples: Vec<Subsample>,
}

/// `BytesOfClearData`, then `BytesOfProtectedData`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subsample {
    /// In bytes.
    pub clear: u32,
    /// In bytes.
    pub protected: u32,
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
