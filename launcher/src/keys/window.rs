//! A desktop's keyboard as a remote control.

use hearth_nav::RemoteKey;
use winit::keyboard::{Key, NamedKey};

/// The remote control's key for a key of the keyboard.
pub fn remote(key: &Key) -> Option<RemoteKey> {
    match key {
        Key::Named(named) => named_key(*named),
        Key::Character(text) => character(text),
        Key::Unidentified(_) | Key::Dead(_) => None,
    }
}

/// Switches the window between full screen and not.
pub fn is_fullscreen(key: &Key) -> bool {
    matches!(key, Key::Named(NamedKey::F11))
}

fn named_key(key: NamedKey) -> Option<RemoteKey> {
    Some(match key {
        NamedKey::ArrowUp => RemoteKey::Up,
        NamedKey::ArrowDown => RemoteKey::Down,
        NamedKey::ArrowLeft => RemoteKey::Left,
        NamedKey::ArrowRight => RemoteKey::Right,
        NamedKey::Enter | NamedKey::Select => RemoteKey::Ok,
        NamedKey::Escape | NamedKey::Backspace | NamedKey::BrowserBack | NamedKey::GoBack => RemoteKey::Back,
        NamedKey::Home | NamedKey::BrowserHome | NamedKey::GoHome => RemoteKey::Home,
        NamedKey::ContextMenu => RemoteKey::Menu,
        NamedKey::Info => RemoteKey::Info,
        NamedKey::Space | NamedKey::MediaPlayPause => RemoteKey::PlayPause,
        NamedKey::MediaPlay => RemoteKey::Play,
        NamedKey::MediaPause => RemoteKey::Pause,
        NamedKey::MediaStop => RemoteKey::Stop,
        NamedKey::MediaFastForward => RemoteKey::FastForward,
        NamedKey::MediaRewind => RemoteKey::Rewind,
        NamedKey::MediaTrackNext => RemoteKey::Next,
        NamedKey::MediaTrackPrevious => RemoteKey::Prev,
        NamedKey::PageUp | NamedKey::ChannelUp => RemoteKey::ChannelUp,
        NamedKey::PageDown | NamedKey::ChannelDown => RemoteKey::ChannelDown,
        NamedKey::AudioVolumeUp => RemoteKey::VolumeUp,
        NamedKey::AudioVolumeDown => RemoteKey::VolumeDown,
        NamedKey::AudioVolumeMute => RemoteKey::Mute,
        NamedKey::Power | NamedKey::PowerOff => RemoteKey::Power,
        NamedKey::BrowserSearch => RemoteKey::Search,
        _ => return None,
    })
}

fn character(text: &str) -> Option<RemoteKey> {
    Some(match text {
        "s" | "S" => RemoteKey::Stop,
        "i" | "I" => RemoteKey::Info,
        "m" | "M" => RemoteKey::Menu,
        "a" | "A" => RemoteKey::Audio,
        "h" | "H" => RemoteKey::Home,
        "p" | "P" => RemoteKey::PlayPause,
        "," => RemoteKey::Rewind,
        "." => RemoteKey::FastForward,
        "+" | "=" => RemoteKey::VolumeUp,
        "-" => RemoteKey::VolumeDown,
        "n" | "N" => RemoteKey::Mute,
        _ => {
            let digit = text.parse::<u8>().ok().filter(|d| *d <= 9)?;
            RemoteKey::Digit(digit)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyboard_is_a_remote() {
        for (key, remote_key) in [
            (Key::Named(NamedKey::ArrowLeft), Some(RemoteKey::Left)),
            (Key::Named(NamedKey::Escape), Some(RemoteKey::Back)),
            (Key::Character("7".into()), Some(RemoteKey::Digit(7))),
            (Key::Character("77".into()), None),
            (Key::Character("S".into()), Some(RemoteKey::Stop)),
            // Where "+" is typed with Shift, the key alone will do.
            (Key::Character("=".into()), Some(RemoteKey::VolumeUp)),
            (Key::Named(NamedKey::F5), None),
        ] {
            assert_eq!(remote(&key), remote_key, "{key:?}");
        }
    }
}
