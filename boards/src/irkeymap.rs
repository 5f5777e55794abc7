//! What a remote's infrared codes mean: the keymaps of rc-core as Debian's `ir-keytable` has them (TOML, `rc_keymap(5)`), and as
//! `/etc/hearth/ir-keymap.json` on the box.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A keymap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IrKeymap {
    /// Protocols as `/sys/class/rc/rc*/protocols` names them; none where the receiver's driver decides.
    pub protocols: Vec<String>,
    /// Scancodes and names from `linux/input-event-codes.h`: `KEY_OK`.
    pub keys: Vec<(u64, String)>,
}

/// Why a text is no keymap for the box.
#[derive(Debug, thiserror::Error)]
pub enum IrKeymapError {
    /// No TOML, or not of this shape.
    #[error("no keymap of rc-core: {0}")]
    Syntax(#[from] toml::de::Error),
    /// The kernel decodes it by a program only that `ir-keytable` brings along.
    #[error("protocol {0} is not decoded by the kernel itself; take a keymap of another remote")]
    Protocol(String),
    /// Not a number.
    #[error("scancode {0} is no number")]
    Scancode(String),
    /// Nothing could be pressed.
    #[error("it has no keys")]
    Empty,
}

#[derive(Deserialize)]
struct File {
    protocols: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    protocol: String,
    #[serde(default)]
    scancodes: BTreeMap<String, String>,
}

impl IrKeymap {
    /// Reads one of `ir-keytable`'s.
    pub fn parse(text: &str) -> Result<Self, IrKeymapError> {
        let file: File = toml::from_str(text)?;
        let mut keymap = Self::default();
        for part in file.protocols {
            let protocol = match part.protocol.as_str() {
                "unknown" | "other" => None,
                "rc5" | "rc-5" => Some("rc-5"),
                "rc-5-sz" => Some("rc-5-sz"),
                "rc6" | "rc-6" => Some("rc-6"),
                known @ ("nec" | "jvc" | "sony" | "sanyo" | "sharp" | "mce_kbd" | "xmp" | "imon" | "rc-mm") => Some(known),
                other => return Err(IrKeymapError::Protocol(other.into())),
            };
            keymap.protocols.extend(protocol.map(str::to_owned));
            for (code, key) in part.scancodes {
                let hex = code.strip_prefix("0x").map(|digits| u64::from_str_radix(digits, 16));
                let number = hex.unwrap_or_else(|| code.parse()).map_err(|_| IrKeymapError::Scancode(code.clone()))?;
                keymap.keys.push((number, key));
            }
        }
        keymap.keys.sort_unstable();
        if keymap.keys.is_empty() { Err(IrKeymapError::Empty) } else { Ok(keymap) }
    }

    /// The file that has keymap `name` (`rc-khadas`) in the package `ir-keytable`.
    pub fn path(name: &str) -> String {
        let file = name.strip_prefix("rc-").unwrap_or(name).replace('-', "_");
        format!("usr/lib/udev/rc_keymaps/{file}.toml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keymaps_are_read() {
        let check = |text: &str, expected: Result<&str, &str>| match (IrKeymap::parse(text), expected) {
            (Ok(keymap), Ok(expected)) => {
                let keys: Vec<String> = keymap.keys.iter().map(|(code, key)| format!("{code:#x}={key}")).collect();
                assert_eq!(format!("{}: {}", keymap.protocols.join(" "), keys.join(" ")), expected, "{text}");
            }
            (Err(error), Err(why)) => assert!(error.to_string().contains(why), "{error}"),
            (got, _) => panic!("{text}: {got:?}"),
        };
        let part = |protocol: &str, codes: &str| {
            format!("[[protocols]]\nname = \"x\"\nprotocol = \"{protocol}\"\nvariant = \"y\"\n[protocols.scancodes]\n{codes}\n")
        };
        let ok = "0x07 = \"KEY_OK\"\n0x1a = \"KEY_RIGHT\"";
        check(&part("nec", ok), Ok("nec: 0x7=KEY_OK 0x1a=KEY_RIGHT"));
        check(&part("rc5", "0x1e25 = \"KEY_OK\""), Ok("rc-5: 0x1e25=KEY_OK"));
        check(&part("unknown", "12 = \"KEY_OK\""), Ok(": 0xc=KEY_OK"));
        check(
            &(part("rc6", "0x800f0422 = \"KEY_OK\"") + &part("sony", "1 = \"KEY_UP\"")),
            Ok("rc-6 sony: 0x1=KEY_UP 0x800f0422=KEY_OK"),
        );
        check(&part("pulse_distance", ok), Err("pulse_distance"));
        check(&part("nec", "0xzz = \"KEY_OK\""), Err("0xzz"));
        check(&part("nec", ""), Err("no keys"));
        check("<html>", Err("no keymap"));
    }

    #[test]
    fn files_are_named_by_the_keymap() {
        for (name, file) in [("rc-khadas", "khadas"), ("rc-pinnacle-pctv-hd", "pinnacle_pctv_hd")] {
            assert_eq!(IrKeymap::path(name), format!("usr/lib/udev/rc_keymaps/{file}.toml"));
        }
    }
}
