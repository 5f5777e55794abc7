//! Makes a bundle from the files of a slot.
use super::{ALIGN, BLOCK_SIZE, Bundle, Manifest, Part, Payload, block_hash};
use crate::signed::{self, SigningKey};
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom, Write, copy, repeat};

/// What the manifest says besides the payloads.
#[derive(Debug, Clone)]
pub struct Release {
    /// Whose image this is.
    pub board: String,
    /// As people call it.
    pub version: String,
    /// SHA-256 of everything that went in, hexadecimal.
    pub build_id: String,
    /// Must not be below the box's floor.
    pub rollback_index: u32,
    /// Bytes a block: [`BLOCK_SIZE`], smaller in tests.
    pub block_size: u32,
}

impl Release {
    /// With the usual block size.
    pub fn new(board: &str, version: &str, build_id: &str, rollback_index: u32) -> Self {
        let [board, version, build_id] = [board, version, build_id].map(str::to_owned);
        Self { board, version, build_id, rollback_index, block_size: BLOCK_SIZE }
    }
}

/// Writes the bundle of `boot` (the FIT) and `root` (squashfs and hash tree). Same input, same bytes.
pub fn write<B: Read + Seek, R: Read + Seek>(
    to: &mut impl Write,
    release: &Release,
    boot: &mut B,
    root: &mut R,
    key: &SigningKey,
) -> Result<Bundle> {
    let mut payloads = vec![measure(Part::Boot, boot, release.block_size, 0)?];
    let end = payloads.iter().map(|p| p.offset + p.size).sum::<u64>();
    payloads.push(measure(Part::Root, root, release.block_size, end.next_multiple_of(ALIGN))?);
    let Release { board, version, build_id, rollback_index, .. } = release.clone();
    let manifest = Manifest { schema: 1, board, version, build_id, rollback_index, payloads };
    manifest.check().map_err(Error::Bundle)?;
    let json = signed::json(&manifest);
    if json.len() > signed::MAX_PAYLOAD {
        return Err(Error::Bundle(format!("the manifest has {} bytes, too many blocks", json.len())));
    }
    let envelope = signed::seal(&json, key);
    let bundle = Bundle { manifest, data: (envelope.len() as u64).next_multiple_of(ALIGN) };
    to.write_all(&envelope).map_err(failed)?;
    let mut at = envelope.len() as u64;
    for (payload, from) in bundle.manifest.payloads.iter().zip([boot as &mut dyn Read, root as &mut dyn Read]) {
        let range = bundle.range(payload);
        copy(&mut repeat(0).take(range.start - at), to).map_err(failed)?;
        let copied = copy(&mut from.take(payload.size), to).map_err(failed)?;
        if copied != payload.size {
            return Err(Error::Bundle(format!("{} shrank while it was read", payload.name.name())));
        }
        at = range.end;
    }
    to.flush().map_err(failed)?;
    Ok(bundle)
}

/// Hashes a payload and rewinds it.
fn measure(name: Part, from: &mut (impl Read + Seek), block_size: u32, offset: u64) -> Result<Payload> {
    let mut whole = Sha256::new();
    let (mut size, mut blocks, mut block) = (0, Vec::new(), Vec::new());
    from.seek(SeekFrom::Start(0)).map_err(failed)?;
    loop {
        block.clear();
        let got = Read::by_ref(from).take(block_size.into()).read_to_end(&mut block).map_err(failed)?;
        if got == 0 {
            break;
        }
        whole.update(&block);
        blocks.push(block_hash(&block));
        size += got as u64;
    }
    from.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(Payload { name, size, sha256: whole.finalize().into(), block_size, blocks, offset })
}

fn failed(e: std::io::Error) -> Error {
    Error::io("bundle cannot be made")(e)
}
