//! `cargo xtask firmware`: the front panel's microcontroller, built within its budgets and run in QEMU.
mod build;
mod screens;
mod suite;
mod vm;

use crate::setup;
use crate::shell::step;
use anyhow::Result;
use std::time::Duration;

pub use build::{Kind, build};
pub use vm::Vm;

/// What to do with it.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Build the image for the board and check its budgets.
    Build,
    /// Build it and go through everything in QEMU: infrared, keys, power, frames, screens.
    Test,
    /// Run it in QEMU, with its display in a window where there is one; commands go to its second serial line.
    Qemu,
}

/// `cargo xtask firmware`.
pub fn run(command: &Command) -> Result<()> {
    match command {
        Command::Build => build(Kind::Release).map(drop),
        Command::Test => {
            setup::ensure(setup::FOR_FIRMWARE)?;
            test()
        }
        Command::Qemu => {
            setup::ensure(setup::FOR_FIRMWARE)?;
            crate::demo::children::watch_for_interrupts()?;
            let image = build(Kind::Bench)?;
            step("arrows and Ctrl are its keys; type commands: ir 9000 4500 …, key power 1, stack");
            vm::interactive(&image.elf)
        }
    }
}

/// The microcontroller with its bench, switched on; its display in a window of that kind, if there is one.
pub fn start_bench(window: Option<&'static str>) -> Result<Vm> {
    Vm::start(&build(Kind::Bench)?.elf, window)
}

/// Budgets, the suite and the screens.
pub fn test() -> Result<()> {
    let release = build(Kind::Release)?;
    let bench = build(Kind::Bench)?;
    suite::run(&bench, &release)?;
    screens::run(&bench)
}

/// Longest that anything in QEMU may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
