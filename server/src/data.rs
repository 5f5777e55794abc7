//! The data directory: where everything lies, the lock that keeps a second server out, and what is swept at start.
//!
//! ```text
//! DATA/lock           held while a process uses the directory; says who
//! DATA/hearth.db      SQLite: see migrations/
//! DATA/master.key     root of all keys, mode 0600
//! DATA/operator.token what operators show a server that requires sign-in, mode 0600
//! DATA/store/         object store: titles/{title}/… and updates/…, what is published and nothing else
//! DATA/uploads/       files on their way in, and their artwork
//! DATA/ballast        room to be given up when the disc is full
//! DATA/work/{job}/    what a job has made and not yet published
//! ```

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Left free on the disc for the database and its log, in bytes.
pub const RESERVE_BYTES: u64 = 16 << 20;

/// Room kept back for the database to write down that the disc is full.
const BALLAST_BYTES: usize = 2 << 20;

/// A locked data directory.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
    lock: File,
}

/// What the lock file says of its holder.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    url: Option<String>,
}

impl DataDir {
    /// Makes the directory where it is missing, and locks it. Fails with `data-locked` while another process has it.
    pub fn open(root: &Path) -> Result<Self> {
        for sub in ["", "store", "uploads", "work"] {
            let path = root.join(sub);
            std::fs::create_dir_all(&path).map_err(Error::io(&path))?;
        }
        let root = root.canonicalize().map_err(Error::io(root))?;
        let path = root.join("lock");
        let mut lock =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(Error::io(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(&root, &mut lock)),
            Err(TryLockError::Error(e)) => return Err(Error::io(&path)(e)),
        }
        let dir = Self { root, lock };
        dir.announce(None)?;
        Ok(dir)
    }

    /// Writes into the lock file who holds it, for the message that a second process gives.
    pub fn announce(&self, url: Option<&str>) -> Result<()> {
        let holder = Holder { pid: std::process::id(), url: url.map(str::to_owned) };
        let text = serde_json::to_vec(&holder).map_err(|e| Error::Damaged(e.to_string()))?;
        let write = || {
            self.lock.set_len(0)?;
            (&self.lock).rewind()?;
            (&self.lock).write_all(&text)
        };
        write().map_err(Error::io(self.root.join("lock")))
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.root.join("hearth.db")
    }

    /// The file of the master key.
    pub fn master_key(&self) -> PathBuf {
        self.root.join("master.key")
    }

    /// The root of the object store.
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// The bytes of an upload.
    pub fn upload(&self, id: &str) -> PathBuf {
        self.root.join("uploads").join(format!("{id}.part"))
    }

    /// Artwork that came with an upload: `kind` is `poster` or `backdrop`.
    pub fn art(&self, upload: &str, kind: &str) -> PathBuf {
        self.root.join("uploads").join(format!("{upload}.{kind}.jpg"))
    }

    /// Where a job works.
    pub fn work(&self, job: &str) -> PathBuf {
        self.root.join("work").join(job)
    }

    /// All work directories there are, by job.
    pub fn all_work(&self) -> Result<Vec<(String, PathBuf)>> {
        list(&self.root.join("work"))
    }

    /// All files under `uploads/`, by name.
    pub fn all_uploads(&self) -> Result<Vec<(String, PathBuf)>> {
        list(&self.root.join("uploads"))
    }

    /// Keeps a little room back, for as far as there is any: see [`DataDir::drop_ballast`].
    pub fn keep_ballast(&self) {
        let path = self.root.join("ballast");
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all(&vec![0; BALLAST_BYTES])?;
            file.sync_all()
        };
        match write() {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
                let _ = std::fs::remove_file(&path);
            }
            _ => {}
        }
    }

    /// Gives the kept room up: on a full disc the database could not even write down that the disc is full.
    pub fn drop_ballast(&self) -> Result<()> {
        remove(&self.root.join("ballast"))
    }

    /// Bytes that an ordinary process may still write on this disc.
    pub fn free_bytes(&self) -> Result<u64> {
        let stat = rustix::fs::statvfs(&self.root).map_err(|e| Error::io(&self.root)(e.into()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Refuses with `disk-full` unless `bytes` (and a reserve) fit.
    pub fn require_room(&self, bytes: u64, what: &str) -> Result<()> {
        let (free, need) = (self.free_bytes()?, bytes.saturating_add(RESERVE_BYTES));
        if free >= need {
            return Ok(());
        }
        Err(Error::disk_full(&self.root, &format!("{what} needs {} and {} is free", mib(need), mib(free))))
    }
}

fn list(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io(path))? {
        let entry = entry.map_err(Error::io(path))?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(found)
}

fn locked(root: &Path, lock: &mut File) -> Error {
    let mut text = String::new();
    // Best effort: the holder may be writing this very moment.
    let _ = lock.read_to_string(&mut text);
    let holder: Holder = serde_json::from_str(&text).unwrap_or_default();
    let who = match (holder.pid, holder.url) {
        (0, _) => "another process".to_owned(),
        (pid, Some(url)) => {
            format!("the server at {url} (process {pid}); hand it films with `hearth-server ingest FILE --server {url}`")
        }
        (pid, None) => format!("process {pid}; wait for it to end"),
    };
    Error::refused(http::StatusCode::CONFLICT, "data-locked", format!("{} is in use by {who}", root.display()))
}

/// Bytes for a person.
pub fn mib(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib >= 1024.0 { format!("{:.1} GiB", mib / 1024.0) } else { format!("{mib:.0} MiB") }
}

/// Removes a file or a whole directory; that it is gone already is fine.
pub fn remove(path: &Path) -> Result<()> {
    let result = match std::fs::symlink_metadata(path) {
        Ok(m) if m.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(e) => Err(e),
    };
    match result {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(e)),
        _ => Ok(()),
    }
}

/// Makes a directory's entries durable: a rename or a new file in it survives a power cut.
pub fn sync_dir(path: &Path) -> Result<()> {
    File::open(path).and_then(|d| d.sync_all()).map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_kept_out_and_told_by_whom() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::open(dir.path()).unwrap();
        first.announce(Some("http://127.0.0.1:1234")).unwrap();
        let refused = DataDir::open(dir.path()).unwrap_err();
        assert_eq!(refused.code(), "data-locked");
        assert!(refused.to_string().contains("http://127.0.0.1:1234"), "{refused}");
        drop(first);
        DataDir::open(dir.path()).unwrap();
    }

    #[test]
    fn too_little_room_says_how_much_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        data.require_room(1, "a byte").unwrap();
        let refused = data.require_room(u64::MAX / 2, "a galaxy").unwrap_err();
        assert!(refused.is_disk_full());
        assert!(refused.to_string().contains("a galaxy needs"), "{refused}");
    }
}
