//! `cargo xtask bench`: figures that can be had again.

mod abr;
mod origin;
mod player;
mod plot;

use clap::Subcommand;

/// What is measured.
#[derive(Subcommand)]
pub enum Command {
    /// The player's ABR rule against published ones on network traces: a table, and a plot of quality against stalls.
    Abr(abr::Options),
    /// The player beside playbin3: first picture, jumps, memory; and decryption.
    Player(player::Options),
}

/// Runs one.
pub fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Abr(options) => abr::run(options),
        Command::Player(options) => player::run(options),
    }
}
