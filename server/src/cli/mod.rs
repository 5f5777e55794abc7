//! The command line: what `hearth-server` understands, and what its exit codes mean.

mod serve;

use clap::{Parser, Subcommand};
use hearth_server::Error;
use std::process::ExitCode;

/// Streams films to set-top boxes: takes them in, makes renditions and keys, serves HLS and DASH.
#[derive(Debug, Parser)]
#[command(name = "hearth-server", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Begin:
  hearth-server serve --data ./hearth-data --listen 127.0.0.1:8080

Exit codes:
  0  done (or it was done already)      3  the film cannot become a title: see the message
  1  something failed: see the message  4  the disc is full
  2  wrong usage                        5  server not reachable, or the data directory is in use";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: API, playlists and segments, and the ingest of films that are handed to it.
    Serve(serve::Serve),
}

/// Runs the command and says how it ended.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,hearth_server=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let result = match cli.command {
        Command::Serve(serve) => serve.run(),
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
