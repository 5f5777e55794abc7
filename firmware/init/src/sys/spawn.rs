//! Starting and reaping programs.
#![allow(unsafe_code)] // one hook between fork and exec: the child enters its control group before it asks for memory

use crate::supervise::Exit;
use crate::{Error, Result};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal, WaitOptions};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// How to start a program.
#[derive(Debug, Default)]
pub struct Start<'a> {
    /// Program and arguments.
    pub command: &'a [String],
    /// Added to init's own environment, which is empty.
    pub environment: BTreeMap<String, String>,
    /// Its control group's folder.
    pub group: Option<&'a Path>,
    /// Reads and writes the console itself; otherwise its output is captured.
    pub console: bool,
}

/// A running program.
#[derive(Debug)]
pub struct Spawned {
    /// Its process id.
    pub pid: Pid,
    /// What it prints, for reading without blocking; none if it has the console.
    pub output: Option<OwnedFd>,
}

/// Starts a program.
pub fn spawn(start: &Start<'_>) -> Result<Spawned> {
    let Some((program, arguments)) = start.command.split_first() else {
        return Err(Error::Refused("an empty command".to_owned()));
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/usr/sbin:/bin:/sbin").envs(&start.environment).current_dir("/");
    let mut output = None;
    if !start.console {
        let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(Error::kernel("make a pipe"))?;
        rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK).map_err(Error::kernel("make a pipe"))?;
        let second = writer.try_clone().map_err(Error::kernel("make a pipe"))?;
        command.stdin(Stdio::null()).stdout(writer).stderr(second);
        command.process_group(0);
        output = Some(reader);
    }
    if let Some(group) = start.group {
        enter_group(&mut command, &group.join("cgroup.procs"))?;
    }
    let child = command.spawn().map_err(Error::path("start", program))?;
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| Error::path("start", program)(rustix::io::Errno::INVAL))?;
    Ok(Spawned { pid, output })
}

fn enter_group(command: &mut Command, procs: &Path) -> Result<()> {
    let file = File::options().write(true).open(procs).map_err(Error::path("open", procs))?;
    // SAFETY: between fork and exec only one write(2) to an open file is made; it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(move || rustix::io::write(&file, b"0").map(drop).map_err(Into::into));
    }
    Ok(())
}

/// The next child that ended, our own or one that was left behind by its parent.
pub fn reap() -> Option<(Pid, Exit)> {
    let (pid, status) = rustix::process::wait(WaitOptions::NOHANG).ok()??;
    let exit = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Status(code),
        (None, signal) => Exit::Signal(signal.unwrap_or(0)),
    };
    Some((pid, exit))
}

/// Sends a signal to a program and what it started.
pub fn signal(pid: Pid, signal: Signal) {
    // Gone already: the reaper will tell.
    if rustix::process::kill_process_group(pid, signal).is_err() {
        let _ = rustix::process::kill_process(pid, signal);
    }
}
