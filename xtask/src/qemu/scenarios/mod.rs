//! What `cargo xtask test --qemu` does with the box, one small function a scenario. Each starts from a fresh disc and says in a line what it saw.
mod cuts;
mod development;
mod panel;
mod play;
mod tamper;
mod update;

use super::disk::Disk;
use super::machine::{BOOT, Machine, Setup};
use super::pixels::Picture;
use super::serial::Beacon;
use super::service::{Service, folder};
use super::{board, build, factory_key, image, image_folder};
use crate::demo::children;
use crate::shell::{has, run, step};
use anyhow::{Context, Result, bail};
use hearth_boards::Board;
use std::path::{Path, PathBuf};

/// Options that scenarios have.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// How often QEMU is killed in mid-update; 50 before a release.
    #[arg(long, default_value_t = 3)]
    pub kills: u32,
    /// Only scenarios whose name holds this.
    #[arg(long)]
    pub only: Option<String>,
    /// Where the moments of the kills come from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The images as they are, without building them anew.
    #[arg(long)]
    pub no_build: bool,
}

/// Does one thing with the box and says what it saw.
type Scenario = fn(&mut Rig) -> Result<String>;

const SCENARIOS: &[(&str, Scenario)] = &[
    ("play: boots, shows home, plays an encrypted film, goes back", play::play),
    ("panel: keys, display, standby and wake go through the front panel", panel::panel),
    ("development: a shell and telnet, and the box joins a Wi-Fi network", development::shell_and_wifi),
    ("update: installs the next version from the server and runs it", update::update),
    ("fallback: a slot that does not come up is given up after three tries", update::fallback),
    ("self-check: a version that boots and cannot play is given up", update::self_check),
    ("recovery: both slots bad, the box mends itself from the server", update::recovery),
    ("data: a file system in ruins is made anew, and the screen does not wait for it", update::ruined_data),
    ("kills: QEMU killed in mid-update", cuts::kills),
    ("tamper: a changed kernel is not started", tamper::kernel),
    ("tamper: a kernel without a signature is not started", tamper::unsigned),
    ("tamper: a changed root is not run", tamper::root),
    ("tamper: a changed hash tree is not trusted", tamper::hash_tree),
    ("tamper: one spoilt copy of the boot state is survived", tamper::one_copy),
    ("tamper: a spoilt boot state is survived", tamper::both_copies),
    ("tamper: a saved U-Boot environment is not read", tamper::environment),
    ("tamper: a changed bundle is not installed", tamper::bundle),
    ("tamper: a changed manifest is not installed", tamper::manifest),
    ("tamper: an older product is not installed", tamper::downgrade),
    ("image: a second build from nothing gives the same bytes", reproducible),
];

/// Programs that a boot takes, with their packages.
const TOOLS: &[(&str, &str)] = &[("qemu-system-aarch64", "qemu-system-arm"), ("mkimage", "u-boot-tools")];

/// What the scenarios have in common.
pub struct Rig {
    board: Board,
    /// The image as it is flashed.
    image: PathBuf,
    /// The version after it: its `update.bundle` is what updates install.
    next: PathBuf,
    /// The one after that, whose player plays nothing.
    mute: PathBuf,
    /// The first with a shell.
    development: PathBuf,
    service: Service,
    options: Options,
    work: PathBuf,
}

/// Runs every scenario and reports each by name: `None` if it could not be run here.
pub fn run_all(options: &Options, report: &mut dyn FnMut(&str, Option<Result<()>>)) {
    let wanted = |name: &str| options.only.as_deref().is_none_or(|only| name.contains(only));
    let missing: Vec<String> =
        TOOLS.iter().filter(|(tool, _)| !has(tool)).map(|(tool, package)| format!("{tool} (package {package})")).collect();
    if !missing.is_empty() {
        println!("The box cannot boot here without {}: skipped", missing.join(", "));
        return SCENARIOS.iter().filter(|(name, _)| wanted(name)).for_each(|(name, _)| report(name, None));
    }
    let mut rig = match Rig::new(options) {
        Ok(rig) => rig,
        Err(e) => return report("qemu: images and server", Some(Err(e))),
    };
    for (name, scenario) in SCENARIOS.iter().filter(|(name, _)| wanted(name)) {
        let begun = std::time::Instant::now();
        let outcome = scenario(&mut rig);
        match &outcome {
            Ok(saw) => println!("qemu: {name} ... ok ({:.0} s): {saw}", begun.elapsed().as_secs_f64()),
            Err(_) => println!("qemu: {name} ... FAILED; console: {}", rig.work.join("console.log").display()),
        }
        let interrupted = children::check_interrupt().is_err();
        report(name, Some(outcome.map(drop)));
        if interrupted {
            break;
        }
    }
}

impl Rig {
    fn new(options: &Options) -> Result<Self> {
        let board = board("qemu-virt")?;
        let first = image(&board, false, options.no_build)?;
        let [next, mute, development] = ["-next", "-mute", "-development"].map(|kind| image_folder(&board, kind));
        if !options.no_build {
            run(build(&board).args(["--version", "0.1.1", "--out"]).arg(&next))?;
            let own = folder().join("mute");
            std::fs::create_dir_all(own.join("root/usr/share/hearth"))?;
            std::fs::write(own.join("root/usr/share/hearth/selfcheck.mp4"), "not a film")?;
            run(build(&board).args(["--version", "0.1.2", "--out"]).arg(&mute).arg("--blobs").arg(own))?;
            run(build(&board).args(["--development", "--out"]).arg(&development))?;
        }
        let work = folder().join("test");
        std::fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
        // An earlier run's disc knows another server.
        let _ = std::fs::remove_file(work.join(update::UPDATED));
        let service = Service::start(&folder(), 0)?;
        Ok(Self { board, image: first, next, mute, development, service, options: options.clone(), work })
    }

    /// A disc as it leaves the factory, that knows our server.
    fn disc(&self) -> Result<Disk> {
        self.disc_of(&self.image)
    }

    fn disc_of(&self, image: &Path) -> Result<Disk> {
        let disk = Disk::copy(&image.join("disk.img"), &self.work.join("disk.img"))?;
        disk.set_servers(&factory_key()?, vec![self.service.url.clone()])?;
        Ok(disk)
    }

    fn boot(&self, disk: &Disk) -> Result<Machine> {
        self.boot_with(disk, None)
    }

    fn boot_with(&self, disk: &Disk, flash: Option<&Path>) -> Result<Machine> {
        self.start(disk, flash, None)
    }

    /// With a front panel behind this socket.
    fn boot_beside(&self, disk: &Disk, panel: &Path) -> Result<Machine> {
        self.start(disk, None, Some(panel))
    }

    fn start(&self, disk: &Disk, flash: Option<&Path>, panel: Option<&Path>) -> Result<Machine> {
        Machine::start(&Setup { flash, panel, ..self.setup(&self.image, disk) })
    }

    fn setup<'a>(&'a self, image: &'a Path, disk: &'a Disk) -> Setup<'a> {
        Setup {
            board: &self.board,
            image,
            disk: &disk.path,
            work: &self.work,
            memory_mib: None,
            window: None,
            echo: false,
            flash: None,
            panel: None,
            telnet: None,
        }
    }

    fn shots(&self) -> PathBuf {
        folder().join("shots")
    }

    fn keep(&self, picture: &Picture, name: &str) -> Result<()> {
        std::fs::create_dir_all(self.shots())?;
        picture.save(&self.shots().join(format!("{name}.png")))
    }

    /// Offers `bundle` to all boxes.
    fn publish(&self, bundle: &Path) -> Result<()> {
        self.operator(&["updates", "publish", &bundle.to_string_lossy()])
    }

    /// `hearth-server` as its operator runs it.
    fn operator(&self, args: &[&str]) -> Result<()> {
        let mut command = self.service.server.operator(args);
        step(crate::shell::show(&command));
        run(&mut command)
    }
}

/// Last, because it takes as long as all the others.
fn reproducible(rig: &mut Rig) -> Result<String> {
    if rig.options.no_build {
        return Ok("not asked for: --no-build".to_owned());
    }
    run(build(&rig.board).arg("--reproducible"))?;
    Ok(format!("{} and its copy", rig.image.display()))
}

/// Which slot the boot loader chose, the next time it chooses.
fn selected(machine: &mut Machine) -> Result<String> {
    machine.serial.wait("the boot loader's choice", BOOT, choice)
}

/// Every choice of the boot loader so far.
fn chosen(machine: &mut Machine) -> Vec<String> {
    machine.serial.lines().filter_map(choice).collect()
}

/// The slot that a line of the boot loader's selector names.
fn choice(line: &str) -> Option<String> {
    let (_, said) = line.split_once("hearth: selector ")?;
    said.split_whitespace().find_map(|word| word.strip_prefix("slot=")).map(str::to_owned)
}

/// What the boot loader chooses until it comes to recovery, that included.
fn until_recovery(machine: &mut Machine) -> Result<Vec<String>> {
    let mut choices = Vec::new();
    while choices.last().is_none_or(|last| last != "recovery") {
        choices.push(selected(machine)?);
        if choices.len() > 7 {
            bail!("the boot loader goes on choosing: {}", choices.join(" "));
        }
    }
    Ok(choices)
}

/// The next boot that gets as far as the verified root or the recovery system: its `stage2` line.
fn up(machine: &mut Machine) -> Result<Beacon> {
    machine.serial.beacon("stage2", BOOT)
}

/// The slot of a line that names one.
fn slot(beacon: &Beacon) -> &str {
    beacon.value("slot").unwrap_or("?")
}

fn expect(what: &str, seen: &str, wanted: &str) -> Result<()> {
    if seen != wanted {
        bail!("{what} is {seen}, not {wanted}");
    }
    Ok(())
}
