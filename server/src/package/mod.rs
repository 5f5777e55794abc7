//! Just-in-time packaging: from a clear mezzanine and its sample index to init and media segments, playlists and MPD.
//!
//! Start reading at [`Source`] (one rendition), then [`protection`] (keys and DRM systems) and [`presentation`] (manifests). HLS and
//! DASH name the same segments: there is one set of bytes. Nothing here reads a file or a clock; `origin` brings bytes and keys.

pub mod offline;
pub mod presentation;
pub mod protection;
mod source;

pub use source::{Part, Source, Timing};

/// The content type of a rendition's init and media segments.
pub fn content_type(kind: &str) -> &'static str {
    match kind {
        "audio" => "audio/mp4",
        "text" => "application/mp4",
        _ => "video/mp4",
    }
}
