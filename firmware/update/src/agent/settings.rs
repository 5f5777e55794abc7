//! What the agent reads of the box it runs on, and where it leaves word.
use super::disk::{Disk, Partition};
use crate::bundle::Manifest;
use crate::factory::Factory;
use crate::product::Product;
use crate::signed::{HEADER, Keyring, envelope_len};
use crate::slot::{Running, SlotInfo};
use crate::status::{State, Status};
use crate::{Error, Result, signed};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use super::install::Progress;

/// Folders, other ones in tests.
#[derive(Debug, Clone)]
pub struct Folders {
    /// `/etc/hearth`, in the verified root.
    pub etc: PathBuf,
    /// `/run/hearth`, gone with the power.
    pub run: PathBuf,
    /// `/data/hearth`, gone with a factory reset.
    pub data: PathBuf,
}

impl Folders {
    /// `/data`: the viewer's.
    pub fn viewer(&self) -> &Path {
        self.data.parent().unwrap_or(&self.data)
    }

    /// Text of a file in `/etc/hearth`.
    fn text(&self, name: &str) -> Result<String> {
        let path = self.etc.join(name);
        fs::read_to_string(&path).map_err(Error::io(path.display().to_string()))
    }

    /// What runs, by its own word.
    pub fn info(&self) -> Result<SlotInfo> {
        SlotInfo::parse(self.text("slot.json")?.as_bytes())
    }

    /// Who may sign updates.
    pub fn keys(&self) -> Result<Keyring> {
        Keyring::parse(&self.text("update.pub")?)
    }

    /// The maker's decisions.
    pub fn product(&self) -> Result<Product> {
        Product::parse(self.text("product.json")?.as_bytes())
    }

    /// The box's identity.
    pub fn factory(&self, disk: &mut dyn Disk) -> Result<Factory> {
        let keys = Keyring::parse(&self.text("factory.pub")?)?;
        let mut bytes = vec![0; HEADER];
        let failed = || Error::io("factory record");
        disk.read_at(Partition::Factory, 0, &mut bytes).map_err(failed())?;
        bytes.resize(envelope_len(&bytes)?, 0);
        disk.read_at(Partition::Factory, 0, &mut bytes).map_err(failed())?;
        Factory::open(&bytes, &keys)
    }

    /// The one agent that may install now. Until it is dropped, every other one is [`Error::Busy`].
    pub fn lock(&self) -> Result<Alone> {
        let path = self.run.join("update.lock");
        fs::create_dir_all(&self.run).map_err(Error::io(self.run.display().to_string()))?;
        let file = File::options().create(true).append(true).open(&path).map_err(Error::io(path.display().to_string()))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| Error::Busy)?;
        Ok(Alone { lock: file })
    }

    /// Where the status is.
    pub fn status(&self) -> PathBuf {
        self.run.join("update.json")
    }
}

/// Says that no other agent installs, or writes the status, while it lives.
#[derive(Debug)]
pub struct Alone {
    lock: File,
}

impl Drop for Alone {
    /// Closing is not enough: a program that this process is just starting holds the same open file until it runs.
    fn drop(&mut self) {
        let _ = flock(&self.lock, FlockOperation::Unlock);
    }
}

/// What runs, by the kernel's command line.
pub fn running() -> Result<Running> {
    let text = fs::read_to_string("/proc/cmdline").map_err(Error::io("/proc/cmdline"))?;
    Running::of_command_line(&text).ok_or(Error::NotASlot)
}

/// Sends init a word, where there is an init that listens; says whether there is.
pub fn tell_init(word: &str) -> Result<bool> {
    let Some(path) = std::env::var_os("HEARTH_NOTIFY") else { return Ok(false) };
    let told = UnixDatagram::unbound().and_then(|socket| socket.send_to(word.as_bytes(), Path::new(&path)));
    told.map(|_| true).map_err(Error::io("init does not listen (HEARTH_NOTIFY)"))
}

/// Keeps the status file. Trouble with it is no reason not to update.
pub struct Word {
    path: PathBuf,
    last: Status,
}

impl Word {
    /// For this file.
    pub fn new(path: PathBuf) -> Self {
        Self { path, last: Status::default() }
    }

    /// Writes a status, renamed into place.
    pub fn say(&mut self, status: Status) {
        let new = self.path.with_extension("new");
        let folder = self.path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = folder.and_then(|()| fs::write(&new, signed::json(&status))).and_then(|()| fs::rename(&new, &self.path));
        if let Err(e) = written {
            eprintln!("hearth-update: {}: {e}", self.path.display());
        }
        self.last = status;
    }

    /// Of what is installed from now on.
    pub fn checking(&mut self, manifest: Option<&Manifest>) {
        self.say(Status { state: State::Checking, version: manifest.map(|m| m.version.clone()), ..Status::default() });
    }

    /// Writes progress, when it is a per cent or more, or another state.
    pub fn progress(&mut self, progress: Progress) {
        let Progress { done, total, reused, verifying } = progress;
        let state = if verifying { State::Verifying } else { State::Downloading };
        if state != self.last.state || done.saturating_sub(self.last.done) >= total / 100 {
            let version = self.last.version.clone();
            self.say(Status { state, version, done, total, reused, ..Status::default() });
        }
    }

    /// It is over.
    pub fn ready(&mut self, progress: Progress) {
        let Progress { done, total, reused, .. } = progress;
        let version = self.last.version.clone();
        self.say(Status { state: State::Ready, version, done, total, reused, ..Status::default() });
    }

    /// It is over.
    pub fn failed(&mut self, error: &Error) {
        self.say(self.last.clone().failed(error));
    }
}
