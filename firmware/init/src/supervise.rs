//! One service's life: waiting for what it needs, running, watched, restarted ever more slowly, given up. Pure, time is an argument.

use std::time::Duration;

/// What a service is promised and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long it waits for what it needs before it starts without.
    pub patience: Duration,
    /// Killed after that long without a sign of life; none: not watched.
    pub alive: Option<Duration>,
    /// Killed after that long without the first sign of life.
    pub first_alive: Duration,
    /// Given up after so many failures in a row; none: never.
    pub hopeless_after: Option<u32>,
    /// What it means when it ends by itself without an error.
    pub on_success: OnSuccess,
}

/// What it means when a service ends by itself without an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnSuccess {
    /// It should not have: start it again.
    #[default]
    Restart,
    /// It is done.
    Stay,
    /// It is done and wants a reboot.
    Reboot,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself.
    Status(i32),
    /// By a signal.
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(code) => write!(f, "status={code}"),
            Self::Signal(number) => write!(f, "signal={number}"),
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start it.
    Start,
    /// It hangs: kill it.
    Kill,
    /// It did what it was there for: reboot.
    Reboot,
}

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LAST_WAIT: Duration = Duration::from_secs(30);
/// After so long a run, a failure counts as the first again.
const STEADY: Duration = Duration::from_secs(60);
/// A killed program that is still there after that is killed again.
const KILL_AGAIN: Duration = Duration::from_secs(5);

/// Where a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// For what it needs, until patience ends.
    Waiting {
        /// When it starts anyway.
        until: Duration,
    },
    /// It runs.
    Running {
        /// Started then.
        since: Duration,
        /// Last sign of life.
        alive: Option<Duration>,
    },
    /// Killed because it hung.
    Killed {
        /// To be killed again then.
        again: Duration,
        /// Started then.
        since: Duration,
    },
    /// Asked to end, to be started anew.
    Renewed {
        /// To be killed then.
        again: Duration,
    },
    /// It failed and starts again then.
    Resting {
        /// Then.
        until: Duration,
    },
    /// It failed too often.
    Hopeless,
    /// It is done, or the box goes down.
    Done,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Supervised {
    rules: Rules,
    state: State,
    failures: u32,
}

impl Supervised {
    /// At boot.
    pub fn new(rules: Rules, now: Duration) -> Self {
        let until = now + rules.patience;
        Self { rules, state: State::Waiting { until }, failures: 0 }
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When [`Supervised::tick`] is due at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::Waiting { until } | State::Resting { until } => Some(until),
            State::Killed { again, .. } | State::Renewed { again } => Some(again),
            State::Running { since, alive } => {
                let within = self.rules.alive?;
                Some(alive.map_or(since + self.rules.first_alive, |at| at + within))
            }
            State::Hopeless | State::Done => None,
        }
    }

    /// Time passed, or what it needs may have come.
    pub fn tick(&mut self, now: Duration, has_needs: bool) -> Option<Order> {
        let due = self.deadline().is_some_and(|at| at <= now);
        match self.state {
            State::Waiting { .. } if has_needs || due => Some(Order::Start),
            State::Resting { .. } if due => Some(Order::Start),
            State::Running { since, .. } if due => {
                self.state = State::Killed { again: now + KILL_AGAIN, since };
                Some(Order::Kill)
            }
            State::Renewed { .. } if due => {
                self.state = State::Renewed { again: now + KILL_AGAIN };
                Some(Order::Kill)
            }
            State::Killed { since, .. } if due => {
                self.state = State::Killed { again: now + KILL_AGAIN, since };
                Some(Order::Kill)
            }
            _ => None,
        }
    }

    /// It was started.
    pub fn started(&mut self, now: Duration) {
        self.state = State::Running { since: now, alive: None };
    }

    /// It could not be started.
    pub fn not_started(&mut self, now: Duration) -> Option<Duration> {
        self.failed(now)
    }

    /// A sign of life.
    pub fn alive(&mut self, now: Duration) {
        if let State::Running { alive, .. } = &mut self.state {
            *alive = Some(now);
        }
    }

    /// It shall end and start anew, which is no failure; true if it runs: it is to be told.
    pub fn renew(&mut self, now: Duration) -> bool {
        let runs = matches!(self.state, State::Running { .. });
        if runs {
            self.state = State::Renewed { again: now + KILL_AGAIN };
        }
        runs
    }

    /// It ended. What to do, and in how long it starts again.
    pub fn exited(&mut self, exit: Exit, now: Duration) -> (Option<Order>, Option<Duration>) {
        let since = match self.state {
            State::Running { since, .. } | State::Killed { since, .. } => since,
            State::Renewed { .. } => {
                self.state = State::Resting { until: now };
                return (None, Some(Duration::ZERO));
            }
            _ => return (None, None),
        };
        let hung = matches!(self.state, State::Killed { .. });
        if exit == Exit::Status(0) && !hung {
            match self.rules.on_success {
                OnSuccess::Restart => {}
                OnSuccess::Stay => self.state = State::Done,
                OnSuccess::Reboot => self.state = State::Done,
            }
            if self.state == State::Done {
                return ((self.rules.on_success == OnSuccess::Reboot).then_some(Order::Reboot), None);
            }
        }
        if now.saturating_sub(since) >= STEADY {
            self.failures = 0;
        }
        (None, self.failed(now))
    }

    /// The box goes down: whatever happens now is no failure.
    pub fn stop(&mut self) {
        self.state = State::Done;
    }

    fn failed(&mut self, now: Duration) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        if self.rules.hopeless_after.is_some_and(|most| self.failures >= most) {
            self.state = State::Hopeless;
            return None;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << (self.failures - 1).min(16)).min(LAST_WAIT);
        self.state = State::Resting { until: now + wait };
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: Duration = Duration::from_secs(1);

    fn rules() -> Rules {
        Rules { patience: 5 * S, alive: Some(15 * S), first_alive: 60 * S, hopeless_after: None, on_success: OnSuccess::Restart }
    }

    fn running(rules: Rules) -> Supervised {
        let mut service = Supervised::new(rules, Duration::ZERO);
        assert_eq!(service.tick(Duration::ZERO, true), Some(Order::Start));
        service.started(Duration::ZERO);
        service
    }

    #[test]
    fn waits_for_what_it_needs_but_not_for_ever() {
        let mut service = Supervised::new(rules(), S);
        assert_eq!(service.tick(2 * S, false), None);
        assert_eq!(service.deadline(), Some(6 * S));
        assert_eq!(service.clone().tick(3 * S, true), Some(Order::Start));
        assert_eq!(service.tick(6 * S, false), Some(Order::Start));
    }

    #[test]
    fn started_anew_without_blame() {
        let at = Duration::from_secs;
        let rules = Rules { patience: at(0), alive: None, first_alive: at(0), hopeless_after: None, on_success: OnSuccess::Stay };
        let mut service = Supervised::new(rules, at(0));
        assert!(!service.renew(at(0)), "it does not run yet");
        service.started(at(1));
        assert!(service.renew(at(20)));
        assert_eq!((service.tick(at(24), true), service.tick(at(25), true)), (None, Some(Order::Kill)), "it was asked in vain");
        assert_eq!(service.exited(Exit::Signal(9), at(26)), (None, Some(at(0))));
        assert_eq!((service.tick(at(26), true), service.failures()), (Some(Order::Start), 0));
    }

    #[test]
    fn restarted_ever_more_slowly() {
        let mut service = running(rules());
        let waits: Vec<_> = (0..10)
            .map(|_| {
                let (_, wait) = service.exited(Exit::Status(1), Duration::ZERO);
                service.started(Duration::ZERO);
                wait.unwrap().as_millis()
            })
            .collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
        assert_eq!(service.exited(Exit::Signal(11), 60 * S), (None, Some(FIRST_WAIT)), "a minute of work is forgiven");
    }

    #[test]
    fn ends() {
        let check = |on_success, exit, expected: (Option<Order>, Option<Duration>), state: State| {
            let mut service = running(Rules { on_success, ..rules() });
            assert_eq!(service.exited(exit, S), expected);
            assert_eq!(*service.state(), state);
        };
        let resting = State::Resting { until: S + FIRST_WAIT };
        check(OnSuccess::Restart, Exit::Status(0), (None, Some(FIRST_WAIT)), resting.clone());
        check(OnSuccess::Stay, Exit::Status(0), (None, None), State::Done);
        check(OnSuccess::Reboot, Exit::Status(0), (Some(Order::Reboot), None), State::Done);
        check(OnSuccess::Reboot, Exit::Status(1), (None, Some(FIRST_WAIT)), resting.clone());
        check(OnSuccess::Stay, Exit::Signal(9), (None, Some(FIRST_WAIT)), resting);
    }

    #[test]
    fn given_up() {
        let mut service = running(Rules { hopeless_after: Some(3), ..rules() });
        for _ in 0..2 {
            assert!(service.exited(Exit::Status(1), S).1.is_some());
            service.started(S);
        }
        assert_eq!(service.exited(Exit::Status(1), S), (None, None));
        assert_eq!((service.state(), service.deadline()), (&State::Hopeless, None));
    }

    #[test]
    fn watched() {
        let mut service = running(rules());
        assert_eq!(service.tick(59 * S, true), None);
        assert_eq!(service.clone().tick(60 * S, true), Some(Order::Kill), "never a sign of life");
        service.alive(10 * S);
        assert_eq!(service.tick(24 * S, true), None);
        service.alive(24 * S);
        assert_eq!(service.tick(39 * S, true), Some(Order::Kill));
        assert_eq!(service.tick(40 * S, true), None);
        assert_eq!(service.tick(44 * S, true), Some(Order::Kill), "still there");
        assert_eq!(service.exited(Exit::Status(0), 45 * S).1, Some(FIRST_WAIT), "killed is not success");
        let unwatched = running(Rules { alive: None, ..rules() });
        assert_eq!(unwatched.deadline(), None);
    }

    proptest! {
        /// However it behaves: started only when it does not run, never more often than the waits allow, and it always gets its turn.
        #[test]
        fn promises(events in proptest::collection::vec((0u64..40_000, 0u8..4), 1..80), hopeless in proptest::option::of(1u32..5)) {
            let mut service = Supervised::new(Rules { hopeless_after: hopeless, ..rules() }, Duration::ZERO);
            let (mut now, mut runs, mut starts) = (Duration::ZERO, false, Vec::new());
            for (ms, event) in events {
                now += Duration::from_millis(ms);
                match event {
                    0 if runs => { runs = false; service.exited(Exit::Status(1), now); }
                    1 if runs => service.alive(now),
                    _ => match service.tick(now, true) {
                        Some(Order::Start) => { prop_assert!(!runs); runs = true; service.started(now); starts.push(now); }
                        Some(Order::Kill) => prop_assert!(runs),
                        Some(Order::Reboot) => prop_assert!(false),
                        None => {}
                    },
                }
                let given_up = *service.state() == State::Hopeless;
                prop_assert!(runs || given_up || service.deadline().is_some());
                prop_assert_eq!(given_up, hopeless.is_some_and(|most| service.failures() >= most));
            }
            prop_assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= FIRST_WAIT));
        }
    }
}
