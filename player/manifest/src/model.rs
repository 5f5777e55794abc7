//! The presentation model that HLS and DASH both map on. Times are microseconds from the start of the presentation (live: from the
//! manifest's own zero), rates are bit/s, URLs absolute (when writing: as they shall stand in the text).

use crate::{Live, Part, TimedEvent};
use serde::Serialize;
use std::collections::BTreeMap;

/// Which format a manifest is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 8216.
    #[default]
    Hls,
    /// ISO 23009-1.
    Dash,
}

/// A whole presentation.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Presentation {
    /// Where it came from.
    pub format: Format,
    /// More segments may come (`type="dynamic"`; no `EXT-X-ENDLIST`, which a multivariant playlist cannot say: false).
    pub live: bool,
    /// Whole duration, if said.
    pub duration_us: Option<u64>,
    /// `minBufferTime`, if said.
    pub min_buffer_us: Option<u64>,
    /// Clock and window; only of what is [`Presentation::live`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_window: Option<Live>,
    /// `EXT-X-DEFINE` variables of a multivariant playlist, for [`crate::hls::parse_media_importing`].
    #[serde(skip)]
    pub variables: BTreeMap<String, String>,
    /// At least one. HLS has one.
    pub periods: Vec<Period>,
}

/// A stretch of time with one set of tracks.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Period {
    /// `Period@id`.
    pub id: Option<String>,
    /// From the start of the presentation.
    pub start_us: u64,
    /// If known.
    pub duration_us: Option<u64>,
    /// Adaptation sets; HLS: the variants' video first, then each `EXT-X-MEDIA` group's members.
    pub tracks: Vec<TrackSet>,
    /// `EventStream`s; the `EXT-X-DATERANGE`s of a media playlist that stands alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<TimedEvent>,
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
    /// `InbandEventStream`: scheme and value of the `emsg` boxes to expect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inband_events: Vec<(String, String)>,
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
    /// `SDR`, `HLG` or `PQ`, if said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_range: Option<String>,
    /// What the screen's connection must be protected with (`HDCP-LEVEL`), if said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdcp: Option<Hdcp>,
    /// How secure the device must be for each DRM system (`ALLOWED-CPC`, `ContentProtection@robustness`); empty if not said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub robustness: Vec<Robustness>,
    /// Thumbnails in each picture, columns and rows (DASH-IF `thumbnail_tile`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiles: Option<(u32, u32)>,
    /// HLS: `GROUP-ID` of the audio that goes with this variant.
    pub audio_group: Option<String>,
    /// Where else the same files are: the base URLs, the one in use first, alternatives after it by priority. One or none: no choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<BaseUrl>,
    /// The media's own time at the start of the period (`@presentationTimeOffset`); HLS: zero, the first sample decides.
    pub presentation_time_offset_us: u64,
    /// A segment may be asked for so long before it is complete (`@availabilityTimeOffset`; `INF` is the greatest number).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_early_us: Option<u64>,
    /// Init segment.
    pub init: Option<Resource>,
    /// Media segments.
    pub segments: Segments,
    /// How it is protected; empty where it is clear. Several entries: several DRM systems for the same keys.
    pub protection: Vec<ContentProtection>,
}

/// What a screen's connection is protected with, weakest first (RFC 8216bis `HDCP-LEVEL`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hdcp {
    /// Nothing is asked.
    None,
    /// HDCP 1.4 or better.
    Type0,
    /// HDCP 2.2 or better.
    Type1,
}

/// How secure a device must be under one DRM system (RFC 8216bis `ALLOWED-CPC`, ISO 23009-1 `ContentProtection@robustness`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Robustness {
    /// As [`ContentProtection::system`] has it.
    pub system: String,
    /// The system's own names of levels, such as `HW_SECURE_ALL` or `SL3000`; any one of them will do.
    pub levels: Vec<String>,
}

/// One place where a rendition's files are (`BaseURL`, ISO 23009-1 §5.6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BaseUrl {
    /// Absolute.
    pub url: String,
    /// `@serviceLocation`: places of one name fail together.
    pub service_location: Option<String>,
    /// `@dvb:priority`, the lowest first; 1 if not said.
    pub priority: u32,
    /// `@dvb:weight` among those of one priority; 1 if not said.
    pub weight: u32,
}

/// A URL and perhaps a part of what it names.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Hash)]
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
            inband_events: Vec::new(),
            renditions: Vec::new(),
        }
    }
}

impl Rendition {
    /// Where else the file at `url` is, best first: under each of the other [`Rendition::bases`].
    pub fn alternatives(&self, url: &str) -> Vec<String> {
        let Some((first, others)) = self.bases.split_first() else { return Vec::new() };
        // What is relative to a base is relative to its last slash.
        let folder = |base: &str| base.rfind('/').map_or(0, |at| at + 1);
        let Some(rest) = url.strip_prefix(&first.url[..folder(&first.url)]) else { return Vec::new() };
        let whole = url == first.url;
        others.iter().map(|b| if whole { b.url.clone() } else { format!("{}{rest}", &b.url[..folder(&b.url)]) }).collect()
    }
}

/// One media segment.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
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
    /// In bytes, if known: a byte range's or an index's length is exact, what `EXT-X-BITRATE` says is good to a tenth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Wall clock at its start, Unix milliseconds: `EXT-X-PROGRAM-DATE-TIME`, carried on from segment to segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_date_time_ms: Option<i64>,
    /// Timestamps or encoding do not continue from the segment before.
    pub discontinuity: bool,
    /// `EXT-X-GAP`: not there, do not load.
    pub gap: bool,
    /// The init segment, where it differs from the rendition's.
    pub init: Option<Resource>,
    /// The protection, where it differs from the rendition's (HLS key rotation).
    pub protection: Option<Vec<ContentProtection>>,
    /// Low-latency HLS: the parts that it is made of, while the playlist names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
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
