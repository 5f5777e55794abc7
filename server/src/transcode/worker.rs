//! The worker's end: reads a task, does it, says how it goes.

use super::{Event, Task, pipeline, probe};
use std::io::{BufRead, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Does a task; the last event is its outcome.
pub fn perform(task: &Task, cancel: &AtomicBool, say: &mut dyn FnMut(Event)) {
    let outcome = match task {
        Task::Probe { source } => probe::probe(source).map(|probe| Event::Probed { probe }),
        Task::Transcode { source, out, plan } => {
            pipeline::transcode(source, out, plan, cancel, say).map(|made| Event::Transcoded { made })
        }
    };
    say(outcome.unwrap_or_else(|e| Event::Failed { code: e.code().to_owned(), message: e.to_string() }));
}

/// `hearth-server transcode-worker`: one task on standard input, events on standard output. Ends when standard input ends.
pub fn main() -> ExitCode {
    // Playback and the interface come first.
    let _ = rustix::process::nice(10);
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    let task: Task = match input
        .read_line(&mut line)
        .map_err(|e| e.to_string())
        .and_then(|_| serde_json::from_str(&line).map_err(|e| e.to_string()))
    {
        Ok(task) => task,
        Err(e) => {
            eprintln!("transcode-worker: this command is for the server's own use: one task in JSON on standard input ({e})");
            return ExitCode::from(2);
        }
    };
    drop(input);
    let cancel = Arc::new(AtomicBool::new(false));
    let orphaned = cancel.clone();
    std::thread::spawn(move || {
        // Nothing more is ever written: the end means that the server is gone.
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        orphaned.store(true, Ordering::Relaxed);
    });
    perform(&task, &cancel, &mut |event| {
        let mut out = std::io::stdout().lock();
        let said = serde_json::to_writer(&mut out, &event).is_ok() && out.write_all(b"\n").is_ok() && out.flush().is_ok();
        if !said {
            cancel.store(true, Ordering::Relaxed);
        }
    });
    ExitCode::SUCCESS
}
