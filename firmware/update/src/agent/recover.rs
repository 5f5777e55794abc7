//! `hearth-update recover`: neither slot boots. Fetches the newest version into slot A; where that cannot be, slots that once were good get
//! their tries back, for perhaps somebody only pulled the plug three times.
use super::boot;
use super::daemon::Daemon;
use super::retry::{Backoff, Pause};
use crate::{Error, Result};
use std::time::Duration;

/// Failed questions before old slots get another chance.
const PATIENCE: u32 = 3;

/// How the box gets on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// Slot A holds the newest version.
    Installed,
    /// A slot that once was good is tried again.
    AnotherChance,
}

/// Tries until one of both is done; then the box reboots.
pub fn recover(daemon: &mut Daemon<'_>, pause: &mut dyn Pause) -> Result<Recovered> {
    let backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(300), attempts: u32::MAX };
    for failures in 1.. {
        match daemon.turn(pause) {
            Ok(Some(_)) => return Ok(Recovered::Installed),
            Ok(None) => eprintln!("hearth-update: the server has no version for this board"),
            Err(e) => eprintln!("hearth-update: error {}: {e}", e.code()),
        }
        if failures >= PATIENCE && boot::give_good_slots_another_chance(daemon.here.disk)? {
            return Ok(Recovered::AnotherChance);
        }
        let random = pause.random();
        let time = backoff.after(failures, random).unwrap_or(backoff.longest);
        if !pause.wait(time) {
            break;
        }
    }
    Err(Error::Stopped)
}
