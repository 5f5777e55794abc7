//! The origin: playlists, MPD, init and media segments, artwork over HTTP.
pub mod path;
pub mod range;
