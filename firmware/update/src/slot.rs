//! The two slots, and what a slot says of itself: `/etc/hearth/slot.json`, signed with the FIT whose initramfs carries it.
use crate::{Error, Result, hex};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// Partitions `boot-a` and `root-a`.
    A,
    /// Partitions `boot-b` and `root-b`.
    B,
}

impl Slot {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// `a` or `b`, as in the names of partitions and in `hearth.slot=`.
    pub fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// What runs: a slot or the recovery system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Running {
    /// That slot.
    Slot(Slot),
    /// The recovery system.
    Recovery,
}

impl Running {
    /// From the kernel's command line, as the boot loader wrote it: `hearth.slot=a|b|recovery`. The last word counts, as for the kernel.
    pub fn of_command_line(text: &str) -> Option<Self> {
        match text.split_whitespace().filter_map(|word| word.strip_prefix("hearth.slot=")).next_back()? {
            "a" => Some(Self::Slot(Slot::A)),
            "b" => Some(Self::Slot(Slot::B)),
            "recovery" => Some(Self::Recovery),
            _ => None,
        }
    }
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(slot) => slot.fmt(f),
            Self::Recovery => f.write_str("recovery"),
        }
    }
}

/// What a slot is: version, board, and how to open its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SlotInfo {
    /// Always 1.
    pub schema: u32,
    /// As people call it: `0.1.0`.
    pub version: String,
    /// SHA-256 of everything that went in, hexadecimal.
    pub build_id: String,
    /// Never goes down on a box.
    pub rollback_index: u32,
    /// Whose image this is: `qemu-virt`.
    pub board: String,
    /// Has a shell and an open port.
    pub development: bool,
    /// Seconds since 1970: time on the box never is before this.
    pub built_at: u64,
    /// Kernel modules of stage 1, in the order they are loaded.
    #[serde(default)]
    pub modules: Vec<String>,
    /// How to open the root; not there in recovery, nor in the copy inside the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<VerityRoot>,
}

/// A squashfs and its dm-verity tree in the slot's `root` partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VerityRoot {
    /// Length of the squashfs in blocks of 4096 bytes.
    pub data_blocks: u64,
    /// Where the tree starts, in blocks of 4096 bytes.
    pub hash_start: u64,
    /// Hexadecimal.
    pub salt: String,
    /// Hexadecimal SHA-256.
    pub root_hash: String,
}

impl SlotInfo {
    /// Reads and checks it.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let wrong = |why: String| Error::Record { what: "slot.json", why };
        let info: Self = serde_json::from_slice(json).map_err(|e| wrong(e.to_string()))?;
        info.check().map_err(|why| wrong(why.to_owned()))?;
        Ok(info)
    }

    fn check(&self) -> Result<(), &'static str> {
        let plain =
            |s: &str| !s.is_empty() && s.len() <= 64 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+~-".contains(&b));
        if self.schema != 1 {
            return Err("schema is not 1");
        }
        if !plain(&self.version) || !plain(&self.board) {
            return Err("version or board is not a plain name");
        }
        if hex::array::<32>(&self.build_id).is_none() {
            return Err("build-id is not a SHA-256");
        }
        if !self.modules.iter().all(|m| plain(m)) {
            return Err("a module is not a plain file name");
        }
        let Some(root) = &self.root else { return Ok(()) };
        if hex::array::<32>(&root.root_hash).is_none() {
            return Err("root-hash is not a SHA-256");
        }
        if root.salt.len() > 512 || hex::decode(&root.salt).is_none() {
            return Err("salt is not hexadecimal");
        }
        if root.data_blocks == 0 || root.hash_start < root.data_blocks {
            return Err("the hash tree starts inside the data");
        }
        Ok(())
    }

    /// As it stands in the file.
    pub fn to_json(&self) -> Vec<u8> {
        crate::signed::json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> serde_json::Value {
        serde_json::json!({"schema": 1, "version": "0.1.0", "build-id": "ab".repeat(32), "rollback-index": 1, "board": "qemu-virt",
            "development": false, "built-at": 1, "modules": ["virtio_blk.ko"],
            "root": {"data-blocks": 10, "hash-start": 10, "salt": "00ff", "root-hash": "cd".repeat(32)}})
    }

    #[test]
    fn checked_when_read() {
        let whole = SlotInfo::parse(&serde_json::to_vec(&info()).unwrap()).unwrap();
        assert_eq!(SlotInfo::parse(&whole.to_json()).unwrap(), whole);
        let check = |path: &str, value: serde_json::Value, good: bool| {
            let mut json = info();
            match path.split_once('.') {
                Some((outer, inner)) => json[outer][inner] = value,
                None => json[path] = value,
            }
            assert_eq!(SlotInfo::parse(&serde_json::to_vec(&json).unwrap()).is_ok(), good, "{path}");
        };
        check("schema", 2.into(), false);
        check("more", 1.into(), false);
        check("root.more", 1.into(), false);
        check("version", "../x".into(), false);
        check("version", "".into(), false);
        check("build-id", "AB".repeat(32).into(), false);
        check("rollback-index", (-1).into(), false);
        check("modules", vec!["a/b.ko"].into(), false);
        check("modules", Vec::<String>::new().into(), true);
        check("root.salt", "".into(), true);
        check("root.salt", "0".into(), false);
        check("root.hash-start", 9.into(), false);
        check("root.root-hash", "cd".into(), false);
    }

    #[test]
    fn command_lines() {
        let check = |text, expected| assert_eq!(Running::of_command_line(text), expected, "{text}");
        check("quiet hearth.slot=b hearth.boot=1f", Some(Running::Slot(Slot::B)));
        check("hearth.slot=a hearth.slot=recovery\n", Some(Running::Recovery));
        check("hearth.slot=c", None);
        check("xhearth.slot=a", None);
        check("", None);
    }
}
