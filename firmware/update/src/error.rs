//! What can go wrong, numbered, each with what to do about it.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Errors of formats and agent. [`Error::code`] is stable: screens and logs show it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A copy of the boot state that does not count.
    #[error("boot state: {0}")]
    BootState(&'static str),
    /// JSON of ours that does not parse or says what cannot be.
    #[error("{what}: {why}; make it again with this version's `cargo xtask image`")]
    Record {
        /// Which record.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Not an envelope at all.
    #[error("not signed by Hearth: {0}; is this an update bundle or a factory record?")]
    Envelope(&'static str),
    /// An envelope by somebody else, or changed after signing.
    #[error(
        "the signature is not by a key this box trusts, or the content was changed after signing; fetch it again or sign it with the product's key"
    )]
    Signature,
    /// A key that is none.
    #[error("key: {0}; a key is 64 hexadecimal digits, one a line")]
    Key(&'static str),
    /// A signed manifest that contradicts itself.
    #[error("bundle: {0}; make it again with this version's `cargo xtask image`")]
    Bundle(String),
    /// Reading or writing failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// The error's number: 1xx boot state, 2xx network, 3xx formats and signatures, 4xx disc, 5xx not for this box.
    pub fn code(&self) -> u16 {
        match self {
            Self::BootState(_) => 101,
            Self::Record { .. } => 301,
            Self::Envelope(_) => 302,
            Self::Signature => 303,
            Self::Key(_) => 304,
            Self::Bundle(_) => 305,
            Self::Io { .. } => 401,
        }
    }

    /// For `map_err` on I/O.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
