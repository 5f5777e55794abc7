//! Keys given by hand (`--key KIDHEX:KEYHEX`): a session that needs no licence.
use std::collections::HashMap;

use hearth_isobmff::{KeyId, SampleCrypto};

use crate::{
    Cdm, CdmError, CdmInfo, CdmSession, DecryptError, Event, InitDataType, KeyPair, KeyStatus, SessionKind, keyring,
    keyring::Entry,
};

/// A CDM whose sessions all hold the keys it was made with.
#[derive(Clone)]
pub struct StaticKeys {
    keys: HashMap<KeyId, Entry>,
}

impl StaticKeys {
    /// Of two pairs with one ID the later counts.
    pub fn new(pairs: impl IntoIterator<Item = KeyPair>) -> Self {
        StaticKeys {
            keys: pairs.into_iter().map(|pair| (pair.id, Entry { key: Box::new(pair.key), expires_ms: None })).collect(),
        }
    }
}

impl Cdm for StaticKeys {
    fn info(&self) -> CdmInfo {
        CdmInfo { key_system: "org.hearth.static".into(), system_ids: Vec::new(), max_sessions: usize::MAX, by_key_id: true }
    }

    fn open(&self, _kind: SessionKind) -> Result<Box<dyn CdmSession>, CdmError> {
        Ok(Box::new(self.clone()))
    }
}

impl CdmSession for StaticKeys {
    /// Nothing to ask for: whatever the stream wants, these are the keys.
    fn generate_request(&mut self, _kind: InitDataType, _init: &[u8]) -> Result<(), CdmError> {
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        None
    }

    fn update(&mut self, _response: &[u8], _now_ms: u64) -> Result<(), CdmError> {
        Err(CdmError::Unsupported("a licence for keys given by hand".into()))
    }

    fn keys(&self, now_ms: u64) -> Vec<(KeyId, KeyStatus)> {
        keyring::statuses(&self.keys, now_ms)
    }

    fn decrypt(&self, crypto: &SampleCrypto, data: &mut [u8], now_ms: u64) -> Result<(), DecryptError> {
        keyring::decrypt(&self.keys, crypto, data, now_ms)
    }
}
