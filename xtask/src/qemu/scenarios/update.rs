//! Updates from the server, and what happens when a slot does not come up.
use super::{Rig, expect, selected, slot, until_recovery, up};
use crate::demo::children::pause;
use crate::qemu::disk::Disk;
use crate::qemu::machine::{BOOT, Machine};
use crate::qemu::serial::Beacon;
use crate::shell::step;
use anyhow::{Context, Result, bail};
use hearth_update::slot::Slot;
use serde_json::json;
use std::time::{Duration, Instant};

/// The agent asks within a minute of its start, then fetches and verifies 30 MB on a slow machine.
pub(super) const INSTALL: Duration = Duration::from_secs(600);

/// The disc of a box that has been updated once.
pub(super) const UPDATED: &str = "updated.img";

/// Waits until slot B is the one to boot next, looking at the disc from outside as the box writes it.
pub(super) fn installed(machine: &mut Machine, disk: &Disk) -> Result<()> {
    let deadline = Instant::now() + INSTALL;
    while Instant::now() < deadline {
        machine.must_run()?;
        let state = disk.boot_state()?;
        if state.first == Slot::B && state.b.left > 0 {
            return Ok(());
        }
        pause(Duration::from_millis(250))?;
    }
    bail!("nothing was installed within {} s", INSTALL.as_secs())
}

pub(super) fn update(rig: &mut Rig) -> Result<String> {
    rig.publish(&rig.next.join("update.bundle"))?;
    let disk = rig.disc()?;
    let mut machine = rig.boot(&disk)?;
    let old = up(&mut machine)?;
    expect("the slot before", slot(&old), "a")?;
    machine.serial.beacon("good", BOOT)?;
    let begun = Instant::now();
    installed(&mut machine, &disk)?;
    let took = begun.elapsed().as_secs();
    rig.keep(&machine.screen()?, "update-ready")?;
    // The viewer pulls the plug for a moment; nothing may depend on an orderly end.
    machine.qmp.run("system_reset", json!({}))?;
    expect("the boot loader's choice", &selected(&mut machine)?, "b")?;
    let new = up(&mut machine)?;
    expect("the slot after", slot(&new), "b")?;
    let (was, is) = (old.value("version").unwrap_or("?"), new.value("version").unwrap_or("?"));
    if was == is {
        bail!("both slots say version {is}");
    }
    machine.serial.beacon("home", BOOT)?;
    let good = machine.serial.beacon("good", BOOT)?;
    expect("the slot marked good", slot(&good), "b")?;
    rig.keep(&machine.settled(BOOT)?, "updated")?;
    machine.cut();
    // The next scenarios begin with a box that has been updated once.
    std::fs::copy(&disk.path, rig.work.join(UPDATED)).context("keeping the updated disc")?;
    Ok(format!("{was} to {is} in {took} s, good {:.1} s after kernel entry", good.seconds))
}

/// A box whose slots both hold a good version, B the newer; made by [`update`], or here.
fn updated(rig: &mut Rig) -> Result<Disk> {
    let kept = rig.work.join(UPDATED);
    if !kept.is_file() {
        step("no updated disc is there yet: updating one first");
        update(rig)?;
    }
    let disk = Disk::copy(&kept, &rig.work.join("disk.img"))?;
    disk.set_servers(&super::factory_key()?, vec![rig.service.url.clone()])?;
    Ok(disk)
}

pub(super) fn fallback(rig: &mut Rig) -> Result<String> {
    let disk = updated(rig)?;
    let known = rig.service.failures().len();
    disk.flip("root-b", 0)?;
    let mut machine = rig.boot(&disk)?;
    for attempt in 1..=3 {
        expect(&format!("choice {attempt}"), &selected(&mut machine)?, "b")?;
    }
    expect("the choice after three tries", &selected(&mut machine)?, "a")?;
    let stage2 = up(&mut machine)?;
    expect("the slot that came up", slot(&stage2), "a")?;
    machine.serial.beacon("home", BOOT)?;
    rig.keep(&machine.settled(BOOT)?, "fallen-back")?;
    let good = machine.serial.beacon("good", BOOT)?;
    expect("the slot marked good", slot(&good), "a")?;
    // Whoever published it hears of it. The build had been marked good here, so it is the disc that spoilt it: it is installed again.
    let said = rig.service.failure_after(known, &mut machine, INSTALL)?;
    installed(&mut machine, &disk)?;
    machine.cut();
    let mut machine = rig.boot(&disk)?;
    expect("the slot after mending", slot(&up(&mut machine)?), "b")?;
    Ok(format!("three tries of b, then a: {}; reported {said}; b was mended", stage2.rest))
}

/// What no checksum finds: it boots, shows home, and would leave the viewer without a film.
pub(super) fn self_check(rig: &mut Rig) -> Result<String> {
    rig.publish(&rig.mute.join("update.bundle"))?;
    let outcome = given_up(rig);
    // The scenarios after this one want a version that works.
    rig.operator(&["updates", "withdraw", "0.1.2"])?;
    outcome
}

fn given_up(rig: &mut Rig) -> Result<String> {
    let known = rig.service.failures().len();
    let disk = rig.disc()?;
    let mut machine = rig.boot(&disk)?;
    expect("the slot before", slot(&up(&mut machine)?), "a")?;
    machine.serial.beacon("good", BOOT)?;
    installed(&mut machine, &disk)?;
    machine.qmp.run("system_reset", json!({}))?;
    let mut said = String::new();
    for attempt in 1..=3 {
        expect(&format!("choice {attempt}"), &selected(&mut machine)?, "b")?;
        expect(&format!("the slot of try {attempt}"), slot(&up(&mut machine)?), "b")?;
        said = machine.serial.beacon("selfcheck", BOOT)?.rest;
    }
    if !said.starts_with("failed") {
        bail!("a self-check without a film says {said}");
    }
    expect("the choice after three tries", &selected(&mut machine)?, "a")?;
    expect("the slot that came up", slot(&up(&mut machine)?), "a")?;
    let good = machine.serial.beacon("good", BOOT)?;
    expect("the slot marked good", slot(&good), "a")?;
    rig.keep(&machine.settled(BOOT)?, "given-up")?;
    let heard = rig.service.failure_after(known, &mut machine, INSTALL)?;
    if !heard.contains("self-check failed") {
        bail!("the operator reads only {heard}");
    }
    let state = disk.boot_state()?;
    if state.b.good {
        bail!("slot b counts as good");
    }
    machine.cut();
    Ok(format!("three times {said}, then a; reported {heard}"))
}

pub(super) fn ruined_data(rig: &mut Rig) -> Result<String> {
    let disk = rig.disc()?;
    let mut machine = rig.boot(&disk)?;
    machine.serial.beacon("good", BOOT)?;
    machine.cut();
    // The superblock, the group descriptors and the first tables of inodes; copies of the superblock lie further on.
    disk.write("data", 0, &vec![0xa5; 4 << 20])?;
    let mut machine = rig.boot(&disk)?;
    let frame = machine.serial.beacon("ui-first-frame", BOOT)?.seconds;
    machine.serial.beacon("home", BOOT)?;
    rig.keep(&machine.settled(BOOT)?, "ruined-data")?;
    machine.serial.beacon("good", BOOT)?;
    // The repair goes on behind the screen until there is a file system again.
    let deadline = Instant::now() + INSTALL;
    loop {
        let of_data = machine.serial.lines().filter_map(Beacon::parse).filter(|b| b.name == "data");
        let said: Vec<String> = of_data.map(|b| b.rest).collect();
        if said.iter().any(|rest| rest == "mounted") {
            return Ok(format!("first frame {frame:.2} s after kernel entry; data: {}", said.join(", ")));
        }
        if Instant::now() > deadline {
            bail!("/data was not mounted again within {} s: {}", INSTALL.as_secs(), said.join(", "));
        }
        machine.must_run()?;
        pause(Duration::from_millis(250))?;
    }
}

pub(super) fn recovery(rig: &mut Rig) -> Result<String> {
    rig.publish(&rig.next.join("update.bundle"))?;
    let disk = updated(rig)?;
    // Inside the kernel, past the headers of the FIT.
    disk.flip("boot-a", 1 << 20)?;
    disk.flip("boot-b", 1 << 20)?;
    let mut machine = rig.boot(&disk)?;
    let choices = until_recovery(&mut machine)?;
    let deadline = Instant::now() + INSTALL;
    while disk.boot_state()?.a.left == 0 {
        if Instant::now() > deadline {
            bail!("recovery has not mended slot A within {} s", INSTALL.as_secs());
        }
        machine.must_run()?;
        pause(Duration::from_millis(250))?;
    }
    expect("the choice after recovery", &selected(&mut machine)?, "a")?;
    let back = up(&mut machine)?;
    expect("the slot that came up", slot(&back), "a")?;
    machine.serial.beacon("home", BOOT)?;
    Ok(format!("chose {}, then a with version {}", choices.join(" "), back.value("version").unwrap_or("?")))
}
