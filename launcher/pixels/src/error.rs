//! Why there is no picture.

/// Why a picture cannot be shown. The launcher then draws a tile of the title's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The server did not give it.
    #[error("cannot fetch {url}: {reason}")]
    Fetch {
        /// Asked for.
        url: String,
        /// Why not.
        reason: String,
    },
    /// More than [`crate::MAX_BYTES`].
    #[error("a file of more than {0} bytes is no artwork")]
    TooManyBytes(usize),
    /// More than [`crate::MAX_PIXELS`], or a side of more than 16384.
    #[error("{width}x{height} is too large for artwork")]
    TooLarge {
        /// As the file says.
        width: u32,
        /// As the file says.
        height: u32,
    },
    /// Neither JPEG nor PNG, or broken.
    #[error("not a readable JPEG or PNG: {0}")]
    Decode(String),
    /// A recipe that asks for nothing, or for more than a screen.
    #[error("a picture of {width}x{height} cannot be made")]
    Size {
        /// Asked for.
        width: u32,
        /// Asked for.
        height: u32,
    },
}
