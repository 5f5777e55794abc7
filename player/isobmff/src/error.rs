//! What can be wrong with boxes; one enum for the crate.

/// Why bytes were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input ends inside a box.
    #[error("{0}: ends early")]
    Truncated(&'static str),
    /// A field has a value that the standard or our limits forbid.
    #[error("{0}: {1}")]
    Invalid(&'static str, &'static str),
    /// A box that must be there is not.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// Something legal that is not supported.
    #[error("{0}: not supported")]
    Unsupported(&'static str),
}
