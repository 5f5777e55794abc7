//! What a fetcher does about a failure: another rendition, the same again after a while, the segment passed over, or the end.

use super::fetcher::{Cursor, Fetcher, place};
use super::transfer::LOOK;
use crate::Error;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Segments in a row that may be missing or broken in every rendition. More than that is no film.
const MOST_LOST: u32 = 2;

/// Failures since the last segment that came.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    pub(super) failures: u32,
    since: Option<Instant>,
    /// Renditions that do not have the segment, a bit each.
    tried: u32,
    /// Segments passed over in a row.
    lost: u32,
}

impl Trouble {
    /// The rendition is not the rule's choice but what is left.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.tried != 0
    }

    /// Another rendition of `len` than `now`: the next lower one, at last the higher ones.
    fn other(&mut self, now: usize, len: usize) -> Option<usize> {
        self.tried |= 1u32.checked_shl(now as u32).unwrap_or(0);
        let free = |i: &usize| self.tried & (1 << i) == 0;
        (0..now.min(len)).rev().find(free).or_else(|| (now + 1..len).find(free))
    }
}

/// It says something of this one segment or rendition and nothing of the network.
fn is_own(error: &Error) -> bool {
    use Error::{BadIndex, BadInit, BadManifest, BadSegment, BadStatus, NotAManifest, NotFound, TooLarge, UnsupportedContainer};
    matches!(
        error,
        NotFound(_)
            | BadStatus(_)
            | TooLarge(_)
            | NotAManifest(_)
            | BadManifest(_)
            | BadInit(_)
            | BadSegment(_)
            | BadIndex(_)
            | UnsupportedContainer(_)
    )
}

/// The licence does not allow this rendition; another one may be under another key.
fn is_denied(error: &Error) -> bool {
    matches!(error, Error::KeyMissing(_) | Error::OutputRestricted(_))
}

impl Fetcher {
    /// A failure that may pass is tried again for as long as the viewer has patience.
    pub(super) fn failed(&mut self, at: &mut Cursor, error: Error) {
        at.trouble.failures += 1;
        let failing = at.trouble.since.get_or_insert_with(Instant::now).elapsed();
        let tired = at.trouble.failures > self.shared.http.retries();
        if is_denied(&error)
            && let Some(ladder) = at.ladders.get(at.period)
        {
            self.shared.denied.add(place(ladder, at.trying));
        }
        if is_own(&error) || is_denied(&error) || (tired && error.retryable()) {
            let len = at.ladders.get(at.period).map_or(0, |l| l.renditions.len());
            if let Some(other) = at.trouble.other(at.trying, len) {
                tracing::warn!(%error, from = at.trying, to = other, "another rendition may have it");
                (at.trying, at.last) = (other, Some(other));
                if is_own(&error) || is_denied(&error) {
                    return;
                }
            } else if self.pass_over(at, &error, tired) {
                return;
            } else {
                at.trouble.tried = 0;
            }
        }
        let started = self.shared.live.presented.load(Relaxed) > 0;
        let buffered = self.main().ahead(self.shared.position()) > 500_000_000;
        let tired = tired || matches!(error, Error::LicenseUnreachable(_));
        let patience = if started { self.shared.http.patience() } else { Duration::ZERO };
        let wait = self.shared.http.backoff(at.trouble.failures);
        match wait {
            Some(wait) if error.retryable() && (buffered || !tired || failing < patience) => {
                tracing::warn!(%error, failures = at.trouble.failures, ?wait, "trying again");
                self.rest(at.epoch, wait);
            }
            _ => self.idle_after(at.epoch, Some(error)),
        }
    }

    /// Leaves out a segment that no rendition has; false where that does not help.
    fn pass_over(&self, at: &mut Cursor, error: &Error, tired: bool) -> bool {
        let broken = matches!(error, Error::NotFound(_) | Error::BadSegment(_)) || (tired && matches!(error, Error::BadBody(_)));
        if !broken || !at.in_segment || at.trouble.lost >= MOST_LOST {
            return false;
        }
        tracing::warn!(%error, segment = at.segment, "no rendition has it: passed over");
        self.shared.live.lost.fetch_add(1, Relaxed);
        at.segment += 1;
        at.trouble = Trouble { lost: at.trouble.lost + 1, ..Trouble::default() };
        true
    }

    /// Waits so long, or until there is another order or the end.
    pub(super) fn rest(&self, epoch: u64, time: Duration) {
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()) {
            if self.main().order().is_none_or(|o| o.epoch != epoch) || self.shared.stop.wait(left.min(LOOK)) {
                return;
            }
        }
    }

    /// Waits for another order after the end or a failure.
    pub(super) fn idle_after(&self, epoch: u64, failure: Option<Error>) {
        for (_, buffer) in &self.buffers {
            buffer.finish(epoch, failure.clone());
        }
        if let Some(error) = failure {
            tracing::warn!(%error, kind = ?self.kind(), "fetching ends");
        }
        while self.main().order().is_some_and(|o| o.epoch == epoch) {
            self.main().wait(Duration::from_millis(500));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rendition_is_tried_once() {
        let tries = |from: usize, len: usize| {
            let (mut trouble, mut now, mut order) = (Trouble::default(), from, vec![from]);
            while let Some(other) = trouble.other(now, len) {
                now = other;
                order.push(other);
            }
            order
        };
        assert_eq!(tries(2, 4), [2, 1, 0, 3]);
        assert_eq!(tries(0, 3), [0, 1, 2]);
        assert_eq!((tries(0, 1), tries(3, 2)), (vec![0], vec![3, 1, 0]));
    }
}
