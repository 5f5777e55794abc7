//! The origin: playlists, MPD, init and media segments, artwork over HTTP.
//!
//! A request: [`path::parse`] -> the title as last published ([`titles`]) -> the RAM tier, or else packaging and encryption from the
//! store -> [`answer`] (ranges, conditions, headers). Nothing about a viewer is in a URL, a cache key or an answer: query strings
//! (CMCD) and cookies are never looked at.

pub mod answer;
pub mod path;
pub mod range;
mod routes;
mod titles;

pub use routes::router;

use crate::keys::MasterKey;
use crate::package::Source;
use crate::tokens::Tokens;
use answer::Entity;
use moka::future::Cache;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use titles::Published;

/// Settings.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a playback token is good for.
    pub token_ttl: Duration,
    /// Bytes of packaged segments and manifests kept in RAM.
    pub memory: u64,
    /// Bytes of sample indexes kept in RAM.
    pub index_memory: u64,
}

impl Default for Options {
    /// Four hours, 64 MiB, 64 MiB.
    fn default() -> Self {
        Self { token_ttl: Duration::from_secs(4 * 3600), memory: 64 << 20, index_memory: 64 << 20 }
    }
}

/// Which thing of a title; with the title's serial the key of the RAM tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Thing {
    Master,
    Mpd,
    Playlist(u16),
    Init(u16),
    Segment(u16, u32),
    KeyFrames(u16),
    KeyFrame(u16, u32),
}

/// What the data path keeps in memory. All of it can be made again.
pub struct Origin {
    /// Signs and checks playback tokens.
    pub tokens: Tokens,
    /// How long a playback token is good for.
    pub token_ttl: Duration,
    titles: Cache<String, Arc<Published>>,
    sources: Cache<(u64, u16), Arc<Source>>,
    hot: Cache<(u64, Thing), Entity>,
    /// A number for every publication that was loaded: short keys, and an old publication's bytes are never found again.
    serials: AtomicU64,
    started: Instant,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").field("titles", &self.titles.entry_count()).field("hot", &self.hot.weighted_size()).finish()
    }
}

impl Origin {
    /// Empty caches, and tokens under a key of `master`'s.
    pub fn new(master: &MasterKey, options: &Options) -> Self {
        let weight = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            tokens: Tokens::new(master),
            token_ttl: options.token_ttl,
            titles: Cache::new(4096),
            sources: Cache::builder()
                .max_capacity(options.index_memory)
                .weigher(move |_, source: &Arc<Source>| weight(source.weight()))
                .build(),
            hot: Cache::builder().max_capacity(options.memory).weigher(move |_, e: &Entity| weight(e.bytes.len() + 256)).build(),
            serials: AtomicU64::new(0),
            started: Instant::now(),
        }
    }
}
