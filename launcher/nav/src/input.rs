//! From key-down and key-up with a time to presses, long presses and accelerating repeats.
//!
//! Repeats are made here from the time a key is held, so remotes that send none (CEC, many infrared ones) behave like those that do;
//! a sender's own repeats (a second "down" without "up") only say that the key is still held.

use crate::RemoteKey;

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPhase {
    /// Went down.
    Press,
    /// Still down; counts from 1. Faster the longer it is held.
    Repeat(u16),
    /// Down for [`Keys::HOLD_MS`]; once a press, before the first repeat.
    LongPress,
    /// Went up. `long` where a long press came before.
    Release {
        /// A [`KeyPhase::LongPress`] was sent.
        long: bool,
    },
}

/// A key and what happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEvent {
    /// Which.
    pub key: RemoteKey,
    /// What.
    pub phase: KeyPhase,
    /// When, monotonic.
    pub at_ms: u64,
}

impl KeyEvent {
    /// A plain press.
    pub fn press(key: RemoteKey, at_ms: u64) -> Self {
        Self { key, phase: KeyPhase::Press, at_ms }
    }
}

#[derive(Clone, Copy, Debug)]
struct Held {
    key: RemoteKey,
    since_ms: u64,
    heard_ms: u64,
    repeats: u16,
    next_ms: u64,
    long: bool,
}

/// The one key that is held. A remote control has one thumb on it: a second key releases the first.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    held: Option<Held>,
}

impl Keys {
    /// From key-down to the long press and the first repeat.
    pub const HOLD_MS: u64 = 400;
    /// A key that nobody has mentioned for so long was let go while its remote was out of reach.
    pub const FORGET_MS: u64 = 20_000;
    const SLOW_MS: u64 = 125;
    const FAST_MS: u64 = 50;

    /// Nothing held.
    pub fn new() -> Self {
        Self::default()
    }

    /// A key went down (or its sender repeats it).
    pub fn down(&mut self, key: RemoteKey, at_ms: u64) -> Vec<KeyEvent> {
        if let Some(held) = self.held.as_mut().filter(|h| h.key == key) {
            held.heard_ms = at_ms;
            return Vec::new();
        }
        let mut out = self.release(at_ms);
        self.held = Some(Held { key, since_ms: at_ms, heard_ms: at_ms, repeats: 0, next_ms: at_ms + Self::HOLD_MS, long: false });
        out.push(KeyEvent::press(key, at_ms));
        out
    }

    /// A key went up. For a key that is not held nothing happens: its release was already sent.
    pub fn up(&mut self, key: RemoteKey, at_ms: u64) -> Vec<KeyEvent> {
        if self.held.is_some_and(|h| h.key == key) { self.release(at_ms) } else { Vec::new() }
    }

    /// A key pressed and let go at once: for senders that know no key-up, and for scripts.
    pub fn tap(&mut self, key: RemoteKey, at_ms: u64) -> Vec<KeyEvent> {
        let mut out = self.down(key, at_ms);
        out.extend(self.up(key, at_ms));
        out
    }

    /// Time goes on; call it once for every frame. At most one repeat comes out of a call, however long ago the last one was: a slow
    /// box takes fewer steps instead of lagging behind the thumb.
    pub fn tick(&mut self, now_ms: u64) -> Vec<KeyEvent> {
        if self.held.is_some_and(|h| now_ms.saturating_sub(h.heard_ms) >= Self::FORGET_MS) {
            return self.release(now_ms);
        }
        let Some(held) = self.held.as_mut().filter(|h| now_ms >= h.next_ms) else { return Vec::new() };
        let mut out = Vec::with_capacity(2);
        if !held.long {
            held.long = true;
            out.push(KeyEvent { key: held.key, phase: KeyPhase::LongPress, at_ms: now_ms });
        }
        held.repeats = held.repeats.saturating_add(1);
        held.next_ms = now_ms + Self::interval(now_ms - held.since_ms);
        out.push(KeyEvent { key: held.key, phase: KeyPhase::Repeat(held.repeats), at_ms: now_ms });
        out
    }

    /// Lets go of whatever is held: the remote is gone or the screen is off.
    pub fn release(&mut self, at_ms: u64) -> Vec<KeyEvent> {
        let Some(held) = self.held.take() else { return Vec::new() };
        let mut out = Vec::with_capacity(2);
        // A release that is processed late still was a long press.
        let long = held.long || at_ms.saturating_sub(held.since_ms) >= Self::HOLD_MS;
        if long && !held.long {
            out.push(KeyEvent { key: held.key, phase: KeyPhase::LongPress, at_ms });
        }
        out.push(KeyEvent { key: held.key, phase: KeyPhase::Release { long }, at_ms });
        out
    }

    /// When [`Keys::tick`] next has something to say.
    pub fn wake_ms(&self) -> Option<u64> {
        self.held.map(|h| h.next_ms.min(h.heard_ms + Self::FORGET_MS))
    }

    /// 8 Hz at first, 20 Hz after two seconds.
    fn interval(held_ms: u64) -> u64 {
        let ramp = held_ms.saturating_sub(Self::HOLD_MS).min(1600);
        Self::SLOW_MS - (Self::SLOW_MS - Self::FAST_MS) * ramp / 1600
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyPhase::*;

    /// Holds a key for `ms` with a frame every `frame` ms.
    fn hold(ms: u64, frame: u64) -> Vec<(u64, KeyPhase)> {
        let mut keys = Keys::new();
        let mut out = keys.down(RemoteKey::Right, 0);
        (1..).map(|n| n * frame).take_while(|t| *t < ms).for_each(|t| out.extend(keys.tick(t)));
        out.extend(keys.up(RemoteKey::Right, ms));
        out.into_iter().map(|e| (e.at_ms, e.phase)).collect()
    }

    #[test]
    fn a_short_press_is_press_and_release() {
        assert_eq!(hold(100, 10), [(0, Press), (100, Release { long: false })]);
    }

    #[test]
    fn holding_gives_one_long_press_and_repeats_that_accelerate() {
        let events = hold(5000, 1);
        assert_eq!(events[1..3], [(400, LongPress), (400, Repeat(1))]);
        let times: Vec<u64> = events.iter().filter(|(_, p)| matches!(p, Repeat(_))).map(|(t, _)| *t).collect();
        let gaps: Vec<u64> = times.windows(2).map(|w| w[1] - w[0]).collect();
        assert_eq!((gaps[0], *gaps.last().unwrap()), (125, 50));
        assert!(gaps.windows(2).all(|w| w[0] >= w[1]), "{gaps:?}");
        assert_eq!(events.iter().filter(|(_, p)| *p == LongPress).count(), 1);
        assert_eq!(events.last().unwrap().1, Release { long: true });
    }

    #[test]
    fn a_slow_frame_gets_one_repeat_not_a_backlog() {
        let mut keys = Keys::new();
        keys.down(RemoteKey::Down, 0);
        keys.tick(400);
        assert_eq!(keys.tick(3000).len(), 1);
        assert_eq!(keys.tick(3001).len(), 0);
    }

    #[test]
    fn a_late_release_of_a_held_key_is_still_a_long_press() {
        let mut keys = Keys::new();
        keys.down(RemoteKey::Ok, 0);
        let phases: Vec<_> = keys.up(RemoteKey::Ok, 900).into_iter().map(|e| e.phase).collect();
        assert_eq!(phases, [LongPress, Release { long: true }]);
    }

    #[test]
    fn the_senders_own_repeats_are_not_presses_and_a_second_key_releases_the_first() {
        let mut keys = Keys::new();
        keys.down(RemoteKey::Left, 0);
        assert_eq!(keys.down(RemoteKey::Left, 110), []);
        let phases: Vec<_> = keys.down(RemoteKey::Ok, 120).into_iter().map(|e| (e.key, e.phase)).collect();
        assert_eq!(phases, [(RemoteKey::Left, Release { long: false }), (RemoteKey::Ok, Press)]);
        assert_eq!(keys.up(RemoteKey::Left, 130), []);
    }

    #[test]
    fn a_remote_that_vanished_does_not_hold_its_key_for_ever() {
        let mut keys = Keys::new();
        keys.down(RemoteKey::Right, 0);
        keys.tick(400);
        assert_eq!(keys.tick(20_000).last().map(|e| e.phase), Some(Release { long: true }));
        assert_eq!(keys.wake_ms(), None);
    }
}
