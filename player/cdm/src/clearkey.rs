//! ClearKey (W3C Encrypted Media Extensions §9.1): licences are JSON Web Key sets, requests list key IDs.
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use hearth_isobmff::{ContentKey, KeyId, SampleCrypto, SystemId, parse_pssh};
use serde::{Deserialize, Serialize};

use crate::{
    Cdm, CdmError, CdmInfo, CdmSession, DecryptError, Event, InitDataType, KeyStatus, MessageKind, SessionKind, from_base64url,
    keyring, keyring::Entry, to_base64url,
};

/// System ID of the common `pssh`, which lists key IDs and nothing else (W3C "cenc" initialization data format §4).
pub const COMMON_SYSTEM: SystemId = SystemId(0x1077efec_c0b2_4d02_ace3_3c1e52e2fb4b_u128.to_be_bytes());

/// System ID under which DASH manifests announce ClearKey (DASH-IF); its `pssh` lists key IDs as the common one does.
pub const DASH_SYSTEM: SystemId = SystemId(0xe2719d58_a985_b3c9_781a_b030af78d30e_u128.to_be_bytes());

/// Far above any real licence or init data.
const MAX_JSON: usize = 256 * 1024;

/// The key system `org.w3.clearkey`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClearKey;

impl Cdm for ClearKey {
    fn info(&self) -> CdmInfo {
        let system_ids = vec![COMMON_SYSTEM, DASH_SYSTEM];
        CdmInfo { key_system: "org.w3.clearkey".into(), system_ids, max_sessions: usize::MAX, by_key_id: true }
    }

    fn open(&self, kind: SessionKind) -> Result<Box<dyn CdmSession>, CdmError> {
        match kind {
            SessionKind::Temporary => Ok(Box::new(Session::default())),
            SessionKind::Persistent => Err(CdmError::Unsupported("persistent ClearKey licences".into())),
        }
    }
}

/// One licence exchange. The keys zeroise themselves when it goes.
#[derive(Default)]
struct Session {
    keys: HashMap<KeyId, Entry>,
    /// What was asked for, to be asked for again.
    asked: Vec<KeyId>,
    events: VecDeque<Event>,
}

/// The licence request (§9.1.3).
#[derive(Serialize)]
struct Request {
    kids: Vec<String>,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// `keyids` initialization data.
#[derive(Deserialize)]
struct KeyIds<'a> {
    #[serde(borrow)]
    kids: Vec<Cow<'a, str>>,
}

/// The licence: a JWK set (§9.1.4). Members that are not known are ignored, as RFC 7517 asks.
#[derive(Deserialize)]
struct JwkSet<'a> {
    #[serde(borrow)]
    keys: Vec<Jwk<'a>>,
    #[serde(rename = "type", borrow, default)]
    kind: Option<Cow<'a, str>>,
    /// Seconds that the keys may be used from now on. Not in W3C's format, whose readers pass over what they do not know.
    #[serde(default)]
    expires_in: Option<u64>,
}

/// Borrows from the response, so that no copy of a key stays behind; `kid` and `k` are empty where they are missing.
#[derive(Deserialize)]
struct Jwk<'a> {
    #[serde(borrow)]
    kty: Cow<'a, str>,
    #[serde(borrow, default)]
    kid: Cow<'a, str>,
    #[serde(borrow, default)]
    k: Cow<'a, str>,
}

impl Session {
    fn ask(&mut self, kind: MessageKind) -> Result<(), CdmError> {
        let request = Request { kids: self.asked.iter().map(|id| to_base64url(&id.0)).collect(), kind: "temporary" };
        let body = serde_json::to_vec(&request).map_err(|e| CdmError::InitData(e.to_string()))?;
        self.events.push_back(Event::Message { kind, url: None, body });
        Ok(())
    }
}

impl CdmSession for Session {
    fn generate_request(&mut self, kind: InitDataType, init: &[u8]) -> Result<(), CdmError> {
        let ids = match kind {
            InitDataType::Cenc => key_ids_of_pssh(init)?,
            InitDataType::KeyIds => key_ids_of_json(init)?,
        };
        self.asked = ids;
        self.ask(MessageKind::Request)
    }

    fn renew(&mut self) -> Result<(), CdmError> {
        if self.asked.is_empty() {
            return Err(CdmError::Unsupported("renewal of what was never asked for".into()));
        }
        self.ask(MessageKind::Renewal)
    }

    fn expires_ms(&self) -> Option<u64> {
        self.keys.values().filter_map(|entry| entry.expires_ms).min()
    }

    fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn update(&mut self, response: &[u8], now_ms: u64) -> Result<(), CdmError> {
        self.keys.extend(parse_license(response, now_ms)?);
        self.events.push_back(Event::KeysChanged);
        Ok(())
    }

    fn keys(&self, now_ms: u64) -> Vec<(KeyId, KeyStatus)> {
        keyring::statuses(&self.keys, now_ms)
    }

    fn decrypt(&self, crypto: &SampleCrypto, data: &mut [u8], now_ms: u64) -> Result<(), DecryptError> {
        keyring::decrypt(&self.keys, crypto, data, now_ms)
    }
}

/// The key IDs that `pssh` boxes list for ClearKey, each once, in order. Boxes of other systems are passed over.
pub fn key_ids_of_pssh(init: &[u8]) -> Result<Vec<KeyId>, CdmError> {
    let boxes = parse_pssh(init).map_err(|e| CdmError::InitData(e.to_string()))?;
    let ours = boxes.iter().filter(|b| b.system_id == COMMON_SYSTEM || b.system_id == DASH_SYSTEM);
    let ids = unique(ours.flat_map(|b| b.key_ids.iter().copied()));
    if ids.is_empty() {
        return Err(CdmError::InitData("no common pssh with key IDs (system ID 1077efec-c0b2-4d02-ace3-3c1e52e2fb4b)".into()));
    }
    Ok(ids)
}

fn key_ids_of_json(init: &[u8]) -> Result<Vec<KeyId>, CdmError> {
    let parsed: KeyIds<'_> = parse_json(init).map_err(CdmError::InitData)?;
    let ids: Option<Vec<KeyId>> = parsed.kids.iter().map(|kid| from_base64url(kid).map(KeyId)).collect();
    let ids = ids.ok_or_else(|| CdmError::InitData("a key ID is not 16 bytes in base64url".into()))?;
    if ids.is_empty() {
        return Err(CdmError::InitData("lists no key IDs".into()));
    }
    Ok(unique(ids))
}

fn unique(ids: impl IntoIterator<Item = KeyId>) -> Vec<KeyId> {
    let mut seen = std::collections::HashSet::new();
    ids.into_iter().filter(|id| seen.insert(*id)).collect()
}

/// All or nothing: a licence with one broken key changes no key.
fn parse_license(response: &[u8], now_ms: u64) -> Result<Vec<(KeyId, Entry)>, CdmError> {
    let set: JwkSet<'_> = parse_json(response).map_err(CdmError::License)?;
    let bad = |why: &str| CdmError::License(why.into());
    if set.kind.as_deref().is_some_and(|kind| kind != "temporary") {
        return Err(bad("its type is not \"temporary\""));
    }
    let expires_ms = set.expires_in.map(|s| now_ms.saturating_add(s.saturating_mul(1000)));
    // Keys of other types are not for us (RFC 7517 §5).
    let mut keys = Vec::new();
    for jwk in set.keys.iter().filter(|jwk| jwk.kty == "oct") {
        let id = from_base64url(&jwk.kid).ok_or_else(|| bad("a kid is not 16 bytes in base64url"))?;
        let key = from_base64url(&jwk.k).ok_or_else(|| bad("a k is not 16 bytes in base64url"))?;
        keys.push((KeyId(id), Entry { key: Box::new(ContentKey(key)), expires_ms }));
    }
    if keys.is_empty() {
        return Err(bad("holds no keys"));
    }
    Ok(keys)
}

/// Errors say where, never what: the text may hold keys.
fn parse_json<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, String> {
    if text.len() > MAX_JSON {
        return Err(format!("longer than {MAX_JSON} bytes"));
    }
    serde_json::from_slice(text).map_err(|e| {
        let what = if e.is_data() { "not of the expected form" } else { "not JSON" };
        format!("{what} at line {} column {}", e.line(), e.column())
    })
}
