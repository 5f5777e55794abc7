//! Kernel modules, in the order the image decided.

use crate::{Error, Result};
use rustix::io::Errno;
use std::fs::File;
use std::path::Path;

/// Loads `/lib/modules/<release>/<file>` for each file. One that is there already, or built in, is fine; the first failure is reported after
/// the others were tried.
pub fn load<S: AsRef<str>>(files: &[S]) -> Result<()> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let folder = Path::new("/lib/modules").join(release);
    let mut failed = Ok(());
    for file in files {
        let path = folder.join(file.as_ref());
        if let Err(error) = load_one(&path) {
            failed = failed.and(Err(error));
        }
    }
    failed
}

fn load_one(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(Error::path("open module", path))?;
    match rustix::system::finit_module(&file, c"", 0) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(Error::path("load module", path)(error)),
    }
}
