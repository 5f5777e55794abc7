//! What can be wrong with a manifest.

/// Why a manifest was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither a playlist nor an MPD: an HTML error page, say.
    #[error("not a playlist nor an MPD")]
    NotAManifest,
    /// A line of a playlist.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// An MPD's XML or a value in it.
    #[error("MPD: {0}")]
    Mpd(String),
    /// Legal and not supported.
    #[error("not supported: {0}")]
    Unsupported(String),
}
