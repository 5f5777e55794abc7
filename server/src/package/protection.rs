//! How a title's renditions are protected: scheme, key and IV of each, the DRM systems that manifests name, and `pssh` boxes.

use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hearth_isobmff::{ContentKey, Encryption, KeyId, Pattern, Pssh, Scheme, SystemId, parse_pssh, write_pssh};
use hearth_manifest::{ContentProtection, system, widevine_pssh};

/// W3C common system: its version 1 box lists key IDs, which is all that ClearKey needs.
const COMMON: SystemId = SystemId(*b"\x10\x77\xef\xec\xc0\xb2\x4d\x02\xac\xe3\x3c\x1e\x52\xe2\xfb\x4b");

/// Where licences are to be had, as it stands in manifests: relative to the origin, so that neither a proxy's name nor a forged
/// `Host` header ever gets into a cached manifest.
pub const LICENSE_URL: &str = "/v1/license";

/// `none` is no scheme; anything else must be one that we package.
pub fn scheme(name: &str) -> Result<Option<Scheme>> {
    match name {
        "none" => Ok(None),
        "cbcs" => Ok(Some(Scheme::Cbcs)),
        "cenc" => Ok(Some(Scheme::Cenc)),
        other => Err(Error::Damaged(format!("protection {other:?}: not cbcs, cenc or none"))),
    }
}

/// How one rendition is encrypted. `label` must be unique among all that is ever encrypted under `key` (publication and rendition):
/// `cenc` derives its counters from it, and a counter that comes twice gives both texts away. `iv` is the constant IV of `cbcs`.
pub fn encryption(scheme: Scheme, key_id: KeyId, key: &ContentKey, iv: [u8; 16], label: &str) -> Encryption {
    let (iv, pattern) = match scheme {
        Scheme::Cbcs => (iv, Some(Pattern { crypt: 1, skip: 9 })),
        _ => (Encryption::derive_iv(key, label.as_bytes()), None),
    };
    Encryption { scheme, key: key.clone(), key_id, iv, pattern }
}

/// `pssh` boxes of the init segment: the common system's, and Widevine's public header.
pub fn pssh(key_id: KeyId, scheme: Scheme) -> Result<Vec<Pssh>> {
    let mut boxes = vec![Pssh { system_id: COMMON, key_ids: vec![key_id], data: Vec::new() }];
    let header = widevine_pssh(&key_id.to_string(), scheme_name(scheme)).and_then(|b| STANDARD.decode(b).ok());
    boxes.extend(parse_pssh(&header.unwrap_or_default())?);
    Ok(boxes)
}

/// What manifests say. Widevine stands there because Shaka Player initialises ClearKey from its box in HLS; nothing asks their service.
pub fn systems(key_id: KeyId, scheme: Scheme, license_url: &str) -> Result<Vec<ContentProtection>> {
    let name = scheme_name(scheme);
    let common = write_pssh(&Pssh { system_id: COMMON, key_ids: vec![key_id], data: Vec::new() })?;
    let entry = |system: &str, pssh: Option<String>, license_url: Option<String>| ContentProtection {
        scheme: Some(name.to_owned()),
        system: system.to_owned(),
        key_id: Some(key_id.to_string()),
        pssh,
        license_url,
        iv: None,
    };
    Ok(vec![
        entry(system::COMMON, Some(STANDARD.encode(common)), None),
        entry(system::WIDEVINE, widevine_pssh(&key_id.to_string(), name), None),
        entry(system::CLEAR_KEY, None, Some(license_url.to_owned())),
    ])
}

/// As manifests spell it.
pub fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Cenc => "cenc",
        Scheme::Cbc1 => "cbc1",
        Scheme::Cens => "cens",
        Scheme::Cbcs => "cbcs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cenc_never_shares_a_counter_and_cbcs_keeps_its_iv() {
        let (id, key, iv) = (KeyId([1; 16]), ContentKey([2; 16]), [3; 16]);
        let of = |scheme, label| encryption(scheme, id, &key, iv, label);
        assert_ne!(of(Scheme::Cenc, "r1/v180").iv, of(Scheme::Cenc, "r1/v360").iv);
        assert_ne!(of(Scheme::Cenc, "r1/v180").iv, of(Scheme::Cenc, "r2/v180").iv);
        assert_eq!(of(Scheme::Cenc, "r1/v180").iv, of(Scheme::Cenc, "r1/v180").iv);
        assert_eq!(of(Scheme::Cenc, "r1/v180").pattern, None);
        assert_eq!((of(Scheme::Cbcs, "x").iv, of(Scheme::Cbcs, "x").pattern), (iv, Some(Pattern { crypt: 1, skip: 9 })));
    }

    #[test]
    fn boxes_name_the_key() {
        let id = KeyId(*b"0123456789abcdef");
        let boxes = pssh(id, Scheme::Cbcs).unwrap();
        assert_eq!(boxes.len(), 2);
        assert_eq!((boxes[0].system_id, &boxes[0].key_ids), (COMMON, &vec![id]));
        assert!(boxes[1].data.windows(16).any(|w| w == id.0));
        let systems = systems(id, Scheme::Cbcs, LICENSE_URL).unwrap();
        let common = STANDARD.decode(systems[0].pssh.as_deref().unwrap()).unwrap();
        assert_eq!(common[..12], *b"\0\0\0\x34pssh\x01\0\0\0");
        assert_eq!(KeyId(COMMON.0).to_string(), system::COMMON.replace('-', ""));
        assert!(scheme("aes").is_err() && scheme("none").unwrap().is_none());
    }
}
