//! How loud it is: what the volume keys do, and how long the screen says so.

use crate::{App, Effect, KeyPhase, RemoteKey};

/// A press goes to the next multiple of this.
const PRESS: u8 = 5;
/// A held key goes on in smaller steps, but they come quickly: from silent to full in about three seconds.
const REPEAT: u8 = 2;

/// How loud it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// 0 to 100, evenly spread as it is heard.
    pub percent: u8,
    /// Silent all the same.
    pub muted: bool,
}

impl Volume {
    /// As loud as the film is: the television has a volume of its own.
    pub const FULL: Self = Self { percent: 100, muted: false };

    /// What a key makes of it; none: it is no key for this. To be louder is to be heard; to be quieter is not.
    fn after(self, key: RemoteKey, phase: KeyPhase) -> Option<Self> {
        let Self { percent, muted } = self;
        Some(match (key, phase) {
            (RemoteKey::VolumeUp, KeyPhase::Press) => {
                Self { percent: (percent / PRESS + 1).saturating_mul(PRESS).min(100), muted: false }
            }
            (RemoteKey::VolumeUp, KeyPhase::Repeat(_)) => Self { percent: percent.saturating_add(REPEAT).min(100), muted: false },
            (RemoteKey::VolumeDown, KeyPhase::Press) => {
                Self { percent: (percent.div_ceil(PRESS)).saturating_sub(1) * PRESS, muted }
            }
            (RemoteKey::VolumeDown, KeyPhase::Repeat(_)) => Self { percent: percent.saturating_sub(REPEAT), muted },
            (RemoteKey::Mute, KeyPhase::Press) => Self { percent, muted: !muted },
            (RemoteKey::VolumeUp | RemoteKey::VolumeDown | RemoteKey::Mute, _) => self,
            _ => return None,
        })
    }
}

impl Default for Volume {
    fn default() -> Self {
        Self::FULL
    }
}

impl App {
    /// How loud it is.
    pub fn volume(&self) -> Volume {
        self.preferences.volume
    }

    /// Until when the screen says how loud it is; none: it does not.
    pub fn volume_until_ms(&self) -> Option<u64> {
        self.volume_until_ms
    }

    /// True if the key was about the volume. Then it is about nothing else, on no screen.
    pub(crate) fn volume_key(&mut self, key: RemoteKey, phase: KeyPhase, out: &mut Vec<Effect>) -> bool {
        let before = self.volume();
        let Some(after) = before.after(key, phase) else { return false };
        // Also a press at either end is answered.
        if matches!(phase, KeyPhase::Press | KeyPhase::Repeat(_)) {
            self.volume_until_ms = Some(self.now_ms + self.config.volume_ms);
        }
        if after != before {
            self.preferences.volume = after;
            out.push(Effect::Volume(after));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyPhase::{LongPress, Press, Release, Repeat};
    use RemoteKey::{Mute, VolumeDown, VolumeUp};

    #[test]
    fn keys_and_what_they_make_of_it() {
        let loud = |percent| Volume { percent, muted: false };
        let mute = |percent| Volume { percent, muted: true };
        for (before, key, phase, after) in [
            (loud(50), VolumeUp, Press, loud(55)),
            (loud(50), VolumeDown, Press, loud(45)),
            // Wherever a held key stopped, the next press is on the steps again.
            (loud(52), VolumeUp, Press, loud(55)),
            (loud(54), VolumeDown, Press, loud(50)),
            (loud(51), VolumeDown, Press, loud(50)),
            (loud(50), VolumeUp, Repeat(1), loud(52)),
            (loud(50), VolumeDown, Repeat(9), loud(48)),
            (loud(99), VolumeUp, Repeat(1), loud(100)),
            (loud(100), VolumeUp, Press, loud(100)),
            (loud(100), VolumeUp, Repeat(1), loud(100)),
            (loud(1), VolumeDown, Press, loud(0)),
            (loud(1), VolumeDown, Repeat(1), loud(0)),
            (loud(0), VolumeDown, Press, loud(0)),
            (loud(0), VolumeUp, Press, loud(5)),
            (loud(30), Mute, Press, mute(30)),
            (mute(30), Mute, Press, loud(30)),
            (mute(30), VolumeUp, Press, loud(35)),
            (mute(100), VolumeUp, Press, loud(100)),
            (mute(30), VolumeUp, Repeat(1), loud(32)),
            (mute(30), VolumeDown, Press, mute(25)),
            // A held Mute does not flicker.
            (mute(30), Mute, Repeat(1), mute(30)),
            (mute(30), Mute, LongPress, mute(30)),
            (loud(30), VolumeUp, LongPress, loud(30)),
            (loud(30), VolumeUp, Release { long: true }, loud(30)),
        ] {
            assert_eq!(before.after(key, phase), Some(after), "{before:?} {key:?} {phase:?}");
        }
        assert!(RemoteKey::all().filter(|(_, key)| Volume::FULL.after(*key, Press).is_some()).count() == 3);
    }

    #[test]
    fn every_volume_can_be_reached_from_every_other() {
        for percent in 0..=100 {
            let from = Volume { percent, muted: false };
            for (key, end) in [(VolumeUp, 100), (VolumeDown, 0)] {
                for phase in [Press, Repeat(1)] {
                    let mut volume = from;
                    let steps = std::iter::repeat_with(|| volume = volume.after(key, phase).expect("a volume"));
                    steps.take(50).for_each(drop);
                    assert_eq!(volume.percent, end, "{percent} {key:?} {phase:?}");
                }
            }
        }
    }
}
