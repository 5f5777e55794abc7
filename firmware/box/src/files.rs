//! Files replaced as a whole: a reader, or the next boot, finds the old content or the new.

use std::fs::{self, File, OpenOptions};
use std::io::{Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How a file is kept, and from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// On a disc: once it is replaced, a loss of power does not bring the old content back.
    pub durable: bool,
    /// Only its owner may read it.
    pub secret: bool,
}

impl Kind {
    /// In `/run`, for everybody.
    pub const MEMORY: Self = Self { durable: false, secret: false };
    /// In `/run`, for its owner.
    pub const SECRET_MEMORY: Self = Self { durable: false, secret: true };
    /// On a disc, for everybody.
    pub const DISC: Self = Self { durable: true, secret: false };
    /// On a disc, for its owner.
    pub const SECRET_DISC: Self = Self { durable: true, secret: true };
}

/// Replaces a file; makes its folder where that is missing. Two programs must not replace the same file at the same time.
pub fn replace(path: impl AsRef<Path>, bytes: &[u8], kind: Kind) -> Result<()> {
    let path = path.as_ref();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension("new");
    // What a crash left behind may have another mode. It need not be there.
    let _ = fs::remove_file(&new);
    let mode = if kind.secret { 0o600 } else { 0o644 };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(bytes)?;
    if kind.durable {
        file.sync_all()?;
    }
    fs::rename(&new, path)?;
    if kind.durable { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn replaced_whole_and_with_the_right_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/file.json");
        for (kind, mode) in [(Kind::MEMORY, 0o644), (Kind::SECRET_MEMORY, 0o600), (Kind::DISC, 0o644), (Kind::SECRET_DISC, 0o600)]
        {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path.with_extension("new"), b"left behind").unwrap();
            replace(&path, format!("{kind:?}").as_bytes(), kind).unwrap();
            assert_eq!(fs::read(&path).unwrap(), format!("{kind:?}").as_bytes());
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{kind:?}");
            assert!(!path.with_extension("new").exists());
        }
        assert!(replace("/proc/no/such/folder", b"", Kind::MEMORY).is_err());
    }
}
