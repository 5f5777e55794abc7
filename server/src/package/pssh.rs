//! `pssh` boxes of our titles: the common system's (W3C "cenc" init data, which ClearKey reads) and Widevine's, which web players
//! want to see in an HLS playlist even where they play with ClearKey.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hearth_isobmff::{KeyId, Pssh, Scheme, SystemId};

/// W3C common system: a version 1 box with key IDs and no data.
pub const COMMON: SystemId = SystemId(*b"\x10\x77\xef\xec\xc0\xb2\x4d\x02\xac\xe3\x3c\x1e\x52\xe2\xfb\x4b");
/// Widevine.
pub const WIDEVINE: SystemId = SystemId(*b"\xed\xef\x8b\xa9\x79\xd6\x4a\xce\xa3\xc8\x27\xdc\xd5\x1d\x21\xed");
/// The common system as manifests name it.
pub const COMMON_UUID: &str = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";
/// Widevine as manifests name it.
pub const WIDEVINE_UUID: &str = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
/// ClearKey as MPDs name it (DASH-IF).
pub const CLEARKEY_UUID: &str = "e2719d58-a985-b3c9-781a-b030af78d30e";

/// The common system's box.
pub fn common(key_ids: &[KeyId]) -> Pssh {
    Pssh { system_id: COMMON, key_ids: key_ids.to_vec(), data: Vec::new() }
}

/// Widevine's box, version 0: its data is a protobuf with `key_id` (2) and `protection_scheme` (9) and nothing that needs their service.
pub fn widevine(key_id: KeyId, scheme: Scheme) -> Pssh {
    let mut data = vec![0x12, 0x10];
    data.extend_from_slice(&key_id.0);
    data.push(0x48);
    let mut rest = u32::from_be_bytes(four_cc(scheme));
    while rest >= 0x80 {
        data.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    data.push(rest as u8);
    Pssh { system_id: WIDEVINE, key_ids: Vec::new(), data }
}

/// A scheme's name in manifests.
pub fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Cenc => "cenc",
        Scheme::Cbc1 => "cbc1",
        Scheme::Cens => "cens",
        Scheme::Cbcs => "cbcs",
    }
}

fn four_cc(scheme: Scheme) -> [u8; 4] {
    match scheme {
        Scheme::Cenc => *b"cenc",
        Scheme::Cbc1 => *b"cbc1",
        Scheme::Cens => *b"cens",
        Scheme::Cbcs => *b"cbcs",
    }
}

/// The whole box in base64, as manifests carry it.
pub fn base64(pssh: &Pssh) -> String {
    let v1 = !pssh.key_ids.is_empty();
    let mut out = vec![0, 0, 0, 0];
    out.extend_from_slice(b"pssh");
    out.extend_from_slice(&[u8::from(v1), 0, 0, 0]);
    out.extend_from_slice(&pssh.system_id.0);
    if v1 {
        out.extend_from_slice(&(pssh.key_ids.len() as u32).to_be_bytes());
        pssh.key_ids.iter().for_each(|k| out.extend_from_slice(&k.0));
    }
    out.extend_from_slice(&(pssh.data.len() as u32).to_be_bytes());
    out.extend_from_slice(&pssh.data);
    let size = out.len() as u32;
    out[..4].copy_from_slice(&size.to_be_bytes());
    STANDARD.encode(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes() {
        let kid = KeyId(*b"0123456789abcdef");
        let raw = |p: &Pssh| STANDARD.decode(base64(p)).unwrap();
        let common = raw(&common(&[kid]));
        assert_eq!(common.len(), 52);
        assert_eq!(common[..12], *b"\0\0\0\x34pssh\x01\0\0\0");
        assert_eq!(common[28..48], *b"\0\0\0\x010123456789abcdef");
        let widevine = raw(&widevine(kid, Scheme::Cbcs));
        assert_eq!(widevine[..12], *b"\0\0\0\x38pssh\0\0\0\0");
        // What shaka-packager 3.8 writes for cbcs: field 9 as a varint of the four-character code.
        assert_eq!(widevine[32..], *b"\x12\x100123456789abcdef\x48\xf3\xc6\x89\x9b\x06");
        assert_eq!(KeyId(COMMON.0).to_string(), COMMON_UUID.replace('-', ""));
        assert_eq!(KeyId(WIDEVINE.0).to_string(), WIDEVINE_UUID.replace('-', ""));
    }
}
