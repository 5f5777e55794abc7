//! Transcoding: the one place on the server that names GStreamer.
//!
//! Masters are hostile and decoders crash, so both probing and encoding run in a child process of our own program: a task in JSON on
//! its standard input, events in JSON, one a line, on its standard output. The child ends when its input does, so that it never
//! outlives a server that was killed.
//!
//! One pass decodes once and encodes every rendition and the sound; it is the unit of idempotence. (Chunks encoded side by side are
//! the next step: a chunk then is the unit, and the writer below stays as it is.)

mod ladder;
mod pipeline;
mod probe;
mod runner;
mod worker;
mod writer;

pub use ladder::{Plan, Rung, plan};
pub use runner::Transcoder;
pub use worker::main as worker_main;

use crate::db::titles::RenditionRow;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a worker is told to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Task {
    /// Look at a master.
    Probe {
        /// The file.
        source: PathBuf,
    },
    /// Encode it.
    Transcode {
        /// The file.
        source: PathBuf,
        /// Directory for mezzanines and indexes; exists.
        out: PathBuf,
        /// How.
        plan: Plan,
    },
}

/// What a worker says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// How far it is, 0 to 1.
    Progress {
        /// Of this task.
        done: f64,
    },
    /// The answer to [`Task::Probe`].
    Probed {
        /// What the master is.
        probe: Probe,
    },
    /// The answer to [`Task::Transcode`].
    Transcoded {
        /// What was made, highest video first, sound last.
        made: Vec<Made>,
    },
    /// It cannot be done.
    Failed {
        /// Stable; see [`crate::Error::code`].
        code: String,
        /// For a person.
        message: String,
    },
}

/// What a master is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// As its container says.
    pub duration_ms: u64,
    /// Pixels as shown: square, upright.
    pub width: u32,
    /// See `width`.
    pub height: u32,
    /// Pictures a second, as a fraction; 0 over 1 where the container does not say.
    pub frame_rate: (u32, u32),
    /// Has it sound?
    pub audio: bool,
    /// Of the sound, ISO 639; `und` if unknown.
    pub language: String,
}

/// One rendition that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// As it will be published.
    pub rendition: RenditionRow,
    /// Bytes of the mezzanine file.
    pub bytes: u64,
    /// Of its presentation.
    pub duration_ms: u64,
    /// Starts of its segments, in milliseconds.
    pub segment_starts_ms: Vec<u64>,
}

impl Made {
    /// File name of the mezzanine in the task's directory.
    pub fn mezzanine(&self) -> String {
        format!("{}.mp4", self.rendition.id)
    }

    /// File name of the sample index.
    pub fn index(&self) -> String {
        format!("{}.idx", self.rendition.id)
    }
}
