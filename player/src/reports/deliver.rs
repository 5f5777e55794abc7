//! Brings reports to a collector: by POST, several lines at a time, never in anyone's way.

use super::Reporter;
use crate::{Event, PlayerConfig, PlayerState};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// Media type of a body of reports.
const MIME: &str = "application/cmcd";
/// So many reports go at once, and none waits for longer than this.
const BATCH: usize = 20;
const WAIT: Duration = Duration::from_secs(10);
/// So many wait for a collector that is away; then the oldest are given up.
const KEPT: usize = 256;
/// Longest wait for the collector, and for the last reports of a player that is dropped.
const ANSWER: Duration = Duration::from_secs(4);
const FAREWELL: Duration = Duration::from_millis(500);

/// The thread that does it. It ends with the player whose events it hears.
pub(crate) struct Courier {
    thread: Option<JoinHandle<()>>,
    done: Receiver<()>,
}

impl Courier {
    /// Reports `events` to that address.
    pub(crate) fn start(url: String, config: &PlayerConfig, events: Receiver<Event>) -> Self {
        let agent = ureq::Agent::config_builder()
            .user_agent(&config.user_agent)
            .tls_config(crate::fetch::trust(&config.roots))
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER))
            .build()
            .new_agent();
        let (ended, done) = channel();
        let work = move || {
            let post = |body: &str| match agent.post(&url).header("Content-Type", MIME).send(body) {
                Ok(answer) => Answer::of(answer.status().as_u16()),
                Err(error) => {
                    tracing::debug!(%error, "the collector of reports does not answer");
                    Answer::Later
                }
            };
            Bag::default().carry(&events, post);
            drop(ended);
        };
        let thread = std::thread::Builder::new().name("reports".into()).spawn(work);
        let thread = thread.map_err(|e| tracing::error!("no thread for reports: {e}")).ok();
        Self { thread, done }
    }

    /// The player is gone: its last reports have a moment to leave.
    pub(crate) fn finish(mut self) {
        // Nothing is ever sent: what ends the wait is the thread's end.
        let in_time = matches!(self.done.recv_timeout(FAREWELL), Err(RecvTimeoutError::Disconnected));
        if let Some(thread) = self.thread.take().filter(|_| in_time) {
            let _ = thread.join();
        }
    }
}

/// What a collector wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It has them, or will never take them.
    Done,
    /// The same again.
    Later,
    /// No more, ever.
    Never,
}

impl Answer {
    fn of(status: u16) -> Self {
        match status {
            408 | 429 | 500..=599 => Self::Later,
            410 => Self::Never,
            _ => Self::Done,
        }
    }
}

/// Reports that wait.
#[derive(Default)]
struct Bag {
    lines: VecDeque<String>,
    /// When they are to leave.
    due: Option<Instant>,
    reporter: Reporter,
}

impl Bag {
    /// Until nobody speaks any more, or the collector wants no more.
    fn carry(mut self, events: &Receiver<Event>, post: impl Fn(&str) -> Answer) {
        loop {
            let wait = self.due.map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(Instant::now()));
            let over = match events.recv_timeout(wait) {
                Ok(event) => {
                    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                    self.put(&event, u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Instant::now());
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            let leaves = over || self.due.is_some_and(|due| due <= Instant::now());
            if leaves && !self.empty(&post, Instant::now()) || over {
                return;
            }
        }
    }

    /// Puts the report of `event` in, if there is one.
    fn put(&mut self, event: &Event, unix_ms: u64, now: Instant) {
        let Some(line) = self.reporter.report(event, unix_ms) else { return };
        if self.lines.len() >= KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        // What ends a session is the last for a while.
        let last = matches!(
            event,
            Event::State { state: PlayerState::Ended | PlayerState::FatalError | PlayerState::Quit, .. } | Event::Error(_)
        );
        let waits_since = self.due.is_none();
        if last || self.lines.len() == BATCH {
            self.due = Some(now);
        } else if waits_since {
            self.due = Some(now + WAIT);
        }
    }

    /// Sends all; false where nobody wants them.
    fn empty(&mut self, post: impl Fn(&str) -> Answer, now: Instant) -> bool {
        self.due = None;
        while !self.lines.is_empty() {
            let count = self.lines.len().min(BATCH);
            let body: String = self.lines.iter().take(count).map(|line| format!("{line}\n")).collect();
            match post(&body) {
                Answer::Done => drop(self.lines.drain(..count)),
                Answer::Later => {
                    self.due = Some(now + WAIT);
                    return true;
                }
                Answer::Never => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn state(state: PlayerState) -> Event {
        Event::State { state, position_us: 0, buffer_ms: 0 }
    }

    #[test]
    fn they_leave_together_and_the_last_at_once() {
        let (mut bag, now) = (Bag::default(), Instant::now());
        bag.put(&Event::Ended, 1, now);
        assert_eq!(bag.due, None, "nothing to report");
        bag.put(&state(PlayerState::Starting), 1, now);
        bag.put(&state(PlayerState::Playing), 2, now + WAIT / 2);
        assert_eq!(bag.due, Some(now + WAIT), "the first one waits longest");
        bag.put(&state(PlayerState::Quit), 3, now + WAIT / 2);
        assert_eq!(bag.due, Some(now + WAIT / 2));
        let bodies = RefCell::new(Vec::new());
        assert!(bag.empty(|body| (bodies.borrow_mut().push(body.to_owned()), Answer::Done).1, now));
        assert_eq!((bodies.borrow().len(), bodies.borrow()[0].lines().count(), bag.due), (1, 3, None));
        for _ in 0..BATCH {
            assert_ne!(bag.due, Some(now));
            bag.put(&state(PlayerState::Playing), 4, now);
        }
        assert_eq!(bag.due, Some(now), "as many as go at once");
    }

    #[test]
    fn a_collector_that_is_away_costs_the_oldest() {
        let (mut bag, now) = (Bag::default(), Instant::now());
        for n in 0..=KEPT as u64 {
            bag.put(&state(PlayerState::Playing), n, now);
        }
        assert!(bag.empty(|_| Answer::Later, now));
        assert_eq!((bag.lines.len(), bag.due), (KEPT, Some(now + WAIT)));
        assert!(bag.lines[0].contains("sn=2,"), "{}", bag.lines[0]);
        assert!(!bag.empty(|_| Answer::of(410), now));
        for (status, answer) in [(200, Answer::Done), (204, Answer::Done), (400, Answer::Done), (503, Answer::Later)] {
            assert_eq!(Answer::of(status), answer);
        }
    }
}
