//! Clocks: the one that only counts up from kernel entry, and the wall clock.

use crate::{Error, Result};
use rustix::time::{ClockId, Timespec};
use std::time::Duration;

/// Since kernel entry, standby included.
pub fn uptime() -> Duration {
    duration(rustix::time::clock_gettime(ClockId::Boottime))
}

/// Since 1970, as the kernel has it.
pub fn wall() -> Duration {
    duration(rustix::time::clock_gettime(ClockId::Realtime))
}

/// Sets the wall clock.
pub fn set_wall(now: Duration) -> Result<()> {
    let time = Timespec { tv_sec: now.as_secs().cast_signed(), tv_nsec: i64::from(now.subsec_nanos()) };
    rustix::time::clock_settime(ClockId::Realtime, time).map_err(Error::kernel("set the clock"))
}

fn duration(time: Timespec) -> Duration {
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}
