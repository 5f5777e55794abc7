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

/// A time of day of the proleptic Gregorian calendar, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// As in 2026.
    pub year: i32,
    /// From 1.
    pub month: i32,
    /// From 1.
    pub day: i32,
    /// 0 to 23.
    pub hour: i32,
    /// 0 to 59.
    pub minute: i32,
    /// 0 to 59.
    pub second: i32,
}

impl Civil {
    /// Of seconds since 1970, up to the year 9999.
    pub fn of(seconds: u64) -> Self {
        const LAST: u64 = 253_402_300_799;
        let seconds = seconds.min(LAST);
        let of_day = (seconds % 86400) as i32;
        // Years begin in March, so that a leap day is the last of its year; 400 of them have 146097 days. 719468 days lie before 1970.
        let days = (seconds / 86400) as i32 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        Self { year: era * 400 + year + next, month, day, hour, minute, second }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn civil_times() {
        let check = |seconds, expected: &str| {
            let Civil { year, month, day, hour, minute, second } = Civil::of(seconds);
            assert_eq!(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"), expected);
        };
        check(0, "1970-01-01 00:00:00");
        check(951_782_399, "2000-02-28 23:59:59");
        check(951_782_400, "2000-02-29 00:00:00");
        check(1_709_164_800, "2024-02-29 00:00:00");
        check(1_735_689_599, "2024-12-31 23:59:59");
        check(1_795_377_600, "2026-11-22 20:00:00");
        check(4_107_542_400, "2100-03-01 00:00:00");
        check(u64::MAX, "9999-12-31 23:59:59");
    }

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
