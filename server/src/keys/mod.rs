//! Content keys: made here, kept wrapped in the catalog, unwrapped only to encrypt or to answer a licence request.
//!
//! Wrapping is AES-256 key wrap (RFC 3394) over key ID and key together, under a key derived from the master key: a row whose key
//! ID was exchanged does not unwrap. No key shows in a `Debug`, a `Display` or a serde implementation, and all are zeroised on drop.

mod master;

pub use master::MasterKey;

use aes_kw::{KeyInit, KwAes256};
use hearth_isobmff::{ContentKey, KeyId};
use hmac::Hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

/// What can be wrong with keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The master key file cannot be used; says why and what to do.
    #[error("{0}")]
    Master(String),
    /// A stored content key does not unwrap under this master key.
    #[error(
        "content key {0}: does not unwrap: it was stored under another master.key, or the row is damaged; restore the master.key that belongs to this data directory"
    )]
    Unwrap(KeyId),
    /// The operating system gives no randomness.
    #[error("no randomness from the operating system: {0}")]
    Random(String),
}

/// A content key as the catalog stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its ID.
    pub key_id: KeyId,
    /// Wrapped by [`MasterKey::wrap`].
    pub wrapped: Vec<u8>,
    /// Constant IV of `cbcs`; IV of the first sample for `cenc`.
    pub iv: [u8; 16],
}

impl MasterKey {
    /// A new random content key with a random ID and IV, wrapped and ready to be stored.
    pub fn new_content_key(&self) -> Result<StoredKey, KeyError> {
        let mut random = Zeroizing::new([0u8; 48]);
        fill(random.as_mut())?;
        let (key_id, key, iv) = (part(random.as_ref(), 0), ContentKey(part(random.as_ref(), 16)), part(random.as_ref(), 32));
        let key_id = KeyId(key_id);
        Ok(StoredKey { key_id, wrapped: self.wrap(key_id, &key)?, iv })
    }

    /// Wraps `key`, bound to its ID.
    pub fn wrap(&self, key_id: KeyId, key: &ContentKey) -> Result<Vec<u8>, KeyError> {
        let mut plain = Zeroizing::new([0u8; 32]);
        plain[..16].copy_from_slice(&key_id.0);
        plain[16..].copy_from_slice(&key.0);
        let mut wrapped = vec![0; 40];
        self.wrapper().wrap_key(plain.as_ref(), &mut wrapped).map_err(|_| KeyError::Unwrap(key_id))?;
        Ok(wrapped)
    }

    /// Gives the key back, or says that it is not this one's.
    pub fn unwrap(&self, key_id: KeyId, wrapped: &[u8]) -> Result<ContentKey, KeyError> {
        let mut plain = Zeroizing::new([0u8; 32]);
        if wrapped.len() != 40 || self.wrapper().unwrap_key(wrapped, plain.as_mut()).is_err() || plain[..16] != key_id.0 {
            return Err(KeyError::Unwrap(key_id));
        }
        Ok(ContentKey(part(plain.as_ref(), 16)))
    }

    fn wrapper(&self) -> KwAes256 {
        KwAes256::new((&*self.derive(b"hearth content key wrapping v1")).into())
    }
}

/// HMAC-SHA256 under `key`. A key shorter than a block is padded with zeros (RFC 2104 §2), which makes this infallible.
pub(crate) fn hmac_sha256(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0u8; 64]);
    block[..32].copy_from_slice(key);
    <Hmac<Sha256> as KeyInit>::new((&*block).into())
}

/// Fills `out` from the operating system.
pub(crate) fn fill(out: &mut [u8]) -> Result<(), KeyError> {
    getrandom::fill(out).map_err(|e| KeyError::Random(e.to_string()))
}

fn part(bytes: &[u8], at: usize) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&bytes[at..at + 16]);
    out
}

/// Reads 32 hex digits, with or without the dashes of a UUID.
pub fn parse_hex16(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    if digits.len() != 32 {
        return None;
    }
    let mut out = [0; 16];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok().filter(|p| p.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_only_under_its_master_and_its_id() {
        let (a, b) = (MasterKey::from_bytes([1; 32]), MasterKey::from_bytes([2; 32]));
        let stored = a.new_content_key().unwrap();
        let key = a.unwrap(stored.key_id, &stored.wrapped).unwrap();
        assert_eq!(a.wrap(stored.key_id, &key).unwrap(), stored.wrapped);
        assert!(b.unwrap(stored.key_id, &stored.wrapped).is_err(), "another master");
        assert!(a.unwrap(KeyId([9; 16]), &stored.wrapped).is_err(), "another ID");
        let mut bad = stored.wrapped.clone();
        bad[20] ^= 1;
        assert!(a.unwrap(stored.key_id, &bad).is_err(), "damaged");
        for n in [0, 8, 39, 41] {
            assert!(a.unwrap(stored.key_id, &vec![0; n]).is_err(), "{n} bytes");
        }
        assert!(!stored.wrapped.windows(16).any(|w| w == key.0), "the plain key is not in the row");
        assert_ne!(a.new_content_key().unwrap(), stored);
    }

    #[test]
    fn hex_keys() {
        let want = Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        for (text, value) in [
            ("000102030405060708090a0b0c0d0eff", want),
            ("00010203-0405-0607-0809-0A0B0C0D0EFF", want),
            ("000102030405060708090a0b0c0d0ef", None),
            ("000102030405060708090a0b0c0d0e+f", None),
            ("", None),
            ("ééééééééééééééééé", None),
        ] {
            assert_eq!(parse_hex16(text), value, "{text}");
        }
    }
}
