//! The way down: what must be written before, in which order the rest goes.

use super::data::{self, Data};
use super::identity;
use super::log::Log;
use super::time::Time;
use super::units::Units;
use crate::beacon::Leave;
use crate::shutdown::{Do, Phase};
use crate::sys::processes;
use rustix::process::Signal;
use std::time::Duration;

/// The box is going down.
#[derive(Debug)]
pub struct Leaving {
    /// Why.
    pub why: Leave,
    phase: Phase,
    ask_again: Duration,
}

/// A program that was just being started may have missed the first `TERM`: between fork and exec it still has init's handlers.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl Leaving {
    /// Asks all programs to end.
    pub fn begin(why: Leave, data: &Data, units: &mut Units, log: &mut Log, now: Duration) -> Self {
        let prepared = match why {
            Leave::FactoryReset if data.kept() => data::ask_for_reset(),
            _ => Ok(()),
        };
        if let Err(error) = prepared {
            log.failed(error);
        }
        log.say("leaving", why.name());
        units.stop();
        processes::signal_all(Some(Signal::TERM));
        Self { why, phase: Phase::begin(now), ask_again: now + ASK_AGAIN }
    }

    /// Goes on; true when it is time for the last system call.
    pub fn turn(&mut self, now: Duration, log: &mut Log) -> bool {
        let again = now >= self.ask_again;
        if again {
            self.ask_again = now + ASK_AGAIN;
        }
        match self.phase.next(processes::signal_all(again.then_some(Signal::TERM)), now) {
            Do::Wait => false,
            Do::Kill => {
                log.say("leaving", "some programs do not end by themselves");
                processes::signal_all(Some(Signal::KILL));
                false
            }
            Do::Leave => true,
        }
    }

    /// When it goes on at the latest.
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        // Programs that are not our children end without a signal to us: look often.
        self.phase.deadline().map(|at| at.min(now + Duration::from_millis(100)))
    }

    /// The very end: what is to stay is on the disc.
    pub fn finish(&self, data: &mut Data, time: &Time, log: &mut Log) {
        if data.kept() {
            time.save(log);
        } else if self.why == Leave::FactoryReset
            && let Err(error) = data::wipe()
        {
            // Recovery has none mounted; nor has a box whose repair has just been cut off.
            log.failed(error);
        }
        data.unmount(log);
        // The agent is gone, and its lock on the boot state with it.
        if self.why == Leave::Recovery
            && let Err(error) = identity::ask_for_recovery()
        {
            log.failed(error);
        }
        rustix::fs::sync();
        log.say("down", self.why.name());
    }
}
