//! Playback tokens: who may have the keys of which title, until when. Signed, not stored; no clock here.
//!
//! `v1.CLAIMS.MAC`: claims as JSON and HMAC-SHA256 over `v1.CLAIMS`, both in unpadded base64url. The signing key is derived from
//! the master key.

use crate::keys::{MasterKey, hmac_sha256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Longer tokens are refused unread.
const MAX_LEN: usize = 1024;
const VERSION: &str = "v1";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Keys of this title only.
    #[serde(rename = "t")]
    pub title: String,
    /// Who watches.
    #[serde(rename = "p")]
    pub profile: String,
    /// Unix milliseconds; from then on it is refused.
    #[serde(rename = "e")]
    pub expires_at_ms: u64,
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not ours, or altered.
    #[error("the playback token is not valid; ask for a new one with POST /v1/titles/{{id}}/playback")]
    Invalid,
    /// Ours, and over.
    #[error("the playback token has expired; ask for a new one with POST /v1/titles/{{id}}/playback")]
    Expired,
}

/// Signs and checks tokens.
pub struct Tokens {
    key: Zeroizing<[u8; 32]>,
}

impl Tokens {
    /// With the key for tokens derived from `master`.
    pub fn new(master: &MasterKey) -> Self {
        Self { key: master.derive(b"hearth playback token v1") }
    }

    /// Signs `claims`.
    pub fn sign(&self, claims: &Claims) -> String {
        let body = serde_json::to_vec(claims).unwrap_or_default();
        let signed = format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(body));
        let mac = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    /// Checks signature (in constant time), then expiry.
    pub fn check(&self, token: &str, now_ms: u64) -> Result<Claims, TokenError> {
        if token.len() > MAX_LEN {
            return Err(TokenError::Invalid);
        }
        let (signed, mac) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| TokenError::Invalid)?;
        self.mac(signed).verify_slice(&mac).map_err(|_| TokenError::Invalid)?;
        let body = signed.strip_prefix(VERSION).and_then(|s| s.strip_prefix('.')).ok_or(TokenError::Invalid)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| TokenError::Invalid)?;
        let claims: Claims = serde_json::from_slice(&body).map_err(|_| TokenError::Invalid)?;
        if now_ms >= claims.expires_at_ms {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = hmac_sha256(&self.key);
        mac.update(signed.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(seed: u8) -> Tokens {
        Tokens::new(&MasterKey::from_bytes([seed; 32]))
    }

    fn claims() -> Claims {
        Claims { title: "t1".into(), profile: "kim".into(), expires_at_ms: 1000 }
    }

    #[test]
    fn round_trip_until_it_expires() {
        let token = tokens(1).sign(&claims());
        for (now, want) in
            [(0, Ok(claims())), (999, Ok(claims())), (1000, Err(TokenError::Expired)), (u64::MAX, Err(TokenError::Expired))]
        {
            assert_eq!(tokens(1).check(&token, now), want, "at {now}");
        }
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "fits a URL: {token}");
    }

    #[test]
    fn any_other_bytes_are_refused() {
        let t = tokens(1);
        let token = t.sign(&claims());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(t.check(&altered, 0), Err(TokenError::Invalid), "byte {at}");
        }
        assert_eq!(tokens(2).check(&token, 0), Err(TokenError::Invalid), "another server's");
        let unsigned = format!("v1.{}.", URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap()));
        for bad in ["", ".", "..", "v1..", "v1.e30.e30", &unsigned, &token[..token.len() - 1], &"v1.".repeat(9999)] {
            assert_eq!(t.check(bad, 0), Err(TokenError::Invalid), "{bad:.40}");
        }
        // A signature of ours over something else is no token either.
        for body in ["v1.", "v0.e30", "e30", "v1.e30"] {
            let mac = URL_SAFE_NO_PAD.encode(t.mac(body).finalize().into_bytes());
            assert_eq!(t.check(&format!("{body}.{mac}"), 0), Err(TokenError::Invalid), "{body}");
        }
    }
}
