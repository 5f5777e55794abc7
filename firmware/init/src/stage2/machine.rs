//! The loop: waits for a bell, then lets every part look.

use super::Mode;
use super::data::Data;
use super::identity::Identity;
use super::jobs::{Ended, Jobs, Purpose};
use super::leave::Leaving;
use super::log::Log;
use super::network::Network;
use super::panel;
use super::services;
use super::time::Time;
use super::units::{News, Units};
use crate::beacon::{Leave, Notice};
use crate::config::Modules;
use crate::datafs::Open;
use crate::markgood::{Health, Verdict};
use crate::supervise::Exit;
use crate::sys::notify::Notify;
use crate::sys::signals::Signals;
use crate::sys::uevents::Uevents;
use crate::sys::watchdog::Watchdog;
use crate::sys::{clock, processes, spawn};
use crate::{Error, Result, crash, lastwords, memory};
use hearth_api::CrashRecord;
use hearth_box::facts::DataState;
use hearth_box::gave_up::GaveUp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

pub(super) const NOTIFY: &str = "/run/hearth/notify";
const UPDATER: &str = "/usr/bin/hearth-update";
/// Where the update agent keeps what it knows.
const KEPT: &str = "/data/hearth";
const LAUNCHER: &str = "launcher";
const FIRST_MEMORY: Duration = Duration::from_secs(5);
const EACH_MEMORY: Duration = Duration::from_secs(10);
/// The loop turns at least that often; also how often a missing watchdog device is looked for.
const IDLE: Duration = Duration::from_secs(3);

/// All parts.
#[derive(Debug)]
pub struct Machine {
    identity: Identity,
    mode: Mode,
    log: Log,
    signals: Signals,
    uevents: Uevents,
    notify: Notify,
    jobs: Jobs,
    units: Units,
    data: Data,
    data_told: bool,
    data_stands_in: bool,
    data_said: DataState,
    network: Network,
    time: Time,
    health: Health,
    memory: Option<Duration>,
    watchdog: Option<Watchdog>,
    kick: Duration,
    pending: Vec<CrashRecord>,
    leave: Option<Leave>,
    leaving: Option<Leaving>,
}

impl Machine {
    /// Sets everything going; nothing here waits.
    pub fn new(identity: Identity, mode: Mode, mut log: Log, now: Duration) -> Result<Self> {
        log.services_to_console = identity.line.log_to_console;
        let signals = Signals::open()?;
        let uevents = Uevents::open()?;
        let notify = Notify::open(NOTIFY)?;
        let mut jobs = Jobs::default();
        if mode == Mode::Slot {
            load_modules(&mut jobs, &mut log);
        }
        let hostname = identity.hostname();
        if let Err(error) = rustix::system::sethostname(hostname.as_bytes()) {
            log.note(&format!("failed hostname: {error}"));
        }
        let ntp = identity.product.as_ref().map(|product| product.ntp.clone()).unwrap_or_default();
        let time = Time::new(identity.slot.built_at, ntp, &mut log);
        let units =
            Units::new(services::all(&identity, mode, &mut log), identity.board.as_ref(), services::environment(&identity), now);
        let seed =
            u64::try_from(clock::wall().as_nanos() & u128::from(u64::MAX)).unwrap_or(1) ^ u64::from(now.subsec_nanos()) << 32;
        let network = Network::new(hostname, seed, &mut log);
        let data = if mode == Mode::Slot { Data::new(now) } else { Data::none() };
        let (health, data_told) = (Health::default(), mode == Mode::Recovery);
        if let Err(error) = identity.write_box(None, data.state()) {
            log.failed(error);
        }
        Ok(Self {
            identity,
            mode,
            log,
            signals,
            uevents,
            notify,
            jobs,
            units,
            data,
            data_told,
            data_stands_in: false,
            data_said: DataState::Kept,
            network,
            time,
            health,
            memory: None,
            watchdog: None,
            kick: now,
            pending: Vec::new(),
            leave: None,
            leaving: None,
        })
    }

    /// Until the box goes down.
    pub fn run(mut self) -> Result<Leave> {
        if self.mode == Mode::Recovery {
            self.log.print("\n  Hearth recovery: this box is putting its system back from the network. Please leave it on.\n");
        }
        loop {
            let now = clock::uptime();
            if let Some(leave) = self.turn(now) {
                return Ok(leave);
            }
            self.wait(now)?;
        }
    }

    fn turn(&mut self, now: Duration) -> Option<Leave> {
        self.uevents.drain();
        self.reap(now);
        self.hear(now);
        for (job, line) in self.jobs.turn(now) {
            self.log.service(job, &line);
        }
        if self.leaving.is_none() {
            let open = self.data.turn(now, &mut self.jobs, &mut self.log);
            self.data_settled(now);
            self.data_opened(open, now);
            self.time.turn(now, &mut self.jobs, &mut self.log);
            self.judge(now);
        }
        if self.network.turn(now, &mut self.log) {
            self.address_changed(now);
        }
        let news = self.units.turn(now, self.data_open(), &mut self.log);
        self.take(news, now);
        self.report_memory(now);
        self.kick_watchdog(now);
        self.go_down(now)
    }

    /// Sleeps until something happens or is due.
    fn wait(&self, now: Duration) -> Result<()> {
        let due = [
            self.jobs.deadline(),
            self.units.deadline(self.data_open()),
            self.data.deadline(),
            self.network.deadline(),
            self.time.deadline(),
            self.health.deadline(self.identity.on_trial(), self.identity.offline_grace()),
            self.memory,
            self.leaving.as_ref().and_then(|leaving| leaving.deadline(now)),
            Some(self.kick),
        ];
        let due = due.into_iter().flatten().min().unwrap_or(now + IDLE).min(now + IDLE);
        let time = Timespec::try_from(due.saturating_sub(clock::uptime()))
            .map_err(|_| Error::Refused("a time beyond time".to_owned()))?;
        let mut bells: Vec<_> = [self.signals.as_fd(), self.uevents.as_fd(), self.notify.as_fd()].into();
        bells.extend(self.network.descriptors());
        bells.extend(self.jobs.outputs().chain(self.units.outputs()).map(AsFd::as_fd));
        let mut bells: Vec<_> = bells.into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        match poll(&mut bells, Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(Error::kernel("wait")(error)),
        }
    }

    fn reap(&mut self, now: Duration) {
        if let Some(leave) = self.signals.take() {
            self.leave.get_or_insert(leave);
        }
        while let Some((pid, exit)) = spawn::reap() {
            // Their last words are still in the pipe.
            for (job, line) in self.jobs.turn(now) {
                self.log.service(job, &line);
            }
            if let Some(ended) = self.jobs.exited(pid, exit) {
                self.job_ended(ended, now);
            } else if let Some(news) = self.units.exited(pid, exit, now, &mut self.log) {
                self.take(news, now);
            }
        }
    }

    fn job_ended(&mut self, ended: Ended, now: Duration) {
        let ok = ended.exit == Some(Exit::Status(0));
        match ended.purpose {
            Purpose::Modules if ok => self.log.say("modules", "loaded"),
            Purpose::Modules => self.log.failed(format_args!("modules: {}", ended.why())),
            Purpose::Data(_) if self.leaving.is_some() => {}
            Purpose::Data(step) => self.data.exited(step, ended.exit, &mut self.jobs, &mut self.log),
            Purpose::MarkGood if ok => self.log.say("good", &format!("slot={}", self.identity.line.running)),
            Purpose::MarkGood => self.log.failed(format_args!("mark-good: {}", ended.why())),
            Purpose::Time => self.time.answered(&ended.said, now, &mut self.log),
        }
    }

    fn hear(&mut self, now: Duration) {
        while let Some(received) = self.notify.receive() {
            let notice = match Notice::parse(&received.bytes) {
                Ok(notice) => notice,
                Err(error) => {
                    self.log.note(&format!("from {}: {error}", received.pid));
                    continue;
                }
            };
            if let Some((name, value)) = notice.beacon() {
                self.log.say(name, &value);
            }
            match notice {
                Notice::UiFirstFrame => self.health.first_frame(now),
                Notice::SelfCheck(result) => self.health.self_check(result, now),
                Notice::Origin(_) => self.health.origin(),
                Notice::Alive => self.units.alive(received.pid, now),
                Notice::Playing(_) => self.memory = self.memory.or(Some(now + FIRST_MEMORY)),
                Notice::Leave(leave) => drop(self.leave.get_or_insert(leave)),
                Notice::Home | Notice::SignedIn(_) | Notice::Presented(_) | Notice::Woke(_) => {}
            }
        }
    }

    fn judge(&mut self, now: Duration) {
        if self.mode == Mode::Recovery {
            return;
        }
        match self.health.verdict(self.identity.on_trial(), self.identity.offline_grace(), now) {
            Verdict::Wait => {}
            Verdict::Good => {
                if let Err(error) = self.jobs.start(Purpose::MarkGood, &[UPDATER, "mark-good"]) {
                    self.log.failed(error);
                }
            }
            Verdict::Report(why) => self.log.failed(why),
            Verdict::Reboot(why) => self.give_up(&why),
        }
    }

    /// Leaves what runs. Of a version on trial the server is to hear why, from the one that comes up instead.
    fn give_up(&mut self, why: &str) {
        self.log.failed(why);
        if self.identity.on_trial() && self.data.kept() {
            let written = GaveUp::new(&self.identity.slot.build_id, why).write(Path::new(KEPT));
            if let Err(error) = written.map_err(Error::path("write", KEPT)) {
                self.log.failed(error);
            }
        }
        self.leave.get_or_insert(Leave::User);
    }

    /// Services that want `/data` have something there.
    fn data_open(&self) -> bool {
        self.data.open() != Open::Not
    }

    /// Programs hear of a change of `/data`; those that read it once, at their start, are started anew.
    fn data_opened(&mut self, open: Option<Open>, now: Duration) {
        let stood_in = std::mem::replace(&mut self.data_stands_in, self.data.open() == Open::StandIn);
        if open.is_none() || self.mode == Mode::Recovery || self.data.state() == self.data_said {
            return;
        }
        self.data_said = self.data.state();
        if let Err(error) = self.identity.write_box(self.network.address(), self.data.state()) {
            self.log.failed(error);
        }
        if stood_in && self.data.kept() {
            self.units.renew(now, &mut self.log);
        }
    }

    fn data_settled(&mut self, now: Duration) {
        if self.data_told || !self.data.settled() {
            return;
        }
        self.data_told = true;
        if self.data.kept() {
            self.time.data_mounted(now, &mut self.log);
        }
        match lastwords::take() {
            Ok(Some(text)) => {
                self.log.say("last-boot", "failed before /data, see /data/crash");
                let lines = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
                self.pending.push(Units::record("kernel".to_owned(), "failed", lines));
            }
            Ok(None) => {}
            Err(error) => self.log.failed(error),
        }
        self.keep_crashes(now);
    }

    fn take(&mut self, news: News, now: Duration) {
        for (service, exit, lines) in news.crashes {
            self.pending.push(Units::record(service, &exit.to_string(), lines));
        }
        self.keep_crashes(now);
        if let Some(service) = news.hopeless {
            // The watchdog would do the same, less kindly.
            self.give_up(&format!("service {service} is hopeless"));
        }
        if let Some(service) = news.reboot {
            self.log.say("done", &service);
            self.leave.get_or_insert(Leave::User);
        }
    }

    /// Once `/data` is there; until then they wait, a few of them.
    fn keep_crashes(&mut self, now: Duration) {
        if !self.data.settled() {
            self.pending.truncate(5);
            return;
        }
        for mut record in std::mem::take(&mut self.pending) {
            record.version.clone_from(&self.identity.slot.version);
            record.slot = self.identity.line.running.to_string();
            (record.time, record.uptime) = (clock::wall().as_secs(), now.as_secs());
            if self.data.kept()
                && let Err(error) = crash::keep(record, Path::new(crash::FOLDER))
            {
                self.log.failed(error);
            }
        }
    }

    fn address_changed(&mut self, now: Duration) {
        let address = self.network.address();
        if let Err(error) = self.identity.write_box(address, self.data.state()) {
            self.log.failed(error);
        }
        self.time.network_changed(now, address.is_some());
    }

    fn report_memory(&mut self, now: Duration) {
        if self.memory.is_none_or(|at| at > now) {
            return;
        }
        self.memory = Some(now + EACH_MEMORY);
        let all = processes::all().into_iter().filter_map(|pid| Some((pid, memory::pss_kib(&processes::memory(pid)?)?)));
        let line = memory::line(all, self.units.pid(LAUNCHER));
        self.log.say("memory", &line);
    }

    /// Opened as soon as its driver is there; kicked three times in its timeout by a loop that turns. On the way down it is left to bite.
    fn kick_watchdog(&mut self, now: Duration) {
        if now < self.kick {
            return;
        }
        let wanted = self.identity.board.as_ref().and_then(|board| board.watchdog.as_ref()).map(|watchdog| watchdog.timeout_s);
        let Some(timeout_s) = wanted else {
            self.kick = now + Duration::from_secs(3600);
            return;
        };
        self.kick = now + (Duration::from_secs(timeout_s.into()) / 3).min(IDLE);
        if self.watchdog.is_none() && Path::new("/dev/watchdog").exists() {
            match Watchdog::open(timeout_s) {
                Ok((watchdog, seconds)) => {
                    self.log.say("watchdog", &format!("timeout-s={seconds}"));
                    self.watchdog = Some(watchdog);
                }
                Err(error) => self.log.note(&format!("failed {error}")),
            }
        }
        if let (Some(watchdog), None) = (&mut self.watchdog, &self.leaving) {
            watchdog.kick();
        }
    }

    fn go_down(&mut self, now: Duration) -> Option<Leave> {
        if let (Some(why), None) = (self.leave, &self.leaving) {
            self.leaving = Some(Leaving::begin(why, &self.data, &mut self.units, &mut self.log, now));
            if let Some(watchdog) = &mut self.watchdog {
                watchdog.kick(); // the last: from here on it guards the way down
            }
        }
        let leaving = self.leaving.as_mut()?;
        if !leaving.turn(now, &mut self.log) {
            return None;
        }
        leaving.finish(&mut self.data, &self.time, &mut self.log);
        panel::last_word(self.identity.board.as_ref(), leaving.why, &mut self.log);
        Some(leaving.why)
    }
}

fn load_modules(jobs: &mut Jobs, log: &mut Log) {
    let path = "/etc/hearth/modules.json";
    let modules = std::fs::read(path).map_err(Error::path("read", path)).and_then(|json| Modules::parse(&json));
    let started = modules.and_then(|modules| {
        let mut arguments = vec!["modules"];
        arguments.extend(modules.load.iter().map(String::as_str));
        jobs.start_self(Purpose::Modules, &arguments)
    });
    if let Err(error) = started {
        log.failed(error);
    }
}
