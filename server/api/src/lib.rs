//! The wire types that boxes and tools share with the server. JSON; times in milliseconds, named `_ms`; URLs relative to the
//! server's origin. Fields may be added; readers ignore what they do not know.
//!
//! | method, path | in | out |
//! |---|---|---|
//! | `GET /v1/home?profile=P` | | [`Home`] |
//! | `GET /v1/titles/{id}?profile=P` | | [`Title`] |
//! | `POST /v1/titles/{id}/playback` | [`PlaybackRequest`] | [`PlaybackGrant`] |
//! | `PUT /v1/profiles/{p}/progress/{title}` | [`Progress`] | 204 |
//! | `POST /v1/license` with `Authorization: Bearer TOKEN` (or `?token=`) | W3C ClearKey request | W3C ClearKey licence |
//! | `POST /v1/uploads` | [`NewUpload`] | [`Upload`] |
//! | `GET /v1/uploads/{id}` | | [`Upload`] |
//! | `PATCH /v1/uploads/{id}` with `Upload-Offset: N` | bytes | [`Upload`]; when the last byte is in, `job` is set |
//! | `PUT /v1/uploads/{id}/art/{poster,backdrop}` | JPEG or PNG | 204 |
//! | `GET /v1/jobs` | | list of [`Job`], newest first |
//! | `GET /v1/jobs/{id}` | | [`Job`] |
//! | `POST /v1/jobs/{id}/retry` | | [`Job`]: a failed one is queued again |
//! | `GET /v1/health` | | [`Health`] |
//! | `POST /v1/devices` | [`SignIn`] | [`SignedIn`] |
//! | `GET /v1/devices` | | list of [`Device`], last seen first |
//! | `POST /v1/devices/{device}/revoke` | | [`Device`] |
//! | `DELETE /v1/devices/{device}` | | 204: it may sign in anew, with another secret |
//! | `POST /v1/crashes?…` with [`CrashQuery`] | [`CrashRecord`] | 204 |
//! | `GET /v1/crashes` | | list of [`Crash`], newest first |
//! | `GET /v1/updates?…` with [`UpdateQuery`] | | [`UpdateOffer`], or 204 |
//! | `POST /v1/updates/report` | [`UpdateReport`] | 204; 404 `not-offered` |
//! | `GET /v1/updates/releases` | | list of [`Release`], newest first |
//! | `POST /v1/updates/releases?…` with [`NewRelease`] | the bundle | [`Release`] |
//! | `PATCH /v1/updates/releases/{id}` | [`ReleaseChange`] | [`Release`] |
//!
//! Errors come with a 4xx or 5xx status and an [`ApiError`].
//!
//! A server that was started with `--require-sign-in` answers 401 where `Authorization: Bearer TOKEN` is missing. The token is a device's
//! ([`SignedIn`]); for uploads, jobs, devices and releases it is the operator's. Without a token remain: health, sign-in, the licence
//! (which has a token of its own), the question for updates, and everything outside `/v1`.
#![forbid(unsafe_code)]

mod crashes;
mod devices;
mod updates;

pub use crashes::{Crash, CrashQuery, CrashRecord, MAX_CRASH};
pub use devices::{Device, SignIn, SignedIn};
pub use updates::{NewRelease, Release, ReleaseChange, ReleaseState, UpdateOffer, UpdateOutcome, UpdateQuery, UpdateReport};

use serde::{Deserialize, Serialize};

/// Any refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiError {
    /// Stable, kebab-case: `not-found`, `token-expired`, …
    pub code: String,
    /// For a person: what is wrong and what to do.
    pub message: String,
}

/// Is the server there and what is it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// `hearth-server`.
    pub service: String,
    /// Crate version.
    pub version: String,
    /// Titles published.
    pub titles: u64,
}

/// The home screen of one profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Home {
    /// The title to open with; none while the catalog is empty.
    pub hero: Option<TitleCard>,
    /// Top to bottom; none is empty. Continue watching comes first where there is anything.
    pub shelves: Vec<Shelf>,
}

/// A row of titles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    /// Stable: `continue`, `new`, `genre-drama`, …
    pub id: String,
    /// For the viewer.
    pub title: String,
    /// Left to right.
    pub items: Vec<TitleCard>,
}

/// A title, as little as a tile and the hero need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TitleCard {
    /// Stable.
    pub id: String,
    /// For the viewer.
    pub name: String,
    /// One line.
    pub tagline: Option<String>,
    /// A short paragraph.
    pub synopsis: String,
    /// Year of release.
    pub year: Option<u16>,
    /// Genres, main one first.
    pub genres: Vec<String>,
    /// Age rating as shown: `PG`, `12`, …
    pub rating: Option<String>,
    /// Duration of the film.
    pub duration_ms: u64,
    /// 2:3, JPEG.
    pub poster: Option<String>,
    /// 16:9, JPEG.
    pub backdrop: Option<String>,
    /// Where this profile stopped; none if never begun or watched to the end.
    pub resume_ms: Option<u64>,
}

/// A title's detail page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Title {
    /// What the tile has.
    #[serde(flatten)]
    pub card: TitleCard,
    /// Attribution and licence, to be shown.
    pub credits: Option<String>,
    /// Renditions, highest last: width, height, bit/s.
    pub renditions: Vec<RenditionInfo>,
    /// `cbcs`, `cenc` or `none`.
    pub protection: String,
    /// Alike titles.
    pub similar: Vec<TitleCard>,
}

/// One video rendition of a title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenditionInfo {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Peak bit/s.
    pub bandwidth: u64,
}

/// Asks for the right to play.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaybackRequest {
    /// Who watches.
    pub profile: String,
}

/// The right to play one title for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaybackGrant {
    /// Multivariant playlist.
    pub hls: String,
    /// MPD.
    pub dash: String,
    /// ClearKey licence endpoint; none where the title is clear.
    pub license: Option<String>,
    /// Bearer token for it: good for this title's keys only.
    pub token: String,
    /// Unix time.
    pub expires_at_ms: u64,
    /// Where this profile stopped.
    pub resume_ms: Option<u64>,
    /// Duration of the film.
    pub duration_ms: u64,
}

/// How far a profile has watched a title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// From the start.
    pub position_ms: u64,
    /// Of the whole.
    pub duration_ms: u64,
}

/// What is known of a title before it is ingested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TitleMeta {
    /// For the viewer.
    pub name: String,
    /// One line.
    pub tagline: Option<String>,
    /// A short paragraph.
    #[serde(default)]
    pub synopsis: String,
    /// Year of release.
    pub year: Option<u16>,
    /// Main one first.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Age rating.
    pub rating: Option<String>,
    /// Attribution and licence.
    pub credits: Option<String>,
    /// `cbcs` (default) or `none`.
    pub protection: Option<String>,
    /// Order on the home screen: higher first; the highest is the hero.
    #[serde(default)]
    pub prominence: i32,
}

/// Begins a resumable upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewUpload {
    /// For messages.
    pub file_name: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of the whole file, hex; the same file again is answered with the job or title that there is.
    pub sha256: String,
    /// Of the title to be.
    pub meta: TitleMeta,
}

/// State of an upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    /// Of the upload.
    pub id: String,
    /// Bytes that are safe on the server's disc.
    pub received: u64,
    /// In bytes.
    pub size: u64,
    /// The ingest job, once all bytes are in.
    pub job: Option<String>,
    /// This very file is here already: `job` is the one that takes or took it in, and no byte need be sent.
    #[serde(default)]
    pub duplicate: bool,
}

/// State of an ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// Under way.
    Running,
    /// Published.
    Done,
    /// Ended without a title; see `error`.
    Failed,
}

/// One ingest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Of the job.
    pub id: String,
    /// The title it makes.
    pub title_id: String,
    /// For the viewer.
    pub name: String,
    /// Where it is.
    pub state: JobState,
    /// `probe`, `transcode`, `index`, `publish`.
    pub stage: String,
    /// Of the whole, 0 to 1.
    pub progress: f32,
    /// What went wrong and what to do.
    pub error: Option<ApiError>,
}
