//! Time that never runs backwards from one boot to the next. Pure: clocks are arguments.
//!
//! The floor is the later of when the image was built and what the last boot saved. The clock is never set below it. What is saved is time
//! that can be trusted: the floor plus uptime, or a time server's word. A battery clock that ran ahead is believed for this boot but not saved.

use std::time::Duration;

/// A time server further in the future than this from the floor is not believed: 20 years.
const HORIZON: Duration = Duration::from_secs(20 * 365 * 86400);
/// An error of the clock smaller than this is not worth a step.
const CLOSE: Duration = Duration::from_millis(50);

/// What is known of time. All times since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timekeeper {
    /// A time that has certainly passed…
    known: Duration,
    /// …when the machine had been up for this long.
    at: Duration,
    synced: bool,
}

impl Timekeeper {
    /// `built_at`: of the image.
    pub fn new(built_at: Duration, uptime: Duration) -> Self {
        Self { known: built_at, at: uptime, synced: false }
    }

    /// What the last boot saved was read.
    pub fn saved(&mut self, saved: Duration, uptime: Duration) {
        if !self.synced && saved > self.floor(uptime) && saved < self.known + HORIZON {
            (self.known, self.at) = (saved, uptime);
        }
    }

    /// It is certainly not earlier than this.
    pub fn floor(&self, uptime: Duration) -> Duration {
        self.known + uptime.saturating_sub(self.at)
    }

    /// What the clock is to be set to, if it must be: the battery clock if it is plausible, never below the floor.
    pub fn correct(&self, wall: Duration, rtc: Option<Duration>, uptime: Duration) -> Option<Duration> {
        let floor = self.floor(uptime);
        let plausible = |time: &Duration| *time >= floor && *time < floor + HORIZON;
        let best = [Some(wall), rtc].into_iter().flatten().find(plausible).unwrap_or(floor);
        (best != wall).then_some(best)
    }

    /// A time server said so. What the clock is to be set to; none: it is close enough. Refused below the floor.
    pub fn heard(&mut self, time: Duration, wall: Duration, uptime: Duration) -> Result<Option<Duration>, String> {
        let floor = self.floor(uptime);
        // A server's word of before is only as good as the crystal: allow it to have run fast by 0.1 % and a second.
        let least = if self.synced { floor - uptime.saturating_sub(self.at) / 1000 - Duration::from_secs(1) } else { floor };
        if time < least || time > floor + HORIZON {
            return Err(format!("{} s is not between {} s and twenty years later", time.as_secs(), least.as_secs()));
        }
        (self.known, self.at, self.synced) = (time, uptime, true);
        Ok((time.abs_diff(wall) >= CLOSE).then_some(time))
    }

    /// A time server was heard in this boot.
    pub fn synced(&self) -> bool {
        self.synced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const BUILT: u64 = 1_760_000_000;

    #[test]
    fn at_boot() {
        let check = |saved: Option<u64>, wall, rtc: Option<u64>, expected: Option<u64>| {
            let mut keeper = Timekeeper::new(s(BUILT), s(1));
            if let Some(saved) = saved {
                keeper.saved(s(saved), s(2));
            }
            assert_eq!(keeper.correct(s(wall), rtc.map(s), s(2)), expected.map(s), "{saved:?} {wall} {rtc:?}");
        };
        check(None, 5, None, Some(BUILT + 1));
        check(None, BUILT + 100, None, None);
        check(None, 5, Some(BUILT + 100), Some(BUILT + 100));
        check(None, 5, Some(7), Some(BUILT + 1));
        check(Some(BUILT + 5000), 5, None, Some(BUILT + 5000));
        check(Some(BUILT + 5000), BUILT + 100, None, Some(BUILT + 5000));
        check(Some(BUILT + 5000), BUILT + 100, Some(BUILT + 6000), Some(BUILT + 6000));
        check(Some(9), 5, None, Some(BUILT + 1));
        check(Some(BUILT * 3), 5, None, Some(BUILT + 1));
        check(None, BUILT * 3, None, Some(BUILT + 1));
    }

    #[test]
    fn servers() {
        let mut keeper = Timekeeper::new(s(BUILT), s(0));
        assert!(keeper.heard(s(BUILT - 1), s(5), s(0)).is_err(), "before the image was made");
        assert!(keeper.heard(s(BUILT * 3), s(5), s(0)).is_err());
        assert_eq!(
            keeper.heard(s(BUILT + 1000), s(BUILT + 5000), s(10)),
            Ok(Some(s(BUILT + 1000))),
            "a battery clock that ran ahead"
        );
        assert_eq!(keeper.floor(s(20)), s(BUILT + 1010));
        assert_eq!(keeper.heard(s(BUILT + 2000), s(BUILT + 2000), s(1010)), Ok(None), "close enough");
        assert_eq!(
            keeper.heard(s(BUILT + 11_990), s(BUILT + 12_000), s(11_010)),
            Ok(Some(s(BUILT + 11_990))),
            "the crystal ran fast"
        );
        assert!(keeper.heard(s(BUILT + 5000), s(BUILT + 12_000), s(11_020)).is_err(), "back by two hours");
    }

    proptest! {
        /// Whatever batteries and servers say: the clock is never told a time before the image was built, and the floor never sinks by more than a crystal's error.
        #[test]
        fn never_before_the_image(events in proptest::collection::vec((0u64..100_000, 0u64..BUILT * 4, 0u8..3), 0..40)) {
            let (mut keeper, mut uptime) = (Timekeeper::new(s(BUILT), s(0)), s(0));
            for (pass, time, kind) in events {
                let before = keeper.floor(uptime);
                uptime += s(pass);
                let set = match kind {
                    0 => { keeper.saved(s(time), uptime); None }
                    1 => keeper.correct(s(time), Some(s(time / 2)), uptime),
                    _ => keeper.heard(s(time), s(5), uptime).unwrap_or(None),
                };
                prop_assert!(set.is_none_or(|set| set >= s(BUILT)));
                prop_assert!(keeper.floor(uptime) + s(1 + pass / 1000 + uptime.as_secs() / 1000) >= before);
            }
        }
    }
}
