//! Where titles, grants and progress come from.

use hearth_api::{Home, PlaybackGrant, Progress, Title};
use hearth_nav::{Failure, FailureKind};

/// The server as the launcher sees it. Calls block; they are made on a worker's thread.
pub trait Catalog: Send + Sync {
    /// The profile's home screen.
    fn home(&self) -> Result<Home, CatalogError>;
    /// A title's page.
    fn title(&self, id: &str) -> Result<Title, CatalogError>;
    /// The right to play.
    fn playback(&self, id: &str) -> Result<PlaybackGrant, CatalogError>;
    /// Keeps how far the profile is.
    fn progress(&self, id: &str, progress: &Progress) -> Result<(), CatalogError>;
}

/// Why the server did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// It does not answer.
    #[error("the server does not answer: {0}")]
    Unreachable(String),
    /// It answered too late.
    #[error("the server takes too long")]
    Timeout,
    /// It refused.
    #[error("the server answered {status} ({code}): {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// [`hearth_api::ApiError::code`], or `http-STATUS`.
        code: String,
        /// For a person.
        message: String,
    },
    /// What it says cannot be read.
    #[error("the server's answer cannot be read: {0}")]
    Unreadable(String),
    /// The address of the server is no address.
    #[error("{0:?} is not the address of a server: it looks like http://192.168.1.10:8080")]
    Address(String),
}

impl CatalogError {
    /// Trying again at once may help: the request did not get through, or the server had a bad moment.
    pub fn transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout => true,
            Self::Refused { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            Self::Unreadable(_) | Self::Address(_) => false,
        }
    }

    /// For the viewer: what is wrong and what to do.
    pub fn failure(&self) -> Failure {
        let say = |kind, code: &str, message: &str, action: &str, retryable| Failure {
            kind,
            code: code.to_owned(),
            message: message.to_owned(),
            action: action.to_owned(),
            retryable,
        };
        let (network, server) = (FailureKind::Network, FailureKind::Server);
        let later = "Try again in a moment.";
        match self {
            Self::Unreachable(_) => say(
                network,
                "network-unreachable",
                "Your films cannot be reached.",
                "Check the network cable or Wi-Fi, then try again.",
                true,
            ),
            Self::Timeout => say(network, "network-timeout", "The connection is too slow to answer.", later, true),
            Self::Refused { status: 404 | 410, code, .. } => {
                say(server, code, "This title is no longer available.", "Go back and choose another one.", false)
            }
            Self::Refused { status: 401 | 403, code, message } => {
                say(server, code, message, "Ask whoever runs your Hearth server for access.", false)
            }
            Self::Refused { status: 500.., code, .. } => say(server, code, "The server has a problem.", later, true),
            Self::Refused { code, message, .. } => say(server, code, message, later, true),
            Self::Unreadable(_) => {
                say(server, "server-unreadable", "The server speaks another version.", "Update this box or the server.", true)
            }
            Self::Address(_) => {
                say(server, "server-address", "The server's address is wrong.", "Correct it in the box's settings.", false)
            }
        }
    }
}
