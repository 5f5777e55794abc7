//! The kernel's key codes as a remote control: keyboards, rc-core's infrared remotes, and HDMI-CEC, which rc-core delivers as one.

use evdev::KeyCode;
use hearth_nav::{Colour, RemoteKey};

/// The remote control's key for a key of an input device.
pub fn remote(key: KeyCode) -> Option<RemoteKey> {
    TABLE.iter().find(|(codes, _)| codes.contains(&key)).map(|(_, remote)| *remote)
}

/// All keys that mean something: a device without any of them is not opened.
pub fn known() -> impl Iterator<Item = KeyCode> {
    TABLE.iter().flat_map(|(codes, _)| codes.iter().copied())
}

/// Everything that remotes, CEC (`rc-cec`) and keyboards call a key; letters are those of the window's table.
const TABLE: &[(&[KeyCode], RemoteKey)] = &[
    (&[KeyCode::KEY_UP], RemoteKey::Up),
    (&[KeyCode::KEY_DOWN], RemoteKey::Down),
    (&[KeyCode::KEY_LEFT], RemoteKey::Left),
    (&[KeyCode::KEY_RIGHT], RemoteKey::Right),
    (&[KeyCode::KEY_OK, KeyCode::KEY_SELECT, KeyCode::KEY_ENTER, KeyCode::KEY_KPENTER], RemoteKey::Ok),
    (&[KeyCode::KEY_BACK, KeyCode::KEY_EXIT, KeyCode::KEY_ESC, KeyCode::KEY_BACKSPACE], RemoteKey::Back),
    (&[KeyCode::KEY_HOMEPAGE, KeyCode::KEY_HOME, KeyCode::KEY_ROOT_MENU, KeyCode::KEY_H], RemoteKey::Home),
    (&[KeyCode::KEY_MENU, KeyCode::KEY_CONTEXT_MENU, KeyCode::KEY_SETUP, KeyCode::KEY_COMPOSE, KeyCode::KEY_M], RemoteKey::Menu),
    (&[KeyCode::KEY_INFO, KeyCode::KEY_I], RemoteKey::Info),
    (&[KeyCode::KEY_PLAYPAUSE, KeyCode::KEY_SPACE, KeyCode::KEY_P], RemoteKey::PlayPause),
    (&[KeyCode::KEY_PLAY, KeyCode::KEY_PLAYCD], RemoteKey::Play),
    (&[KeyCode::KEY_PAUSE, KeyCode::KEY_PAUSECD], RemoteKey::Pause),
    (&[KeyCode::KEY_STOP, KeyCode::KEY_STOPCD, KeyCode::KEY_S], RemoteKey::Stop),
    (&[KeyCode::KEY_FASTFORWARD, KeyCode::KEY_DOT], RemoteKey::FastForward),
    (&[KeyCode::KEY_REWIND, KeyCode::KEY_COMMA], RemoteKey::Rewind),
    (&[KeyCode::KEY_NEXT, KeyCode::KEY_NEXTSONG], RemoteKey::Next),
    (&[KeyCode::KEY_PREVIOUS, KeyCode::KEY_PREVIOUSSONG], RemoteKey::Prev),
    (&[KeyCode::KEY_CHANNELUP, KeyCode::KEY_PAGEUP], RemoteKey::ChannelUp),
    (&[KeyCode::KEY_CHANNELDOWN, KeyCode::KEY_PAGEDOWN], RemoteKey::ChannelDown),
    (&[KeyCode::KEY_SUBTITLE], RemoteKey::Subtitle),
    (&[KeyCode::KEY_AUDIO, KeyCode::KEY_LANGUAGE, KeyCode::KEY_A], RemoteKey::Audio),
    (&[KeyCode::KEY_SEARCH], RemoteKey::Search),
    (&[KeyCode::KEY_POWER, KeyCode::KEY_POWER2, KeyCode::KEY_SLEEP, KeyCode::KEY_SUSPEND], RemoteKey::Power),
    (&[KeyCode::KEY_VOLUMEUP, KeyCode::KEY_KPPLUS, KeyCode::KEY_EQUAL], RemoteKey::VolumeUp),
    (&[KeyCode::KEY_VOLUMEDOWN, KeyCode::KEY_KPMINUS, KeyCode::KEY_MINUS], RemoteKey::VolumeDown),
    (&[KeyCode::KEY_MUTE, KeyCode::KEY_N], RemoteKey::Mute),
    (&[KeyCode::KEY_RED], RemoteKey::Colour(Colour::Red)),
    (&[KeyCode::KEY_GREEN], RemoteKey::Colour(Colour::Green)),
    (&[KeyCode::KEY_YELLOW], RemoteKey::Colour(Colour::Yellow)),
    (&[KeyCode::KEY_BLUE], RemoteKey::Colour(Colour::Blue)),
    (&[KeyCode::KEY_0, KeyCode::KEY_NUMERIC_0, KeyCode::KEY_KP0], RemoteKey::Digit(0)),
    (&[KeyCode::KEY_1, KeyCode::KEY_NUMERIC_1, KeyCode::KEY_KP1], RemoteKey::Digit(1)),
    (&[KeyCode::KEY_2, KeyCode::KEY_NUMERIC_2, KeyCode::KEY_KP2], RemoteKey::Digit(2)),
    (&[KeyCode::KEY_3, KeyCode::KEY_NUMERIC_3, KeyCode::KEY_KP3], RemoteKey::Digit(3)),
    (&[KeyCode::KEY_4, KeyCode::KEY_NUMERIC_4, KeyCode::KEY_KP4], RemoteKey::Digit(4)),
    (&[KeyCode::KEY_5, KeyCode::KEY_NUMERIC_5, KeyCode::KEY_KP5], RemoteKey::Digit(5)),
    (&[KeyCode::KEY_6, KeyCode::KEY_NUMERIC_6, KeyCode::KEY_KP6], RemoteKey::Digit(6)),
    (&[KeyCode::KEY_7, KeyCode::KEY_NUMERIC_7, KeyCode::KEY_KP7], RemoteKey::Digit(7)),
    (&[KeyCode::KEY_8, KeyCode::KEY_NUMERIC_8, KeyCode::KEY_KP8], RemoteKey::Digit(8)),
    (&[KeyCode::KEY_9, KeyCode::KEY_NUMERIC_9, KeyCode::KEY_KP9], RemoteKey::Digit(9)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_keys() {
        for (code, key) in [
            // A keyboard, an infrared remote (rc-core's names), CEC's "select", "exit" and "root menu" as the kernel maps them.
            (KeyCode::KEY_ENTER, Some(RemoteKey::Ok)),
            (KeyCode::KEY_OK, Some(RemoteKey::Ok)),
            (KeyCode::KEY_EXIT, Some(RemoteKey::Back)),
            (KeyCode::KEY_ROOT_MENU, Some(RemoteKey::Home)),
            (KeyCode::KEY_NUMERIC_7, Some(RemoteKey::Digit(7))),
            (KeyCode::KEY_RED, Some(RemoteKey::Colour(Colour::Red))),
            (KeyCode::KEY_F5, None),
            (KeyCode::BTN_LEFT, None),
        ] {
            assert_eq!(remote(code), key, "{code:?}");
        }
    }

    #[test]
    fn every_key_can_be_pressed_and_no_code_means_two() {
        let sent: HashSet<RemoteKey> = TABLE.iter().map(|(_, key)| *key).collect();
        for (name, key) in RemoteKey::all() {
            assert!(sent.contains(&key), "no code for {name}");
        }
        let mut seen = HashSet::new();
        for code in known() {
            assert!(seen.insert(code), "{code:?} stands twice");
        }
    }
}
