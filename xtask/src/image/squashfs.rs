//! The root as a squashfs: the same tree gives the same bytes, wherever and whenever.
use super::tools;
use anyhow::{Context, Result};
use std::path::Path;

/// Ours change with every release and so go last: what lies before them stays where it was, and an update need not fetch it again.
const LAST: &[&str] = &["usr/bin/hearth-update", "usr/sbin/init", "sbin/init", "usr/bin/hearth-launcher"];

/// Packs `root` into `out`. Every file belongs to root and carries the time `epoch`.
pub fn make(root: &Path, out: &Path, epoch: u64) -> Result<()> {
    let order = out.with_extension("sort");
    let lines: String = LAST.iter().enumerate().map(|(i, path)| format!("{path} {}\n", -100 - i as i64)).collect();
    std::fs::write(&order, lines).with_context(|| order.display().to_string())?;
    let time = epoch.to_string();
    let mut command = tools::command("mksquashfs")?;
    command.arg(root).arg(out).args(["-noappend", "-all-root", "-no-xattrs", "-no-exports", "-quiet", "-no-progress"]);
    command.args(["-comp", "zstd", "-Xcompression-level", "19", "-b", "131072"]);
    command.args(["-mkfs-time", &time, "-all-time", &time, "-sort"]).arg(&order);
    let done = tools::run(&mut command);
    std::fs::remove_file(&order).with_context(|| order.display().to_string())?;
    done.map(|_| ())
}
