//! `/data`: carries out [`crate::datafs::Plan`].

use super::jobs::{Jobs, Purpose, SELF};
use super::log::Log;
use crate::datafs::{Gate, LOOK, Open, Plan, RESET_MARKER, Step, look, worked};
use crate::supervise::Exit;
use crate::sys::{block, mounts};
use crate::{Error, Result};
use hearth_box::facts::DataState;
use hearth_box::files::{self, Kind};
use rustix::mount::MountFlags;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where it is mounted.
pub const DATA: &str = "/data";
const RESCUE: &str = "/run/hearth/rescue";
/// Memory, until the new `/data` is there.
const RESCUED: &str = "/run/hearth/rescued";
const MEMORY: &str = "mode=0755,size=32m";
/// The disc's driver has that long to bring the partition up.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is saved off a filesystem beyond repair: settings, not caches.
const RESCUE_FILE: u64 = 256 << 10;
const RESCUE_ALL: u64 = 4 << 20;
const RESCUE_DEPTH: usize = 6;

/// The state of `/data`.
#[derive(Debug)]
pub struct Data {
    work: Work,
    gate: Gate,
    kept: bool,
}

#[derive(Debug)]
enum Work {
    Looking { until: Duration },
    Working { device: PathBuf, plan: Plan },
    Settled,
}

impl Data {
    /// To be set up.
    pub fn new(now: Duration) -> Self {
        Self { work: Work::Looking { until: now + PATIENCE }, gate: Gate::new(now), kept: false }
    }

    /// Not wanted: recovery leaves it alone.
    pub fn none() -> Self {
        Self { work: Work::Settled, gate: Gate::new(Duration::ZERO), kept: false }
    }

    /// What programs that want it have by now.
    pub fn open(&self) -> Open {
        self.gate.open()
    }

    /// For `box.json`.
    pub fn state(&self) -> DataState {
        match self.gate.open() {
            Open::StandIn => DataState::Repairing,
            Open::ForGood if !self.kept => DataState::Memory,
            _ => DataState::Kept,
        }
    }

    /// Mounted, or given up: nothing will change any more.
    pub fn settled(&self) -> bool {
        matches!(self.work, Work::Settled)
    }

    /// Mounted, and what is written stays.
    pub fn kept(&self) -> bool {
        self.kept
    }

    /// When something is due by time alone.
    pub fn deadline(&self) -> Option<Duration> {
        let looking = if let Work::Looking { until } = self.work { Some(until) } else { None };
        [looking, self.gate.deadline()].into_iter().flatten().min()
    }

    /// Goes on with the work. What changed for programs that want `/data`, if something did.
    pub fn turn(&mut self, now: Duration, jobs: &mut Jobs, log: &mut Log) -> Option<Open> {
        self.work_on(now, jobs, log);
        let open = self.gate.turn(self.settled(), now);
        if open == Some(Open::StandIn) {
            log.say("data", "not ready yet: memory stands in");
            // Before it is over the disc is mounted on top of it: nobody is in the way who has a file open.
            if let Err(error) = mount_memory() {
                log.failed(error);
            }
        }
        open
    }

    /// Looks for the partition until it is there, then waits for ext4 to be loaded.
    fn work_on(&mut self, now: Duration, jobs: &mut Jobs, log: &mut Log) {
        let Work::Looking { until } = self.work else {
            return self.go_on(jobs, log);
        };
        if let Some(device) = block::find("data") {
            let seen = File::open(&device).and_then(|mut file| {
                let mut start = vec![0; LOOK];
                file.read_exact(&mut start).map(|()| look(&start))
            });
            match seen {
                Ok(seen) => {
                    log.note(&format!("data: {} {seen:?}", device.display()));
                    self.work = Work::Working { device, plan: Plan::new(seen) };
                    return self.go_on(jobs, log);
                }
                Err(error) => return self.in_memory(&format!("cannot be read: {error}"), log),
            }
        }
        if now >= until {
            self.in_memory("no partition of that name", log);
        }
    }

    /// A program ended.
    pub fn exited(&mut self, step: Step, exit: Option<Exit>, jobs: &mut Jobs, log: &mut Log) {
        let Work::Working { plan, .. } = &mut self.work else { return };
        if plan.step() != step {
            return;
        }
        let status = if let Some(Exit::Status(code)) = exit { Some(code) } else { None };
        let ok = worked(step, status);
        if !ok || matches!(step, Step::Repair | Step::Make) {
            let how = exit.map_or_else(|| "did not start".to_owned(), |exit| exit.to_string());
            log.say("data", &format!("{} {how}", name(step)));
        }
        plan.ended(ok);
        self.go_on(jobs, log);
    }

    /// Does steps until one needs a program, or all is done.
    fn go_on(&mut self, jobs: &mut Jobs, log: &mut Log) {
        while let Work::Working { device, plan } = &mut self.work {
            if jobs.runs(Purpose::Data(plan.step())) {
                return;
            }
            let text = device.to_string_lossy().into_owned();
            let command: Option<&[&str]> = match plan.step() {
                Step::Rescue => Some(&[SELF, "rescue", &text]),
                Step::Preen => Some(&["/usr/sbin/e2fsck", "-p", &text]),
                Step::Repair => Some(&["/usr/sbin/e2fsck", "-f", "-y", &text]),
                Step::Make => Some(&["/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-m", "1", "-L", "hearth-data", &text]),
                _ => None,
            };
            if let Some(command) = command {
                match jobs.start(Purpose::Data(plan.step()), command) {
                    Ok(()) => return,
                    Err(error) => {
                        log.failed(error);
                        plan.ended(false);
                        continue;
                    }
                }
            }
            let result = match plan.step() {
                Step::Mount => mounts::mount_data(device, DATA),
                Step::Memory => return self.in_memory("cannot be made", log),
                _ => return self.mounted(jobs, log),
            };
            if result.is_err() && plan.step() == Step::Mount && jobs.runs(Purpose::Modules) {
                return; // perhaps for want of a module that is still to come: again when they are loaded
            }
            if let Err(error) = &result {
                log.failed(error);
            }
            plan.ended(result.is_ok());
        }
    }

    fn mounted(&mut self, jobs: &mut Jobs, log: &mut Log) {
        let Work::Working { plan, .. } = &mut self.work else { return };
        if Path::new(DATA).join(RESET_MARKER).exists() {
            log.say("data", "factory reset");
            match mounts::unmount(DATA, false) {
                Ok(()) => {
                    plan.reset();
                    return self.go_on(jobs, log);
                }
                Err(error) => log.failed(error), // kept as it is rather than lost half
            }
        }
        if let Err(error) = put_back(Path::new(RESCUED), Path::new(DATA)) {
            log.failed(error);
        }
        (self.work, self.kept) = (Work::Settled, true);
        log.say("data", "mounted");
    }

    fn in_memory(&mut self, why: &str, log: &mut Log) {
        log.failed(format_args!("data {why}: the box works, and forgets when it is switched off"));
        if self.gate.open() == Open::Not
            && let Err(error) = mount_memory()
        {
            log.failed(error);
        }
        self.work = Work::Settled;
    }

    /// Before the box goes down.
    pub fn unmount(&mut self, log: &mut Log) {
        if !self.kept {
            return;
        }
        if mounts::unmount(DATA, false).is_err() {
            // Somebody holds a file that even KILL did not close: no more writes, then.
            if let Err(error) = mounts::make_read_only(DATA).and_then(|()| mounts::unmount(DATA, true)) {
                log.failed(error);
            }
        }
        self.kept = false;
    }
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Preen => "check",
        Step::Repair => "repair",
        Step::Make => "make",
        Step::Rescue => "rescue",
        _ => "step",
    }
}

/// Asks for `/data` to be made anew at the next boot.
pub fn ask_for_reset() -> Result<()> {
    let marker = Path::new(DATA).join(RESET_MARKER);
    File::create(&marker).and_then(|file| file.sync_all()).map_err(Error::path("write", &marker))
}

/// Recovery's factory reset: an empty partition is made anew at the next boot.
pub fn wipe() -> Result<()> {
    let device = block::find("data").ok_or_else(|| Error::NoPartition { name: "data".to_owned(), seconds: 0 })?;
    let file = File::options().write(true).open(&device).map_err(Error::path("open", &device))?;
    let zeros = vec![0; LOOK];
    let wiped = (0..16).try_for_each(|i| file.write_all_at(&zeros, i * zeros.len() as u64)).and_then(|()| file.sync_all());
    wiped.map_err(Error::path("wipe", &device))
}

fn mount_memory() -> Result<()> {
    mounts::mount("tmpfs", DATA, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, MEMORY)
}

/// The job: keeps small files of a filesystem that cannot be repaired in memory, as far as they can be read. A disc that fails may take its
/// time over each.
pub fn rescue(device: &Path) -> Result<()> {
    std::fs::create_dir_all(RESCUE).map_err(Error::path("make", RESCUE))?;
    mounts::mount_data_to_rescue(device, RESCUE)?;
    let mut files = Vec::new();
    let mut left = RESCUE_ALL;
    collect(Path::new(RESCUE), Path::new(RESCUE), RESCUE_DEPTH, &mut left, &mut files);
    mounts::unmount(RESCUE, true)?;
    files.iter().try_for_each(|(path, bytes)| {
        let path = Path::new(RESCUED).join(path);
        files::replace(&path, bytes, Kind::SECRET_MEMORY).map_err(Error::path("write", &path))
    })
}

fn collect(base: &Path, folder: &Path, depth: usize, left: &mut u64, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    // A damaged folder may list without end.
    for entry in entries.flatten().take(1000) {
        let (path, Ok(meta)) = (entry.path(), entry.metadata()) else { continue };
        if meta.is_dir() && depth > 0 && entry.file_name() != "cache" {
            collect(base, &path, depth - 1, left, files);
        } else if meta.is_file() && meta.len() <= RESCUE_FILE.min(*left) {
            let (Ok(inside), Ok(bytes)) = (path.strip_prefix(base), std::fs::read(&path)) else { continue };
            *left -= meta.len();
            files.push((inside.to_owned(), bytes));
        }
    }
}

/// Moves what was rescued, if something was.
fn put_back(rescued: &Path, to: &Path) -> Result<()> {
    let (mut files, mut left) = (Vec::new(), RESCUE_ALL);
    collect(rescued, rescued, RESCUE_DEPTH, &mut left, &mut files);
    for (path, bytes) in files {
        let path = to.join(path);
        files::replace(&path, &bytes, Kind::SECRET_DISC).map_err(Error::path("write", &path))?;
    }
    match std::fs::remove_dir_all(rescued) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::path("remove", rescued)(e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_collected() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("cache")).unwrap();
        std::fs::create_dir_all(folder.path().join("hearth")).unwrap();
        std::fs::write(folder.path().join("consent.json"), b"{}").unwrap();
        std::fs::write(folder.path().join("hearth/time"), b"1").unwrap();
        std::fs::write(folder.path().join("cache/poster"), b"x").unwrap();
        std::fs::write(folder.path().join("large"), vec![0; 300 << 10]).unwrap();
        let (mut files, mut left) = (Vec::new(), RESCUE_ALL);
        collect(folder.path(), folder.path(), RESCUE_DEPTH, &mut left, &mut files);
        files.sort();
        let expected: [(PathBuf, Vec<u8>); 2] = [("consent.json".into(), b"{}".into()), ("hearth/time".into(), b"1".into())];
        assert_eq!((&files[..], left), (&expected[..], RESCUE_ALL - 3));
        let new = tempfile::tempdir().unwrap();
        put_back(folder.path(), new.path()).unwrap();
        assert_eq!(std::fs::read(new.path().join("hearth/time")).unwrap(), b"1");
        assert!(!folder.path().exists() && !new.path().join("large").exists());
        put_back(folder.path(), new.path()).unwrap();
    }
}
