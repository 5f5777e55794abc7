//! The clock: set at boot, corrected by time servers, saved. Decisions are [`crate::timekeeping`]'s.

use super::jobs::{Jobs, Purpose};
use super::log::Log;
use crate::sys::{clock, rtc};
use crate::timekeeping::Timekeeper;
use crate::{Error, Result, sntp};
use hearth_box::files::{self, Kind};
use std::net::UdpSocket;
use std::time::Duration;

const SAVED: &str = "/data/hearth/time";
const SAVE_EACH: Duration = Duration::from_secs(600);
const ASK_EACH: Duration = Duration::from_secs(4 * 3600);
const ASK_AGAIN: Duration = Duration::from_secs(4);
const ASK_AGAIN_MOST: Duration = Duration::from_secs(1024);

/// The clock's keeper.
#[derive(Debug)]
pub struct Time {
    keeper: Timekeeper,
    servers: Vec<String>,
    next_server: usize,
    tries: u32,
    ask: Option<Duration>,
    save: Option<Duration>,
}

impl Time {
    /// Sets the clock to what is plausible.
    pub fn new(built_at: u64, servers: Vec<String>, log: &mut Log) -> Self {
        let keeper = Timekeeper::new(Duration::from_secs(built_at), clock::uptime());
        let time = Self { keeper, servers, next_server: 0, tries: 0, ask: None, save: None };
        time.correct(log);
        time
    }

    fn correct(&self, log: &mut Log) {
        if let Some(time) = self.keeper.correct(clock::wall(), rtc::read(), clock::uptime()) {
            set(time, "floor-or-rtc", log);
        }
    }

    /// `/data` is there: what the last boot saved counts.
    pub fn data_mounted(&mut self, now: Duration, log: &mut Log) {
        if let Some(saved) = std::fs::read_to_string(SAVED).ok().and_then(|text| text.trim().parse().ok()) {
            self.keeper.saved(Duration::from_secs(saved), now);
            self.correct(log);
        }
        self.save = Some(now + SAVE_EACH);
    }

    /// The network came or changed: ask soon.
    pub fn network_changed(&mut self, now: Duration, connected: bool) {
        self.tries = 0;
        self.ask = (connected && !self.servers.is_empty()).then_some(now);
    }

    /// When something is due.
    pub fn deadline(&self) -> Option<Duration> {
        [self.ask, self.save].into_iter().flatten().min()
    }

    /// Asks and saves when it is time to.
    pub fn turn(&mut self, now: Duration, jobs: &mut Jobs, log: &mut Log) {
        if self.ask.is_some_and(|at| at <= now) {
            self.ask = None;
            let server = self.servers[self.next_server % self.servers.len()].clone();
            if let Err(error) = jobs.start_self(Purpose::Time, &["sntp", &server]) {
                log.failed(error);
                self.again(now);
            }
        }
        if self.save.is_some_and(|at| at <= now) {
            self.save = Some(now + SAVE_EACH);
            self.save(log);
        }
    }

    /// The question was answered, or not: `said` is what [`ask`] printed.
    pub fn answered(&mut self, said: &[String], now: Duration, log: &mut Log) {
        let Some((time, at)) = said.iter().find_map(|line| parse(line)) else {
            log.note(&format!("time: no answer: {}", said.join("; ")));
            return self.again(now);
        };
        // The answer grew old on its way through the pipe.
        let time = time + clock::uptime().saturating_sub(at);
        match self.keeper.heard(time, clock::wall(), clock::uptime()) {
            Ok(step) => {
                if let Some(time) = step {
                    set(time, "server", log);
                }
                // For the next boot, which may be without a network. It is worth little more than the floor: trouble is only noted.
                match rtc::set(time.as_secs()) {
                    Ok(true) => log.note("time: battery clock set"),
                    Ok(false) => {}
                    Err(error) => log.note(&format!("time: battery clock: {error}")),
                }
                self.tries = 0;
                self.ask = Some(now + ASK_EACH);
                self.save = self.save.map(|_| now);
            }
            Err(why) => {
                log.failed(format_args!("time server refused: {why}"));
                self.again(now);
            }
        }
    }

    fn again(&mut self, now: Duration) {
        self.next_server += 1;
        self.tries += 1;
        self.ask = Some(now + ASK_AGAIN.saturating_mul(1 << (self.tries - 1).min(10)).min(ASK_AGAIN_MOST));
    }

    /// Saves what can be trusted, for the next boot. `/data` is mounted.
    pub fn save(&self, log: &mut Log) {
        let text = self.keeper.floor(clock::uptime()).as_secs().to_string();
        if let Err(error) = files::replace(SAVED, text.as_bytes(), Kind::DISC).map_err(Error::path("replace", SAVED)) {
            log.failed(error);
        }
    }
}

fn set(time: Duration, why: &str, log: &mut Log) {
    match clock::set_wall(time) {
        Ok(()) => log.say("time", &format!("{} {why}", time.as_secs())),
        Err(error) => log.failed(error),
    }
}

/// `time <ns since 1970> <uptime in ns>`.
fn parse(line: &str) -> Option<(Duration, Duration)> {
    let (time, at) = line.strip_prefix("time ")?.split_once(' ')?;
    Some((Duration::from_nanos(time.parse().ok()?), Duration::from_nanos(at.parse().ok()?)))
}

/// The job: asks one server (`name` or `name:port`) and prints the line that [`parse`] reads. May block: it is a process of its own.
pub fn ask(server: &str) -> Result<String> {
    let address = if server.contains(':') { server.to_owned() } else { format!("{server}:123") };
    let failed = || Error::kernel("ask for the time");
    let socket = UdpSocket::bind("0.0.0.0:0").map_err(failed())?;
    socket.set_read_timeout(Some(Duration::from_secs(3))).map_err(failed())?;
    socket.connect(&address).map_err(failed())?;
    let mut cookie = [0; 8];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut cookie))
        .map_err(failed())?;
    let cookie = u64::from_ne_bytes(cookie);
    let sent = clock::uptime();
    socket.send(&sntp::question(cookie)).map_err(failed())?;
    let mut bytes = [0; 256];
    let len = socket.recv(&mut bytes).map_err(failed())?;
    let at = clock::uptime();
    let time = sntp::answer(&bytes[..len], cookie, at - sent).map_err(|why| Error::Refused(format!("{server}: {why}")))?;
    Ok(format!("time {} {}", time.as_nanos(), at.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let check = |line, expected: Option<(u64, u64)>| {
            assert_eq!(parse(line), expected.map(|(time, at)| (Duration::from_nanos(time), Duration::from_nanos(at))));
        };
        check("time 1760000000000000000 5000", Some((1_760_000_000_000_000_000, 5000)));
        check("time x 5000", None);
        check("hearth: failed", None);
    }
}
