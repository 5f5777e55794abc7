//! The display in QEMU against the golden pictures, pixel for pixel, and the keys beside it.
use super::PATIENCE;
use super::build::Image;
use super::vm::{Link, Vm};
use crate::demo::children::pause;
use crate::qemu::panel::nec;
use crate::shell::{root, step};
use anyhow::{Context, Result, bail};
use hearth_wire::{Depth, PanelKey, RemoteKey, Show, ToBox, ToPanel, WakeReason};
use std::time::{Duration, Instant};

#[path = "../../../firmware/panel/tests/scenes/mod.rs"]
mod scenes;

/// How much larger QEMU shows the display.
const SCALE: usize = 4;
const KEYS: [(&str, PanelKey); 5] = [
    ("up", PanelKey::Up),
    ("down", PanelKey::Down),
    ("left", PanelKey::Left),
    ("right", PanelKey::Right),
    ("ctrl", PanelKey::Ok),
];

/// Goes through all of them.
pub fn run(bench: &Image) -> Result<()> {
    let begun = Instant::now();
    let mut vm = Vm::start(&bench.elf, None)?;
    let mut link = vm.link()?;
    link.say(&ToPanel::Hello { version: hearth_wire::VERSION })?;
    keys(&mut vm, &mut link)?;
    standby(&mut vm, &mut link)?;
    let all = scenes::scenes();
    for (hour, (name, messages, later)) in (1u64..).zip(&all) {
        // The panel's clock stands where we put it: how busy this machine is changes nothing.
        let now = hour * 3_600_000_000;
        vm.freeze(now)?;
        link.say(&ToPanel::Show(Show::Clock))?;
        link.say(&ToPanel::Time { unix_s: 1_795_201_620, offset_min: 60 })?;
        for message in messages {
            link.say(message)?;
        }
        vm.freeze(now + later)?;
        equals(&mut vm, name)?;
    }
    step(format_args!(
        "firmware: {} screens as they should be, {} keys heard, asleep and woken by infrared, {:.1} s",
        all.len(),
        KEYS.len(),
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}

fn keys(vm: &mut Vm, link: &mut Link) -> Result<()> {
    for (name, key) in KEYS {
        // QEMU's keys are down until they have been pressed once.
        vm.press(name)?;
        pause(Duration::from_millis(300))?;
        vm.press(name)?;
        for pressed in [true, false] {
            link.hear(&ToBox::Key { key, pressed })?;
        }
    }
    Ok(())
}

/// Infrared by the bench's line while it runs: a key, then sleep, a key that does not wake and one that does.
fn standby(vm: &mut Vm, link: &mut Link) -> Result<()> {
    let code = |command| RemoteKey { protocol: 0, address: 4, command };
    vm.command(&nec(4, 68))?;
    link.hear(&ToBox::Ir { protocol: 0, address: 4, command: 68, repeat: false })?;
    link.say(&ToPanel::WakeKey { slot: 0, key: Some(code(8)) })?;
    link.say(&ToPanel::Sleep { depth: Depth::Deep, wake_at_s: None })?;
    link.say(&ToPanel::SafeToCut)?;
    vm.told("power off", PATIENCE)?;
    vm.command(&nec(4, 68))?;
    vm.command(&nec(4, 8))?;
    vm.told("power on", PATIENCE)?;
    link.hear(&ToBox::Woke { reason: WakeReason::Ir })
}

/// Looks until the display shows the golden picture; it may be drawing still.
fn equals(vm: &mut Vm, name: &str) -> Result<()> {
    let file = root().join("firmware/panel/tests/golden").join(name).with_extension("png");
    let golden = image::open(&file).with_context(|| file.display().to_string())?.to_luma8();
    let deadline = Instant::now() + PATIENCE / 4;
    loop {
        let screen = vm.screen()?;
        let (width, height) = (golden.width() as usize, golden.height() as usize);
        if (screen.width, screen.height) != (width * SCALE, height * SCALE) {
            bail!("QEMU shows {}x{} pixels", screen.width, screen.height);
        }
        let different = golden
            .enumerate_pixels()
            .filter(|(x, y, luma)| screen.luma(*x as usize * SCALE + 1, *y as usize * SCALE + 1) != luma.0[0]);
        match different.count() {
            0 => return Ok(()),
            count if Instant::now() > deadline => {
                let saw = crate::shell::target().join("firmware").join(format!("{name}.png"));
                screen.save(&saw)?;
                bail!("{name}: {count} pixels differ from {}; see {}", file.display(), saw.display());
            }
            _ => pause(Duration::from_millis(50))?,
        }
    }
}
