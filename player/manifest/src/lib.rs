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
mod model;
mod protection;

pub use budget::{MAX_EXPANDED, MAX_SEGMENTS};
pub use error::Error;
pub use model::*;
pub use protection::{system, widevine_pssh};

/// Parses a playlist or an MPD, whichever `text` is. `base` is the URL it came from, after redirects; every URL in the result is absolute.
pub fn parse(text: &str, base: &url::Url) -> Result<Presentation, Error> {
    let head = text.trim_start_matches('\u{feff}').trim_start();
    if head.starts_with('#') { hls::parse(text, base) } else { dash::parse(text, base) }
}
