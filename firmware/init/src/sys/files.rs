//! Files replaced as a whole: a reader, or the next boot, finds the old content or the new.

use crate::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Replaces a file in memory (`/run`).
pub fn replace(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    write(path.as_ref(), bytes, false)
}

/// Replaces a file on a disc, and waits until it is there.
pub fn replace_durably(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let folder = path.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(Error::path("make", folder))?;
    write(path, bytes, true)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::path("flush", folder))
}

fn write(path: &Path, bytes: &[u8], flush: bool) -> Result<()> {
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        if flush { file.sync_all() } else { Ok(()) }
    });
    written.map_err(Error::path("write", &new))?;
    std::fs::rename(&new, path).map_err(Error::path("replace", path))
}
