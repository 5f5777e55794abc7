//! The update bundle: a signed manifest, then the payloads.
//!
//! `envelope(manifest)`, zeroes to the next multiple of [`ALIGN`], then the payloads back to back, each at a multiple of [`ALIGN`]. A payload's
//! `offset` counts from the first byte after the manifest's padding ([`Bundle::data`]), so that the manifest does not depend on its own length.
mod write;

pub use write::{Release, write};

use crate::signed::{self, Keyring};
use crate::{Error, Result, hex};
use serde::{Deserialize, Serialize};
use std::io::Read;

/// Payloads start at multiples of this.
pub const ALIGN: u64 = 4096;
/// Bytes that one hash in the manifest speaks for, in the bundles that [`write`] makes.
pub const BLOCK_SIZE: u32 = 65536;

/// First 16 bytes of a block's SHA-256: tells blocks apart; the payload's whole SHA-256 is what is trusted.
pub type BlockHash = [u8; 16];

/// The hash of a block.
pub fn block_hash(block: &[u8]) -> BlockHash {
    use sha2::{Digest, Sha256};
    let hash: [u8; 32] = Sha256::digest(block).into();
    hash.first_chunk().copied().unwrap_or_default()
}

/// What a bundle brings and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// Always 1.
    pub schema: u32,
    /// Whose image this is.
    pub board: String,
    /// As people call it.
    pub version: String,
    /// SHA-256 of everything that went in, hexadecimal.
    pub build_id: String,
    /// Must not be below the box's floor.
    pub rollback_index: u32,
    /// One for each partition of a slot.
    pub payloads: Vec<Payload>,
}

/// Which partition of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The FIT, for `boot-a` or `boot-b`.
    Boot,
    /// Squashfs and hash tree, for `root-a` or `root-b`.
    Root,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Boot, Self::Root];

    /// `boot` or `root`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Root => "root",
        }
    }
}

/// What goes to the start of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Payload {
    /// Which partition.
    pub name: Part,
    /// Bytes.
    pub size: u64,
    /// Of all of it.
    #[serde(with = "hex")]
    pub sha256: [u8; 32],
    /// Bytes a block; the last block may be shorter.
    pub block_size: u32,
    /// One hash a block.
    #[serde(with = "hex::list")]
    pub blocks: Vec<BlockHash>,
    /// Where it starts, from [`Bundle::data`].
    pub offset: u64,
}

impl Payload {
    /// Where in the payload block `index` is; `None` past the end.
    pub fn block(&self, index: usize) -> Option<std::ops::Range<u64>> {
        let start = u64::try_from(index).ok()?.checked_mul(self.block_size.into())?;
        (start < self.size).then(|| start..self.size.min(start + u64::from(self.block_size)))
    }
}

impl Manifest {
    /// The payload of that partition; a checked manifest has each.
    pub fn payload(&self, part: Part) -> Option<&Payload> {
        self.payloads.iter().find(|p| p.name == part)
    }

    fn check(&self) -> Result<(), String> {
        let plain =
            |s: &str| !s.is_empty() && s.len() <= 64 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+~-".contains(&b));
        if self.schema != 1 {
            return Err(format!("schema {} is not 1", self.schema));
        }
        if !plain(&self.board) || !plain(&self.version) {
            return Err("board or version is not a plain name".to_owned());
        }
        if hex::array::<32>(&self.build_id).is_none() {
            return Err("build-id is not a SHA-256".to_owned());
        }
        if self.payloads.len() != Part::ALL.len() || !Part::ALL.iter().all(|part| self.payload(*part).is_some()) {
            return Err("it has not exactly one boot and one root payload".to_owned());
        }
        let mut end = 0;
        for payload in &self.payloads {
            end = payload.check(end).map_err(|why| format!("payload {}: {why}", payload.name.name()))?;
        }
        Ok(())
    }
}

impl Payload {
    /// Where it ends, if it is in order and starts where the one before it allows.
    fn check(&self, after: u64) -> Result<u64, &'static str> {
        if !self.block_size.is_power_of_two() || !(512..=1 << 20).contains(&self.block_size) {
            return Err("block-size is not a power of two from 512 to 1048576");
        }
        if self.size == 0 || self.size.div_ceil(self.block_size.into()) != self.blocks.len() as u64 {
            return Err("size and number of blocks do not agree");
        }
        if self.offset != after.next_multiple_of(ALIGN) {
            return Err("it does not start where the one before it ends");
        }
        self.offset.checked_add(self.size).filter(|end| *end < 1 << 48).ok_or("it is too large")
    }
}

/// An opened bundle: its verified manifest and where the payloads are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Verified.
    pub manifest: Manifest,
    /// Where in the file the payloads' offsets count from.
    pub data: u64,
}

impl Bundle {
    /// Opens the bundle at whose start `bytes` are: the envelope and perhaps more.
    pub fn open(bytes: &[u8], keys: &Keyring) -> Result<Self> {
        let opened = signed::open(bytes, keys)?;
        let manifest: Manifest = serde_json::from_slice(opened.payload).map_err(|e| Error::Bundle(e.to_string()))?;
        manifest.check().map_err(Error::Bundle)?;
        Ok(Self { manifest, data: (opened.len as u64).next_multiple_of(ALIGN) })
    }

    /// Reads the envelope, and nothing after it, from the start of a bundle.
    pub fn read(from: &mut impl Read, keys: &Keyring) -> Result<Self> {
        let mut bytes = vec![0; signed::HEADER];
        from.read_exact(&mut bytes).map_err(ended)?;
        bytes.resize(signed::envelope_len(&bytes)?, 0);
        from.read_exact(bytes.get_mut(signed::HEADER..).unwrap_or_default()).map_err(ended)?;
        Self::open(&bytes, keys)
    }

    /// Length of the whole file.
    pub fn file_len(&self) -> u64 {
        self.data + self.manifest.payloads.iter().map(|p| p.offset + p.size).max().unwrap_or(0)
    }

    /// Where in the file the payload is.
    pub fn range(&self, payload: &Payload) -> std::ops::Range<u64> {
        let start = self.data + payload.offset;
        start..start + payload.size
    }
}

fn ended(e: std::io::Error) -> Error {
    if e.kind() == std::io::ErrorKind::UnexpectedEof {
        Error::Envelope("it ends before its signature")
    } else {
        Error::io("bundle cannot be read")(e)
    }
}

#[cfg(test)]
mod tests;
