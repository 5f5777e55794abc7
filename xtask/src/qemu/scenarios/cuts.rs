//! Power that goes in mid-update: QEMU is killed again and again, and the box has to come up each time and finish in the end.
use super::{Rig, slot, up, update::installed};
use crate::demo::children::pause;
use crate::qemu::disk::Disk;
use crate::qemu::machine::{BOOT, Machine};
use crate::shell::step;
use anyhow::{Context, Result, bail};
use hearth_update::slot::Slot;
use std::time::{Duration, Instant};

/// Longest from home to the first block that is written.
const BEGIN: Duration = Duration::from_secs(300);

pub(super) fn kills(rig: &mut Rig) -> Result<String> {
    rig.publish(&rig.next.join("update.bundle"))?;
    let mut disk = rig.disc()?;
    let factory = disk.read("factory", 0, 8192)?;
    let mut random = rig.options.seed;
    let (mut cut, mut rounds) = (0, 0);
    while cut < rig.options.kills {
        let mut machine = rig.boot(&disk)?;
        let came_up = up(&mut machine).with_context(|| format!("after {cut} kills"))?;
        if !matches!(slot(&came_up), "a" | "b") {
            bail!("after {cut} kills the box came up in {}", slot(&came_up));
        }
        if begun(&mut machine, &disk)? {
            // Somewhere between the first block and well after the last.
            pause(Duration::from_millis(next(&mut random) % 12_000))?;
            machine.cut();
            cut += 1;
            step(format_args!("kill {cut}: the boot state says {:?}", disk.boot_state()?));
        } else {
            machine.cut();
        }
        if disk.read("factory", 0, 8192)? != factory {
            bail!("the factory record has changed after {cut} kills");
        }
        if disk.boot_state()?.first == Slot::B {
            // Installed: see that it runs, then begin afresh.
            let mut machine = rig.boot(&disk)?;
            let new = up(&mut machine)?;
            if slot(&new) != "b" {
                bail!("the boot state said b, the box came up in {}", slot(&new));
            }
            machine.cut();
            disk = rig.disc()?;
            rounds += 1;
        }
    }
    let mut machine = rig.boot(&disk)?;
    up(&mut machine)?;
    installed(&mut machine, &disk)?;
    machine.cut();
    let mut machine = rig.boot(&disk)?;
    let new = up(&mut machine)?;
    machine.serial.beacon("home", BOOT)?;
    Ok(format!(
        "{cut} kills in {} updates, then slot {} with version {}",
        rounds + 1,
        slot(&new),
        new.value("version").unwrap_or("?")
    ))
}

/// Waits until the agent has begun to write slot B; false if it has finished already.
fn begun(machine: &mut Machine, disk: &Disk) -> Result<bool> {
    let deadline = Instant::now() + BEGIN;
    let before = disk.boot_state()?;
    let root = disk.read("root-b", 0, 1 << 20)?;
    while Instant::now() < deadline {
        machine.must_run()?;
        let now = disk.boot_state()?;
        if now.first == Slot::B {
            return Ok(false);
        }
        let state_says = now.b.left == 0 && !now.b.good && now.generation != before.generation;
        if state_says || disk.read("root-b", 0, 1 << 20)? != root {
            return Ok(true);
        }
        pause(Duration::from_millis(100))?;
    }
    bail!("no update began within {} s", BEGIN.as_secs())
}

/// SplitMix64: the same seed, the same moments.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
