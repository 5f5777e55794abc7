//! Programs that crashed on boxes. Fields in kebab-case.

use serde::{Deserialize, Serialize};

/// Bytes of a record as JSON that a server takes at most.
pub const MAX_CRASH: usize = 128 << 10;

/// One crash, as the box keeps it, and the body of `POST /v1/crashes?device=D`. A box sends it only where its viewer agreed to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CrashRecord {
    /// Always 1.
    pub schema: u32,
    /// The service, or `kernel` for a boot that failed before `/data`.
    pub service: String,
    /// `status=1`, `signal=11`.
    pub exit: String,
    /// Version of the image.
    pub version: String,
    /// `a`, `b` or `recovery`.
    pub slot: String,
    /// Seconds since 1970, as the box believed.
    pub time: u64,
    /// Seconds since kernel entry.
    pub uptime: u64,
    /// The last lines, oldest first.
    pub lines: Vec<String>,
}

/// Query of `POST /v1/crashes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CrashQuery {
    /// The box's own ID.
    pub device: String,
}

/// One of `GET /v1/crashes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Crash {
    /// On which box.
    pub device: String,
    /// Unix time.
    pub received_at_ms: u64,
    /// What it said.
    pub record: CrashRecord,
}
