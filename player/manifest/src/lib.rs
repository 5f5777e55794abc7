//! HLS (RFC 8216, 8216bis) and DASH (ISO 23009-1) to and from one presentation model. No I/O, no clock, no thread.
//!
//! Read: [`parse`] looks at the text and gives a [`Presentation`]; an HLS multivariant playlist names its media playlists as
//! [`Segments::Playlist`], each of which the caller fetches and gives to [`hls::parse_media`]; a DASH on-demand representation names
//! its `sidx` as [`Segments::Index`]. Write: [`hls::write_master`], [`hls::write_media`], [`dash::write_mpd`] from the same model.
#![forbid(unsafe_code)]

mod budget;
mod codecs;
pub mod dash;
mod error;
pub mod hls;
mod live;
mod model;
mod protection;
mod time;

pub use budget::{MAX_EXPANDED, MAX_SEGMENTS};
pub use error::Error;
pub use live::*;
pub use model::*;
pub use protection::{system, widevine_pssh};
pub use time::unix_ms;

/// Parses a playlist or an MPD, whichever `text` is. `base` is the URL it came from, after redirects; every URL in the result is absolute.
pub fn parse(text: &str, base: &url::Url) -> Result<Presentation, Error> {
    parse_at(text, base, None)
}

/// As [`parse`], at a time: of a live MPD whose segments the clock makes (`SegmentTemplate@duration`, an open `SegmentTimeline`), those
/// are listed that are there at `now_ms` (Unix milliseconds, by the presentation's own clock) and within its window.
pub fn parse_at(text: &str, base: &url::Url, now_ms: Option<i64>) -> Result<Presentation, Error> {
    let head = text.trim_start_matches('\u{feff}').trim_start();
    if head.starts_with('#') { hls::parse(text, base) } else { dash::parse_at(text, base, now_ms) }
}
