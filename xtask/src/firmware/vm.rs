//! The microcontroller in QEMU, and its lines in hand.
use super::PATIENCE;
use crate::demo::children::{Running, check_interrupt, pause};
use crate::qemu::machine::connect;
use crate::qemu::pixels::Picture;
use crate::qemu::qmp::Qmp;
use crate::shell::run;
use anyhow::{Context, Result, bail};
use hearth_wire::{Deframer, MAX_FRAME, ToBox, ToPanel, encode};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// QEMU's machine.
const MACHINE: &str = "lm3s6965evb";

fn qemu(elf: &Path) -> Command {
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", MACHINE, "-monitor", "none", "-no-user-config", "-kernel"]).arg(elf);
    command
}

/// Runs it for a person: window, and the bench's line on the terminal.
pub fn interactive(elf: &Path) -> Result<()> {
    let window = crate::qemu::machine::window().unwrap_or("none");
    let mut command = qemu(elf);
    command.args(["-display", window, "-serial", "null", "-serial", "stdio"]);
    let status = command.status().context("qemu-system-arm is the package")?;
    if !status.success() {
        bail!("QEMU ended with {status}");
    }
    Ok(())
}

/// Plays a script from flash to its end, by counted instructions: the two lines' bytes, the box's and the bench's.
pub fn play(elf: &Path, script: &str) -> Result<(Vec<u8>, String)> {
    let dir = tempfile::tempdir()?;
    let (script_file, link, bench) = (dir.path().join("script"), dir.path().join("link"), dir.path().join("bench"));
    std::fs::write(&script_file, [script.as_bytes(), &[0]].concat())?;
    let mut command = qemu(elf);
    // 32 ns an instruction: slower than this processor at 50 MHz ever is.
    command.args(["-display", "none", "-icount", "shift=5,sleep=off", "-semihosting-config", "enable=on,target=native"]);
    command.arg("-device").arg(format!("loader,file={},addr=0x20000,force-raw=on", script_file.display()));
    for line in [&link, &bench] {
        command.arg("-serial").arg(format!("file:{}", line.display()));
    }
    command.stderr(Stdio::null());
    run(&mut command)?;
    Ok((std::fs::read(link)?, String::from_utf8_lossy(&std::fs::read(bench)?).into_owned()))
}

/// A microcontroller that runs. Dropping it ends it.
pub struct Vm {
    process: Running,
    qmp: Qmp,
    bench: UnixStream,
    /// Half a line of the bench's.
    half: String,
    /// Where the box's end of the link may be connected, if it is not ours.
    pub link: PathBuf,
    dir: tempfile::TempDir,
}

impl Vm {
    /// Switches it on.
    pub fn start(elf: &Path, window: Option<&str>) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let at = |name: &str| dir.path().join(name);
        let mut command = qemu(elf);
        command.args(["-display", window.unwrap_or("none"), "-qmp", &format!("unix:{},server=on,wait=off", at("qmp").display())]);
        for name in ["link", "bench"] {
            command.args(["-chardev", &format!("socket,id={name},path={},server=on,wait=off", at(name).display())]);
            command.args(["-serial", &format!("chardev:{name}")]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Running::start(&mut command).context("qemu-system-arm is the package")?;
        let qmp = Qmp::greet(connect(&mut process, &at("qmp"))?)?;
        let bench = connect(&mut process, &at("bench"))?;
        Ok(Self { process, qmp, bench, half: String::new(), link: at("link"), dir })
    }

    /// Connects to the box's line.
    pub fn link(&mut self) -> Result<Link> {
        let stream = connect(&mut self.process, &self.link)?;
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        Ok(Link { stream, deframer: Deframer::new(), sequence: 0, heard: Vec::new() })
    }

    /// Stops the panel's clock at this microsecond.
    pub fn freeze(&mut self, us: u64) -> Result<()> {
        self.bench.write_all(format!("freeze {us}\n").as_bytes()).context("the bench's line")?;
        self.told("frozen", PATIENCE)
    }

    /// A command to the bench: `ir 9000 4500 …`, `key power 1`.
    pub fn command(&mut self, line: &str) -> Result<()> {
        // A signal is played ahead of the panel's clock: the next one waits until its time has come.
        pause(Duration::from_millis(400))?;
        self.bench.write_all(format!("{line}\n").as_bytes()).context("the bench's line")
    }

    /// Waits until the bench has said this line; others are passed over.
    pub fn told(&mut self, wanted: &str, limit: Duration) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !self.heard()?.iter().any(|line| line == wanted) {
            if Instant::now() > deadline {
                bail!("the bench does not say {wanted}");
            }
            pause(Duration::from_millis(5))?;
        }
        Ok(())
    }

    /// Whole lines that the bench has said since.
    pub fn heard(&mut self) -> Result<Vec<String>> {
        self.process.must_run()?;
        let mut bytes = [0; 512];
        self.bench.set_nonblocking(true)?;
        let read = self.bench.read(&mut bytes);
        self.bench.set_nonblocking(false)?;
        match read {
            Ok(0) => bail!("QEMU has closed the bench's line"),
            Ok(count) => self.half.push_str(&String::from_utf8_lossy(&bytes[..count])),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(e) => return Err(e).context("the bench's line"),
        }
        let whole = self.half.rfind('\n').map_or(0, |at| at + 1);
        Ok(self.half.drain(..whole).collect::<String>().lines().map(str::to_owned).collect())
    }

    /// Presses one of its keys, by QEMU's name, for longer than a contact bounces.
    pub fn press(&mut self, key: &str) -> Result<()> {
        let keys = json!([{"type": "qcode", "data": key}]);
        self.qmp.run("send-key", json!({"keys": keys, "hold-time": 100})).map(drop)
    }

    /// What its display shows.
    pub fn screen(&mut self) -> Result<Picture> {
        self.process.must_run()?;
        let file = self.dir.path().join("screen.ppm");
        self.qmp.screendump(&file)?;
        Picture::parse(&std::fs::read(file)?)
    }
}

/// The box's end of the line.
pub struct Link {
    stream: UnixStream,
    deframer: Deframer,
    sequence: u8,
    heard: Vec<ToBox>,
}

impl Link {
    /// Says it, and waits until it has arrived.
    pub fn say(&mut self, message: &ToPanel) -> Result<()> {
        let mut frame = [0; MAX_FRAME];
        self.sequence = self.sequence.wrapping_add(1);
        let length = encode(self.sequence, message, &mut frame).context("a message that is too long")?;
        self.stream.write_all(&frame[..length])?;
        let ack = ToBox::Ack { sequence: self.sequence };
        self.hear(&ack)
    }

    /// Waits for a message; others are passed over.
    pub fn hear(&mut self, wanted: &ToBox) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut bytes = [0; 256];
        loop {
            if let Some(i) = self.heard.iter().position(|m| m == wanted) {
                self.heard.drain(..=i);
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the panel does not say {wanted:?}, but {:?}", self.heard);
            }
            check_interrupt()?;
            match self.stream.read(&mut bytes) {
                Ok(0) => bail!("QEMU has closed the line"),
                Ok(count) => {
                    for byte in &bytes[..count] {
                        self.heard
                            .extend(self.deframer.push::<ToBox>(*byte).transpose().ok().flatten().map(|frame| frame.message));
                    }
                }
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => pause(Duration::from_millis(1))?,
                Err(e) => return Err(e).context("the box's line"),
            }
        }
    }
}
