//! `/run/hearth/update.json`: how far the agent is, for the launcher's screen.
use crate::Error;
use serde::{Deserialize, Serialize};

/// What the agent does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for the next time to ask.
    #[default]
    Idle,
    /// Asks the server, and looks what is there already.
    Checking,
    /// Fills the idle slot.
    Downloading,
    /// Reads the idle slot back.
    Verifying,
    /// The idle slot boots next.
    Ready,
    /// See `error`.
    Failed,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// What the agent does.
    pub state: State,
    /// Of the update; none while none is known.
    #[serde(default)]
    pub version: Option<String>,
    /// Bytes that are where they belong.
    #[serde(default)]
    pub done: u64,
    /// Bytes in all.
    #[serde(default)]
    pub total: u64,
    /// Of `done`, bytes that were not fetched.
    #[serde(default)]
    pub reused: u64,
    /// Why it failed, for people.
    #[serde(default)]
    pub error: Option<String>,
    /// Number of that error ([`Error::code`]).
    #[serde(default)]
    pub code: Option<u16>,
}

impl Status {
    /// The same, failed.
    pub fn failed(self, error: &Error) -> Self {
        Self { state: State::Failed, error: Some(error.to_string()), code: Some(error.code()), ..self }
    }
}
