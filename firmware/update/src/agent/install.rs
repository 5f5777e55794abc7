//! The law of writes. One function, in order; a loss of power between any two lines leaves a box that boots what is whole.
use super::boot;
use super::disk::{Disk, Partition};
use super::payload::Filling;
pub use super::payload::Progress;
use super::retry::Pause;
use super::source::Source;
use crate::bundle::{Bundle, Part};
use crate::slot::{Running, Slot, SlotInfo};
use crate::{Error, Result, bootstate::BootState};

/// What is to be installed, and where it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// Verified.
    pub bundle: &'a Bundle,
    /// What runs: its slot is not touched.
    pub running: Running,
    /// What runs, by its own word.
    pub info: &'a SlotInfo,
    /// Also a build that failed before.
    pub again: bool,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installed {
    /// Boots next.
    pub slot: Slot,
    /// Bytes by where they came from.
    pub progress: Progress,
}

impl Job<'_> {
    /// The slot that is written: the idle one; slot A when recovery runs.
    pub fn target(&self) -> Slot {
        match self.running {
            Running::Slot(slot) => slot.other(),
            Running::Recovery => Slot::A,
        }
    }

    /// Everything that can be refused before a byte is written.
    fn check(&self, disk: &mut dyn Disk, state: &BootState) -> Result<()> {
        let manifest = &self.bundle.manifest;
        if manifest.board != self.info.board {
            return Err(Error::Board { theirs: manifest.board.clone(), ours: self.info.board.clone() });
        }
        if manifest.rollback_index < state.floor {
            return Err(Error::Downgrade { index: manifest.rollback_index, floor: state.floor });
        }
        if let Running::Slot(slot) = self.running {
            if manifest.build_id == self.info.build_id {
                return Err(Error::AlreadyRunning { version: manifest.version.clone() });
            }
            if !state.chances(slot).good {
                return Err(Error::OnTrial);
            }
        }
        for payload in &manifest.payloads {
            let partition = Partition::Slot(payload.name, self.target());
            let room = disk.size(partition).map_err(Error::io(partition.name()))?;
            if payload.size > room {
                return Err(Error::TooLarge { partition: partition.name(), room, size: payload.size });
            }
        }
        Ok(())
    }

    /// Installs. Whatever an earlier run left on the idle slot and is right is not fetched again. `on_trial` hears of the slot when it is whole
    /// and before the boot loader may try it.
    pub fn run(
        &self,
        disk: &mut dyn Disk,
        source: &mut dyn Source,
        pause: &mut dyn Pause,
        report: &mut dyn FnMut(Progress),
        on_trial: &mut dyn FnMut(Slot),
    ) -> Result<Installed> {
        let state = boot::read(disk);
        self.check(disk, &state)?;
        let slot = self.target();
        let total = self.bundle.manifest.payloads.iter().map(|p| p.size).sum();
        let progress = Progress { total, ..Progress::default() };
        let mut idle = Filling { disk, bundle: self.bundle, slot, report, progress };

        let mut missing = idle.missing();
        if missing.is_empty() && boot::was_tried_and_failed(&state, slot) && !self.again {
            return Err(Error::FailedBefore { build: self.bundle.manifest.build_id.clone() });
        }
        if !missing.is_empty() {
            boot::forbid(idle.disk, slot)?;
            idle.copy_from(slot.other(), &mut missing)?;
            idle.fetch(source, &missing, pause)?;
        }
        idle.flush()?;
        let wrong = idle.wrong()?;
        if !wrong.is_empty() {
            // Once more, from the source, before the disc is blamed.
            boot::forbid(idle.disk, slot)?;
            idle.fetch(source, &wrong, pause)?;
            idle.flush()?;
            if !idle.wrong()?.is_empty() {
                return Err(Error::Medium { partition: Partition::Slot(Part::Root, slot).name() });
            }
        }
        on_trial(slot);
        if !boot::is_on_trial(&boot::read(idle.disk), slot) {
            boot::put_on_trial(idle.disk, slot)?;
        }
        Ok(Installed { slot, progress: idle.progress })
    }
}
