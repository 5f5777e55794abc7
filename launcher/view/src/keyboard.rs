//! The keyboard on the screen: what is on its keys, and what was typed.

use hearth_nav::{ACTIONS, COLUMNS, Focus, Keyboard, Secret, Shift, zone};

/// The keyboard.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyboardView {
    /// What was typed, or as many dots.
    pub text: Secret,
    /// It is dots.
    pub hidden: bool,
    /// The grid's keys, row by row.
    pub keys: Vec<char>,
    /// Symbols instead of letters.
    pub symbols: bool,
    /// Which letters are capitals.
    pub shift: Shift,
    /// What was typed may be used.
    pub ready: bool,
    /// On the key that uses it.
    pub done: String,
    /// The key with the focus: of the grid, then of [`ACTIONS`].
    pub focus: Option<usize>,
}

impl KeyboardView {
    pub(crate) fn new(keyboard: &Keyboard, focus: &Focus, active: bool, done: &str) -> Self {
        let at = focus.at().filter(|_| active).and_then(|(z, item)| match z.as_str() {
            zone::KEYS => item.parse().ok(),
            _ => ACTIONS.iter().position(|(name, _)| *item == **name).map(|n| 4 * COLUMNS + n),
        });
        let text = if keyboard.hidden() { Secret::from(&*"•".repeat(keyboard.text().len())) } else { keyboard.text().clone() };
        Self {
            text,
            hidden: keyboard.hidden(),
            keys: keyboard.characters().collect(),
            symbols: keyboard.symbols(),
            shift: keyboard.shift(),
            ready: keyboard.ready(),
            done: done.to_owned(),
            focus: at,
        }
    }

    /// The key with the focus, and how much was typed.
    pub(crate) fn spoken(&self) -> Option<String> {
        let at = self.focus?;
        let key = match (self.keys.get(at), at.checked_sub(4 * COLUMNS)) {
            (Some(key), _) if key.is_uppercase() => format!("capital {key}"),
            (Some(key), _) => key.to_string(),
            (None, Some(0)) => match self.shift {
                Shift::Off => "Shift".to_owned(),
                Shift::Once => "Shift, on".to_owned(),
                Shift::Lock => "Shift, locked".to_owned(),
            },
            (None, Some(1)) if self.symbols => "Letters".to_owned(),
            (None, Some(1)) => "Symbols".to_owned(),
            (None, Some(2)) => "Space".to_owned(),
            (None, Some(3)) => "Delete".to_owned(),
            (None, Some(4)) if self.hidden => "Show what is typed".to_owned(),
            (None, Some(4)) => "Hide what is typed".to_owned(),
            (None, _) => self.done.clone(),
        };
        Some(match self.text.len() {
            0 => key,
            1 => format!("{key}. 1 character"),
            n => format!("{key}. {n} characters"),
        })
    }
}
