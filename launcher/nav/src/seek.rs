//! Jumping about in a film: every press moves a target, a short pause commits it.

/// A jump that the viewer is choosing or that the player is making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeekState {
    /// Where it leads; the position to show.
    pub target_ms: u64,
    /// Given to the player at this time; none while the viewer is still choosing.
    pub committed_ms: Option<u64>,
    /// The last press.
    pub pressed_ms: u64,
}

impl SeekState {
    /// How far one press goes; `repeat` counts from 1 while a key is held (8 to 20 a second), 0 for a press.
    pub fn stride_ms(repeat: u16) -> u64 {
        match repeat {
            0..=15 => 10_000,
            16..=47 => 20_000,
            _ => 30_000,
        }
    }

    /// One step on from `from_ms`. A film of unknown duration (0) has no end to stop at; a known one is not left: the target stays a
    /// second before its end.
    pub(crate) fn step(from_ms: u64, ahead: bool, repeat: u16, duration_ms: u64, now_ms: u64) -> Self {
        let stride = Self::stride_ms(repeat);
        let target = if ahead { from_ms.saturating_add(stride) } else { from_ms.saturating_sub(stride) };
        let end = if duration_ms == 0 { u64::MAX } else { duration_ms.saturating_sub(1000) };
        // Ahead never leads back, even in the last second.
        let target_ms = if ahead { target.min(end.max(from_ms)) } else { target };
        Self { target_ms, committed_ms: None, pressed_ms: now_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_in_the_film() {
        for (from, ahead, repeat, duration, target) in [
            (0, true, 0, 60_000, 10_000),
            (5_000, false, 0, 60_000, 0),
            (55_000, true, 0, 60_000, 59_000),
            (59_500, true, 0, 60_000, 59_500),
            (59_500, true, 0, 0, 69_500),
            (100_000, true, 20, 600_000, 120_000),
            (100_000, false, 60, 600_000, 70_000),
            (u64::MAX, true, 0, 0, u64::MAX),
        ] {
            assert_eq!(SeekState::step(from, ahead, repeat, duration, 0).target_ms, target, "{from} {ahead} {repeat} {duration}");
        }
    }
}
