//! What a remote's codes mean: lines of `NEC 4 68 ok`, with the launcher's names of keys.

use hearth_wire::{IR_PROTOCOLS, PanelKey, RemoteKey};

/// Codes and what they mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    keys: Vec<(RemoteKey, String)>,
}

/// Why a keymap is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeymapError {
    /// From 1.
    pub line: usize,
}

impl std::fmt::Display for KeymapError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: not `PROTOCOL ADDRESS COMMAND KEY`", self.line)
    }
}

impl std::error::Error for KeymapError {}

impl Keymap {
    /// Reads a keymap: a code a line, `#` begins a remark. Numbers are decimal, or hexadecimal after `0x`.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let mut keys = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let words: Vec<&str> = text.split('#').next().unwrap_or_default().split_whitespace().collect();
            match words[..] {
                [] => {}
                [protocol, address, command, key] => {
                    let code = code(protocol, address, command).ok_or(KeymapError { line })?;
                    keys.push((code, key.to_owned()));
                }
                _ => return Err(KeymapError { line }),
            }
        }
        Ok(Self { keys })
    }

    /// The key's name.
    pub fn name(&self, code: RemoteKey) -> Option<&str> {
        self.keys.iter().find(|(known, _)| *known == code).map(|(_, name)| name.as_str())
    }

    /// The code of a key, to wake with.
    pub fn code(&self, name: &str) -> Option<RemoteKey> {
        self.keys.iter().find(|(_, known)| known == name).map(|(code, _)| *code)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(_, name)| name.as_str())
    }
}

fn code(protocol: &str, address: &str, command: &str) -> Option<RemoteKey> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let protocol = IR_PROTOCOLS.iter().position(|name| *name == protocol)?;
    Some(RemoteKey { protocol: u8::try_from(protocol).ok()?, address: number(address)?, command: number(command)? })
}

/// The launcher's name of a key on the front.
pub const fn panel_key(key: PanelKey) -> &'static str {
    match key {
        PanelKey::Power => "power",
        PanelKey::Up => "up",
        PanelKey::Down => "down",
        PanelKey::Left => "left",
        PanelKey::Right => "right",
        PanelKey::Ok => "ok",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_codes() {
        let check = |text, expected: Result<Option<&str>, usize>| {
            let map = Keymap::parse(text);
            let key = RemoteKey { protocol: 0, address: 4, command: 0x44 };
            assert_eq!(map.as_ref().map(|m| m.name(key)).map_err(|e| e.line), expected, "{text}");
        };
        check("# remote\n\nNEC 4 68 ok # select\n", Ok(Some("ok")));
        check("NEC 0x04 0x44 ok", Ok(Some("ok")));
        check("RC5 4 68 ok", Ok(None));
        check("NEC 4 68 ok\nNEC 4 ok", Err(2));
        check("NEC 4 x ok", Err(1));
        check("Morse 4 68 ok", Err(1));
    }
}
