//! Stage 1, in the initramfs: from the kernel's entry to the verified root. Whatever fails ends in a reboot, which the boot loader counts.

use crate::cmdline::CommandLine;
use crate::sys::console::Console;
use crate::sys::uevents::Uevents;
use crate::sys::{block, clock, dm, modules, mounts, power};
use crate::{Error, Result, lastwords, stage2};
use hearth_update::slot::{Running, Slot, SlotInfo, VerityRoot};
use rustix::mount::MountFlags;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

const SLOT_JSON: &str = "/etc/hearth/slot.json";
const ROOT: &str = "/newroot";
const DISC_DEADLINE: Duration = Duration::from_secs(15);
const PANIC_S: u32 = 5;

/// Runs stage 1; comes back only when even the reboot fails.
pub fn run() -> Error {
    let mut console = Console::default();
    let error = match boot(&mut console) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    let line = console.say("failed", &format!("stage1: {error}"));
    lastwords::keep(&line);
    power::leave(false);
    error
}

enum Never {}

fn boot(console: &mut Console) -> Result<Never> {
    mounts::kernel_filesystems()?;
    power::reboot_on_panic(PANIC_S);
    let line = std::fs::read_to_string("/proc/cmdline").map_err(Error::path("read", "/proc/cmdline"))?;
    let line = CommandLine::parse(&line)?;
    let info = SlotInfo::parse(&std::fs::read(SLOT_JSON).map_err(Error::path("read", SLOT_JSON))?)?;
    console
        .say("stage1", &format!("slot={} version={} boot={}", line.running, info.version, line.boot.as_deref().unwrap_or("-")));

    let uevents = Uevents::open()?;
    modules::load(&info.modules)?;
    match (line.running, &info.root) {
        (Running::Slot(slot), Some(root)) => enter_root(console, slot, root, &uevents),
        (Running::Recovery, None) => Err(stage2::run(stage2::Mode::Recovery)),
        (running, _) => Err(Error::Image {
            path: SLOT_JSON,
            why: format!("it is for {}, hearth.slot={running}", if info.root.is_some() { "a slot" } else { "recovery" }),
        }),
    }
}

fn enter_root(console: &mut Console, slot: Slot, root: &VerityRoot, uevents: &Uevents) -> Result<Never> {
    let partition = block::wait_for(&format!("root-{slot}"), uevents, DISC_DEADLINE)?;
    console.say("disc", &partition.to_string_lossy());
    let device = dm::open_verity(&partition, root)?;
    let _ = std::fs::create_dir(ROOT); // the mount tells if it is not there
    mounts::mount(&device.to_string_lossy(), ROOT, "squashfs", MountFlags::RDONLY | MountFlags::NODEV, "")?;
    console.say("root", &format!("{} at {}.{:03}", device.display(), clock::uptime().as_secs(), clock::uptime().subsec_millis()));
    mounts::switch_root(ROOT)?;
    Err(Error::path("start", "/sbin/init")(Command::new("/sbin/init").exec()))
}
