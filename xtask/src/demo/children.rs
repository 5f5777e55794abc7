//! Programs that run beside us: every one is ended by its process number, on success, on an error and on Ctrl-C.
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

fn running() -> std::sync::MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From here on Ctrl-C and SIGTERM end the children; whoever waits for them then gets an error.
pub fn watch_for_interrupts() -> Result<()> {
    ctrlc::set_handler(|| {
        // The second time is not a polite one.
        let signal = if INTERRUPTED.swap(true, Ordering::SeqCst) { Signal::KILL } else { Signal::TERM };
        for pid in running().iter() {
            send(*pid, signal);
        }
    })
    .context("cannot watch for Ctrl-C")
}

/// An error if somebody pressed Ctrl-C.
pub fn check_interrupt() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    Ok(())
}

/// Waits a while, but not through a Ctrl-C.
pub fn pause(time: Duration) -> Result<()> {
    let (_keep, never) = channel::<()>();
    let slice = Duration::from_millis(50).min(time);
    let mut left = time;
    while !left.is_zero() {
        check_interrupt()?;
        let _ = never.recv_timeout(slice.min(left));
        left = left.saturating_sub(slice);
    }
    check_interrupt()
}

/// Sends a signal to a process that is there; one that is gone is no fault.
pub fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// A running program. Dropping it ends it, unless it was let go.
pub struct Running {
    /// Process number.
    pub pid: u32,
    what: String,
    ended: Receiver<std::io::Result<ExitStatus>>,
    /// The first line that it prints, if its output is a pipe.
    pub first_line: Receiver<String>,
    over: bool,
}

impl Running {
    /// Starts it in a process group of its own, so that only we decide when it ends.
    pub fn start(command: &mut Command) -> Result<Self> {
        check_interrupt()?;
        let what = command.get_program().to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned();
        let mut child = command.process_group(0).spawn().with_context(|| format!("cannot start {what}"))?;
        let pid = child.id();
        running().push(pid);
        let (say_line, first_line) = channel();
        if let Some(pipe) = child.stdout.take() {
            std::thread::spawn(move || {
                use std::io::{BufRead, BufReader};
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _ = say_line.send(line);
                }
            });
        }
        let (say, ended) = channel();
        std::thread::spawn(move || {
            let status = child.wait();
            running().retain(|p| *p != pid);
            let _ = say.send(status);
        });
        Ok(Self { pid, what, ended, first_line, over: false })
    }

    /// Waits for its end; an error on a bad one, on Ctrl-C, and when it takes longer than `limit`.
    pub fn finish(mut self, limit: Duration) -> Result<()> {
        match self.ended.recv_timeout(limit) {
            Ok(status) => {
                self.over = true;
                check_interrupt()?;
                let status = status.with_context(|| format!("waiting for {}", self.what))?;
                if !status.success() {
                    bail!("{} ended with {status}", self.what);
                }
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => bail!("{} did not end within {} s", self.what, limit.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("lost sight of {}", self.what),
        }
    }

    /// An error if it has ended.
    pub fn must_run(&mut self) -> Result<()> {
        if let Ok(status) = self.ended.try_recv() {
            self.over = true;
            check_interrupt()?;
            bail!("{} ended by itself: {}", self.what, status.map_or_else(|e| e.to_string(), |s| s.to_string()));
        }
        Ok(())
    }

    /// Ends it at once, without a word of warning.
    pub fn kill(mut self) {
        send(self.pid, Signal::KILL);
        self.over = self.ended.recv_timeout(Duration::from_secs(10)).is_ok();
    }

    /// Leaves it running for good.
    pub fn let_go(mut self) {
        self.over = true;
        running().retain(|p| *p != self.pid);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        send(self.pid, Signal::TERM);
        if self.ended.recv_timeout(Duration::from_secs(8)).is_err() {
            send(self.pid, Signal::KILL);
            let _ = self.ended.recv_timeout(Duration::from_secs(2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

    fn shell(script: &str) -> Running {
        Running::start(Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).stdin(Stdio::null())).unwrap()
    }

    #[test]
    fn a_good_end_and_a_bad_one() {
        assert!(shell("exit 0").finish(Duration::from_secs(10)).is_ok());
        let why = shell("exit 3").finish(Duration::from_secs(10)).unwrap_err().to_string();
        assert!(why.contains('3'), "{why}");
    }

    #[test]
    fn what_is_dropped_has_ended() {
        let running = shell("echo here; exec sleep 100");
        assert_eq!(running.first_line.recv_timeout(Duration::from_secs(10)).unwrap(), "here");
        let proc = format!("/proc/{}/stat", running.pid);
        drop(running);
        assert!(!std::path::Path::new(&proc).exists());
    }

    #[test]
    fn a_limit_ends_it_too() {
        assert!(shell("exec sleep 100").finish(Duration::from_millis(50)).is_err());
    }
}
