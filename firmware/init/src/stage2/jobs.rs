//! What could block, as child processes: each has one purpose and one end.

use crate::datafs::Step;
use crate::ring::Lines;
use crate::supervise::Exit;
use crate::sys::spawn::{self, Spawned, Start};
use crate::{Result, sys};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal};
use std::time::Duration;

/// Ourselves, whatever our path is.
pub const SELF: &str = "/proc/self/exe";

/// Why a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Load stage 2's modules.
    Modules,
    /// A step of [`crate::datafs::Plan`].
    Data(Step),
    /// `hearth-update mark-good`.
    MarkGood,
    /// Ask for the time.
    Time,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Modules => "modules",
            Self::Data(Step::Make) => "mke2fs",
            Self::Data(Step::Rescue) => "rescue",
            Self::Data(_) => "e2fsck",
            Self::MarkGood => "mark-good",
            Self::Time => "time",
        }
    }

    /// Longer than this it hangs.
    fn most(self) -> Duration {
        match self {
            // A check that takes longer is given up: what can be rescued is, and `/data` is made anew.
            Self::Data(_) => Duration::from_secs(600),
            Self::Modules | Self::MarkGood => Duration::from_secs(120),
            Self::Time => Duration::from_secs(30),
        }
    }
}

#[derive(Debug)]
struct Job {
    purpose: Purpose,
    pid: Pid,
    output: Option<OwnedFd>,
    lines: Lines,
    said: Vec<String>,
    until: Duration,
}

/// A job's end.
#[derive(Debug)]
pub struct Ended {
    /// Which job.
    pub purpose: Purpose,
    /// How; none if it could not be started.
    pub exit: Option<Exit>,
    /// What it printed.
    pub said: Vec<String>,
}

impl Ended {
    /// Its last words.
    pub fn why(&self) -> &str {
        self.said.last().map_or("it said nothing", String::as_str)
    }
}

/// The jobs that run.
#[derive(Debug, Default)]
pub struct Jobs(Vec<Job>);

impl Jobs {
    /// Starts one.
    pub fn start(&mut self, purpose: Purpose, command: &[&str]) -> Result<()> {
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        let Spawned { pid, output } = spawn::spawn(&Start { command: &command, ..Start::default() })?;
        let until = sys::clock::uptime() + purpose.most();
        self.0.push(Job { purpose, pid, output, lines: Lines::default(), said: Vec::new(), until });
        Ok(())
    }

    /// Starts ourselves as a job.
    pub fn start_self(&mut self, purpose: Purpose, arguments: &[&str]) -> Result<()> {
        self.start(purpose, &[&[SELF], arguments].concat())
    }

    /// One runs for that purpose.
    pub fn runs(&self, purpose: Purpose) -> bool {
        self.0.iter().any(|job| job.purpose == purpose)
    }

    /// Where they print.
    pub fn outputs(&self) -> impl Iterator<Item = &OwnedFd> {
        self.0.iter().filter_map(|job| job.output.as_ref())
    }

    /// Reads what they print; ends those that hang. The lines, with the job's name.
    pub fn turn(&mut self, now: Duration) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        for job in &mut self.0 {
            for line in read_lines(&mut job.output, &mut job.lines) {
                all.push((job.purpose.name(), line.clone()));
                if job.said.len() < 100 {
                    job.said.push(line);
                }
            }
            if now >= job.until {
                spawn::signal(job.pid, Signal::KILL);
                job.until = now + Duration::from_secs(5);
            }
        }
        all
    }

    /// A child ended: was it a job?
    pub fn exited(&mut self, pid: Pid, exit: Exit) -> Option<Ended> {
        let at = self.0.iter().position(|job| job.pid == pid)?;
        let job = self.0.remove(at);
        Some(Ended { purpose: job.purpose, exit: Some(exit), said: job.said })
    }

    /// When the next hangs.
    pub fn deadline(&self) -> Option<Duration> {
        self.0.iter().map(|job| job.until).min()
    }
}

/// Reads all there is without blocking; at the end of the stream the descriptor is closed and the rest is a line.
pub fn read_lines(output: &mut Option<OwnedFd>, lines: &mut Lines) -> Vec<String> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    // Bounded, so that a program that prints without end cannot keep init here.
    for _ in 0..16 {
        let Some(fd) = output else { break };
        match rustix::io::read(&*fd, &mut buffer[..]) {
            Ok(0) => {
                *output = None;
                all.extend(lines.finish());
            }
            Ok(len) => all.extend(lines.push(&buffer[..len])),
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => break,
            Err(_) => *output = None,
        }
    }
    all
}
