//! Debounces the keys on the front.

use hearth_wire::PanelKey;

/// A level counts once it has held so long, in microseconds.
pub const DEBOUNCE_US: u64 = 20_000;

const KEYS: [PanelKey; 6] = [PanelKey::Power, PanelKey::Up, PanelKey::Down, PanelKey::Left, PanelKey::Right, PanelKey::Ok];

#[derive(Clone, Copy)]
struct Key {
    level: bool,
    since_us: u64,
    reported: bool,
}

/// All keys.
pub(crate) struct Keys([Key; KEYS.len()]);

impl Keys {
    /// Nothing pressed.
    pub(crate) const fn new() -> Self {
        Self([Key { level: false, since_us: 0, reported: false }; KEYS.len()])
    }

    /// The contact of `key` closed or opened at `now_us`.
    pub(crate) fn level(&mut self, key: PanelKey, down: bool, now_us: u64) {
        if let Some(state) = KEYS.iter().position(|k| *k == key).and_then(|i| self.0.get_mut(i))
            && state.level != down
        {
            (state.level, state.since_us) = (down, now_us);
        }
    }

    /// The next key whose level has held and was not reported yet, and whether it is pressed.
    pub(crate) fn settled(&mut self, now_us: u64) -> Option<(PanelKey, bool)> {
        let new = |state: &Key| now_us.saturating_sub(state.since_us) >= DEBOUNCE_US && state.level != state.reported;
        let (key, state) = KEYS.iter().zip(&mut self.0).find(|(_, state)| new(state))?;
        state.reported = state.level;
        Some((*key, state.level))
    }
}
