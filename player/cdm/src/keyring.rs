//! What every session that holds keys in memory does with them.
use std::collections::HashMap;

use hearth_isobmff::{ContentKey, KeyId, SampleCrypto, cenc};

use crate::{DecryptError, KeyStatus};

/// A key and when it ends. Boxed, so that a table that grows leaves no copy of it behind.
#[derive(Clone)]
pub(crate) struct Entry {
    pub key: Box<ContentKey>,
    pub expires_ms: Option<u64>,
}

impl Entry {
    fn status(&self, now_ms: u64) -> KeyStatus {
        if self.expires_ms.is_some_and(|end| now_ms >= end) { KeyStatus::Expired } else { KeyStatus::Usable }
    }
}

/// Every key, by ID.
pub(crate) fn statuses(keys: &HashMap<KeyId, Entry>, now_ms: u64) -> Vec<(KeyId, KeyStatus)> {
    let mut all: Vec<(KeyId, KeyStatus)> = keys.iter().map(|(id, entry)| (*id, entry.status(now_ms))).collect();
    all.sort_unstable();
    all
}

/// Decrypts one sample in place.
pub(crate) fn decrypt(
    keys: &HashMap<KeyId, Entry>,
    crypto: &SampleCrypto,
    data: &mut [u8],
    now_ms: u64,
) -> Result<(), DecryptError> {
    let entry = keys.get(&crypto.key_id).ok_or(DecryptError::NeedKey(crypto.key_id))?;
    if entry.status(now_ms) == KeyStatus::Expired {
        return Err(DecryptError::Expired(crypto.key_id));
    }
    cenc::decrypt(&entry.key, crypto, data).map_err(|e| DecryptError::Sample(e.to_string()))
}
