//! Key IDs and content keys as people and JSON write them: hex pairs, base64url, `keyids` init data.
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hearth_isobmff::{ContentKey, KeyId};
use zeroize::Zeroizing;

use crate::CdmError;

/// Base64url as JWK writes it, without padding; padding that comes in is tolerated.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A content key and its ID. Has no `Debug` on purpose.
#[derive(Clone)]
pub struct KeyPair {
    /// The ID.
    pub id: KeyId,
    /// The key.
    pub key: ContentKey,
}

impl std::str::FromStr for KeyPair {
    type Err = CdmError;

    /// `KIDHEX:KEYHEX`: 32 hex digits each; the ID may have the dashes of a UUID.
    fn from_str(text: &str) -> Result<Self, CdmError> {
        let (id, key) = text.split_once(':').ok_or_else(|| bad_pair("no colon between key ID and key"))?;
        Ok(KeyPair { id: parse_key_id(id)?, key: parse_key(key)? })
    }
}

/// Never shows what was given: it may be a key.
fn bad_pair(why: &str) -> CdmError {
    CdmError::Key(format!("{why}; expected KIDHEX:KEYHEX, 32 hex digits each"))
}

/// Reads a key ID: 32 hex digits, with or without the dashes of a UUID.
pub fn parse_key_id(text: &str) -> Result<KeyId, CdmError> {
    let digits: String = text.trim().chars().filter(|&c| c != '-').collect();
    hex16(&digits).map(KeyId).ok_or_else(|| bad_pair("the key ID is not 32 hex digits"))
}

fn parse_key(text: &str) -> Result<ContentKey, CdmError> {
    hex16(text.trim()).map(ContentKey).ok_or_else(|| bad_pair("the key is not 32 hex digits"))
}

fn hex16(digits: &str) -> Option<[u8; 16]> {
    let digits = digits.as_bytes();
    let mut out = [0; 16];
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(out)
}

/// 16 bytes as base64url without padding: how ClearKey's JSON writes key IDs and keys.
pub fn to_base64url(bytes: &[u8; 16]) -> String {
    BASE64URL.encode(bytes)
}

/// The inverse of [`to_base64url`]; padding is tolerated.
pub fn from_base64url(text: &str) -> Option<[u8; 16]> {
    let bytes = Zeroizing::new(BASE64URL.decode(text).ok()?);
    bytes.as_slice().try_into().ok()
}

/// W3C `keyids` initialization data for these IDs: for streams that name their keys without a `pssh`.
pub fn key_ids_init_data(ids: &[KeyId]) -> Vec<u8> {
    let kids: Vec<String> = ids.iter().map(|id| to_base64url(&id.0)).collect();
    serde_json::json!({ "kids": kids }).to_string().into_bytes()
}
