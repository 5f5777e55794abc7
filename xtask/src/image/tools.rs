//! The programs that packing runs: what to install when one is missing, and no trace of this machine in what they make.
use super::inputs;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// Programs that packing needs, and the Debian package of each.
pub const NEEDED: &[(&str, &str)] = &[
    ("mksquashfs", "squashfs-tools"),
    ("veritysetup", "cryptsetup-bin"),
    ("zstd", "zstd"),
    ("gzip", "gzip"),
    ("mkimage", "u-boot-tools"),
    ("dtc", "device-tree-compiler"),
    ("fdtput", "device-tree-compiler"),
    ("fdtget", "device-tree-compiler"),
    ("sgdisk", "gdisk"),
    ("openssl", "openssl"),
];

/// Whether it is there.
pub fn has(program: &str) -> bool {
    inputs::tool(program).is_absolute()
}

/// A command of that program, or what to install. Neither locale nor the caller's idea of the date reaches what it makes.
pub fn command(program: &str) -> Result<Command> {
    let path = inputs::tool(program);
    if !path.is_absolute() {
        let package = NEEDED.iter().find(|(name, _)| *name == program).map_or(program, |(_, package)| package);
        bail!("{program} is not installed: run cargo xtask setup, or install Debian's package {package}");
    }
    let mut command = Command::new(path);
    command.env_remove("SOURCE_DATE_EPOCH").env("LC_ALL", "C").env("TZ", "UTC");
    Ok(command)
}

/// Runs it; what it printed, or an error with what it complained about.
pub fn run(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8_lossy(&inputs::quietly(command)?).into_owned())
}

/// Runs it with its output in a file.
pub fn run_into(command: &mut Command, out: &Path) -> Result<()> {
    let shown = crate::shell::show(command);
    let file = std::fs::File::create(out).with_context(|| out.display().to_string())?;
    let done =
        command.stdin(Stdio::null()).stdout(file).stderr(Stdio::piped()).spawn().and_then(|child| child.wait_with_output());
    let done = done.with_context(|| format!("cannot start {shown}"))?;
    if !done.status.success() {
        bail!("{shown} failed ({}): {}", done.status, String::from_utf8_lossy(&done.stderr).trim_end());
    }
    Ok(())
}
