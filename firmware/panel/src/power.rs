//! Who has power, and why: the standby law.
//!
//! The panel cuts the box's power only after [`hearth_wire::ToPanel::Standby`] *and* either "safe to cut" or a timeout; it brings it back
//! for a reason that the box is told. A box that has kicked once and then stops is restarted. A power key held long cuts at once.

use hearth_wire::WakeReason;

/// From the standby message to the cut, where the box never says that it is safe.
pub const CUT_TIMEOUT_US: u64 = 10_000_000;
/// From the last kick to the restart.
pub const WATCHDOG_US: u64 = 15_000_000;
/// The power key held so long cuts power whatever the box says.
pub const HARD_OFF_US: u64 = 8_000_000;

/// The box's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// On. `kicked_us`: the last sign of life; none before the first, so that a slow boot or a debugger is no fault.
    On {
        /// Microseconds.
        kicked_us: Option<u64>,
    },
    /// Standby was asked for; the box writes its discs.
    Stopping {
        /// When to cut at the latest.
        cut_us: u64,
        /// Seconds since 1970.
        wake_at_s: Option<u64>,
    },
    /// Cut.
    Standby {
        /// Seconds since 1970.
        wake_at_s: Option<u64>,
    },
}

/// What the power state wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Power off.
    Cut,
    /// Power on.
    Wake(WakeReason),
    /// Power off and on.
    Restart,
}

impl Power {
    /// Time goes on. `unix_s` is the wall clock, if the box has ever set it.
    pub(crate) fn tick(&mut self, now_us: u64, unix_s: Option<u64>) -> Option<Change> {
        match *self {
            Self::On { kicked_us: Some(kicked) } if now_us.saturating_sub(kicked) >= WATCHDOG_US => {
                *self = Self::On { kicked_us: None };
                Some(Change::Restart)
            }
            Self::Stopping { cut_us, wake_at_s } if now_us >= cut_us => {
                *self = Self::Standby { wake_at_s };
                Some(Change::Cut)
            }
            Self::Standby { wake_at_s: Some(at) } if unix_s.is_some_and(|now| now >= at) => self.wake(WakeReason::Timer),
            _ => None,
        }
    }

    /// The box is alive.
    pub(crate) fn kick(&mut self, now_us: u64) {
        if let Self::On { kicked_us } = self {
            *kicked_us = Some(now_us);
        }
    }

    /// The box asks for standby.
    pub(crate) fn stop(&mut self, now_us: u64, wake_at_s: Option<u64>) {
        if let Self::On { .. } = self {
            *self = Self::Stopping { cut_us: now_us.saturating_add(CUT_TIMEOUT_US), wake_at_s };
        }
    }

    /// The box has written its discs.
    pub(crate) fn safe(&mut self) -> Option<Change> {
        let Self::Stopping { wake_at_s, .. } = *self else { return None };
        *self = Self::Standby { wake_at_s };
        Some(Change::Cut)
    }

    /// The power key was held long.
    pub(crate) fn hard_off(&mut self) -> Option<Change> {
        if let Self::Standby { .. } = self {
            return None;
        }
        *self = Self::Standby { wake_at_s: None };
        Some(Change::Cut)
    }

    /// A key or the timer wants the box.
    pub(crate) fn wake(&mut self, reason: WakeReason) -> Option<Change> {
        let Self::Standby { .. } = self else { return None };
        *self = Self::On { kicked_us: None };
        Some(Change::Wake(reason))
    }
}
