//! The box with its front panel: what plays is on the panel's display, its keys and its infrared drive the launcher, and standby goes through it.
use super::{Rig, expect};
use crate::firmware::{Kind, Vm, build};
use crate::qemu::machine::{BOOT, STEP};
use crate::qemu::panel::{ADDRESS, DOWN_LIMIT, POWER, nec};
use crate::qemu::pixels::{Picture, WHOLE};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// More keys of that remote.
const STOP: u8 = 177;
const DOWN: u8 = 65;

pub(super) fn panel(rig: &mut Rig) -> Result<String> {
    let firmware = build(Kind::Bench)?;
    let mut panel = Vm::start(&firmware.elf, None)?;
    let disk = rig.disc()?;
    let socket = panel.link.clone();
    let mut box_ = rig.boot_beside(&disk, &socket)?;
    expect("the reason of the first start", &box_.serial.beacon("woke", BOOT)?.rest, "cold-boot")?;
    box_.serial.beacon("home", BOOT)?;
    box_.settled(STEP)?;
    let clock = until(&mut panel, "a clock that is set", |p| p.lit(WHOLE) > 0.05)?;
    rig.keep(&clock, "panel-clock")?;

    // The panel's own key opens the hero's film; the panel shows it, and that it goes on. QEMU's keys are down until they were pressed once.
    panel.press("ctrl")?;
    panel.press("ctrl")?;
    let title = box_.serial.beacon("playing", BOOT)?.rest;
    let playing = until(&mut panel, "what plays", |p| p.changed(&clock, WHOLE) > 0.02)?;
    rig.keep(&playing, "panel-playing")?;
    until(&mut panel, "the position to move", |p| p.changed(&playing, WHOLE) > 0.0)?;
    // Infrared stops it.
    panel.command(&nec(ADDRESS, STOP))?;
    until(&mut panel, "the clock again", |p| p.changed(&clock, WHOLE) < 0.03)?;

    // Standby by infrared: the box goes down, then the panel takes its power.
    panel.command(&nec(ADDRESS, POWER))?;
    box_.serial.beacon("down", DOWN_LIMIT)?;
    panel.told("power off", DOWN_LIMIT)?;
    box_.cut();
    let asleep = panel.screen()?;
    rig.keep(&asleep, "panel-asleep")?;
    // Not every key wakes.
    panel.command(&nec(ADDRESS, DOWN))?;
    panel.command(&nec(ADDRESS, POWER))?;
    panel.told("power on", STEP)?;
    let mut box_ = rig.boot_beside(&disk, &socket)?;
    expect("the reason of the second start", &box_.serial.beacon("woke", BOOT)?.rest, "ir")?;
    box_.serial.beacon("home", BOOT)?;
    Ok(format!("\"{title}\" on the panel, stopped by infrared, asleep and woken by it"))
}

/// Looks at the panel's display until it shows what is wanted.
fn until(panel: &mut Vm, what: &str, wanted: impl Fn(&Picture) -> bool) -> Result<Picture> {
    let deadline = Instant::now() + STEP;
    loop {
        let picture = panel.screen()?;
        if wanted(&picture) {
            return Ok(picture);
        }
        if Instant::now() > deadline {
            bail!("{what}: not on the panel within {} s", STEP.as_secs());
        }
        crate::demo::children::pause(Duration::from_millis(150))?;
    }
}
