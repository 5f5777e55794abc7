//! HLS playlists (RFC 8216, draft-pantos-hls-rfc8216bis).
mod attrs;
mod cpc;
mod keys;
mod lines;
mod master;
mod media;
mod playlist;
mod tags;
mod write;

use crate::{Error, Format, Kind, Period, Presentation, Rendition, TrackSet};
pub use playlist::*;
use std::collections::BTreeMap;
pub use write::{write_iframes, write_master, write_media};

/// Parses a multivariant playlist, or a media playlist as a presentation of one rendition (whose ID is `0` and whose codecs are unknown).
pub fn parse(text: &str, base: &url::Url) -> Result<Presentation, Error> {
    lines::check_header(text)?;
    if master::is_master(text) { master::parse(text, base) } else { parse_media(text, base).map(alone) }
}

/// Parses a media playlist that nothing introduced.
pub fn parse_media(text: &str, base: &url::Url) -> Result<MediaPlaylist, Error> {
    lines::check_header(text)?;
    media::parse(text, base, None)
}

/// Parses a media playlist that may import `variables` of its multivariant playlist (`EXT-X-DEFINE:IMPORT`).
pub fn parse_media_importing(text: &str, base: &url::Url, variables: &BTreeMap<String, String>) -> Result<MediaPlaylist, Error> {
    lines::check_header(text)?;
    media::parse(text, base, Some(variables))
}

/// A presentation of a media playlist that no multivariant playlist introduced.
fn alone(mut media: MediaPlaylist) -> Presentation {
    let (live, live_window) = (media.live, media.live_window());
    let duration_us = (!live).then_some(media.duration_us());
    let events = std::mem::take(&mut media.date_ranges);
    let iframes_only = media.iframes_only;
    let mut rendition = Rendition { id: "0".into(), ..Rendition::default() };
    media.fill(&mut rendition);
    let kind = if iframes_only { Kind::Image } else { Kind::Video };
    let track = TrackSet { default: true, renditions: vec![rendition], ..TrackSet::new("video", kind) };
    let period = Period { duration_us, tracks: vec![track], events, ..Period::default() };
    Presentation { format: Format::Hls, live, duration_us, live_window, periods: vec![period], ..Presentation::default() }
}
