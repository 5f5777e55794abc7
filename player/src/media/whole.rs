//! HLS segments that are encrypted as a whole (`METHOD=AES-128`, RFC 8216 §4.3.2.4 and §5): AES-128-CBC with PKCS7 padding, the key at a URI.

use super::keys::{Keys, license};
use crate::Error;
use hearth_isobmff::{ContentKey, KeyId, SampleCrypto, Scheme, cenc};
use hearth_manifest::{ContentProtection, system};
use std::sync::{Arc, PoisonError};
use url::Url;

const BLOCK: usize = 16;
/// Most keys that are kept of a title whose keys rotate.
const MOST_KEYS: usize = 64;

/// A segment's key and IV.
pub(crate) struct Whole {
    key: Arc<ContentKey>,
    iv: [u8; BLOCK],
    /// The playlist itself says the IV: only then may an init segment be under the key.
    explicit: bool,
}

impl Keys {
    /// What segment number `number` is encrypted with, if it is as a whole. Fetches the key where it is new.
    pub(crate) fn whole(&self, protection: &[ContentProtection], number: u64) -> Result<Option<Whole>, Error> {
        let mut aes = protection.iter().filter(|p| p.scheme.as_deref().is_some_and(|s| s.starts_with("aes-"))).peekable();
        let Some(first) = aes.peek().copied() else { return Ok(None) };
        let supported = |p: &&ContentProtection| p.scheme.as_deref() == Some("aes-128") && p.system == system::HLS_IDENTITY;
        let Some(p) = aes.find(supported) else {
            let scheme = first.scheme.as_deref().unwrap_or_default();
            return Err(Error::DrmUnsupported(format!("segments under {scheme} for {}", first.system)));
        };
        let url = p.license_url.as_deref().ok_or_else(|| Error::BadProtection("a key without an address".into()))?;
        let explicit = p.iv.as_deref().and_then(|iv| u128::from_str_radix(iv, 16).ok());
        // Without one, the segment's media sequence number (§5.2).
        let iv = explicit.unwrap_or_else(|| number.into()).to_be_bytes();
        Ok(Some(Whole { key: self.key_file(url)?, iv, explicit: explicit.is_some() }))
    }

    /// The 16 bytes at `url`.
    fn key_file(&self, url: &str) -> Result<Arc<ContentKey>, Error> {
        // One at a time: the tracks of a title have mostly one key.
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = files.get(url) {
            return Ok(key.clone());
        }
        let to = Url::parse(url).map_err(|e| Error::BadUrl(format!("key {url}: {e}")))?;
        let mut fetched = self.http.fetch(&self.private(to), 1024, &self.stop).map_err(license)?;
        let key = <[u8; BLOCK]>::try_from(&fetched.bytes[..]).map(ContentKey);
        let length = fetched.bytes.len();
        fetched.bytes.fill(0);
        let key = Arc::new(key.map_err(|_| Error::BadLicense(format!("the key at {url} has {length} bytes and not 16")))?);
        if files.len() >= MOST_KEYS {
            files.clear();
        }
        files.insert(url.to_owned(), key.clone());
        Ok(key)
    }
}

impl Whole {
    /// Decrypts a segment in place and takes its padding off.
    pub(crate) fn open(&self, bytes: &mut Vec<u8>, name: &str) -> Result<(), Error> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK) {
            return Err(Error::BadSegment(format!("{name}: {} bytes are not whole blocks", bytes.len())));
        }
        // A chain over all of it, as `cbc1` has over a sample.
        let crypto =
            SampleCrypto { scheme: Scheme::Cbc1, key_id: KeyId([0; 16]), iv: self.iv, pattern: None, subsamples: Vec::new() };
        cenc::decrypt(&self.key, &crypto, bytes).map_err(|e| Error::BadProtection(format!("{name}: {e}")))?;
        let padding = usize::from(bytes.last().copied().unwrap_or(0));
        let body = bytes.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding));
        match body.filter(|b| bytes.get(*b..).is_some_and(|p| p.iter().all(|x| usize::from(*x) == padding))) {
            Some(body) => bytes.truncate(body),
            None => return Err(Error::WrongKey(format!("{name}: the key leaves no padding at its end"))),
        }
        Ok(())
    }

    /// Decrypts an init segment where it is encrypted, which the playlist does not tell here: a clear one begins with a box.
    pub(crate) fn open_init(&self, bytes: &mut Vec<u8>, name: &str) -> Result<(), Error> {
        let clear = bytes.get(4..8).is_some_and(|kind| kind == b"ftyp" || kind == b"moov" || kind == b"styp");
        if clear || !self.explicit { Ok(()) } else { self.open(bytes, name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_tells_a_wrong_key() {
        let key = ContentKey(*b"sixteen byte key");
        let whole = |key: &ContentKey| Whole { key: Arc::new(key.clone()), iv: [3; 16], explicit: true };
        let crypto =
            SampleCrypto { scheme: Scheme::Cbc1, key_id: KeyId([0; 16]), iv: [3; 16], pattern: None, subsamples: Vec::new() };
        for length in [0usize, 1, 15, 16, 17, 1000] {
            let clear: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let padding = 16 - length % 16;
            let mut data = [&clear[..], &vec![padding as u8; padding]].concat();
            cenc::encrypt(&key, &crypto, &mut data).expect("encrypts");
            let mut wrong = data.clone();
            whole(&key).open(&mut data, "s").expect("opens");
            assert_eq!(data, clear, "{length}");
            assert!(matches!(whole(&ContentKey([1; 16])).open(&mut wrong, "s"), Err(Error::WrongKey(_))), "{length}");
        }
        for broken in [vec![], vec![0; 15], vec![0; 33]] {
            assert!(matches!(whole(&key).open(&mut broken.clone(), "s"), Err(Error::BadSegment(_))));
        }
    }
}
