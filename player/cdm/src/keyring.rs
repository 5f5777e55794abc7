//! What every session that holds keys in memory does with them.
use std::collections::HashMap;

use hearth_isobmff::{ContentKey, KeyId, SampleCrypto, cenc};

use crate::{DecryptError, KeyStatus};

/// Every key, by ID; all usable.
pub(crate) fn statuses(keys: &HashMap<KeyId, ContentKey>) -> Vec<(KeyId, KeyStatus)> {
    let mut ids: Vec<KeyId> = keys.keys().copied().collect();
    ids.sort_unstable();
    ids.into_iter().map(|id| (id, KeyStatus::Usable)).collect()
}

/// Decrypts one sample in place.
pub(crate) fn decrypt(keys: &HashMap<KeyId, ContentKey>, crypto: &SampleCrypto, data: &mut [u8]) -> Result<(), DecryptError> {
    let key = keys.get(&crypto.key_id).ok_or(DecryptError::NeedKey(crypto.key_id))?;
    cenc::decrypt(key, crypto, data).map_err(|e| DecryptError::Sample(e.to_string()))
}
