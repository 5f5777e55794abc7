//! Running other programs, and where things are.
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository; `HEARTH_ROOT` names a copy of it, for `image --reproducible`.
pub fn root() -> PathBuf {
    if let Some(copy) = std::env::var_os("HEARTH_ROOT") {
        return PathBuf::from(copy);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds: `CARGO_TARGET_DIR`, or `target`.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// One of our own programs, as `cargo build` leaves it.
pub fn our_program(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// This program once more. A build of the whole workspace may have put a new one in our place, and then the old file is gone.
pub fn ourselves() -> PathBuf {
    std::env::current_exe().ok().filter(|path| path.is_file()).unwrap_or_else(|| our_program("xtask"))
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Says what is about to happen.
pub fn step(what: impl std::fmt::Display) {
    use std::io::{IsTerminal, Write};
    let mut out = std::io::stdout();
    let line = if out.is_terminal() { format!("\x1b[1;36m▸\x1b[0m \x1b[1m{what}\x1b[0m\n") } else { format!("> {what}\n") };
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

/// Runs to the end with our own output; an error if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {}", show(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", show(command));
    }
    Ok(())
}

/// What it prints, trimmed; `None` if it is not there or fails.
pub fn output(program: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(program).args(args).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// Whether a program is in the path.
pub fn has(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// The command as one would type it.
pub fn show(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
