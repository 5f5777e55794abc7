//! The only door for developers: `cargo xtask setup`, `demo`, `test`, `doctor` and the rest.
#![forbid(unsafe_code)]

mod bench;
mod board;
mod cross;
mod demo;
mod doctor;
mod firmware;
mod flash;
mod image;
mod packages;
mod qemu;
mod setup;
mod shell;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Hearth's developer commands. On a fresh machine start with `cargo xtask demo`.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Subcommand)]
enum Commands {
    /// Say what this machine has, what it lacks and how to get it.
    Doctor,
    /// Install the Debian packages that are missing, or say the one command that does.
    Setup,
    /// The main job, from films to an encrypted picture: build, ingest, browse, play.
    Demo(demo::Options),
    /// Make the demo's films and artwork alone, in target/demo.
    Samples,
    /// Run every test and every check.
    Test {
        /// Boot the box in QEMU as well.
        #[arg(long)]
        qemu: bool,
        #[command(flatten)]
        scenarios: qemu::scenarios::Options,
    },
    /// Check the rules of the house: READMEs, lengths, licences, who may depend on what.
    Tidy,
    /// The boards: list, check, show.
    #[command(subcommand)]
    Board(board::Command),
    /// Measure: the ABR rule on network traces, the player beside playbin3.
    #[command(subcommand)]
    Bench(bench::Command),
    /// Boot the box's image in QEMU, with a server beside it.
    Qemu(qemu::Options),
    /// The front panel's microcontroller: build it within its budgets, test it in QEMU, run it.
    #[command(subcommand)]
    Firmware(firmware::Command),
    /// Write a board's image to a card or a disc, and read it back.
    Flash(flash::Options),
    /// Make what a board is flashed with: disc image, update bundle, and what is in them.
    Image(image::Options),
    /// Check advisories, licences and sources with cargo-deny, where it is installed.
    Deny,
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("error: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
fn run(command: Commands) -> anyhow::Result<bool> {
    match command {
        Commands::Doctor => return Ok(doctor::report()),
        Commands::Setup => {
            setup::ensure(setup::FOR_ALL)?;
            println!("Everything is there.");
        }
        Commands::Demo(options) => demo::demo(&options)?,
        Commands::Samples => demo::samples()?,
        Commands::Test { qemu, scenarios } => test::all(qemu.then_some(&scenarios))?,
        Commands::Tidy => tidy::command()?,
        Commands::Board(command) => return board::run(command),
        Commands::Bench(command) => bench::run(&command)?,
        Commands::Qemu(options) => qemu::command(&options)?,
        Commands::Firmware(command) => firmware::run(&command)?,
        Commands::Flash(options) => flash::run(&options)?,
        Commands::Image(options) => image::command(&options)?,
        Commands::Deny => deny()?,
    }
    Ok(true)
}

fn deny() -> anyhow::Result<()> {
    if !shell::has("cargo-deny") {
        anyhow::bail!("cargo-deny is not installed: cargo install --locked cargo-deny (licences alone: cargo xtask tidy)");
    }
    shell::run(shell::cargo().args(["deny", "check", "--config", ".cargo/deny.toml"]))
}
