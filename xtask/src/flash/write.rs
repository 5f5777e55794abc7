//! Writing an image and reading it back.
use crate::image::{disk, tools};
use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rustix::fs::{Advice, OFlags, fadvise};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const CHUNK: usize = 4 << 20;

/// Writes all of `image`, flushes it, and returns its SHA-256. `device`: refuse one that anybody has mounted or opened for himself.
pub fn write(image: &Path, target: &Path, device: bool) -> Result<[u8; 32]> {
    let mut from = File::open(image).with_context(|| image.display().to_string())?;
    let size = from.metadata()?.len();
    let mut options = OpenOptions::new();
    options.write(true);
    if device {
        // The kernel's own last word on what is in use, against a mount since we looked.
        options.custom_flags(OFlags::EXCL.bits() as i32);
    }
    let mut to = options.open(target).with_context(|| format!("{} cannot be opened to write", target.display()))?;
    let bar = bar("writing", size);
    let hash = pump(&mut from, size, &bar, |bytes| to.write_all(bytes))
        .with_context(|| format!("{} failed while it was written", target.display()))?;
    bar.set_message("flushing");
    to.sync_all().with_context(|| format!("{} failed while it was flushed", target.display()))?;
    bar.finish_and_clear();
    Ok(hash)
}

/// Reads `size` bytes back, from the device and not from memory, and compares.
pub fn verify(target: &Path, size: u64, wanted: &[u8; 32]) -> Result<()> {
    let mut from = File::open(target).with_context(|| target.display().to_string())?;
    fadvise(&from, 0, None, Advice::DontNeed)?;
    let bar = bar("verifying", size);
    let hash = pump(&mut from, size, &bar, |_| Ok(())).with_context(|| format!("{} cannot be read back", target.display()))?;
    bar.finish_and_clear();
    ensure!(
        hash == *wanted,
        "{} does not hold what was written to it: the medium is failing, or is smaller than it says",
        target.display()
    );
    Ok(())
}

/// Gives `data`, the last partition, the rest of a larger disc.
pub fn grow(target: &Path, layout: &[disk::Partition], build_id: &str) -> Result<()> {
    let (number, Some(data)) = (layout.len(), layout.last()) else { return Ok(()) };
    let mut command = tools::command("sgdisk")?;
    command.args(["--move-second-header", "--set-alignment=1", &format!("--delete={number}")]);
    command.args(disk::entry(number, data, build_id, disk::End::OfDisc));
    tools::run(command.arg(target)).context("the data partition cannot be made larger")?;
    File::open(target)?.sync_all()?;
    Ok(())
}

fn pump(from: &mut File, size: u64, bar: &ProgressBar, mut each: impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let len = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        from.read_exact(&mut buffer[..len])?;
        hash.update(&buffer[..len]);
        each(&buffer[..len])?;
        left -= len as u64;
        bar.inc(len as u64);
    }
    Ok(hash.finalize().into())
}

fn bar(what: &'static str, size: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>10} {bar:40} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
    let bar = ProgressBar::new(size).with_message(what);
    if let Ok(style) = style { bar.with_style(style) } else { bar }
}
