//! HLS playlists (RFC 8216).
use crate::{Error, Presentation, Rendition};

/// Parses a multivariant playlist, or a media playlist as a presentation of one rendition.
pub fn parse(text: &str, base: &url::Url) -> Result<Presentation, Error> {
    let _ = (text, base);
    Err(Error::NotAManifest)
}

/// What a media playlist says, to be put into the rendition that named it.
#[derive(Clone, PartialEq, Debug)]
pub struct MediaPlaylist {
    /// No `EXT-X-ENDLIST` yet.
    pub live: bool,
    /// `EXT-X-TARGETDURATION`.
    pub target_duration_us: u64,
    /// The first `EXT-X-MAP`.
    pub init: Option<crate::Resource>,
    /// In order.
    pub segments: Vec<crate::Segment>,
    /// The first segment's keys.
    pub protection: Vec<crate::ContentProtection>,
}

/// Parses a media playlist.
pub fn parse_media(text: &str, base: &url::Url) -> Result<MediaPlaylist, Error> {
    let _ = (text, base);
    Err(Error::NotAManifest)
}

/// Writes a multivariant playlist of the first period. Renditions' `segments` must be [`crate::Segments::Playlist`].
pub fn write_master(presentation: &Presentation) -> String {
    let _ = presentation;
    String::new()
}

/// Writes a VOD media playlist of a rendition whose `segments` is a list.
pub fn write_media(rendition: &Rendition) -> String {
    let _ = rendition;
    String::new()
}
