//! Who has power, and why: the standby law.
//!
//! The panel cuts the box's power only after it was told to sleep *and* either "safe to cut" or a timeout; it wakes the box for a reason
//! that the box is told. A box that has kicked once and then stops is restarted. A power key held long cuts at once.

use hearth_wire::{Depth, WakeReason};

/// From the message to the cut, where the box never says that it is safe.
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
    /// Deep sleep was asked for; the box writes its discs.
    Stopping {
        /// When to cut at the latest.
        cut_us: u64,
        /// Seconds since 1970.
        wake_at_s: Option<u64>,
    },
    /// Asleep.
    Asleep {
        /// Power is cut in [`Depth::Deep`] only.
        depth: Depth,
        /// Seconds since 1970.
        wake_at_s: Option<u64>,
    },
}

/// What the power state wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Power off.
    Cut,
    /// Power stays, but the box sleeps.
    Sleep,
    /// Power on.
    PowerOn(WakeReason),
    /// Pull the wake line.
    Pull(WakeReason),
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
            Self::Stopping { cut_us, .. } if now_us >= cut_us => self.safe(),
            Self::Asleep { wake_at_s: Some(at), .. } if unix_s.is_some_and(|now| now >= at) => self.wake(WakeReason::Timer),
            _ => None,
        }
    }

    /// The box is alive.
    pub(crate) fn kick(&mut self, now_us: u64) {
        if let Self::On { kicked_us } = self {
            *kicked_us = Some(now_us);
        }
    }

    /// The box restarts and cannot kick for a while.
    pub(crate) fn disarm(&mut self) {
        if let Self::On { kicked_us } = self {
            *kicked_us = None;
        }
    }

    /// The box asks for sleep.
    pub(crate) fn sleep(&mut self, now_us: u64, depth: Depth, wake_at_s: Option<u64>) -> Option<Change> {
        let Self::On { .. } = self else { return None };
        if depth == Depth::Deep {
            *self = Self::Stopping { cut_us: now_us.saturating_add(CUT_TIMEOUT_US), wake_at_s };
            return None;
        }
        *self = Self::Asleep { depth, wake_at_s };
        Some(Change::Sleep)
    }

    /// The box has written its discs.
    pub(crate) fn safe(&mut self) -> Option<Change> {
        let Self::Stopping { wake_at_s, .. } = *self else { return None };
        *self = Self::Asleep { depth: Depth::Deep, wake_at_s };
        Some(Change::Cut)
    }

    /// The power key was held long.
    pub(crate) fn hard_off(&mut self) -> Option<Change> {
        if !self.has_power() {
            return None;
        }
        *self = Self::Asleep { depth: Depth::Deep, wake_at_s: None };
        Some(Change::Cut)
    }

    /// A key or the timer wants the box.
    pub(crate) fn wake(&mut self, reason: WakeReason) -> Option<Change> {
        let Self::Asleep { depth, .. } = *self else { return None };
        *self = Self::On { kicked_us: None };
        Some(if depth == Depth::Deep { Change::PowerOn(reason) } else { Change::Pull(reason) })
    }

    pub(crate) const fn is_asleep(&self) -> bool {
        matches!(self, Self::Asleep { .. })
    }

    /// The box has power.
    pub const fn has_power(&self) -> bool {
        !matches!(self, Self::Asleep { depth: Depth::Deep, .. })
    }
}
