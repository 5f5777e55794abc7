//! Changes of the boot state on the disc, each one write to the older copy and a flush.
use super::disk::{Disk, Partition};
use crate::bootstate::{self, BootState, Chances, OFFSETS, SIZE};
use crate::slot::{Running, Slot, SlotInfo};
use crate::{Error, Result};

type Copies = [[u8; SIZE]; 2];

/// Both copies' bytes. One that cannot be read counts as invalid.
fn copies(disk: &mut dyn Disk) -> Copies {
    OFFSETS.map(|at| {
        let mut copy = [0; SIZE];
        if disk.read_at(Partition::BootState, at, &mut copy).is_err() {
            copy = [0; SIZE];
        }
        copy
    })
}

/// What rules now.
pub fn read(disk: &mut dyn Disk) -> BootState {
    let [zero, one] = copies(disk);
    bootstate::current([&zero, &one])
}

/// Writes what `change` makes of the state, unless that is nothing new, and reads it back.
pub fn change(disk: &mut dyn Disk, change: impl FnOnce(&mut BootState)) -> Result<BootState> {
    disk.hold_boot_state(true).map_err(Error::io("boot state cannot be held"))?;
    let changed = change_held(disk, change);
    let released = disk.hold_boot_state(false).map_err(Error::io("boot state cannot be released"));
    changed.and_then(|state| released.map(|()| state))
}

fn change_held(disk: &mut dyn Disk, change: impl FnOnce(&mut BootState)) -> Result<BootState> {
    let [zero, one] = copies(disk);
    let before = bootstate::choose([&zero, &one]).map(|(_, state)| state);
    let mut state = before.unwrap_or_default();
    change(&mut state);
    if Some(state) == before {
        return Ok(state);
    }
    let (index, bytes) = bootstate::next([&zero, &one], state);
    let written = BootState::decode(&bytes)?;
    let at = OFFSETS.get(index).copied().unwrap_or_default();
    let failed = || Error::io("boot state cannot be written");
    // The copy that rules may be the boot loader's, which cannot flush: it must be safe before the other one is touched.
    disk.flush(Partition::BootState).map_err(failed())?;
    disk.write_at(Partition::BootState, at, &bytes).map_err(failed())?;
    disk.flush(Partition::BootState).map_err(failed())?;
    let mut back = [0; SIZE];
    disk.read_back(Partition::BootState, at, &mut back).map_err(failed())?;
    if back == bytes { Ok(written) } else { Err(Error::Medium { partition: Partition::BootState.name() }) }
}

/// The slot is about to be written: nobody may boot it. The other one becomes the first, so that a slot which is first and has no tries left
/// always is one that was whole, was tried, and failed.
pub fn forbid(disk: &mut dyn Disk, slot: Slot) -> Result<BootState> {
    change(disk, |state| {
        state.first = slot.other();
        *state.chances_mut(slot) = Chances::NONE;
    })
}

/// The slot is whole: it is tried first from the next boot on.
pub fn put_on_trial(disk: &mut dyn Disk, slot: Slot) -> Result<BootState> {
    change(disk, |state| {
        state.first = slot;
        *state.chances_mut(slot) = Chances::TRIAL;
    })
}

/// The running slot proved itself; from now on nothing older than it is installed. Writes nothing when all of that is known.
pub fn mark_good(disk: &mut dyn Disk, running: Running, info: &SlotInfo) -> Result<BootState> {
    let Running::Slot(slot) = running else { return Err(Error::NotASlot) };
    change(disk, |state| {
        *state.chances_mut(slot) = Chances::GOOD;
        state.floor = state.floor.max(info.rollback_index);
    })
}

/// Gives the slots that once were good their tries again; says whether there is one. For recovery that finds no server.
pub fn give_good_slots_another_chance(disk: &mut dyn Disk) -> Result<bool> {
    let mut any = false;
    change(disk, |state| {
        for slot in [Slot::A, Slot::B] {
            if state.chances(slot).good {
                *state.chances_mut(slot) = Chances::GOOD;
                any = true;
            }
        }
    })?;
    Ok(any)
}

/// The slot was whole, had its tries, and never came up.
pub fn was_tried_and_failed(state: &BootState, slot: Slot) -> bool {
    state.first == slot && state.chances(slot) == Chances::NONE
}

/// The slot is whole and will be tried at the next boot.
pub fn is_on_trial(state: &BootState, slot: Slot) -> bool {
    let chances = state.chances(slot);
    state.first == slot && chances.left > 0
}
