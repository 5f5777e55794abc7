//! The update bundle, by the box's own library, and opened again by it before it leaves the house.
use super::keys::Keys;
use anyhow::{Context, Result, ensure};
use hearth_update::bundle::{Bundle, Release, write};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Writes the bundle of a slot's two files.
pub fn make(release: &Release, boot: &Path, root: &Path, keys: &Keys, out: &Path) -> Result<()> {
    let open = |path: &Path| File::open(path).with_context(|| path.display().to_string());
    let mut to = BufWriter::new(File::create(out).with_context(|| out.display().to_string())?);
    let written = write(&mut to, release, &mut open(boot)?, &mut open(root)?, &keys.update)?;
    drop(to);
    let read = Bundle::read(&mut open(out)?, &keys.update.keyring())?;
    ensure!(read.manifest == written.manifest, "{} does not read back as it was written", out.display());
    Ok(())
}
