//! What to do about `/data`: mount, check, repair, make anew. Pure; `stage2/data.rs` runs the programs.

use std::time::Duration;

/// Bytes from the start of the partition that [`look`] wants.
pub const LOOK: usize = 65536;
/// In `/data`: make it anew at the next boot.
pub const RESET_MARKER: &str = ".factory-reset";

const SUPERBLOCK: usize = 1024;

/// What the partition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing: the box is new.
    Empty,
    /// An ext4 without known errors. If power went while it was mounted, mounting it plays its journal back, as `e2fsck -p` would.
    Clean,
    /// Anything else.
    Doubtful,
}

/// Looks at the start of the partition.
pub fn look(start: &[u8]) -> Look {
    let half = |at: usize| start.get(SUPERBLOCK + at..SUPERBLOCK + at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    if start.iter().all(|&byte| byte == 0) {
        return Look::Empty;
    }
    let (magic, state) = (half(56), half(58));
    let (valid, errors) = (state & 1 != 0, state & 2 != 0);
    if magic == 0xef53 && valid && !errors { Look::Clean } else { Look::Doubtful }
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `mount`.
    Mount,
    /// `e2fsck -p`: what can be repaired without a question.
    Preen,
    /// `e2fsck -y`: everything.
    Repair,
    /// Copy small files off it into memory.
    Rescue,
    /// `mke2fs`.
    Make,
    /// Memory instead: the box works and forgets.
    Memory,
    /// It is mounted.
    Done,
}

/// Where the work on `/data` stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    step: Step,
    repaired: bool,
    made: bool,
}

impl Plan {
    /// The plan for what was seen.
    pub fn new(look: Look) -> Self {
        let step = match look {
            Look::Empty => Step::Make,
            Look::Clean => Step::Mount,
            Look::Doubtful => Step::Preen,
        };
        Self { step, repaired: false, made: false }
    }

    /// What is to be done now.
    pub fn step(&self) -> Step {
        self.step
    }

    /// The step ended; `worked` as [`worked`] tells for programs.
    pub fn ended(&mut self, worked: bool) -> Step {
        self.step = match (self.step, worked) {
            (Step::Mount, true) | (Step::Done, _) => Step::Done,
            (Step::Mount, false) if self.made => Step::Memory,
            (Step::Mount, false) if self.repaired => Step::Rescue,
            (Step::Mount, false) => Step::Repair,
            (Step::Preen, true) => Step::Mount,
            (Step::Preen, false) => Step::Repair,
            (Step::Repair, true) => self.with_repaired(Step::Mount),
            (Step::Repair, false) => self.with_repaired(Step::Rescue),
            (Step::Rescue, _) => Step::Make,
            (Step::Make, true) => {
                self.made = true;
                Step::Mount
            }
            (Step::Make, false) => Step::Memory,
            (Step::Memory, _) => Step::Done,
        };
        self.step
    }

    /// It is mounted and bears the marker of a factory reset: it was unmounted and is made anew.
    pub fn reset(&mut self) {
        *self = Self::new(Look::Empty);
    }

    fn with_repaired(&mut self, step: Step) -> Step {
        self.repaired = true;
        step
    }
}

/// After so long without `/data` the box goes on without it: a viewer wants a picture, and a repair takes minutes.
const GRACE: Duration = Duration::from_secs(10);

/// When services that want `/data` may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    until: Duration,
    open: Open,
}

/// What is at `/data` for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// They wait.
    Not,
    /// Memory, while the work on the disc goes on.
    StandIn,
    /// What there will be.
    ForGood,
}

impl Gate {
    /// Closed at first.
    pub fn new(now: Duration) -> Self {
        Self { until: now + GRACE, open: Open::Not }
    }

    /// What they have.
    pub fn open(&self) -> Open {
        self.open
    }

    /// By when it opens at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        (self.open == Open::Not).then_some(self.until)
    }

    /// Time passed, or the work is `done`; what changed for them.
    pub fn turn(&mut self, done: bool, now: Duration) -> Option<Open> {
        let open = match self.open {
            Open::Not | Open::StandIn if done => Open::ForGood,
            Open::Not if now >= self.until => Open::StandIn,
            open => open,
        };
        (std::mem::replace(&mut self.open, open) != open).then_some(open)
    }
}

/// Whether a program's exit status means that the step worked. e2fsck: 1 is "errors corrected", 2 "and reboot if it was mounted".
pub fn worked(step: Step, status: Option<i32>) -> bool {
    match step {
        Step::Preen | Step::Repair => matches!(status, Some(0..=3)),
        _ => status == Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks() {
        let check = |magic: u16, state: u16, expected| {
            let mut start = vec![0; LOOK];
            for (at, value) in [(56, magic), (58, state)] {
                start[SUPERBLOCK + at..SUPERBLOCK + at + 2].copy_from_slice(&value.to_le_bytes());
            }
            assert_eq!(look(&start), expected);
        };
        check(0, 0, Look::Empty);
        check(0xef53, 1, Look::Clean);
        check(0xef53, 0, Look::Doubtful);
        check(0xef53, 3, Look::Doubtful);
        check(0xef54, 1, Look::Doubtful);
        assert_eq!(look(&[0xff; 100]), Look::Doubtful);
    }

    #[test]
    fn plans() {
        use Step::*;
        let check = |seen, outcomes: &[bool], expected: &[Step]| {
            let mut plan = Plan::new(seen);
            let mut steps = vec![plan.step()];
            steps.extend(outcomes.iter().map(|&worked| plan.ended(worked)));
            assert_eq!(steps, expected, "{seen:?} {outcomes:?}");
        };
        check(Look::Clean, &[true], &[Mount, Done]);
        check(Look::Empty, &[true, true], &[Make, Mount, Done]);
        check(Look::Empty, &[false, true], &[Make, Memory, Done]);
        check(Look::Doubtful, &[true, true], &[Preen, Mount, Done]);
        check(Look::Doubtful, &[false, true, true], &[Preen, Repair, Mount, Done]);
        check(Look::Doubtful, &[false, false, true, true, true], &[Preen, Repair, Rescue, Make, Mount, Done]);
        check(Look::Clean, &[false, true, false, false, true, true], &[Mount, Repair, Mount, Rescue, Make, Mount, Done]);
        check(Look::Clean, &[false, false, false, true, false, true], &[Mount, Repair, Rescue, Make, Mount, Memory, Done]);
    }

    /// Whatever fails, the work ends, with at most one repair and one making.
    #[test]
    fn it_always_ends() {
        for seen in [Look::Empty, Look::Clean, Look::Doubtful] {
            for outcomes in 0u32..1 << 10 {
                let mut plan = Plan::new(seen);
                let mut steps = vec![plan.step()];
                while plan.step() != Step::Done {
                    let worked = outcomes >> steps.len() & 1 == 0;
                    steps.push(plan.ended(worked));
                    assert!(steps.len() < 10, "{steps:?}");
                }
                let count = |step| steps.iter().filter(|&&s| s == step).count();
                assert!(count(Step::Make) <= 1 && count(Step::Repair) <= 1, "{steps:?}");
            }
        }
    }

    #[test]
    fn services_wait_for_a_while_and_no_longer() {
        let check = |turns: &[(u64, bool)], expected: &[Option<Open>]| {
            let mut gate = Gate::new(Duration::from_secs(3));
            let came: Vec<_> = turns.iter().map(|&(at, done)| gate.turn(done, Duration::from_secs(at))).collect();
            assert_eq!(came, expected, "{turns:?}");
            assert_eq!(gate.deadline().is_some(), gate.open() == Open::Not);
        };
        let (stands_in, for_good) = (Some(Open::StandIn), Some(Open::ForGood));
        check(&[(3, false), (4, true), (5, true)], &[None, for_good, None]);
        check(&[(12, false), (13, false), (14, false), (200, true), (201, true)], &[None, stands_in, None, for_good, None]);
        check(&[(13, true)], &[for_good]);
    }

    #[test]
    fn exit_statuses() {
        let check = |step, status, expected| assert_eq!(worked(step, status), expected);
        check(Step::Preen, Some(0), true);
        check(Step::Preen, Some(1), true);
        check(Step::Preen, Some(4), false);
        check(Step::Repair, Some(1), true);
        check(Step::Repair, Some(8), false);
        check(Step::Repair, None, false);
        check(Step::Make, Some(0), true);
        check(Step::Make, Some(1), false);
    }
}
