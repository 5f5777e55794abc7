//! Is a transfer alive? Bytes that trickle are as good as none: a server that sends one now and then would hold a player for ever.

use std::time::{Duration, Instant};

/// Fewer bytes than this within the time limit and the transfer counts as dead. A hundredth of what the poorest sound needs.
const ALIVE: usize = 1024;

/// Watches one transfer.
pub(crate) struct Pulse {
    limit: Duration,
    since: Instant,
    got: usize,
}

impl Pulse {
    /// From `now` on, with `limit` as the longest time for [`ALIVE`] bytes.
    pub(crate) fn new(limit: Duration, now: Instant) -> Self {
        Self { limit, since: now, got: 0 }
    }

    /// So many bytes came.
    pub(crate) fn got(&mut self, bytes: usize) {
        self.got = self.got.saturating_add(bytes);
    }

    /// Nothing, or next to nothing, came for too long.
    pub(crate) fn is_dead(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) < self.limit {
            return false;
        }
        let dead = self.got < ALIVE;
        (self.since, self.got) = (now, 0);
        dead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trickles_are_dead() {
        // Bytes in each second; in which second it is found dead.
        let table: [(&[usize], Option<usize>); 5] = [
            (&[0; 9], Some(8)),
            (&[1; 9], Some(8)),
            (&[200; 30], None),
            (&[5000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Some(16)),
            (&[0, 0, 0, 0, 0, 0, 0, 2000, 0, 0, 0], None),
        ];
        let start = Instant::now();
        for (bytes, expected) in table {
            let mut pulse = Pulse::new(Duration::from_secs(8), start);
            let dead = bytes.iter().enumerate().position(|(second, n)| {
                pulse.got(*n);
                pulse.is_dead(start + Duration::from_secs(second as u64))
            });
            assert_eq!(dead, expected, "{bytes:?}");
        }
    }
}
