//! Whatever somebody with the disc in his hands changes is refused or recovered from.
use super::{Rig, expect, selected, slot, up};
use crate::demo::children::pause;
use crate::qemu::disk::Disk;
use crate::qemu::machine::BOOT;
use anyhow::{Context, Result, bail};
use hearth_update::bootstate;
use std::time::Duration;

/// Slot A was spoilt on a disc whose slot B is empty: the box must never run A. It ends in recovery.
fn never_a(rig: &mut Rig, spoil: impl FnOnce(&Disk) -> Result<()>) -> Result<String> {
    let disk = rig.disc()?;
    spoil(&disk)?;
    let mut machine = rig.boot(&disk)?;
    let mut choices = Vec::new();
    while choices.last().is_none_or(|last| last != "recovery") {
        choices.push(selected(&mut machine)?);
        if choices.len() > 7 {
            bail!("the boot loader goes on choosing: {}", choices.join(" "));
        }
    }
    if let Some(line) =
        machine.serial.find(|l| l.contains("hearth: ").then(|| l.to_owned()).filter(|l| l.contains(" stage2 slot=a")))
    {
        bail!("the spoilt slot came up: {line}");
    }
    Ok(format!("chose {}; slot a never ran", choices.join(" ")))
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
    never_a(rig, |disk| disk.flip("root-a", tree + 4096))
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
fn still_a(rig: &mut Rig, flash: Option<&std::path::Path>, spoil: impl FnOnce(&Disk) -> Result<()>) -> Result<String> {
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

/// The box's own agent refuses a bundle whose bytes at `at` are not what was signed; slot A stays.
fn refused(rig: &mut Rig, at: u64) -> Result<String> {
    use std::os::unix::fs::FileExt;
    let bundle = rig.work.join("spoilt.bundle");
    std::fs::copy(rig.next.join("update.bundle"), &bundle)?;
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&bundle)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at)?;
    if let Err(refusal) = rig.publish(&bundle) {
        return Ok(format!("the server does not even take it: {refusal:#}"));
    }
    let disk = rig.disc()?;
    let mut machine = rig.boot(&disk)?;
    machine.serial.beacon("good", BOOT)?;
    let log = machine.serial.wait("the agent's refusal", Duration::from_secs(300), |line| {
        (line.contains("hearth-update") && line.contains("error")).then(|| line.to_owned())
    })?;
    pause(Duration::from_secs(1))?;
    if disk.boot_state()?.b.left > 0 {
        bail!("the spoilt bundle is to be booted");
    }
    Ok(log)
}

pub(super) fn bundle(rig: &mut Rig) -> Result<String> {
    let length = std::fs::metadata(rig.next.join("update.bundle"))?.len();
    refused(rig, length / 2)
}

pub(super) fn manifest(rig: &mut Rig) -> Result<String> {
    refused(rig, 40)
}

#[cfg(test)]
mod tests {
    #[test]
    fn crc_is_the_one_of_u_boot() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
