//! Kernel modules, in the order the image decided.

use super::clock;
use crate::moduleset::{ModuleSet, Task, depends, without_signature};
use crate::{Error, Result};
use rustix::io::Errno;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Loads `/lib/modules/<release>/<file>` for each file. One that is there already, or built in, is fine; the first failure is reported after the
/// others were tried.
pub fn load<S: AsRef<str>>(files: &[S]) -> Result<()> {
    let folder = folder();
    let mut failed = Ok(());
    for file in files {
        let path = folder.join(file.as_ref());
        let loaded = std::fs::read(&path).map_err(Error::path("read module", &path)).and_then(|bytes| load_one(&path, &bytes));
        failed = failed.and(loaded);
    }
    failed
}

/// The same by two hands, for stage 2, telling how long each took: reading, unpacking and starting drivers keeps more than one processor busy.
pub fn load_by_two<S: AsRef<str> + Sync>(files: &[S], tell: impl Fn(&str, Duration) + Sync) -> Result<()> {
    let work = Work { set: ModuleSet::new(files), bytes: vec![Vec::new(); files.len()], failed: Ok(()) };
    let (work, bell, folder) = (Mutex::new(work), Condvar::new(), folder());
    std::thread::scope(|scope| {
        scope.spawn(|| hand(files, &folder, &work, &bell, &tell));
        hand(files, &folder, &work, &bell, &tell);
    });
    work.into_inner().unwrap_or_else(PoisonError::into_inner).failed
}

struct Work {
    set: ModuleSet,
    bytes: Vec<Vec<u8>>,
    failed: Result<()>,
}

impl Work {
    fn done(&mut self, i: usize, result: Result<()>) {
        self.set.done(i);
        if self.failed.is_ok() {
            self.failed = result;
        }
    }
}

fn hand<S: AsRef<str>>(files: &[S], folder: &Path, work: &Mutex<Work>, bell: &Condvar, tell: &impl Fn(&str, Duration)) {
    let lock = || work.lock().unwrap_or_else(PoisonError::into_inner);
    let mut now = lock();
    loop {
        match now.set.take() {
            Task::End => return bell.notify_all(),
            Task::Wait => now = bell.wait(now).unwrap_or_else(PoisonError::into_inner),
            Task::Read(i) => {
                drop(now);
                let path = folder.join(files[i].as_ref());
                let read = std::fs::read(&path).map_err(Error::path("read module", &path));
                now = lock();
                match read {
                    Ok(bytes) => {
                        now.set.read(i, depends(&bytes));
                        now.bytes[i] = bytes;
                    }
                    Err(error) => now.done(i, Err(error)),
                }
                bell.notify_all();
            }
            Task::Load(i) => {
                let bytes = std::mem::take(&mut now.bytes[i]);
                drop(now);
                let begin = clock::uptime();
                let loaded = load_one(&folder.join(files[i].as_ref()), &bytes);
                tell(files[i].as_ref(), clock::uptime() - begin);
                now = lock();
                now.done(i, loaded);
                bell.notify_all();
            }
        }
    }
}

fn folder() -> PathBuf {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    Path::new("/lib/modules").join(release)
}

fn load_one(path: &Path, bytes: &[u8]) -> Result<()> {
    // A kernel that insists on signatures refuses the bare module: then with it.
    let loaded = match rustix::system::init_module(without_signature(bytes), c"") {
        Err(Errno::KEYREJECTED | Errno::NOKEY | Errno::PERM) => rustix::system::init_module(bytes, c""),
        other => other,
    };
    match loaded {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(Error::path("load module", path)(error)),
    }
}
