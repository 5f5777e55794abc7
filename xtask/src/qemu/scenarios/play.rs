//! From the power switch to a playing film and back, by remote keys and pixels alone.
use super::{Rig, expect, slot, up};
use crate::qemu::keys::moving;
use crate::qemu::machine::{BOOT, STEP};
use crate::qemu::pixels::WHOLE;
use crate::qemu::serial::Beacon;
use anyhow::{Context, Result, bail};

/// A focus that moves changes at least this share of the screen.
pub(super) const FOCUS: f64 = 0.003;

pub(super) fn play(rig: &mut Rig) -> Result<String> {
    let disk = rig.disc()?;
    let mut box_ = rig.boot(&disk)?;
    let stage2 = up(&mut box_)?;
    expect("the slot", slot(&stage2), "a")?;
    let frame = box_.serial.beacon("ui-first-frame", BOOT)?.seconds;
    let (lit, picture) = box_.watch("light", STEP, |p| Some(p.lit(WHOLE)).filter(|lit| *lit > 0.02))?;
    rig.keep(&picture, "first-frame")?;
    let home = box_.serial.beacon("home", BOOT)?.seconds;
    // The server shows its home screen to nobody else.
    let signed_in = box_.serial.find(|line| Beacon::parse(line).filter(|b| b.name == "signed-in"));
    let device = signed_in.as_ref().and_then(|b| b.value("device")).context("home without signing in")?.to_owned();
    // Titles come first; the hero's picture follows when it is loaded.
    box_.watch("the hero's picture", STEP, |p| (p.lit(WHOLE) > 0.2).then_some(()))?;
    let at_home = box_.settled(STEP)?;
    rig.keep(&at_home, "home")?;

    // A look along the first shelf: each key has to move something.
    let mut before = at_home;
    for key in ["down", "right", "right"] {
        box_.qmp.press(&[key])?;
        box_.watch("the focus to move", STEP, |p| (p.changed(&before, WHOLE) > FOCUS).then_some(()))?;
        before = box_.settled(STEP)?;
        rig.keep(&before, &format!("focus-{key}"))?;
    }
    box_.qmp.press(&["home"])?;
    box_.watch("home again", STEP, |p| (p.changed(&before, WHOLE) > FOCUS).then_some(()))?;
    box_.settled(STEP)?;

    // The hero's film has its number on every frame.
    box_.qmp.press(&["ret"])?;
    let title = box_.serial.beacon("playing", BOOT).context("after OK on the hero")?;
    let (first, later) = moving(&mut box_)?;
    let presented =
        |b: &mut crate::qemu::machine::Machine| -> Result<u64> { box_number(&b.serial.beacon("presented", STEP)?.rest) };
    let (early, late) = (presented(&mut box_)?, presented(&mut box_)?);
    if late <= early {
        bail!("{early} frames presented, then {late}");
    }
    rig.keep(&box_.screen()?, "film")?;
    let memory = box_.serial.beacon("memory", STEP)?;
    let total = box_number(memory.value("total-pss-kib").context("no total-pss-kib")?)?;
    let limit = u64::from(rig.board.image.memory_mib) * 1024;
    if total > limit {
        bail!("user space takes {total} KiB while playing; the board allows {limit}");
    }

    // Back out: the film's numbers go, the screen stands.
    box_.qmp.press(&["s"])?;
    let film = box_.screen()?;
    box_.watch("the film to go", STEP, |p| (p.frame_number().is_none() && p.changed(&film, WHOLE) > FOCUS).then_some(()))?;
    let back = box_.settled(STEP)?;
    rig.keep(&back, "back")?;
    let good = box_.serial.find(|line| Beacon::parse(line).filter(|b| b.name == "good"));
    let good = match good {
        Some(good) => good,
        None => box_.serial.beacon("good", BOOT)?,
    };
    expect("the slot marked good", slot(&good), "a")?;
    if !disk.boot_state()?.a.good {
        bail!("the boot state on the disc does not say that slot A is good");
    }
    Ok(format!(
        "signed in as {device}, first frame {frame:.2} s after kernel entry ({:.0} % lit), home {home:.2} s, \"{}\" frames {first} to {later}, {early} then {late} presented, \
         user space {} MiB ({}), good at {:.1} s",
        lit * 100.0,
        title.rest,
        total / 1024,
        memory.rest,
        good.seconds
    ))
}

fn box_number(text: &str) -> Result<u64> {
    text.trim().parse().with_context(|| format!("\"{text}\" is no number"))
}
