//! Boxes that sign in. Fields in kebab-case.

use serde::{Deserialize, Serialize};

/// `POST /v1/devices`: a box says who it is and gets the token that it shows from then on. Again with the same secret: the same token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SignIn {
    /// The box's own ID: 1 to 64 of `A-Za-z0-9-_.`; a UUID from its factory record.
    pub device: String,
    /// As printed on it.
    pub serial: String,
    /// Its board.
    pub board: String,
    /// What it runs.
    pub version: String,
    /// Known to this box alone, 32 to 128 visible ASCII characters. The first sign-in of a device decides it; whoever comes later as this
    /// device must have it. It should outlive a factory reset: derive it from the factory record rather than make it at random.
    pub secret: String,
}

/// Says who, never the secret.
impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { device, serial, board, version, .. } = self;
        write!(f, "SignIn({device}, {serial}, {board}, {version})")
    }
}

/// Answer to [`SignIn`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SignedIn {
    /// As it was given.
    pub device: String,
    /// For `Authorization: Bearer TOKEN` with every call to `/v1`, save the licence, which has a token of its own. Good until it is revoked.
    pub token: String,
}

/// Says for whom, never the token.
impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignedIn({})", self.device)
    }
}

/// A box as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Device {
    /// The box's own ID.
    pub device: String,
    /// As printed on it.
    pub serial: String,
    /// Its board.
    pub board: String,
    /// What it ran when it last said so.
    pub version: String,
    /// Unix time of the first sign-in.
    pub created_at_ms: u64,
    /// Unix time, to the minute.
    pub last_seen_at_ms: u64,
    /// Its token is refused, and so are its sign-ins.
    pub revoked: bool,
}
