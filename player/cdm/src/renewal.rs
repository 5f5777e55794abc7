//! When a licence is to be renewed and when it is over, on a clock that is an argument.

/// Renew when so much of the licence's time has gone, in percent.
const RENEW_AT: u64 = 80;
/// Moments of renewal spread over so much of it, in percent: boxes that start together must not ask together.
const SPREAD: u64 = 10;
/// First wait after a renewal that failed, and the longest.
const RETRY_MS: (u64, u64) = (1_000, 60_000);

/// What to do about a licence now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// Nothing until then; none: never.
    Nothing(Option<u64>),
    /// Ask for a new one; the old one still holds.
    Renew,
    /// It is over.
    Expired,
}

/// The plan of one licence. Milliseconds on the player's own clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renewal {
    expires_ms: Option<u64>,
    ask_ms: Option<u64>,
    failures: u32,
}

impl Renewal {
    /// Of a licence got at `now_ms` that holds until `expires_ms`, if it ends. `dice` is any number, different on every box.
    pub fn new(now_ms: u64, expires_ms: Option<u64>, dice: u32) -> Self {
        let ask_ms = expires_ms.map(|end| {
            let left = end.saturating_sub(now_ms);
            let spread = left / 100 * SPREAD * u64::from(dice) / u64::from(u32::MAX);
            now_ms.saturating_add(left / 100 * (RENEW_AT - SPREAD / 2)).saturating_add(spread)
        });
        Renewal { expires_ms, ask_ms, failures: 0 }
    }

    /// What to do at `now_ms`.
    pub fn due(&self, now_ms: u64) -> Due {
        match (self.expires_ms, self.ask_ms) {
            (Some(end), _) if now_ms >= end => Due::Expired,
            (_, Some(ask)) if now_ms >= ask => Due::Renew,
            _ => Due::Nothing(self.ask_ms),
        }
    }

    /// A new licence may be asked for at `now_ms`, be the old one over or not.
    pub fn may_ask(&self, now_ms: u64) -> bool {
        self.ask_ms.is_some_and(|ask| now_ms >= ask)
    }

    /// A renewal failed at `now_ms`: the next try waits twice as long as the last.
    pub fn failed(&mut self, now_ms: u64) {
        let wait = RETRY_MS.0.saturating_mul(1 << self.failures.min(16)).min(RETRY_MS.1);
        self.failures = self.failures.saturating_add(1);
        self.ask_ms = Some(now_ms.saturating_add(wait));
    }
}
