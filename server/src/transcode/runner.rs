//! The server's end: starts a worker, hears its events, ends it when nobody waits for it any more.

use super::worker::perform;
use super::{Event, Made, Plan, Probe, Task};
use crate::codes::{Fault, known};
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

/// How workers are run.
#[derive(Clone, Debug)]
pub enum Transcoder {
    /// In a child process: this program with `transcode-worker`. A decoder that crashes takes no server with it.
    Program(PathBuf),
    /// In a thread of this process: for programs that embed the server and have no `hearth-server` at hand.
    Thread,
}

impl Transcoder {
    /// A child process where this process is `hearth-server` itself.
    pub fn find() -> Self {
        match std::env::current_exe() {
            Ok(exe) if exe.file_stem().is_some_and(|name| name == "hearth-server") => Self::Program(exe),
            _ => Self::Thread,
        }
    }

    /// What is this file?
    pub async fn probe(&self, source: &Path) -> Result<Probe> {
        match self.run(Task::Probe { source: source.to_path_buf() }, &mut |_| {}).await? {
            Event::Probed { probe } => Ok(probe),
            other => Err(unexpected(&other)),
        }
    }

    /// Encodes into a directory that exists. `progress` hears 0 to 1.
    pub async fn transcode(
        &self,
        source: &Path,
        out: &Path,
        plan: &Plan,
        progress: &mut (dyn FnMut(f64) + Send),
    ) -> Result<Vec<Made>> {
        let task = Task::Transcode { source: source.to_path_buf(), out: out.to_path_buf(), plan: plan.clone() };
        match self.run(task, progress).await? {
            Event::Transcoded { made } => Ok(made),
            other => Err(unexpected(&other)),
        }
    }

    async fn run(&self, task: Task, progress: &mut (dyn FnMut(f64) + Send)) -> Result<Event> {
        let outcome = match self {
            Self::Program(exe) => run_program(exe, &task, progress).await?,
            Self::Thread => run_thread(task, progress).await?,
        };
        match outcome {
            Event::Failed { code, message } => Err(failure(&code, message)),
            outcome => Ok(outcome),
        }
    }
}

async fn run_program(exe: &Path, task: &Task, progress: &mut (dyn FnMut(f64) + Send)) -> Result<Event> {
    let mut child = Command::new(exe)
        .arg("transcode-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::io(exe))?;
    let (Some(mut input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
        return Err(Error::Damaged("worker without pipes".to_owned()));
    };
    let mut line = serde_json::to_vec(task).map_err(|e| Error::Damaged(e.to_string()))?;
    line.push(b'\n');
    input.write_all(&line).await.map_err(Error::io("worker"))?;
    // Libraries complain on standard error: the end of it goes into the log if the worker crashes.
    let complaints = tokio::spawn(tail(errors));
    let mut lines = BufReader::new(output).lines();
    let mut outcome = None;
    while let Some(line) = lines.next_line().await.map_err(Error::io("worker"))? {
        match serde_json::from_str(&line) {
            Ok(Event::Progress { done }) => progress(done),
            Ok(event) => outcome = Some(event),
            // GStreamer's plugins may print, too.
            Err(_) => tracing::debug!("worker: {line}"),
        }
    }
    // Its standard input stays open until here: its end is the sign that the server is gone.
    drop(input);
    let status = child.wait().await.map_err(Error::io("worker"))?;
    outcome.ok_or_else(|| {
        complaints.abort();
        tracing::warn!(%status, "transcode worker ended without a result");
        Error::refused(
            http::StatusCode::INTERNAL_SERVER_ERROR,
            "worker-crashed",
            format!("the transcoder crashed on this file ({status})"),
        )
    })
}

async fn tail(mut errors: tokio::process::ChildStderr) {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(n) = errors.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        kept.extend_from_slice(&buffer[..n]);
        let excess = kept.len().saturating_sub(8192);
        kept.drain(..excess);
    }
    if !kept.is_empty() {
        tracing::debug!("worker said: {}", String::from_utf8_lossy(&kept));
    }
}

/// Ends the thread when the one who waits for it is gone.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn run_thread(task: Task, progress: &mut (dyn FnMut(f64) + Send)) -> Result<Event> {
    let cancel = CancelOnDrop(Arc::default());
    let (events, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let flag = cancel.0.clone();
    let thread = tokio::task::spawn_blocking(move || {
        perform(&task, &flag, &mut |event| {
            let _ = events.send(event);
        });
    });
    let mut outcome = None;
    while let Some(event) = heard.recv().await {
        match event {
            Event::Progress { done } => progress(done),
            event => outcome = Some(event),
        }
    }
    thread.await.map_err(|e| Error::Damaged(format!("transcoder: {e}")))?;
    outcome.ok_or_else(|| Error::Damaged("transcoder ended without a result".to_owned()))
}

/// A worker's failure, as ours.
fn failure(code: &str, message: String) -> Error {
    match known(code) {
        Some((code, Fault::Film | Fault::Reading)) => Error::media(code, message),
        Some((code @ "disk-full", _)) => Error::refused(http::StatusCode::INSUFFICIENT_STORAGE, code, message),
        _ => Error::refused(http::StatusCode::INTERNAL_SERVER_ERROR, "transcode-failed", message),
    }
}

fn unexpected(event: &Event) -> Error {
    Error::Damaged(format!("worker answered with {event:?}"))
}
