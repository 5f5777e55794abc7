//! What DRM systems call themselves, and the Widevine header that players want beside a ClearKey tag.
use crate::ContentProtection;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// System IDs as [`ContentProtection::system`] has them.
pub mod system {
    /// W3C Common PSSH.
    pub const COMMON: &str = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";
    /// Widevine.
    pub const WIDEVINE: &str = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
    /// PlayReady.
    pub const PLAYREADY: &str = "9a04f079-9840-4286-ab92-e65be0885f95";
    /// FairPlay, as DASH names it.
    pub const FAIRPLAY: &str = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2";
    /// DASH-IF ClearKey.
    pub const CLEAR_KEY: &str = "e2719d58-a985-b3c9-781a-b030af78d30e";
    /// HLS `KEYFORMAT` of W3C ClearKey.
    pub const HLS_CLEAR_KEY: &str = "org.w3.clearkey";
    /// HLS `KEYFORMAT` of FairPlay.
    pub const HLS_FAIRPLAY: &str = "com.apple.streamingkeydelivery";
    /// HLS `KEYFORMAT` of PlayReady, whose data is a PlayReady object and no `pssh` box.
    pub const HLS_PLAYREADY: &str = "com.microsoft.playready";
    /// HLS `KEYFORMAT` of a key that lies at its URI.
    pub const HLS_IDENTITY: &str = "identity";
    /// A DASH set that names no DRM system, only the scheme and the key.
    pub const MP4_PROTECTION: &str = "urn:mpeg:dash:mp4protection:2011";
    /// DASH segment encryption (ISO 23009-4).
    pub const DASH_SEA: &str = "urn:mpeg:dash:sea:2012";
}

impl ContentProtection {
    /// W3C ClearKey under either format's name.
    pub fn is_clear_key(&self) -> bool {
        self.system == system::CLEAR_KEY || self.system == system::HLS_CLEAR_KEY
    }
}

/// A system ID or `KEYFORMAT` as [`ContentProtection::system`] has it: UUIDs in lower case without `urn:uuid:`.
pub(crate) fn system_name(s: &str) -> String {
    let s = s.trim();
    match s.get(..9) {
        Some(p) if p.eq_ignore_ascii_case("urn:uuid:") => s[9..].to_ascii_lowercase(),
        _ => s.to_string(),
    }
}

/// 32 lower-case hex digits out of a UUID, `0x…` or plain hex; nothing else passes.
pub(crate) fn key_id(s: &str) -> Option<String> {
    let s = s.trim();
    let s = s.strip_prefix("0x").or_else(|| s.strip_prefix("0X")).unwrap_or(s);
    let hex: String = s.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).take(33).collect();
    (hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
}

/// `00112233-4455-6677-8899-aabbccddeeff` out of 32 hex digits.
pub(crate) fn uuid(key_id: &str) -> Option<String> {
    let h = self::key_id(key_id)?;
    Some(format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..]))
}

/// A `pssh` box for Widevine (its public header: key ID and scheme), base64. Shaka Player initialises ClearKey from it in HLS, where
/// it knows no other init data.
pub fn widevine_pssh(key_id: &str, scheme: &str) -> Option<String> {
    let kid = (0..16)
        .map(|i| u8::from_str_radix(self::key_id(key_id)?.get(i * 2..i * 2 + 2)?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    // Field 2 (bytes): key ID. Field 9 (varint): the scheme's four characters as a number.
    let mut data = vec![0x12, 16];
    data.extend_from_slice(&kid);
    if let Ok(fourcc) = <[u8; 4]>::try_from(scheme.as_bytes()) {
        data.push(0x48);
        let mut v = u32::from_be_bytes(fourcc);
        while v >= 0x80 {
            data.push(v as u8 | 0x80);
            v >>= 7;
        }
        data.push(v as u8);
    }
    let system = (0..32)
        .step_by(2)
        .map(|i| u8::from_str_radix(self::key_id(system::WIDEVINE)?.get(i..i + 2)?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    let mut pssh = Vec::with_capacity(32 + data.len());
    pssh.extend_from_slice(&(32 + data.len() as u32).to_be_bytes());
    pssh.extend_from_slice(b"pssh\0\0\0\0");
    pssh.extend_from_slice(&system);
    pssh.extend_from_slice(&(data.len() as u32).to_be_bytes());
    pssh.extend_from_slice(&data);
    Some(BASE64.encode(pssh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids_in_every_spelling() {
        let want = Some("00112233445566778899aabbccddeeff".to_string());
        for s in
            ["00112233445566778899aabbccddeeff", "0x00112233445566778899AABBCCDDEEFF", " 00112233-4455-6677-8899-AABBCCDDEEFF "]
        {
            assert_eq!(key_id(s), want, "{s}");
        }
        for s in [
            "",
            "0011",
            "g0112233445566778899aabbccddeeff",
            "00112233445566778899aabbccddeeff00",
            "é0112233445566778899aabbccddeeff",
        ] {
            assert_eq!(key_id(s), None, "{s}");
        }
    }

    /// The box that Shaka Packager 3.8 writes for one key, less its second key ID.
    #[test]
    fn widevine_header_is_what_packagers_write() {
        let got = BASE64.decode(widevine_pssh("6958697bf274bee8024db5fe0f7ea001", "cbcs").unwrap()).unwrap();
        let two = BASE64
            .decode("AAAASnBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAACoSEM3gwR50PhKZBrJ0RD1RzjsSEGlYaXvydL7oAk21/g9+oAFI88aJmwY=")
            .unwrap();
        assert_eq!(got[4..28], two[4..28]);
        assert_eq!(got[32..], two[50..]);
        assert_eq!((got.len(), got[3] as usize, got[31] as usize), (56, 56, 24));
    }
}
