//! Updates of boxes: what the server offers, what boxes report, what its operator publishes. Sizes in bytes, digests in lower-case hex,
//! fields in kebab-case.

use serde::{Deserialize, Serialize};

/// Query of `GET /v1/updates`: what the box is and what it runs. Percent-encode the values (`+` is `%2B`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UpdateQuery {
    /// Board, as in `slot.json`.
    pub board: String,
    /// What it runs. `0`, without a build: nothing but its recovery system, which may also have what is not rolled out to it, or was paused.
    pub version: String,
    /// `build-id` of what it runs.
    #[serde(default)]
    pub build: String,
    /// The box's own ID: its place in a staged rollout hangs on it. Without one only what is rolled out to all is offered.
    #[serde(default)]
    pub device: String,
    /// `stable` where none is given.
    #[serde(default = "stable")]
    pub channel: String,
}

impl UpdateQuery {
    /// Only its recovery system runs.
    pub fn runs_nothing(&self) -> bool {
        self.version == "0" && self.build.is_empty()
    }
}

fn stable() -> String {
    "stable".to_owned()
}

/// A newer version for this box: the answer 200 of `GET /v1/updates`. 204: there is none, or not yet for this box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UpdateOffer {
    /// Newer than what the box runs.
    pub version: String,
    /// SHA-256 of everything that went into it.
    pub build_id: String,
    /// The bundle, relative to the server's origin (resolve it as RFC 3986 says). Ranges work; content under a URL never changes.
    pub url: String,
    /// Of the bundle.
    pub size: u64,
    /// Of the bundle.
    pub sha256: String,
}

/// How an update ended on a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateOutcome {
    /// It runs and was marked good.
    Installed,
    /// It could not be installed, or the box fell back to the version before.
    Failed,
}

/// `POST /v1/updates/report`: once an update that was offered has ended. Of several reports by one box on one version the last counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UpdateReport {
    /// As in the query that brought the offer.
    pub device: String,
    /// That was offered.
    pub version: String,
    /// How it ended.
    pub outcome: UpdateOutcome,
    /// With `failed`: what went wrong. Cut at 500 bytes.
    #[serde(default)]
    pub error: Option<String>,
}

/// May boxes have it?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseState {
    /// Offered to its share of the boxes.
    Live,
    /// Offered to none until it is rolled out again.
    Paused,
    /// The server paused it by itself: too many boxes reported that it failed.
    Halted,
    /// Offered never again; its bundle is gone.
    Withdrawn,
}

/// A version of one board in one channel, as its operator sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Release {
    /// Of the release.
    pub id: String,
    /// For which boxes.
    pub board: String,
    /// `stable`, `beta`, …
    pub channel: String,
    /// As people call it.
    pub version: String,
    /// One version has one build.
    pub build_id: String,
    /// Never lower than that of an earlier release of the channel: boxes refuse what is below their floor.
    pub rollback_index: u32,
    /// Of the bundle.
    pub size: u64,
    /// Of the bundle.
    pub sha256: String,
    /// May boxes have it?
    pub state: ReleaseState,
    /// Share of the boxes that it is for, 0 to 100, in steps of 0.01.
    pub percent: f64,
    /// Unix time.
    pub published_at_ms: u64,
    /// Boxes that were offered it.
    pub offered: u64,
    /// Boxes whose last word was that it runs.
    pub installed: u64,
    /// Boxes whose last word was that it failed.
    pub failed: u64,
    /// What the last box that failed said.
    pub last_error: Option<String>,
}

/// Query of `POST /v1/updates/releases`, whose body is the bundle. Answers 201, or 200 where this very release is published already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct NewRelease {
    /// `stable`, `beta`, …
    pub channel: String,
    /// Share of the boxes, 0 to 100.
    pub percent: f64,
    /// Of the bundle: what arrives otherwise is not published.
    pub sha256: String,
    /// Of the bundle.
    pub size: u64,
}

/// `PATCH /v1/updates/releases/{id}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseChange {
    /// `{"rollout": 25}`: live, for this share of the boxes. After a halt the count of failures begins anew.
    Rollout(f64),
    /// `"pause"`
    Pause,
    /// `"withdraw"`
    Withdraw,
}
