//! The signed envelope around a bundle's manifest and the factory record:
//! `"HEARTHSG"`, payload length (u32, little endian), payload, Ed25519 signature (64 bytes) over everything before it.
//!
//! Verification is strict (RFC 8032 with canonical points and scalars, no small-order keys): one message has one signature.
use crate::{Error, Result, hex};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::Serialize;

const MAGIC: &[u8; 8] = b"HEARTHSG";
/// Bytes before the payload.
pub const HEADER: usize = 12;
const SIGNATURE: usize = 64;
/// A longer payload is refused before any memory is asked for: manifests of slots of 2 GiB fit.
pub const MAX_PAYLOAD: usize = 2 << 20;

/// A key that signs. Prints nothing of itself; wiped from memory when dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// From 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// From the text of a key file: the seed as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self::from_seed(hex::array(text.trim()).ok_or(Error::Key("not a private key"))?))
    }

    /// The text of a public key file.
    pub fn public(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// What trusts this key alone.
    pub fn keyring(&self) -> Keyring {
        Keyring(vec![self.0.verifying_key()])
    }
}

/// Public keys, any of which may have signed: more than one while a maker changes keys.
#[derive(Debug, Clone)]
pub struct Keyring(Vec<VerifyingKey>);

impl Keyring {
    /// From the text of a public key file: 64 hexadecimal digits a line; empty lines and those that start with `#` are skipped.
    pub fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Vec<_> = lines.map(key_of).collect::<Result<_>>()?;
        if keys.is_empty() { Err(Error::Key("no public key")) } else { Ok(Self(keys)) }
    }
}

fn key_of(line: &str) -> Result<VerifyingKey> {
    let bytes = hex::array(line).ok_or(Error::Key("not a public key"))?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Error::Key("not a point on the curve"))?;
    if key.is_weak() { Err(Error::Key("a weak key, anybody can sign for it")) } else { Ok(key) }
}

/// What an envelope held, verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The signed bytes.
    pub payload: &'a [u8],
    /// Length of the whole envelope.
    pub len: usize,
}

/// Length of the whole envelope by its header. For readers that fetch it piece by piece: at most [`MAX_PAYLOAD`] and a little.
pub fn envelope_len(header: &[u8]) -> Result<usize> {
    let Some((magic, rest)) = header.split_first_chunk::<8>() else { return Err(Error::Envelope("too short")) };
    let Some((len, _)) = rest.split_first_chunk::<4>() else { return Err(Error::Envelope("too short")) };
    if magic != MAGIC {
        return Err(Error::Envelope("it does not start with HEARTHSG"));
    }
    match usize::try_from(u32::from_le_bytes(*len)) {
        Ok(len) if len <= MAX_PAYLOAD => Ok(HEADER + len + SIGNATURE),
        _ => Err(Error::Envelope("it claims to be larger than any envelope")),
    }
}

/// Verifies the envelope at the start of `bytes`; what follows it is not looked at.
pub fn open<'a>(bytes: &'a [u8], keys: &Keyring) -> Result<Opened<'a>> {
    let len = envelope_len(bytes)?;
    let envelope = bytes.get(..len).ok_or(Error::Envelope("it ends before its signature"))?;
    let Some((message, signature)) = envelope.split_last_chunk::<SIGNATURE>() else {
        return Err(Error::Envelope("too short"));
    };
    let signature = Signature::from_bytes(signature);
    if !keys.0.iter().any(|key| key.verify_strict(message, &signature).is_ok()) {
        return Err(Error::Signature);
    }
    Ok(Opened { payload: message.get(HEADER..).unwrap_or_default(), len })
}

/// An envelope around `payload`, which is at most [`MAX_PAYLOAD`] long.
pub fn seal(payload: &[u8], key: &SigningKey) -> Vec<u8> {
    assert!(payload.len() <= MAX_PAYLOAD, "nothing we sign is this large");
    let mut envelope = Vec::with_capacity(HEADER + payload.len() + SIGNATURE);
    envelope.extend_from_slice(MAGIC);
    envelope.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    envelope.extend_from_slice(payload);
    let signature = key.0.sign(&envelope);
    envelope.extend_from_slice(&signature.to_bytes());
    envelope
}

/// JSON of one of our own records.
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("our records have text keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_flipped_bit_is_seen() {
        let key = SigningKey::from_seed([1; 32]);
        let keys = key.keyring();
        let envelope = seal(b"{\"schema\":1}", &key);
        assert_eq!(open(&envelope, &keys).unwrap(), Opened { payload: b"{\"schema\":1}", len: envelope.len() });
        for bit in 0..envelope.len() * 8 {
            let mut wrong = envelope.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let error = open(&wrong, &keys).unwrap_err();
            let expected = if bit / 8 < 12 { 302..=303 } else { 303..=303 };
            assert!(expected.contains(&error.code()), "bit {bit}: {error}");
        }
        for len in 0..envelope.len() {
            assert!(matches!(open(&envelope[..len], &keys), Err(Error::Envelope(_))), "{len} bytes");
        }
    }

    #[test]
    fn signatures_are_not_malleable() {
        let key = SigningKey::from_seed([1; 32]);
        let mut envelope = seal(b"x", &key);
        // s + L verifies where nobody checks that s is reduced.
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        let start = envelope.len() - 32;
        let mut carry = 0u16;
        for (byte, add) in envelope[start..].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry as u8;
            carry >>= 8;
        }
        assert!(matches!(open(&envelope, &key.keyring()), Err(Error::Signature)));
    }

    #[test]
    fn keys_as_text() {
        let key = SigningKey::parse(&format!("{}\n", "01".repeat(32))).unwrap();
        let other = SigningKey::from_seed([2; 32]);
        let both = Keyring::parse(&format!("# next\n{}\n\n{}\n", other.public(), key.public())).unwrap();
        assert!(open(&seal(b"x", &key), &both).is_ok());
        assert!(open(&seal(b"x", &SigningKey::from_seed([3; 32])), &both).is_err());
        let check = |text: &str| assert!(matches!(Keyring::parse(text), Err(Error::Key(_))), "{text:?}");
        check("");
        check("# none");
        check("01");
        check(&"00".repeat(32));
        check(&format!("01{}", "00".repeat(31)));
        check(&"zz".repeat(32));
        assert!(matches!(SigningKey::parse("0101"), Err(Error::Key(_))));
    }

    proptest! {
        #[test]
        fn anything_is_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), magic: bool) {
            let mut bytes = bytes;
            if magic { bytes.splice(0..0, *MAGIC); }
            prop_assert!(open(&bytes, &SigningKey::from_seed([1; 32]).keyring()).is_err());
        }

        #[test]
        fn what_was_sealed_opens(payload in proptest::collection::vec(any::<u8>(), 0..500), tail in proptest::collection::vec(any::<u8>(), 0..20)) {
            let key = SigningKey::from_seed([1; 32]);
            let mut bytes = seal(&payload, &key);
            let len = bytes.len();
            bytes.extend(tail);
            prop_assert_eq!(open(&bytes, &key.keyring()).unwrap(), Opened { payload: &payload, len });
        }
    }
}
