//! QEMU itself: started from a board file, with its console and its control socket in hand, and ended with us.
use super::pixels::Picture;
use super::qmp::Qmp;
use super::serial::Serial;
use crate::demo::children::{Running, check_interrupt, pause};
use crate::shell::output;
use anyhow::{Context, Result, bail};
use hearth_boards::{Board, Qemu};
use std::fs::File;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that a boot may take on a slow and busy machine.
pub const BOOT: Duration = Duration::from_secs(180);
/// Longest that anything on a running box may take there.
pub const STEP: Duration = Duration::from_secs(120);
/// Between two looks at the screen.
const LOOK: Duration = Duration::from_millis(150);

/// What to start.
pub struct Setup<'a> {
    /// Whose `[qemu]` it is.
    pub board: &'a Board,
    /// Has `u-boot.bin` and `control.dtb`.
    pub image: &'a Path,
    /// Written to.
    pub disk: &'a Path,
    /// Where log and pictures go.
    pub work: &'a Path,
    /// Instead of the board's.
    pub memory_mib: Option<u32>,
    /// QEMU's window; none if `None`.
    pub window: Option<&'static str>,
    /// Copy the console to our own output.
    pub echo: bool,
    /// A second flash: U-Boot's saved environment.
    pub flash: Option<&'a Path>,
    /// The panel's serial line: a socket that somebody listens on.
    pub panel: Option<&'a Path>,
    /// This port of ours is the box's telnet, which a development image has.
    pub telnet: Option<u16>,
}

/// A machine that runs. Dropping it switches it off.
pub struct Machine {
    process: Running,
    /// The control socket.
    pub qmp: Qmp,
    /// The console.
    pub serial: Serial,
    dump: PathBuf,
    _sockets: tempfile::TempDir,
}

impl Machine {
    /// Switches it on.
    pub fn start(setup: &Setup<'_>) -> Result<Self> {
        let qemu = setup.board.qemu.as_ref().with_context(|| format!("boards/{}.toml has no [qemu]", setup.board.id))?;
        std::fs::create_dir_all(setup.work).with_context(|| format!("cannot make {}", setup.work.display()))?;
        // Under /tmp: the name of a socket may have 107 bytes.
        let sockets = tempfile::tempdir()?;
        let (console, control) = (sockets.path().join("console"), sockets.path().join("qmp"));
        let mut command = Command::new("qemu-system-aarch64");
        command.args(arguments(setup, qemu, &console, &control));
        let log = setup.work.join("qemu.log");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);
        let mut process = Running::start(&mut command).context("qemu-system-arm is the package")?;
        // QEMU opens the control socket first, then waits for somebody at the console before the first instruction.
        let told = |e: anyhow::Error| e.context(std::fs::read_to_string(&log).unwrap_or_default());
        let stream = connect(&mut process, &console).map_err(told)?;
        let serial = Serial::start(stream, &setup.work.join("console.log"), setup.echo)?;
        let qmp = connect(&mut process, &control).and_then(Qmp::greet).map_err(told);
        Ok(Self { process, qmp: qmp?, serial, dump: sockets.path().join("screen.ppm"), _sockets: sockets })
    }

    /// What the screen shows.
    pub fn screen(&mut self) -> Result<Picture> {
        self.qmp.screendump(&self.dump)?;
        Picture::parse(&std::fs::read(&self.dump).context("QEMU wrote no picture")?)
    }

    /// Looks at the screen until `wanted` finds what it looks for.
    pub fn watch<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut wanted: impl FnMut(&Picture) -> Option<T>,
    ) -> Result<(T, Picture)> {
        let deadline = Instant::now() + limit;
        loop {
            let picture = self.screen()?;
            if let Some(found) = wanted(&picture) {
                return Ok((found, picture));
            }
            self.process.must_run()?;
            if Instant::now() >= deadline {
                bail!("{what}: not on the screen within {} s", limit.as_secs());
            }
            pause(LOOK)?;
        }
    }

    /// Waits until two looks in a row are the same.
    pub fn settled(&mut self, limit: Duration) -> Result<Picture> {
        let mut last: Option<Picture> = None;
        let mut same = 0;
        let settled = self.watch("a picture that stands still", limit, |now| {
            let still = last.as_ref().is_some_and(|last| last.changed(now, super::pixels::WHOLE) < 0.0005);
            same = if still { same + 1 } else { 0 };
            last = Some(now.clone());
            (same >= 3).then_some(())
        })?;
        Ok(settled.1)
    }

    /// Pulls the plug: no flush, no goodbye.
    pub fn cut(self) {
        self.process.kill();
    }

    /// Waits until it switches itself off.
    pub fn wait_off(self, limit: Duration) -> Result<()> {
        self.process.finish(limit)
    }

    /// An error if QEMU has ended.
    pub fn must_run(&mut self) -> Result<()> {
        self.process.must_run()
    }
}

/// Connects to a socket that a QEMU which has just been started opens.
pub fn connect(process: &mut Running, socket: &Path) -> Result<UnixStream> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        check_interrupt()?;
        process.must_run()?;
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(e) if Instant::now() >= deadline => return Err(e).context("QEMU opens no socket"),
            Err(_) => pause(Duration::from_millis(20))?,
        }
    }
}

fn arguments(setup: &Setup<'_>, qemu: &Qemu, console: &Path, control: &Path) -> Vec<String> {
    let at = |path: &Path| path.display().to_string().replace(',', ",,");
    let memory = setup.memory_mib.unwrap_or(setup.board.memory.ram_mib);
    let mut all: Vec<String> = Vec::new();
    let mut put = |option: &str, value: String| all.extend([option.to_owned(), value]);
    put("-M", qemu.machine.clone());
    put("-accel", "tcg,thread=multi".into());
    put("-cpu", qemu.cpu.clone());
    put("-smp", qemu.cpus.to_string());
    put("-m", memory.to_string());
    put("-bios", setup.image.join("u-boot.bin").display().to_string());
    put("-dtb", setup.image.join("control.dtb").display().to_string());
    put("-display", setup.window.unwrap_or("none").into());
    put("-monitor", "none".into());
    put("-qmp", format!("unix:{},server=on,wait=off", at(control)));
    put("-chardev", format!("socket,id=console,path={},server=on,wait=on", at(console)));
    put("-serial", "chardev:console".into());
    put("-drive", format!("file={},if=none,id=disk,format=raw", at(setup.disk)));
    put("-device", format!("{},drive=disk", qemu.disk));
    let telnet = setup.telnet.map(|port| format!(",hostfwd=tcp:127.0.0.1:{port}-:2323"));
    put("-netdev", format!("user,id=net{}", telnet.unwrap_or_default()));
    // No boot ROM in the card: that would be another package.
    put("-device", format!("{},netdev=net,romfile=", qemu.network));
    put("-audiodev", "none,id=sound".into());
    for device in &qemu.devices {
        put("-device", device.clone());
    }
    if let Some(flash) = setup.flash {
        put("-drive", format!("file={},if=pflash,unit=1,format=raw", at(flash)));
    }
    if let (Some(device), Some(socket)) = (&qemu.panel, setup.panel) {
        put("-chardev", format!("socket,id=panel,path={}", at(socket)));
        put("-device", format!("{device},chardev=panel"));
    }
    all.extend(["-nodefaults".into(), "-no-user-config".into()]);
    all
}

/// The window that this QEMU can open here, if there is a display. SDL's is as large as the box's picture; GTK's begins small, and tells the
/// box that this is the display.
pub fn window() -> Option<&'static str> {
    crate::setup::display()?;
    let kinds = output("qemu-system-aarch64", &["-display", "help"])?;
    let known = [("sdl", "sdl"), ("gtk", "gtk,zoom-to-fit=off,show-menubar=off")];
    known.into_iter().find(|(kind, _)| kinds.lines().any(|line| line.trim() == *kind)).map(|(_, window)| window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_follows_the_board() {
        let board = hearth_boards::load(&crate::shell::root().join("boards"), "qemu-virt").unwrap();
        let setup = Setup {
            board: &board,
            image: Path::new("/image"),
            disk: Path::new("/a,b/disk.img"),
            work: Path::new("/work"),
            memory_mib: Some(512),
            window: None,
            echo: false,
            flash: None,
            panel: Some(Path::new("/panel")),
            telnet: Some(4711),
        };
        let line = arguments(&setup, board.qemu.as_ref().unwrap(), Path::new("/c"), Path::new("/q")).join(" ");
        for part in [
            "-M virt",
            "-cpu cortex-a72",
            "-m 512",
            "-dtb /image/control.dtb",
            "-display none",
            "file=/a,,b/disk.img,",
            "virtio-net-pci,netdev=net",
            "i6300esb",
            "pci-serial,chardev=panel",
            "hostfwd=tcp:127.0.0.1:4711-:2323",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains("pflash"));
    }
}
