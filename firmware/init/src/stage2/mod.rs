//! Stage 2: everything after the verified root is mounted. Also the recovery system. Start at [`run`], then [`machine`].

pub mod data;
mod identity;
mod jobs;
mod leave;
mod log;
mod machine;
mod network;
mod panel;
mod services;
pub mod time;
mod units;

use crate::sys::console::Console;
use crate::sys::{clock, mounts, power};
use crate::{Error, beacon::Leave, lastwords};
use identity::Identity;
use log::Log;
use machine::Machine;

/// What runs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One of the two systems.
    Slot,
    /// The recovery system, in the initramfs.
    Recovery,
}

/// Runs until the box goes down; comes back only when even the reboot fails.
pub fn run(mode: Mode) -> Error {
    let _ = std::fs::create_dir_all("/run/hearth"); // the first file in it tells if it is not there
    let console = if mode == Mode::Recovery { Console::with_screen() } else { Console::default() };
    let mut log = Log::open(console);
    let more = mounts::more_filesystems();
    for error in more {
        log.note(&format!("failed {error}"));
    }
    power::keys_to_init();
    let (identity, bad) = Identity::read();
    let error = match identity {
        Ok(identity) => {
            let boot = identity.line.boot.as_deref().unwrap_or("-");
            let trial = if identity.on_trial() { " on-trial" } else { "" };
            log.say("stage2", &format!("slot={} version={} boot={boot}{trial}", identity.line.running, identity.slot.version));
            for error in bad {
                log.failed(error);
            }
            match Machine::new(identity, mode, log, clock::uptime()).and_then(Machine::run) {
                Ok(leave) => {
                    power::leave(leave == Leave::PowerOff);
                    return Error::Refused("the kernel did not let us go".to_owned());
                }
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    let line = Console::default().say("failed", &format!("stage2: {error}"));
    lastwords::keep(&line);
    power::leave(false);
    error
}
