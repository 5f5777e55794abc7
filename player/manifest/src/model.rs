//! The presentation model that HLS and DASH both map on. Times are microseconds from the start of the presentation (live: from the
//! manifest's own zero), rates are bit/s, URLs absolute (when writing: as they shall stand in the text).

use serde::Serialize;

/// Which format a manifest is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 8216.
    Hls,
    /// ISO 23009-1.
    Dash,
}

/// A whole presentation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Presentation {
    /// Where it came from.
    pub format: Format,
    /// More segments may come (`type="dynamic"`; no `EXT-X-ENDLIST`, which a multivariant playlist cannot say: false).
    pub live: bool,
    /// Whole duration, if said.
    pub duration_us: Option<u64>,
    /// `minBufferTime`, if said.
    pub min_buffer_us: Option<u64>,
    /// At least one. HLS has one.
    pub periods: Vec<Period>,
}

/// A stretch of time with one set of tracks.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Period {
    /// `Period@id`.
    pub id: Option<String>,
    /// From the start of the presentation.
    pub start_us: u64,
    /// If known.
    pub duration_us: Option<u64>,
    /// Adaptation sets; HLS: the variants' video first, then each `EXT-X-MEDIA` group's members.
    pub tracks: Vec<TrackSet>,
}

/// What a track set carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Hash)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Pictures; in HLS without separate audio, both muxed.
    Video,
    /// Sound.
    Audio,
    /// Subtitles and captions.
    Text,
    /// Thumbnails or I-frame playlists: trick play.
    Image,
}

/// Renditions of the same content among which ABR may switch.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrackSet {
    /// Stable within the presentation: `AdaptationSet@id`, `GROUP-ID/NAME`, or made from the position.
    pub id: String,
    /// What it carries.
    pub kind: Kind,
    /// BCP 47, if said.
    pub language: Option<String>,
    /// For a person.
    pub label: Option<String>,
    /// `main`, `commentary`, `caption`, …
    pub roles: Vec<String>,
    /// To be chosen where the viewer has no preference (`DEFAULT=YES`, role `main`).
    pub default: bool,
    /// Channels, for audio.
    pub channels: Option<u32>,
    /// Lowest bandwidth first.
    pub renditions: Vec<Rendition>,
}

/// One encoding of a track.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Rendition {
    /// Stable within its track set.
    pub id: String,
    /// Peak rate in bit/s (`BANDWIDTH`, `@bandwidth`); zero if not said. Read from HLS it is the variant's, so with its audio;
    /// [`crate::hls::write_master`] wants the rendition's own and adds the audio's itself.
    pub bandwidth: u64,
    /// Mean rate in bit/s, if said.
    pub average_bandwidth: Option<u64>,
    /// RFC 6381, empty if not said. An HLS variant whose audio is apart has only its own here.
    pub codecs: String,
    /// `video/mp4`, `video/mp2t`, …
    pub mime: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// HLS: `GROUP-ID` of the audio that goes with this variant.
    pub audio_group: Option<String>,
    /// Init segment.
    pub init: Option<Resource>,
    /// Media segments.
    pub segments: Segments,
    /// How it is protected; empty where it is clear. Several entries: several DRM systems for the same keys.
    pub protection: Vec<ContentProtection>,
}

/// A URL and perhaps a part of what it names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Hash)]
pub struct Resource {
    /// Absolute.
    pub url: String,
    /// First byte and length.
    pub range: Option<ByteRange>,
}

/// A byte range: `offset` and `length`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Hash)]
pub struct ByteRange {
    /// First byte.
    pub offset: u64,
    /// In bytes.
    pub length: u64,
}

/// Where the media segments are said.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Segments {
    /// Here.
    List {
        /// In presentation order.
        segments: Vec<Segment>,
    },
    /// In an HLS media playlist.
    Playlist {
        /// Its URL.
        url: String,
    },
    /// In a `sidx` of the media file (`SegmentBase`).
    Index {
        /// The media file.
        url: String,
        /// `@indexRange`.
        index: ByteRange,
    },
}

impl Default for Segments {
    fn default() -> Self {
        Segments::List { segments: Vec::new() }
    }
}

impl TrackSet {
    /// Without renditions yet.
    pub fn new(id: impl Into<String>, kind: Kind) -> Self {
        TrackSet {
            id: id.into(),
            kind,
            language: None,
            label: None,
            roles: Vec::new(),
            default: false,
            channels: None,
            renditions: Vec::new(),
        }
    }
}

/// One media segment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Segment {
    /// Where it is.
    #[serde(flatten)]
    pub resource: Resource,
    /// Media sequence number or `$Number$`.
    pub number: u64,
    /// From the start of the presentation.
    pub start_us: u64,
    /// In microseconds.
    pub duration_us: u64,
    /// Timestamps or encoding do not continue from the segment before.
    pub discontinuity: bool,
    /// `EXT-X-GAP`: not there, do not load.
    pub gap: bool,
    /// The init segment, where it differs from the rendition's.
    pub init: Option<Resource>,
    /// The protection, where it differs from the rendition's (HLS key rotation).
    pub protection: Option<Vec<ContentProtection>>,
}

/// One DRM system's view of a protected rendition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ContentProtection {
    /// `cenc`, `cbcs`, …; HLS: from `METHOD` (`SAMPLE-AES-CTR`, `SAMPLE-AES`); `aes-128` for whole-segment encryption.
    pub scheme: Option<String>,
    /// System ID as a lower-case UUID, or an HLS `KEYFORMAT` such as `identity`, `org.w3.clearkey`.
    pub system: String,
    /// 32 hex digits.
    pub key_id: Option<String>,
    /// `cenc:pssh` or a `data:` URI's content, base64.
    pub pssh: Option<String>,
    /// Licence server (`dashif:Laurl`, the HLS key URI).
    pub license_url: Option<String>,
    /// HLS `IV`, 32 hex digits.
    pub iv: Option<String>,
}
