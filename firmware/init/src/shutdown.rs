//! Going down in order: ask the programs to end, wait, make them, leave. Pure, time is an argument.

use std::time::Duration;

/// Programs have that long to save what they have to.
const POLITE: Duration = Duration::from_secs(5);
/// The kernel has that long to clear away what was killed.
const KILLED: Duration = Duration::from_secs(3);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// `TERM` was sent.
    Asked {
        /// Then `KILL`.
        until: Duration,
    },
    /// `KILL` was sent.
    Killed {
        /// Then we leave anyway.
        until: Duration,
    },
    /// Save, sync, unmount, reboot.
    Leave,
}

/// What changes from one phase to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Nothing yet.
    Wait,
    /// Send `KILL` to all.
    Kill,
    /// Leave.
    Leave,
}

impl Phase {
    /// `TERM` was just sent.
    pub fn begin(now: Duration) -> Self {
        Self::Asked { until: now + POLITE }
    }

    /// `left`: programs that still run.
    pub fn next(&mut self, left: usize, now: Duration) -> Do {
        match *self {
            _ if left == 0 => *self = Self::Leave,
            Self::Asked { until } if now >= until => {
                *self = Self::Killed { until: now + KILLED };
                return Do::Kill;
            }
            Self::Killed { until } if now >= until => *self = Self::Leave,
            Self::Asked { .. } | Self::Killed { .. } => return Do::Wait,
            Self::Leave => {}
        }
        Do::Leave
    }

    /// When it goes on at the latest.
    pub fn deadline(&self) -> Option<Duration> {
        match *self {
            Self::Asked { until } | Self::Killed { until } => Some(until),
            Self::Leave => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn down() {
        let check = |looks: &[(u64, usize, Do)]| {
            let mut phase = Phase::begin(Duration::ZERO);
            for &(at, left, expected) in looks {
                assert_eq!(phase.next(left, Duration::from_secs(at)), expected, "{at}");
            }
        };
        check(&[(0, 0, Do::Leave)]);
        check(&[(0, 3, Do::Wait), (1, 1, Do::Wait), (2, 0, Do::Leave)]);
        check(&[(4, 1, Do::Wait), (5, 1, Do::Kill), (6, 1, Do::Wait), (7, 0, Do::Leave)]);
        check(&[(5, 1, Do::Kill), (7, 1, Do::Wait), (8, 1, Do::Leave), (9, 1, Do::Leave)]);
    }
}
