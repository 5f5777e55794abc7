//! The command line: what `hearth-server` understands, and what its exit codes mean.

mod client;
mod devices;
mod ingest;
mod jobs;
mod package;
mod place;
mod serve;
mod updates;

use clap::{Parser, Subcommand};
use hearth_server::Error;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Streams films to set-top boxes: takes them in, makes renditions and keys, serves HLS and DASH; hands out updates.
#[derive(Debug, Parser)]
#[command(name = "hearth-server", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Begin:
  hearth-server serve --data ./hearth-data --listen 127.0.0.1:8080
  hearth-server ingest film.mp4 --server http://127.0.0.1:8080 --title 'My film' --wait

Exit codes:
  0  done (or it was done already)      3  the film or the bundle is refused: see the message
  1  something failed: see the message  4  the disc is full
  2  wrong usage                        5  server not reachable, or the data directory is in use";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: API, playlists and segments, and the ingest of films that are handed to it.
    Serve(serve::Serve),
    /// Take a film in: encode it, describe it, publish it.
    Ingest(Box<ingest::Ingest>),
    /// Show what is being taken in and what failed; try again.
    Jobs(jobs::Jobs),
    /// Publish versions for boxes, stage their rollout, see how it goes.
    Updates(updates::Updates),
    /// Show the boxes that signed in; revoke one.
    Devices(devices::Devices),
    /// Package MP4 files into a directory of CMAF segments with HLS and DASH manifests, clear or encrypted.
    Package(package::Package),
    /// Encode in a process of its own (for the server's own use).
    #[command(hide = true)]
    TranscodeWorker,
}

/// Runs the command and says how it ended.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // A server tells what it does; a command has its own words for that.
    let level = if matches!(cli.command, Command::Serve(_)) { "warn,hearth_server=info" } else { "error" };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).init();
    let result = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Ingest(ingest) => ingest.run(),
        Command::Jobs(jobs) => jobs.run(),
        Command::Updates(updates) => updates.run(),
        Command::Devices(devices) => devices.run(),
        Command::Package(package) => package.run(),
        Command::TranscodeWorker => return hearth_server::transcode::worker_main(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("hearth-server: {e}");
            ExitCode::from(exit_code(&e))
        }
    }
}

fn exit_code(e: &Error) -> u8 {
    match e.code() {
        _ if e.is_disk_full() => 4,
        "data-locked" | "cannot-listen" | "unreachable" => 5,
        _ if e.status() == http::StatusCode::UNPROCESSABLE_ENTITY => 3,
        _ => 1,
    }
}

/// Runs something asynchronous to its end.
fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    runtime()?.block_on(work)
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::io("runtime"))
}

/// Waits before asking a server again.
fn pause(time: std::time::Duration) {
    std::thread::park_timeout(time);
}

/// A time that has passed, for a person.
fn ago(ms: u64) -> String {
    match ms / 60_000 {
        0 => "under a minute".to_owned(),
        minutes @ 1..120 => format!("{minutes} min"),
        minutes @ 120..2880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1440),
    }
}

/// One JSON object on a line of its own.
fn print_json(value: &impl serde::Serialize) {
    if let Ok(line) = serde_json::to_string(value) {
        println!("{line}");
    }
}
