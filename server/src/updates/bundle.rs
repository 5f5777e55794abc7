//! Looks a bundle through before it is published: that it is whole, and that boxes will be able to install it.

use crate::{Error, Result};
use hearth_update::bundle::{Bundle, Manifest, block_hash};
use hearth_update::signed::{self, Keyring, SigningKey};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What the bundle says of itself, if all of it is true. The signature is checked against `keys` where there are any; a server without the
/// product's key publishes nothing that a box would install either, since boxes have it.
pub fn check(path: &Path, keys: Option<&Keyring>) -> Result<Manifest> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let bundle = match keys {
        Some(keys) => Bundle::read(&mut file, keys).map_err(bad)?,
        None => unverified(&mut file)?,
    };
    let size = file.metadata().map_err(Error::io(path))?.len();
    if size != bundle.file_len() {
        return Err(refused(format!("it has {size} bytes and should have {}: it was cut short or added to", bundle.file_len())));
    }
    for payload in &bundle.manifest.payloads {
        file.seek(SeekFrom::Start(bundle.range(payload).start)).map_err(Error::io(path))?;
        let mut whole = Sha256::new();
        // At most 1 MiB: the manifest was checked.
        let mut block = vec![0; payload.block_size as usize];
        for (index, hash) in payload.blocks.iter().enumerate() {
            let range = payload.block(index).unwrap_or_default();
            let block = block.get_mut(..(range.end - range.start) as usize).unwrap_or_default();
            file.read_exact(block).map_err(Error::io(path))?;
            if block_hash(block) != *hash {
                return Err(refused(format!("block {index} of {} is not as its manifest says", payload.name.name())));
            }
            whole.update(&block);
        }
        if <[u8; 32]>::from(whole.finalize()) != payload.sha256 {
            return Err(refused(format!("{} is not as its manifest says", payload.name.name())));
        }
    }
    Ok(bundle.manifest)
}

/// Reads a bundle whoever signed it: sealed anew with a key made for the moment, so that every other check is the format's own.
fn unverified(file: &mut File) -> Result<Bundle> {
    let mut envelope = Vec::new();
    let mut read = |bytes: usize| -> Result<usize> {
        Read::by_ref(file).take(bytes as u64).read_to_end(&mut envelope).map_err(Error::io("bundle"))?;
        signed::envelope_len(&envelope).map_err(bad)
    };
    let len = read(signed::HEADER)?;
    read(len - signed::HEADER)?;
    let key = SigningKey::from_seed([0; 32]);
    let around = signed::seal(&[], &key).len();
    let payload = envelope.get(signed::HEADER..signed::HEADER + len - around).unwrap_or_default();
    Bundle::open(&signed::seal(payload, &key), &key.keyring()).map_err(bad)
}

fn bad(e: hearth_update::Error) -> Error {
    refused(e)
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::refused(http::StatusCode::UNPROCESSABLE_ENTITY, "bad-bundle", format!("this bundle cannot be published: {why}"))
}
