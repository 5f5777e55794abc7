//! The keys of a remote control, whatever sends them: evdev, infrared through the panel, CEC, a test script.

use std::{fmt, str::FromStr};

/// The four coloured keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
}

/// One key. Written as in scripts: `up`, `play-pause`, `7`, `red` ([`FromStr`] and [`fmt::Display`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names say it
pub enum RemoteKey {
    Up,
    Down,
    Left,
    Right,
    Ok,
    Back,
    Home,
    Menu,
    Info,
    PlayPause,
    Play,
    Pause,
    Stop,
    FastForward,
    Rewind,
    Next,
    Prev,
    ChannelUp,
    ChannelDown,
    /// 0 to 9.
    Digit(u8),
    Colour(Colour),
    Subtitle,
    Audio,
    Search,
    Power,
    VolumeUp,
    VolumeDown,
    Mute,
}

const NAMES: &[(&str, RemoteKey)] = &[
    ("up", RemoteKey::Up),
    ("down", RemoteKey::Down),
    ("left", RemoteKey::Left),
    ("right", RemoteKey::Right),
    ("ok", RemoteKey::Ok),
    ("back", RemoteKey::Back),
    ("home", RemoteKey::Home),
    ("menu", RemoteKey::Menu),
    ("info", RemoteKey::Info),
    ("play-pause", RemoteKey::PlayPause),
    ("play", RemoteKey::Play),
    ("pause", RemoteKey::Pause),
    ("stop", RemoteKey::Stop),
    ("fast-forward", RemoteKey::FastForward),
    ("rewind", RemoteKey::Rewind),
    ("next", RemoteKey::Next),
    ("prev", RemoteKey::Prev),
    ("channel-up", RemoteKey::ChannelUp),
    ("channel-down", RemoteKey::ChannelDown),
    ("0", RemoteKey::Digit(0)),
    ("1", RemoteKey::Digit(1)),
    ("2", RemoteKey::Digit(2)),
    ("3", RemoteKey::Digit(3)),
    ("4", RemoteKey::Digit(4)),
    ("5", RemoteKey::Digit(5)),
    ("6", RemoteKey::Digit(6)),
    ("7", RemoteKey::Digit(7)),
    ("8", RemoteKey::Digit(8)),
    ("9", RemoteKey::Digit(9)),
    ("red", RemoteKey::Colour(Colour::Red)),
    ("green", RemoteKey::Colour(Colour::Green)),
    ("yellow", RemoteKey::Colour(Colour::Yellow)),
    ("blue", RemoteKey::Colour(Colour::Blue)),
    ("subtitle", RemoteKey::Subtitle),
    ("audio", RemoteKey::Audio),
    ("search", RemoteKey::Search),
    ("power", RemoteKey::Power),
    ("volume-up", RemoteKey::VolumeUp),
    ("volume-down", RemoteKey::VolumeDown),
    ("mute", RemoteKey::Mute),
];

impl RemoteKey {
    /// Every key there is, with its name in scripts.
    pub fn all() -> impl Iterator<Item = (&'static str, Self)> {
        NAMES.iter().copied()
    }
}

/// A name that no key has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey(pub String);

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no key is called {:?}; keys are", self.0)?;
        RemoteKey::all().try_for_each(|(name, _)| write!(f, " {name}"))
    }
}

impl std::error::Error for UnknownKey {}

impl FromStr for RemoteKey {
    type Err = UnknownKey;
    fn from_str(name: &str) -> Result<Self, UnknownKey> {
        let wanted = name.trim().to_ascii_lowercase();
        Self::all().find(|(n, _)| *n == wanted).map(|(_, key)| key).ok_or_else(|| UnknownKey(name.to_owned()))
    }
}

impl fmt::Display for RemoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only a `Digit` above 9 has no name; it is no key of any remote.
        f.write_str(Self::all().find(|(_, key)| key == self).map_or("?", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_are_one_to_one() {
        for (name, key) in RemoteKey::all() {
            assert_eq!(name.parse(), Ok(key));
            assert_eq!(key.to_string(), name);
        }
        assert_eq!(" OK ".parse(), Ok(RemoteKey::Ok));
        assert!("okay".parse::<RemoteKey>().unwrap_err().to_string().contains("play-pause"));
    }
}
