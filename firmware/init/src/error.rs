//! What can go wrong in init: one sentence a line on the console, with what to look at.

use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything init gives up on. A failure of stage 1 ends in a reboot, so that the boot loader can count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A system call on a path.
    #[error("{what} {path}: {source}")]
    Path {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// A system call on something without a name.
    #[error("{what}: {source}")]
    Kernel {
        /// What was tried.
        what: &'static str,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The disc did not turn up.
    #[error("no partition named {name} after {seconds} s: is the disc's driver among slot.json's modules?")]
    NoPartition {
        /// GPT name.
        name: String,
        /// How long was waited.
        seconds: u64,
    },
    /// A file of the image that says what cannot be.
    #[error("{path}: {why}; make the image again")]
    Image {
        /// The file.
        path: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The kernel's command line has no usable `hearth.slot=`.
    #[error("no hearth.slot=a|b|recovery on the kernel's command line: boot through the boot loader")]
    NoSlot,
    /// A message from a service, a network or a wire that is refused.
    #[error("refused: {0}")]
    Refused(String),
    /// The formats of `hearth-update`.
    #[error(transparent)]
    Update(#[from] hearth_update::Error),
}

impl Error {
    /// For `map_err` on a path.
    pub fn path<E: Into<std::io::Error>>(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(E) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Path { what, path, source: source.into() }
    }

    /// For `map_err` elsewhere.
    pub fn kernel<E: Into<std::io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Kernel { what, source: source.into() }
    }
}
