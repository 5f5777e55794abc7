//! The lines tests and people wait for on the console, and the datagrams programs report with. Pure.

use crate::{Error, Result};
use std::time::Duration;

/// Longest datagram that is looked at.
pub const MAX_DATAGRAM: usize = 512;
/// Longest value in a line.
const MAX_VALUE: usize = 240;

/// One line: `hearth: 3.412 ui-first-frame 1`, seconds since kernel entry.
pub fn line(at: Duration, name: &str, value: &str) -> String {
    let mut text = format!("hearth: {}.{:03} {name}", at.as_secs(), at.subsec_millis());
    if !value.is_empty() {
        text.push(' ');
        text.push_str(&plain(value, MAX_VALUE));
    }
    text
}

/// Text from elsewhere, fit for a terminal: one line, no control characters, bounded.
pub fn plain(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Why the box shall go down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Into the new version.
    Update,
    /// The viewer wants it.
    User,
    /// `/data` is made anew at the next boot.
    FactoryReset,
    /// Into the recovery system.
    Recovery,
    /// Off.
    PowerOff,
}

impl Leave {
    /// As in `REBOOT=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::User => "user",
            Self::FactoryReset => "factory-reset",
            Self::Recovery => "recovery",
            Self::PowerOff => "power-off",
        }
    }
}

/// What launcher and agent report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The first picture of the interface is on the screen.
    UiFirstFrame,
    /// Rows from the server are on the screen.
    Home,
    /// This server answered.
    Origin(String),
    /// A server has taken the token of this device.
    SignedIn(String),
    /// The player could decode the built-in film, or why not.
    SelfCheck(Result<(), String>),
    /// The first picture of this film is on the screen.
    Playing(String),
    /// Frames shown so far.
    Presented(u64),
    /// Why the box was woken, by the panel's word.
    Woke(String),
    /// Still well.
    Alive,
    /// Please go down.
    Leave(Leave),
}

impl Notice {
    /// Reads one datagram, `NAME=value`.
    pub fn parse(datagram: &[u8]) -> Result<Self> {
        let refused = |why: &str| Error::Refused(format!("datagram {:?}: {why}", plain(&String::from_utf8_lossy(datagram), 60)));
        if datagram.len() > MAX_DATAGRAM {
            return Err(refused("too long"));
        }
        let text = std::str::from_utf8(datagram).map_err(|_| refused("not UTF-8"))?;
        let (name, value) = text.trim_end_matches(['\n', '\0']).split_once('=').ok_or_else(|| refused("no ="))?;
        Ok(match (name, value) {
            ("UI_FIRST_FRAME", "1") => Self::UiFirstFrame,
            ("HOME", "1") => Self::Home,
            ("ALIVE", "1") => Self::Alive,
            ("POWEROFF", "1") => Self::Leave(Leave::PowerOff),
            ("REBOOT", "update") => Self::Leave(Leave::Update),
            ("REBOOT", "user") => Self::Leave(Leave::User),
            ("REBOOT", "factory-reset") => Self::Leave(Leave::FactoryReset),
            ("REBOOT", "recovery") => Self::Leave(Leave::Recovery),
            ("ORIGIN", url) if !url.is_empty() => Self::Origin(url.to_owned()),
            ("PLAYING", title) => Self::Playing(title.to_owned()),
            ("WOKE", reason) if !reason.is_empty() => Self::Woke(reason.to_owned()),
            ("PRESENTED", frames) => Self::Presented(frames.parse().map_err(|_| refused("not a number"))?),
            ("SIGNED_IN", device) if !device.is_empty() => Self::SignedIn(device.to_owned()),
            ("SELFCHECK", "ok") => Self::SelfCheck(Ok(())),
            ("SELFCHECK", why) => {
                let why = why.strip_prefix("failed").ok_or_else(|| refused("neither ok nor failed"))?;
                Self::SelfCheck(Err(why.trim_start_matches([':', ' ']).to_owned()))
            }
            _ => return Err(refused("no such name or value")),
        })
    }

    /// Name and value of its line on the console; none for the mere sign of life.
    pub fn beacon(&self) -> Option<(&'static str, String)> {
        Some(match self {
            Self::UiFirstFrame => ("ui-first-frame", "1".to_owned()),
            Self::Home => ("home", "1".to_owned()),
            Self::Origin(url) => ("origin", url.clone()),
            Self::SignedIn(device) => ("signed-in", format!("device={device}")),
            Self::SelfCheck(Ok(())) => ("selfcheck", "ok".to_owned()),
            Self::SelfCheck(Err(why)) => ("selfcheck", format!("failed: {why}")),
            Self::Playing(title) => ("playing", title.clone()),
            Self::Presented(frames) => ("presented", frames.to_string()),
            Self::Woke(reason) => ("woke", reason.clone()),
            Self::Leave(leave) => ("leave", leave.name().to_owned()),
            Self::Alive => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines() {
        let check = |ms, name, value, expected| assert_eq!(line(Duration::from_millis(ms), name, value), expected);
        check(3412, "ui-first-frame", "1", "hearth: 3.412 ui-first-frame 1");
        check(61_005, "stage1", "", "hearth: 61.005 stage1");
        check(1, "playing", "a\nhearth: 9.000 good\u{1b}[2J", "hearth: 0.001 playing a?hearth: 9.000 good?[2J");
    }

    #[test]
    fn datagrams() {
        let check = |text: &str, expected: Option<Notice>| assert_eq!(Notice::parse(text.as_bytes()).ok(), expected, "{text}");
        check("UI_FIRST_FRAME=1", Some(Notice::UiFirstFrame));
        check("UI_FIRST_FRAME=1\n", Some(Notice::UiFirstFrame));
        check("UI_FIRST_FRAME=2", None);
        check("HOME=1", Some(Notice::Home));
        check("ORIGIN=http://10.0.2.2:1", Some(Notice::Origin("http://10.0.2.2:1".into())));
        check("ORIGIN=", None);
        check("SIGNED_IN=6f1d", Some(Notice::SignedIn("6f1d".into())));
        check("SIGNED_IN=", None);
        check("SELFCHECK=ok", Some(Notice::SelfCheck(Ok(()))));
        check("SELFCHECK=failed: no decoder", Some(Notice::SelfCheck(Err("no decoder".into()))));
        check("SELFCHECK=maybe", None);
        check("PRESENTED=120", Some(Notice::Presented(120)));
        check("PRESENTED=-1", None);
        check("REBOOT=update", Some(Notice::Leave(Leave::Update)));
        check("REBOOT=now", None);
        check("WOKE=timer", Some(Notice::Woke("timer".into())));
        check("WOKE=", None);
        check("POWEROFF=1", Some(Notice::Leave(Leave::PowerOff)));
        check("PLAYING=", Some(Notice::Playing(String::new())));
        check("SHELL=1", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn any_datagram_makes_at_most_one_plain_line(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(Some((name, value))) = Notice::parse(&bytes).map(|n| n.beacon()) {
                let line = line(Duration::ZERO, name, &value);
                prop_assert!(!line.chars().any(char::is_control) && line.chars().count() < 300);
            }
        }
    }
}
