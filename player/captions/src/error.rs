//! What can be wrong with captions.

/// Why captions were refused. What only looks wrong (a style that makes no sense, a cue without an end) is passed over instead, as
/// WebVTT and TTML both ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither WebVTT nor TTML.
    #[error("neither WebVTT nor TTML")]
    NotCaptions,
    /// The XML is broken.
    #[error("TTML: {0}")]
    Xml(String),
    /// A box of a sample is broken.
    #[error("sample: {0}")]
    Sample(&'static str),
    /// More than any real captions have.
    #[error("too large: {0}")]
    TooLarge(&'static str),
}
