//! ClearKey licences (W3C Encrypted Media Extensions §9.1.3, §9.1.4): which keys a request asks for, and the answer. Pure; the
//! route in `catalog::routes` brings token, rows and clock.

use crate::tokens::{Claims, TokenError};
use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hearth_isobmff::{ContentKey, KeyId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A title has a handful of keys; more in one request is not a player.
const MAX_KIDS: usize = 32;
/// Bytes of a request body.
pub const MAX_REQUEST: usize = 8 * 1024;

/// Why a licence was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No token at all.
    #[error(
        "a licence needs a playback token: Authorization: Bearer TOKEN, or ?token=TOKEN; ask POST /v1/titles/{{id}}/playback for one"
    )]
    NoToken,
    /// See [`TokenError`].
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Not a ClearKey licence request.
    #[error("not a ClearKey licence request: {0}; expected {{\"kids\":[\"BASE64URL\"],\"type\":\"temporary\"}}")]
    Malformed(&'static str),
    /// No key has this ID.
    #[error("no key has the ID {0}")]
    UnknownKey(KeyId),
    /// The key is another title's.
    #[error("this playback token is not for the title of key {0}")]
    Foreign(KeyId),
}

impl Refusal {
    /// HTTP status and stable code.
    pub fn status_and_code(&self) -> (u16, &'static str) {
        match self {
            Refusal::NoToken => (401, "token-missing"),
            Refusal::Token(TokenError::Invalid) => (401, "token-invalid"),
            Refusal::Token(TokenError::Expired) => (403, "token-expired"),
            Refusal::Malformed(_) => (400, "license-request-malformed"),
            Refusal::UnknownKey(_) => (404, "key-unknown"),
            Refusal::Foreign(_) => (403, "token-foreign"),
        }
    }
}

#[derive(Deserialize)]
struct Request {
    kids: Vec<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

#[derive(Serialize)]
struct License<'a> {
    keys: Vec<Jwk<'a>>,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Jwk<'a> {
    kty: &'static str,
    kid: String,
    k: &'a str,
}

/// The key IDs that a request body asks for: at least one, none twice.
pub fn parse_request(body: &[u8]) -> Result<Vec<KeyId>, Refusal> {
    if body.len() > MAX_REQUEST {
        return Err(Refusal::Malformed("too long"));
    }
    let request: Request = serde_json::from_slice(body).map_err(|_| Refusal::Malformed("not the JSON expected"))?;
    if !matches!(request.kind.as_deref(), None | Some("temporary")) {
        return Err(Refusal::Malformed("only licences of type \"temporary\" are given"));
    }
    if request.kids.is_empty() || request.kids.len() > MAX_KIDS {
        return Err(Refusal::Malformed("kids must hold 1 to 32 key IDs"));
    }
    let mut kids = Vec::with_capacity(request.kids.len());
    for text in &request.kids {
        // The standard says unpadded; some players pad.
        let bytes = URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text));
        let kid = bytes.ok().and_then(|b| <[u8; 16]>::try_from(b).ok()).map(KeyId);
        let kid = kid.ok_or(Refusal::Malformed("a key ID is not 16 bytes in base64url"))?;
        if !kids.contains(&kid) {
            kids.push(kid);
        }
    }
    Ok(kids)
}

/// May the bearer of `claims` have key `key_id`, which is of title `owner` (none: there is no such key)?
pub fn authorize(claims: &Claims, key_id: KeyId, owner: Option<&str>) -> Result<(), Refusal> {
    match owner {
        None => Err(Refusal::UnknownKey(key_id)),
        Some(title) if title != claims.title => Err(Refusal::Foreign(key_id)),
        Some(_) => Ok(()),
    }
}

/// The JSON licence; zeroised when dropped.
pub fn render(keys: &[(KeyId, ContentKey)]) -> Zeroizing<Vec<u8>> {
    let encoded: Vec<_> = keys.iter().map(|(_, key)| Zeroizing::new(URL_SAFE_NO_PAD.encode(key.0))).collect();
    let jwks = keys.iter().zip(&encoded).map(|((id, _), k)| Jwk { kty: "oct", kid: URL_SAFE_NO_PAD.encode(id.0), k });
    let license = License { keys: jwks.collect(), r#type: "temporary" };
    let mut out = Zeroizing::new(Vec::with_capacity(64 + keys.len() * 96));
    // Writing plain strings to memory does not fail.
    let _ = serde_json::to_writer(&mut *out, &license);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let one = KeyId(*b"0123456789abcdef");
        let two = KeyId([0xff; 16]);
        let ok = |kids: &[KeyId]| Some(kids.to_vec());
        for (body, want) in [
            (r#"{"kids":["MDEyMzQ1Njc4OWFiY2RlZg"],"type":"temporary"}"#, ok(&[one])),
            (r#"{"kids":["MDEyMzQ1Njc4OWFiY2RlZg=="]}"#, ok(&[one])),
            (
                r#"{"kids":["MDEyMzQ1Njc4OWFiY2RlZg","_____________________w","MDEyMzQ1Njc4OWFiY2RlZg"],"more":1}"#,
                ok(&[one, two]),
            ),
            (r#"{"kids":["MDEyMzQ1Njc4OWFiY2RlZg"],"type":"persistent-license"}"#, None),
            (r#"{"kids":[]}"#, None),
            (r#"{"kids":["AAAA"]}"#, None),
            (r#"{"kids":["?"]}"#, None),
            (r#"{"kids":"MDEyMzQ1Njc4OWFiY2RlZg"}"#, None),
            (r#"{"type":"temporary"}"#, None),
            ("{", None),
            ("", None),
            ("\u{0}", None),
        ] {
            assert_eq!(parse_request(body.as_bytes()).ok(), want, "{body}");
        }
        let many = format!(r#"{{"kids":[{}]}}"#, vec![r#""MDEyMzQ1Njc4OWFiY2RlZg""#; 33].join(","));
        assert_eq!(parse_request(many.as_bytes()).unwrap_err().status_and_code().0, 400);
        assert!(parse_request(&vec![b' '; MAX_REQUEST + 1]).is_err());
        assert!(parse_request("[".repeat(5000).as_bytes()).is_err(), "deep nesting");
    }

    #[test]
    fn only_the_tokens_own_title() {
        let claims = Claims { title: "a".into(), profile: "p".into(), expires_at_ms: 1 };
        let kid = KeyId([1; 16]);
        for (owner, want) in [(Some("a"), None), (Some("b"), Some((403, "token-foreign"))), (None, Some((404, "key-unknown")))] {
            assert_eq!(authorize(&claims, kid, owner).err().map(|r| r.status_and_code()), want, "{owner:?}");
        }
    }

    #[test]
    fn the_licence_is_what_eme_says() {
        let got = render(&[(KeyId(*b"0123456789abcdef"), ContentKey([0xfb; 16]))]);
        assert_eq!(
            std::str::from_utf8(&got).unwrap(),
            r#"{"keys":[{"kty":"oct","kid":"MDEyMzQ1Njc4OWFiY2RlZg","k":"-_v7-_v7-_v7-_v7-_v7-w"}],"type":"temporary"}"#
        );
    }
}
