//! A folder that becomes a root: every mode and every time in it is set here, never taken from this machine.
use anyhow::{Context, Result, bail};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The folder.
pub struct Root {
    dir: PathBuf,
}

impl Root {
    /// An empty one with the links of a merged `/usr`.
    pub fn new(dir: &Path) -> Result<Self> {
        if dir.exists() {
            fs::remove_dir_all(dir).with_context(|| dir.display().to_string())?;
        }
        let root = Self { dir: dir.to_path_buf() };
        for name in ["bin", "sbin", "lib"] {
            root.folder(&format!("usr/{name}"))?;
            root.link(name, &format!("usr/{name}"))?;
        }
        Ok(root)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A folder, with those above it.
    pub fn folder(&self, path: &str) -> Result<()> {
        let dir = self.dir.join(path);
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())
    }

    /// A file's content.
    pub fn write(&self, path: &str, content: &[u8]) -> Result<()> {
        self.put(path, |to| fs::write(to, content), false)
    }

    /// A file from elsewhere; who may run it there may run it here.
    pub fn copy(&self, path: &str, from: &Path) -> Result<()> {
        let mode = from.metadata().with_context(|| from.display().to_string())?.permissions().mode();
        self.put(path, |to| fs::copy(from, to).map(|_| ()), mode & 0o111 != 0).with_context(|| from.display().to_string())
    }

    /// A symbolic link.
    pub fn link(&self, path: &str, to: &str) -> Result<()> {
        let from = self.free(path)?;
        symlink(to, &from).with_context(|| from.display().to_string())
    }

    fn put(&self, path: &str, write: impl FnOnce(&Path) -> std::io::Result<()>, program: bool) -> Result<()> {
        let to = self.free(path)?;
        write(&to).with_context(|| to.display().to_string())?;
        fs::set_permissions(&to, fs::Permissions::from_mode(if program { 0o755 } else { 0o644 }))?;
        Ok(())
    }

    /// The place of something new: two things at one path would be a mistake in the lists.
    fn free(&self, path: &str) -> Result<PathBuf> {
        let to = self.dir.join(path);
        if to.symlink_metadata().is_ok() {
            bail!("/{path} is put into the root twice");
        }
        if let Some(dir) = to.parent() {
            fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        }
        Ok(to)
    }

    /// All of a folder over what is there: the one way in which a file replaces another.
    pub fn overlay(&self, from: &Path) -> Result<()> {
        let mut entries = Vec::new();
        walk(from, &mut entries)?;
        for (source, kind) in entries {
            let path = source.strip_prefix(from)?.to_string_lossy().into_owned();
            let to = self.dir.join(&path);
            let real = to.symlink_metadata().is_ok_and(|there| there.is_dir());
            match kind {
                Kind::Folder if real || path.is_empty() => continue,
                Kind::Folder if to.symlink_metadata().is_ok() => {
                    bail!("/{path} is no folder in the root: bring the files by their real path")
                }
                Kind::Folder => self.folder(&path)?,
                _ if real => bail!("/{path} is a folder in the root"),
                Kind::File | Kind::Link => {
                    if to.symlink_metadata().is_ok() {
                        fs::remove_file(&to).with_context(|| to.display().to_string())?;
                    }
                    match fs::read_link(&source) {
                        Ok(target) => self.link(&path, &target.to_string_lossy())?,
                        Err(_) => self.copy(&path, &source)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Folders 0755, everything's time the epoch.
    pub fn settle(&self, epoch: u64) -> Result<()> {
        for (path, kind) in self.walk()? {
            if kind == Kind::Folder {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            }
            let time = Timespec { tv_sec: i64::try_from(epoch)?, tv_nsec: 0 };
            let times = Timestamps { last_access: time, last_modification: time };
            utimensat(CWD, &path, &times, AtFlags::SYMLINK_NOFOLLOW).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }

    /// SHA-256 over every path, mode, link and content.
    pub fn digest(&self, into: &mut Sha256) -> Result<()> {
        for (path, kind) in self.walk()? {
            let name = path.strip_prefix(&self.dir).unwrap_or(&path).to_string_lossy().into_owned();
            into.update(format!("{kind:?} {name}\0"));
            match kind {
                Kind::Folder => {}
                Kind::Link => into.update(fs::read_link(&path)?.to_string_lossy().as_bytes()),
                Kind::File => {
                    let mode = path.metadata()?.permissions().mode();
                    into.update(format!("{mode:o} {}", super::inputs::sha256_file(&path)?));
                }
            }
        }
        Ok(())
    }

    /// Everything, folders after what is in them, sorted.
    fn walk(&self) -> Result<Vec<(PathBuf, Kind)>> {
        let mut out = Vec::new();
        walk(&self.dir, &mut out)?;
        Ok(out)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
}

fn walk(dir: &Path, out: &mut Vec<(PathBuf, Kind)>) -> Result<()> {
    let mut entries = fs::read_dir(dir).with_context(|| dir.display().to_string())?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            walk(&path, out)?;
        } else if kind.is_symlink() {
            out.push((path, Kind::Link));
        } else if kind.is_file() {
            out.push((path, Kind::File));
        } else {
            bail!("{} is neither file, folder nor link", path.display());
        }
    }
    out.push((dir.to_path_buf(), Kind::Folder));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn modes_and_times_are_the_image_s_own() {
        let temporary = tempfile::tempdir().unwrap();
        let digest = |name: &str, text: &str| {
            let root = Root::new(&temporary.path().join(name)).unwrap();
            let from = temporary.path().join("from");
            fs::write(&from, "x").unwrap();
            fs::set_permissions(&from, fs::Permissions::from_mode(0o700)).unwrap();
            root.copy("usr/bin/x", &from).unwrap();
            root.write("etc/a", text.as_bytes()).unwrap();
            root.settle(1000).unwrap();
            let etc = root.dir().join("etc").metadata().unwrap();
            assert_eq!((etc.mtime(), etc.mode() & 0o7777), (1000, 0o755));
            assert_eq!(root.dir().join("usr/bin/x").metadata().unwrap().mode() & 0o7777, 0o755);
            assert_eq!(root.dir().join("etc/a").metadata().unwrap().mode() & 0o7777, 0o644);
            assert_eq!(root.dir().join("sbin").symlink_metadata().unwrap().mtime(), 1000);
            assert!(root.write("bin/x", b"").is_err(), "through the link, at the same place");
            let mut hash = Sha256::new();
            root.digest(&mut hash).unwrap();
            hash.finalize()
        };
        assert_eq!(digest("one", "a"), digest("two", "a"));
        assert_ne!(digest("three", "a"), digest("four", "b"));
    }

    #[test]
    fn what_is_brought_replaces_and_adds() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Root::new(&temporary.path().join("root")).unwrap();
        root.write("etc/a", b"ours").unwrap();
        root.link("etc/b", "a").unwrap();
        let brought = temporary.path().join("brought");
        let bring = |path: &str, text: &str| {
            let path = brought.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        bring("etc/a", "theirs");
        bring("etc/b", "a file now");
        bring("usr/share/logo/x.png", "new");
        symlink("logo/x.png", brought.join("usr/share/x.png")).unwrap();
        root.overlay(&brought).unwrap();
        let read = |path: &str| fs::read_to_string(root.dir().join(path)).unwrap();
        assert_eq!([read("etc/a"), read("etc/b"), read("usr/share/x.png")], ["theirs", "a file now", "new"]);
        assert!(!root.dir().join("etc/b").is_symlink());
        bring("bin/sh", "through the link: not where it seems to go");
        assert!(root.overlay(&brought).unwrap_err().to_string().contains("/bin"));
    }
}
