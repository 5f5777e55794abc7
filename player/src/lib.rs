//! Plays one stream: fetch -> buffer -> decrypt -> GStreamer. The engine behind [`Player`] takes [`Command`]s and sends [`Event`]s, plain
//! serialisable messages, so that player and launcher can be one process or two.

pub mod messages;

pub use messages::*;
