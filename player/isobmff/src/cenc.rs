//! Sample encryption and decryption (ISO 23001-7 §9, §10), in place.
use crate::{ContentKey, Error, SampleCrypto};

/// Decrypts one sample in place.
pub fn decrypt(key: &ContentKey, crypto: &SampleCrypto, data: &mut [u8]) -> Result<(), Error> {
    let _ = (key, crypto, data);
    Err(Error::Unsupported("cenc"))
}

/// Encrypts one sample in place; the inverse of [`decrypt`].
pub fn encrypt(key: &ContentKey, crypto: &SampleCrypto, data: &mut [u8]) -> Result<(), Error> {
    let _ = (key, crypto, data);
    Err(Error::Unsupported("cenc"))
}
