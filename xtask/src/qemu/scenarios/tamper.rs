//! Whatever somebody with the disc in his hands changes is refused or recovered from.
use super::update::INSTALL;
use super::{Rig, chosen, expect, selected, slot, up};
use crate::qemu::disk::Disk;
use crate::qemu::machine::BOOT;
use anyhow::{Context, Result, bail};
use hearth_update::bootstate;
use hearth_update::slot::Slot;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Slot A was spoilt on a disc as it leaves the factory, whose slot B is filled too: A never runs, B comes up and is marked good.
fn never_a(rig: &mut Rig, spoil: impl FnOnce(&Disk) -> Result<()>) -> Result<String> {
    let disk = rig.disc()?;
    spoil(&disk)?;
    let mut machine = rig.boot(&disk)?;
    let came_up = up(&mut machine)?;
    expect("the slot that came up", slot(&came_up), "b")?;
    let choices = chosen(&mut machine);
    let good = machine.serial.beacon("good", BOOT)?;
    expect("the slot marked good", slot(&good), "b")?;
    Ok(format!("chose {}; only b came up", choices.join(" ")))
}

pub(super) fn kernel(rig: &mut Rig) -> Result<String> {
    never_a(rig, |disk| disk.flip("boot-a", 1 << 20))
}

pub(super) fn unsigned(rig: &mut Rig) -> Result<String> {
    never_a(rig, |disk| {
        // The node's name is all that makes it a signature: under another one the FIT has none.
        let head = disk.read("boot-a", 0, 32 << 20)?;
        let at = head.windows(10).rposition(|w| w == b"signature\0" || w == b"signature-").context("no signature in the FIT")?;
        disk.write("boot-a", at as u64, b"signaturf")
    })
}

pub(super) fn root(rig: &mut Rig) -> Result<String> {
    never_a(rig, |disk| disk.flip("root-a", 40))
}

pub(super) fn hash_tree(rig: &mut Rig) -> Result<String> {
    let tree = hash_start(rig)?;
    // A block of hashes covers half a megabyte: all of the tree of a root of 32 MiB, whichever block is read first.
    never_a(rig, |disk| (0..64).try_for_each(|block| disk.flip("root-a", tree + block * 4096 + 1)))
}

/// Where the hash tree begins: after the squashfs, whose superblock says how long it is.
fn hash_start(rig: &Rig) -> Result<u64> {
    let disk = rig.disc()?;
    let superblock = disk.read("root-a", 0, 96)?;
    let used = u64::from_le_bytes(superblock[40..48].try_into().unwrap_or_default());
    if !superblock.starts_with(b"hsqs") {
        bail!("root-a holds no squashfs");
    }
    Ok(used.next_multiple_of(4096))
}

/// The box comes up in slot A all the same.
fn still_a(rig: &mut Rig, flash: Option<&Path>, spoil: impl FnOnce(&Disk) -> Result<()>) -> Result<String> {
    let disk = rig.disc()?;
    spoil(&disk)?;
    let mut machine = rig.boot_with(&disk, flash)?;
    expect("the boot loader's choice", &selected(&mut machine)?, "a")?;
    let stage2 = up(&mut machine)?;
    expect("the slot", slot(&stage2), "a")?;
    machine.serial.beacon("good", BOOT)?;
    Ok(format!("came up: {}", stage2.rest))
}

pub(super) fn one_copy(rig: &mut Rig) -> Result<String> {
    still_a(rig, None, |disk| disk.write("bootstate", bootstate::OFFSETS[0], &[0xa5; 64]))
}

pub(super) fn both_copies(rig: &mut Rig) -> Result<String> {
    still_a(rig, None, |disk| bootstate::OFFSETS.iter().try_for_each(|at| disk.write("bootstate", *at, &[0xa5; 64])))
}

/// A saved environment as U-Boot for QEMU would read it from its second flash: another boot command, no delay.
pub(super) fn environment(rig: &mut Rig) -> Result<String> {
    const FLASH: usize = 64 << 20;
    const SIZE: usize = 0x40000;
    let mut data = vec![0_u8; SIZE - 4];
    let text = b"bootcmd=echo pwned; while true; do echo pwned; done\0bootdelay=0\0preboot=echo pwned\0";
    data[..text.len()].copy_from_slice(text);
    let mut flash = crc32(&data).to_le_bytes().to_vec();
    flash.extend(&data);
    flash.resize(FLASH, 0xff);
    let file = rig.work.join("flash.img");
    std::fs::write(&file, flash)?;
    let saw = still_a(rig, Some(&file), |_| Ok(()))?;
    let log = std::fs::read_to_string(rig.work.join("console.log"))?;
    if log.contains("pwned") {
        bail!("U-Boot ran what the saved environment says");
    }
    Ok(saw)
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

/// The agent refuses an older product, however well signed, and says so to the server.
pub(super) fn downgrade(rig: &mut Rig) -> Result<String> {
    rig.publish(&rig.next.join("update.bundle"))?;
    refusal(rig, |disk| disk.set_boot_state(|state| state.floor = 9))
}

/// The agent refuses a bundle whose bytes at `at` are not what was signed, and says so to the server; slot A stays. The server looks at what is
/// published, so they are changed in its store afterwards.
fn refused(rig: &mut Rig, at: &[u64]) -> Result<String> {
    rig.publish(&rig.next.join("update.bundle"))?;
    let store = rig.service.stored(&rig.next.join("update.bundle"))?;
    at.iter().try_for_each(|at| turn_over(&store, *at))?;
    let outcome = refusal(rig, |_| Ok(()));
    at.iter().try_for_each(|at| turn_over(&store, *at))?;
    outcome
}

fn turn_over(file: &Path, at: u64) -> Result<()> {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(file)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at).context("changing the stored bundle")
}

fn refusal(rig: &mut Rig, prepare: impl FnOnce(&Disk) -> Result<()>) -> Result<String> {
    let before = rig.service.failures().len();
    let disk = rig.disc()?;
    prepare(&disk)?;
    let untouched = holds(&disk)?;
    let mut machine = rig.boot(&disk)?;
    machine.serial.beacon("good", BOOT)?;
    let why = rig.service.failure_after(before, &mut machine, INSTALL)?;
    let state = disk.boot_state()?;
    if state.first == Slot::B || (state.b.left > 0 && holds(&disk)? != untouched) {
        bail!("what was refused may be booted: {state:?}");
    }
    Ok(why)
}

/// What slot B begins with: enough to tell whether it was written to.
fn holds(disk: &Disk) -> Result<[Vec<u8>; 2]> {
    Ok([disk.read("boot-b", 0, 8 << 20)?, disk.read("root-b", 0, 8 << 20)?])
}

pub(super) fn bundle(rig: &mut Rig) -> Result<String> {
    let length = std::fs::metadata(rig.next.join("update.bundle"))?.len();
    // A byte of every block: those that the running slot has too are never fetched.
    let blocks: Vec<u64> = (length / 4..length).step_by(1 << 16).collect();
    refused(rig, &blocks)
}

pub(super) fn manifest(rig: &mut Rig) -> Result<String> {
    refused(rig, &[40])
}

#[cfg(test)]
mod tests {
    #[test]
    fn crc_is_the_one_of_u_boot() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
