//! How often and how long: back-off with jitter. Who waits, and where randomness comes from, are arguments.
use crate::{Error, Result};
use std::time::Duration;

/// Waits, or says that it is no use: the program is ending.
pub trait Pause {
    /// Waits for `time`; `false`: stop trying.
    fn wait(&mut self, time: Duration) -> bool;

    /// Any number, for jitter.
    fn random(&mut self) -> u32;
}

/// Doubling times between a first and a longest one.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
    /// Failures in a row after which it is given up.
    pub attempts: u32,
}

impl Backoff {
    /// Within one download: about four minutes without a single block.
    pub const FETCH: Self = Self { first: Duration::from_secs(1), longest: Duration::from_secs(60), attempts: 9 };

    /// The same, where the bytes come but are not those that were signed: a few seconds, for nothing heals that by waiting longer.
    pub const CONTENT: Self = Self { attempts: 4, ..Self::FETCH };

    /// Time to wait after failure number `failure` (from 1): `None` when it is enough. Half of it is jitter.
    pub fn after(&self, failure: u32, random: u32) -> Option<Duration> {
        if failure >= self.attempts {
            return None;
        }
        let full = self.first.saturating_mul(1 << failure.saturating_sub(1).min(20)).min(self.longest);
        Some(jittered(full, 0.5, random))
    }
}

/// Tries until it succeeds, fails for good, or [`Backoff::FETCH`] is used up.
pub fn patiently<T>(pause: &mut dyn Pause, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let mut failures = 0;
    loop {
        match attempt() {
            Err(e) if e.is_passing() => {
                failures += 1;
                stand_by(pause, failures, e)?;
            }
            done => return done,
        }
    }
}

/// Waits after failure number `failures`; it is the result when it was one too many.
pub fn stand_by(pause: &mut dyn Pause, failures: u32, failure: Error) -> Result<()> {
    let random = pause.random();
    let backoff = if matches!(failure, Error::Content { .. }) { Backoff::CONTENT } else { Backoff::FETCH };
    let Some(time) = backoff.after(failures, random) else { return Err(failure) };
    if pause.wait(time) { Ok(()) } else { Err(Error::Stopped) }
}

/// From `full * share` to `full`.
pub fn jittered(full: Duration, share: f64, random: u32) -> Duration {
    full.mul_f64(share + (1.0 - share) * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10), attempts: 7 };
        let check = |failure, random, expected: Option<f64>| {
            let got = backoff.after(failure, random).map(|t| t.as_secs_f64());
            assert_eq!(got, expected, "{failure}");
        };
        check(1, u32::MAX, Some(1.0));
        check(2, u32::MAX, Some(2.0));
        check(4, u32::MAX, Some(8.0));
        check(5, u32::MAX, Some(10.0));
        check(6, 0, Some(5.0));
        check(7, 0, None);
        check(70, 0, None);
    }
}
