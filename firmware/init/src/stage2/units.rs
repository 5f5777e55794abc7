//! The services: started, heard, restarted, ended.

use super::jobs::read_lines;
use super::log::Log;
use crate::config::Service;
use crate::crash;
use crate::ring::{Lines, Ring};
use crate::supervise::{Exit, Order, State, Supervised};
use crate::sys::spawn::{self, Start};
use hearth_api::CrashRecord;
use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal};
use std::path::{Path, PathBuf};
use std::time::Duration;

const GROUPS: &str = "/sys/fs/cgroup";

/// One service and what is known of it.
#[derive(Debug)]
struct Unit {
    config: Service,
    life: Supervised,
    memory_mib: Option<u32>,
    pid: Option<Pid>,
    output: Option<OwnedFd>,
    lines: Lines,
    last: Ring,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Units {
    units: Vec<Unit>,
    environment: Vec<(String, String)>,
}

/// What a turn brought up.
#[derive(Debug, Default)]
pub struct News {
    /// For `/data/crash`: service, how it ended, its last lines.
    pub crashes: Vec<(String, Exit, Vec<String>)>,
    /// A service did what it was there for.
    pub reboot: Option<String>,
    /// An essential service was given up.
    pub hopeless: Option<String>,
}

impl Units {
    /// From the image's files. `environment` is given to each.
    pub fn new(
        services: Vec<Service>,
        board: Option<&hearth_boards::Board>,
        environment: Vec<(String, String)>,
        now: Duration,
    ) -> Self {
        let unit = |config: Service| Unit {
            life: Supervised::new(config.rules(), now),
            memory_mib: board.and_then(|board| config.memory_mib(&board.memory)),
            config,
            pid: None,
            output: None,
            lines: Lines::default(),
            last: Ring::new(crash::LINES),
        };
        // Children's groups get a memory limit only if the root hands the controller down.
        let _ = std::fs::write(Path::new(GROUPS).join("cgroup.subtree_control"), "+memory +pids");
        Self { units: services.into_iter().map(unit).collect(), environment }
    }

    /// Where they print.
    pub fn outputs(&self) -> impl Iterator<Item = &OwnedFd> {
        self.units.iter().filter_map(|unit| unit.output.as_ref())
    }

    /// When something is due by time alone.
    pub fn deadline(&self, data_settled: bool) -> Option<Duration> {
        self.units.iter().filter(|unit| !unit.waits_for_data(data_settled)).filter_map(|unit| unit.life.deadline()).min()
    }

    /// Starts what can start, ends what hangs, reads what they print.
    pub fn turn(&mut self, now: Duration, data_settled: bool, log: &mut Log) -> News {
        let mut news = News::default();
        for unit in &mut self.units {
            unit.listen(log);
            if unit.waits_for_data(data_settled) {
                continue;
            }
            let has_needs = unit.config.wait_for.iter().all(|path| Path::new(path).exists());
            match unit.life.tick(now, has_needs) {
                Some(Order::Start) => {
                    unit.start(&self.environment, now, log);
                    unit.note_hopeless(&mut news);
                }
                Some(Order::Kill) => {
                    log.failed(format_args!("service {} gives no sign of life, killed", unit.config.name));
                    unit.end(Signal::KILL);
                }
                Some(Order::Reboot) | None => {}
            }
        }
        news
    }

    /// A child ended: was it a service?
    pub fn exited(&mut self, pid: Pid, exit: Exit, now: Duration, log: &mut Log) -> Option<News> {
        let unit = self.units.iter_mut().find(|unit| unit.pid == Some(pid))?;
        let mut news = News::default();
        unit.listen(log);
        unit.pid = None;
        let asked = matches!(unit.life.state(), State::Done | State::Renewed { .. });
        unit.end(Signal::KILL); // what it started and left behind
        let (order, wait) = unit.life.exited(exit, now);
        let wait = wait.map_or_else(|| "never".to_owned(), |wait| format!("{}.{:03}", wait.as_secs(), wait.subsec_millis()));
        log.say("service", &format!("{} exited {exit} restart-in={wait}", unit.config.name));
        if crash::is_crash(exit) && !asked {
            news.crashes.push((unit.config.name.clone(), exit, unit.last.iter().map(str::to_owned).collect()));
        }
        if order == Some(Order::Reboot) {
            news.reboot = Some(unit.config.name.clone());
        }
        unit.note_hopeless(&mut news);
        Some(news)
    }

    /// A sign of life from a process; it counts for the service whose process it is.
    pub fn alive(&mut self, pid: i32, now: Duration) {
        if let Some(unit) = self.units.iter_mut().find(|unit| unit.pid.is_some_and(|own| own.as_raw_pid() == pid)) {
            unit.life.alive(now);
        }
    }

    /// The process of a service.
    pub fn pid(&self, name: &str) -> Option<i32> {
        self.units.iter().find(|unit| unit.config.name == name)?.pid.map(Pid::as_raw_pid)
    }

    /// `/data` is another one now: services that read it at their start are started anew. The essential one goes on with what it is showing.
    pub fn renew(&mut self, now: Duration, log: &mut Log) {
        for unit in self.units.iter_mut().filter(|unit| unit.config.needs_data && !unit.config.essential) {
            if unit.life.renew(now) {
                log.note(&format!("service {} is started anew with /data", unit.config.name));
                unit.end(Signal::TERM);
            }
        }
    }

    /// The box goes down: none is started any more.
    pub fn stop(&mut self) {
        for unit in &mut self.units {
            unit.life.stop();
        }
    }

    /// A record for `/data/crash`.
    pub fn record(service: String, exit: &str, lines: Vec<String>) -> CrashRecord {
        CrashRecord {
            schema: 1,
            service,
            exit: exit.to_owned(),
            version: String::new(),
            slot: String::new(),
            time: 0,
            uptime: 0,
            lines,
        }
    }
}

impl Unit {
    fn waits_for_data(&self, data_settled: bool) -> bool {
        self.config.needs_data && !data_settled && matches!(self.life.state(), State::Waiting { .. })
    }

    fn start(&mut self, environment: &[(String, String)], now: Duration, log: &mut Log) {
        let group = self.group(log);
        let mut all = self.config.environment.clone();
        all.extend(environment.iter().cloned());
        self.last.clear();
        self.lines = Lines::default();
        let start =
            Start { command: &self.config.command, environment: all, group: group.as_deref(), console: self.config.console };
        match spawn::spawn(&start) {
            Ok(spawned) => {
                self.pid = Some(spawned.pid);
                self.output = spawned.output;
                self.life.started(now);
                log.say("service", &format!("{} started pid={}", self.config.name, spawned.pid.as_raw_pid()));
            }
            Err(error) => {
                let wait = self.life.not_started(now);
                // A program the image does not have is said once, not each half minute.
                if self.life.failures() <= 3 || wait.is_none() {
                    log.failed(format_args!("service {}: {error}", self.config.name));
                }
            }
        }
    }

    /// Its control group with its limit; none where the kernel has no control groups.
    fn group(&self, log: &mut Log) -> Option<PathBuf> {
        let group = Path::new(GROUPS).join(&self.config.name);
        if !Path::new(GROUPS).join("cgroup.procs").exists() {
            return None;
        }
        let _ = std::fs::create_dir(&group); // there already at the second start
        if let Some(mib) = self.memory_mib
            && let Err(error) = std::fs::write(group.join("memory.max"), (u64::from(mib) << 20).to_string())
        {
            log.failed(format_args!("service {}: memory limit of {mib} MiB: {error}", self.config.name));
        }
        group.exists().then_some(group)
    }

    fn listen(&mut self, log: &mut Log) {
        for line in read_lines(&mut self.output, &mut self.lines) {
            log.service(&self.config.name, &line);
            self.last.push(line);
        }
    }

    fn end(&self, signal: Signal) {
        if let Some(pid) = self.pid {
            spawn::signal(pid, signal);
        }
        if signal == Signal::KILL {
            let _ = std::fs::write(Path::new(GROUPS).join(&self.config.name).join("cgroup.kill"), "1");
        }
    }

    fn note_hopeless(&self, news: &mut News) {
        if *self.life.state() == State::Hopeless {
            news.hopeless = Some(self.config.name.clone());
        }
    }
}
