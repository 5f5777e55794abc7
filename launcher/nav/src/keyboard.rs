//! A keyboard on the screen, for whatever is to be typed: forty keys in a grid, six below them, all reached by arrows.

use crate::{Direction, Focus, Id, Secret, Zone, ZoneKind, zone};
use std::ops::RangeInclusive;

/// Keys side by side.
pub const COLUMNS: usize = 10;

const LETTERS: &str = "1234567890qwertyuiopasdfghjkl-zxcvbnm._@";
const SYMBOLS: &str = "1234567890!?\"'`,;:/\\#$%&*+=~^|()[]{}<>-_";

/// Names of the keys below the grid: items of [`zone::ACTIONS_ROW`].
pub mod action {
    /// The next letter is a capital; twice: all are.
    pub const SHIFT: &str = "shift";
    /// Symbols instead of letters, and back.
    pub const SYMBOLS: &str = "symbols";
    /// A space.
    pub const SPACE: &str = "space";
    /// Takes the last character away; held, more of them.
    pub const DELETE: &str = "delete";
    /// Hides what was typed, and shows it.
    pub const HIDE: &str = "hide";
    /// It is typed.
    pub const DONE: &str = "done";
}

/// The keys below the grid, and over how many of its columns each stretches.
pub const ACTIONS: [(&str, usize); 6] =
    [(action::SHIFT, 1), (action::SYMBOLS, 1), (action::SPACE, 3), (action::DELETE, 1), (action::HIDE, 1), (action::DONE, 3)];

/// Which letters are capitals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shift {
    /// None.
    #[default]
    Off,
    /// The next one.
    Once,
    /// All.
    Lock,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The text is another.
    Typed,
    /// The keys are others, or how the text is shown.
    Changed,
    /// It is typed, and may be used.
    Done,
    /// Nothing: the text is full, empty, or too short to be used.
    Nothing,
}

/// A keyboard and what was typed on it. Where the focus is on it is its page's matter: [`Keyboard::focus`].
#[derive(Clone, Debug, PartialEq)]
pub struct Keyboard {
    text: Secret,
    fits: RangeInclusive<usize>,
    symbols: bool,
    shift: Shift,
    hidden: bool,
}

impl Keyboard {
    /// For a text of so many characters.
    pub fn new(fits: RangeInclusive<usize>) -> Self {
        Self { text: Secret::default(), fits, symbols: false, shift: Shift::Off, hidden: false }
    }

    /// Its keys, the focus on the first letter.
    pub fn focus(rtl: bool) -> Focus {
        let keys = (0..COLUMNS * 4).map(|n| Id::from(n.to_string())).collect();
        let actions = ACTIONS.map(|(name, _)| Id::from(name)).to_vec();
        let keys = Zone::new(zone::KEYS, ZoneKind::Grid { columns: COLUMNS }, 4, keys);
        let mut focus = Focus::new(vec![keys, Zone::row(zone::ACTIONS_ROW, actions.len(), actions)], rtl);
        focus.go(zone::KEYS, &COLUMNS.to_string());
        focus
    }

    /// What was typed.
    pub fn text(&self) -> &Secret {
        &self.text
    }

    /// What was typed may be used.
    pub fn ready(&self) -> bool {
        self.fits.contains(&self.text.len())
    }

    /// Symbols instead of letters.
    pub fn symbols(&self) -> bool {
        self.symbols
    }

    /// Which letters are capitals.
    pub fn shift(&self) -> Shift {
        self.shift
    }

    /// What was typed is not to be read on the screen.
    pub fn hidden(&self) -> bool {
        self.hidden
    }

    /// The characters of the grid, as they would be typed now.
    pub fn characters(&self) -> impl Iterator<Item = char> {
        let (keys, capital) = if self.symbols { (SYMBOLS, false) } else { (LETTERS, self.shift != Shift::Off) };
        keys.chars().map(move |c| if capital { c.to_ascii_uppercase() } else { c })
    }

    /// A character, from wherever it comes.
    pub fn type_character(&mut self, character: char) -> Pressed {
        if self.text.len() >= *self.fits.end() {
            return Pressed::Nothing;
        }
        self.text.push(character);
        if self.shift == Shift::Once && character.is_alphabetic() {
            self.shift = Shift::Off;
        }
        Pressed::Typed
    }

    /// OK on the key that has the focus. A held one only takes away: nobody wants a dozen of the same letter.
    pub fn press(&mut self, focus: &Focus, held: bool) -> Pressed {
        let Some((zone, item)) = focus.at() else { return Pressed::Nothing };
        if held && *item != *action::DELETE {
            return Pressed::Nothing;
        }
        if *zone == *zone::KEYS {
            let character = item.parse().ok().and_then(|n| self.characters().nth(n));
            return character.map_or(Pressed::Nothing, |c| self.type_character(c));
        }
        match item.as_str() {
            action::SHIFT if self.symbols => {
                (self.symbols, self.shift) = (false, Shift::Once);
                Pressed::Changed
            }
            action::SHIFT => {
                self.shift = match self.shift {
                    Shift::Off => Shift::Once,
                    Shift::Once => Shift::Lock,
                    Shift::Lock => Shift::Off,
                };
                Pressed::Changed
            }
            action::SYMBOLS => {
                self.symbols = !self.symbols;
                Pressed::Changed
            }
            action::SPACE => self.type_character(' '),
            action::DELETE if self.text.pop() => Pressed::Typed,
            action::HIDE => {
                self.hidden = !self.hidden;
                Pressed::Changed
            }
            action::DONE if self.ready() => Pressed::Done,
            _ => Pressed::Nothing,
        }
    }
}

/// An arrow on a keyboard: a row ends where it begins (for a press; a held arrow stops at its end), and up and down keep the column, however
/// wide the keys are. False at an edge.
pub fn step(focus: &mut Focus, direction: Direction, held: bool) -> bool {
    let Some((zone, item)) = focus.at().map(|(zone, item)| (zone.clone(), item.clone())) else { return false };
    let grid = *zone == *zone::KEYS;
    let place = if grid { item.parse().unwrap_or(0) } else { ACTIONS.iter().position(|(name, _)| *item == **name).unwrap_or(0) };
    let (row, column) = if grid { (place / COLUMNS, place % COLUMNS) } else { (4, place) };
    let ahead = match (direction, focus.rtl()) {
        (Direction::Up, _) if row == 0 => return false,
        (Direction::Up, _) if !grid => {
            let from: usize = ACTIONS[..place].iter().map(|(_, span)| span).sum();
            let span = ACTIONS[place].1;
            // Where the focus came from, if it was above this key; else its middle.
            let was = focus.find(zone::KEYS).map_or(0, |z| z.index % COLUMNS);
            let column = if (from..from + span).contains(&was) { was } else { from + span / 2 };
            return focus.go(zone::KEYS, &(3 * COLUMNS + column).to_string());
        }
        (Direction::Up, _) => return focus.go(zone::KEYS, &(place - COLUMNS).to_string()),
        (Direction::Down, _) if row == 4 => return false,
        (Direction::Down, _) if row == 3 => {
            let ends = ACTIONS.iter().scan(0, |end, (name, span)| {
                *end += span;
                Some((*name, *end))
            });
            let below = ends.into_iter().find(|(_, end)| column < *end).map_or(action::DONE, |(name, _)| name);
            return focus.go(zone::ACTIONS_ROW, below);
        }
        (Direction::Down, _) => return focus.go(zone::KEYS, &(place + COLUMNS).to_string()),
        (Direction::Left, rtl) => rtl,
        (Direction::Right, rtl) => !rtl,
    };
    let wide = if grid { COLUMNS } else { ACTIONS.len() };
    let end = if ahead { column + 1 == wide } else { column == 0 };
    if end && held {
        return false;
    }
    let column = (column + if ahead { 1 } else { wide - 1 }) % wide;
    if grid {
        focus.go(zone::KEYS, &(row * COLUMNS + column).to_string())
    } else {
        focus.go(zone::ACTIONS_ROW, ACTIONS[column].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(focus: &mut Focus, arrows: &str) -> String {
        for arrow in arrows.chars() {
            let direction = match arrow {
                'u' => Direction::Up,
                'd' => Direction::Down,
                'l' => Direction::Left,
                _ => Direction::Right,
            };
            step(focus, direction, false);
            focus.check().unwrap();
        }
        focus.at().map(|(_, item)| item.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_character_of_a_passphrase_is_on_it_once_a_layer() {
        let mut keyboard = Keyboard::new(8..=63);
        let layer = |k: &Keyboard| k.characters().collect::<Vec<_>>();
        let mut all = layer(&keyboard);
        keyboard.shift = Shift::Lock;
        all.extend(layer(&keyboard));
        keyboard.symbols = true;
        all.extend(layer(&keyboard));
        for code in 33..127_u8 {
            assert!(all.contains(&char::from(code)), "{:?}", char::from(code));
        }
        for layer in [LETTERS, SYMBOLS] {
            let mut keys: Vec<char> = layer.chars().collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), 4 * COLUMNS);
        }
        assert_eq!(ACTIONS.iter().map(|(_, span)| span).sum::<usize>(), COLUMNS);
    }

    #[test]
    fn arrows_go_round_rows_and_keep_columns() {
        let mut focus = Keyboard::focus(false);
        for (arrows, expected) in [
            ("", "10"),
            ("l", "19"),
            ("r", "10"),
            ("uu", "0"),
            ("l", "9"),
            ("ddd", "39"),
            ("d", "done"),
            ("d", "done"),
            ("u", "39"),
            ("lll", "36"),
            ("d", "hide"),
            ("u", "36"),
            ("llll", "32"),
            ("d", "space"),
            ("u", "32"),
            ("dll", "shift"),
            ("u", "30"),
            ("dl", "done"),
            ("u", "38"),
            ("dr", "shift"),
        ] {
            assert_eq!(go(&mut focus, arrows), expected, "after {arrows}");
        }
        assert!(!step(&mut focus, Direction::Left, true), "a held arrow stops");
        let mut mirrored = Keyboard::focus(true);
        assert_eq!(go(&mut mirrored, "l"), "11");
    }

    #[test]
    fn keys_type_and_change_the_keys() {
        let mut keyboard = Keyboard::new(2..=4);
        let mut focus = Keyboard::focus(false);
        let mut press = |name: &str| {
            assert!(focus.go(zone::KEYS, name) || focus.go(zone::ACTIONS_ROW, name), "{name}");
            keyboard.press(&focus, false)
        };
        assert_eq!(press("done"), Pressed::Nothing);
        assert_eq!(press("delete"), Pressed::Nothing);
        assert_eq!([press("shift"), press("10"), press("10")], [Pressed::Changed, Pressed::Typed, Pressed::Typed]);
        assert_eq!([press("shift"), press("shift"), press("10")], [Pressed::Changed, Pressed::Changed, Pressed::Typed]);
        assert_eq!([press("10"), press("10")], [Pressed::Typed, Pressed::Nothing]);
        assert_eq!(keyboard.text().reveal(), "QqQQ");
        let mut press = |name: &str| {
            assert!(focus.go(zone::KEYS, name) || focus.go(zone::ACTIONS_ROW, name), "{name}");
            keyboard.press(&focus, false)
        };
        assert_eq!(
            [press("delete"), press("delete"), press("symbols"), press("10")],
            [Pressed::Typed, Pressed::Typed, Pressed::Changed, Pressed::Typed]
        );
        assert_eq!([press("shift"), press("15"), press("done")], [Pressed::Changed, Pressed::Typed, Pressed::Done]);
        assert_eq!(keyboard.text().reveal(), "Qq!Y");
        focus.go(zone::KEYS, "12");
        assert_eq!(keyboard.press(&focus, true), Pressed::Nothing, "a held letter is one letter");
        focus.go(zone::ACTIONS_ROW, action::DELETE);
        assert_eq!(keyboard.press(&focus, true), Pressed::Typed);
        assert!(!keyboard.hidden());
        focus.go(zone::ACTIONS_ROW, action::HIDE);
        assert_eq!((keyboard.press(&focus, false), keyboard.hidden()), (Pressed::Changed, true));
        assert!(!format!("{keyboard:?}").contains("Qq!"));
    }
}
