//! When a slot has proved itself, and what to do when it does not. Pure, time is an argument.

use std::time::Duration;

/// A slot on trial that showed no health by then is left: the boot loader tries again or takes the other one.
const TRIAL: Duration = Duration::from_secs(600);

/// What the programs reported so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    first_frame: Option<Duration>,
    self_check: Option<(Duration, Result<(), String>)>,
    origin: bool,
    settled: bool,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet, or all was said.
    Wait,
    /// Mark the slot good.
    Good,
    /// Leave the slot, because of this.
    Reboot(String),
    /// Tell this, and go on.
    Report(String),
}

impl Health {
    /// The interface is on the screen.
    pub fn first_frame(&mut self, now: Duration) {
        self.first_frame.get_or_insert(now);
    }

    /// The player could decode, or why not. A later success heals a failure that was not acted on.
    pub fn self_check(&mut self, result: Result<(), String>, now: Duration) {
        if !matches!(self.self_check, Some((_, Ok(())))) {
            self.self_check = Some((now, result));
        }
    }

    /// A server was reached.
    pub fn origin(&mut self) {
        self.origin = true;
    }

    /// The verdict, given once. `trial`: the slot was not marked good before. `grace`: how long a box without a server is waited for.
    pub fn verdict(&mut self, trial: bool, grace: Duration, now: Duration) -> Verdict {
        if self.settled {
            return Verdict::Wait;
        }
        let verdict = self.judge(trial, grace, now);
        self.settled = verdict != Verdict::Wait;
        verdict
    }

    fn judge(&self, trial: bool, grace: Duration, now: Duration) -> Verdict {
        match (&self.self_check, self.first_frame) {
            (Some((_, Err(why))), _) if trial => Verdict::Reboot(format!("self-check failed: {why}")),
            (Some((_, Err(why))), _) => Verdict::Report(format!("self-check failed: {why}")),
            (Some((checked, Ok(()))), Some(shown)) if self.origin || now >= *checked.max(&shown) + grace => Verdict::Good,
            _ if trial && now >= TRIAL.max(grace * 2) => Verdict::Reboot("no sign of health in time".to_owned()),
            _ => Verdict::Wait,
        }
    }

    /// When a verdict may come by time alone.
    pub fn deadline(&self, trial: bool, grace: Duration) -> Option<Duration> {
        if self.settled {
            return None;
        }
        match (&self.self_check, self.first_frame) {
            (Some((checked, Ok(()))), Some(shown)) => Some(*checked.max(&shown) + grace),
            _ => trial.then(|| TRIAL.max(grace * 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    enum Report {
        Frame,
        Ok,
        Failed,
        Origin,
    }
    use Report::{Failed, Frame, Ok as Checked, Origin};

    #[test]
    fn verdicts() {
        let check = |reports: &[(u64, Report)], trial, now, expected: Verdict| {
            let mut health = Health::default();
            for &(at, report) in reports {
                let at = Duration::from_secs(at);
                match report {
                    Frame => health.first_frame(at),
                    Checked => health.self_check(Ok(()), at),
                    Failed => health.self_check(Err("no decoder".into()), at),
                    Origin => health.origin(),
                }
            }
            let grace = Duration::from_secs(120);
            assert_eq!(health.verdict(trial, grace, Duration::from_secs(now)), expected);
            if expected != Verdict::Wait {
                assert_eq!(health.verdict(trial, grace, Duration::from_secs(now + 9999)), Verdict::Wait, "once only");
                assert_eq!(health.deadline(trial, grace), None);
            }
        };
        let bad = "self-check failed: no decoder".to_owned();
        check(&[(4, Frame), (5, Checked), (6, Origin)], true, 6, Verdict::Good);
        check(&[(4, Frame), (5, Checked), (6, Origin)], false, 6, Verdict::Good);
        check(&[(6, Origin), (7, Checked), (8, Frame)], true, 8, Verdict::Good);
        check(&[(4, Frame), (5, Checked)], true, 124, Verdict::Wait);
        check(&[(4, Frame), (5, Checked)], true, 125, Verdict::Good);
        check(&[(9, Frame), (5, Checked)], true, 128, Verdict::Wait);
        check(&[(4, Frame), (6, Origin)], true, 599, Verdict::Wait);
        check(&[(4, Frame), (6, Origin)], true, 600, Verdict::Reboot("no sign of health in time".into()));
        check(&[(4, Frame), (6, Origin)], false, 9999, Verdict::Wait);
        check(&[(5, Checked), (6, Origin)], true, 30, Verdict::Wait);
        check(&[(4, Frame), (5, Failed), (6, Origin)], true, 6, Verdict::Reboot(bad.clone()));
        check(&[(4, Frame), (5, Failed), (6, Origin)], false, 6, Verdict::Report(bad));
        check(&[(4, Frame), (5, Failed), (6, Checked), (6, Origin)], true, 6, Verdict::Good);
        check(&[(4, Frame), (5, Checked), (6, Failed), (6, Origin)], true, 6, Verdict::Good);
        check(&[], true, 10, Verdict::Wait);
    }
}
