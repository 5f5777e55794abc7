//! HLS playlists (RFC 8216, draft-pantos-hls-rfc8216bis).
mod attrs;
mod keys;
mod lines;
mod master;
mod media;
mod write;

use crate::{ContentProtection, Error, Format, Kind, Period, Presentation, Rendition, Resource, Segment, Segments, TrackSet};
pub use write::{write_master, write_media};

/// What a media playlist says, to be put into the rendition that named it.
#[derive(Clone, PartialEq, Debug)]
pub struct MediaPlaylist {
    /// No `EXT-X-ENDLIST` yet.
    pub live: bool,
    /// `EXT-X-TARGETDURATION`.
    pub target_duration_us: u64,
    /// The `EXT-X-MAP` of the first segment.
    pub init: Option<Resource>,
    /// In order.
    pub segments: Vec<Segment>,
    /// The first segment's keys.
    pub protection: Vec<ContentProtection>,
}

impl MediaPlaylist {
    /// Sum of the segments.
    pub fn duration_us(&self) -> u64 {
        self.segments.last().map_or(0, |s| s.start_us.saturating_add(s.duration_us))
    }

    /// Puts what the playlist says where `rendition` only named it. Keys that the multivariant playlist told (`EXT-X-SESSION-KEY`) give way.
    pub fn fill(self, rendition: &mut Rendition) {
        rendition.init = self.init;
        rendition.segments = Segments::List { segments: self.segments };
        rendition.protection = self.protection;
    }
}

/// Parses a multivariant playlist, or a media playlist as a presentation of one rendition (whose ID is `0` and whose codecs are unknown).
pub fn parse(text: &str, base: &url::Url) -> Result<Presentation, Error> {
    lines::check_header(text)?;
    if master::is_master(text) { master::parse(text, base) } else { parse_media(text, base).map(alone) }
}

/// Parses a media playlist.
pub fn parse_media(text: &str, base: &url::Url) -> Result<MediaPlaylist, Error> {
    lines::check_header(text)?;
    media::parse(text, base)
}

/// A presentation of a media playlist that no multivariant playlist introduced.
fn alone(media: MediaPlaylist) -> Presentation {
    let duration = media.duration_us();
    let live = media.live;
    let mut rendition = Rendition { id: "0".into(), ..Rendition::default() };
    media.fill(&mut rendition);
    let track = TrackSet { default: true, renditions: vec![rendition], ..TrackSet::new("video", Kind::Video) };
    let period = Period { id: None, start_us: 0, duration_us: (!live).then_some(duration), tracks: vec![track] };
    Presentation {
        format: Format::Hls,
        live,
        duration_us: (!live).then_some(duration),
        min_buffer_us: None,
        periods: vec![period],
    }
}
