//! What `pssh` boxes of the DRM systems in use say (ISO 23001-7 §8.1): Widevine's header, PlayReady's object, the common key ID list.
use hearth_isobmff::{KeyId, Pssh, SystemId};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event as Xml};

use crate::CdmError;
use crate::clearkey::{COMMON_SYSTEM, DASH_SYSTEM};

/// Widevine.
pub const WIDEVINE_SYSTEM: SystemId = SystemId(0xedef8ba9_79d6_4ace_a3c8_27dcd51d21ed_u128.to_be_bytes());
/// PlayReady.
pub const PLAYREADY_SYSTEM: SystemId = SystemId(0x9a04f079_9840_4286_ab92_e65be0885f95_u128.to_be_bytes());

/// What a `pssh` tells whoever asks for its licence.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InitData {
    /// Each once, in order.
    pub key_ids: Vec<KeyId>,
    /// Four characters of the scheme: `cenc`, `cbcs`, …; PlayReady: `AESCTR` is `cenc`, `AESCBC` `cbcs`.
    pub scheme: Option<[u8; 4]>,
    /// Widevine: `provider`.
    pub provider: Option<String>,
    /// Widevine: `content_id`.
    pub content_id: Option<Vec<u8>>,
    /// Widevine: `crypto_period_index`, counts up as keys rotate.
    pub crypto_period: Option<u32>,
    /// PlayReady: `LA_URL`.
    pub license_url: Option<String>,
}

/// Reads a `pssh` of Widevine, PlayReady, or the common system; of others only the key IDs that a version 1 box lists.
pub fn parse_init_data(pssh: &Pssh) -> Result<InitData, CdmError> {
    let mut out = InitData { key_ids: pssh.key_ids.clone(), ..InitData::default() };
    match pssh.system_id {
        WIDEVINE_SYSTEM => widevine(&pssh.data, &mut out)?,
        PLAYREADY_SYSTEM => playready(&pssh.data, &mut out)?,
        COMMON_SYSTEM | DASH_SYSTEM if out.key_ids.is_empty() => return Err(bad("common pssh without key IDs")),
        _ => {}
    }
    let mut seen = std::collections::HashSet::new();
    out.key_ids.retain(|id| seen.insert(*id));
    Ok(out)
}

fn bad(why: &str) -> CdmError {
    CdmError::InitData(why.into())
}

/// `WidevinePsshData` (protocol buffers; fields that are not known are passed over).
fn widevine(mut data: &[u8], out: &mut InitData) -> Result<(), CdmError> {
    let broken = || bad("Widevine pssh data is broken");
    while !data.is_empty() {
        let tag = varint(&mut data).ok_or_else(broken)?;
        match (tag >> 3, tag & 7) {
            (field, 0) => {
                let value = varint(&mut data).ok_or_else(broken)?;
                match field {
                    7 => out.crypto_period = u32::try_from(value).ok(),
                    9 => out.scheme = u32::try_from(value).ok().map(u32::to_be_bytes),
                    _ => {}
                }
            }
            (field, 2) => {
                let length = varint(&mut data).and_then(|n| usize::try_from(n).ok()).ok_or_else(broken)?;
                let (bytes, rest) = data.split_at_checked(length).ok_or_else(broken)?;
                data = rest;
                match field {
                    // Key IDs that are no 16 bytes are of older systems.
                    2 => out.key_ids.extend(<[u8; 16]>::try_from(bytes).ok().map(KeyId)),
                    3 => out.provider = Some(String::from_utf8_lossy(bytes).into_owned()),
                    4 => out.content_id = Some(bytes.to_vec()),
                    _ => {}
                }
            }
            (_, 1) => data = data.get(8..).ok_or_else(broken)?,
            (_, 5) => data = data.get(4..).ok_or_else(broken)?,
            _ => return Err(broken()),
        }
    }
    Ok(())
}

fn varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A PlayReady Object: records, of which type 1 is the PlayReady Header, XML in UTF-16.
fn playready(data: &[u8], out: &mut InitData) -> Result<(), CdmError> {
    let broken = || bad("PlayReady object is broken");
    let length = data.first_chunk().map(|b| u32::from_le_bytes(*b)).ok_or_else(broken)?;
    let object = usize::try_from(length).ok().and_then(|n| data.get(..n)).ok_or_else(broken)?;
    let mut rest = object.get(6..).ok_or_else(broken)?;
    while let Some((head, tail)) = rest.split_first_chunk::<4>() {
        let (kind, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let (record, tail) = tail.split_at_checked(length.into()).ok_or_else(broken)?;
        rest = tail;
        if kind == 1 {
            let units = record.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
            let xml: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
            playready_header(&xml, out)?;
        }
    }
    Ok(())
}

/// Versions 4.0 (`<KID>base64</KID>`, `<ALGID>`) to 4.3 (`<KID ALGID= VALUE=/>`).
fn playready_header(xml: &str, out: &mut InitData) -> Result<(), CdmError> {
    let mut reader = Reader::from_str(xml);
    let (mut name, mut text) = (String::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| bad("PlayReady header is not XML"))? {
            Xml::Start(e) => {
                attributes(&e, out)?;
                name = e.local_name().as_ref().to_string();
                text.clear();
            }
            Xml::Empty(e) => attributes(&e, out)?,
            Xml::Text(t) => text.push_str(&t.xml10_content()),
            // The one entity that licence URLs have.
            Xml::GeneralRef(r) if &*r.xml10_content() == "amp" => text.push('&'),
            Xml::End(_) => {
                match (name.as_str(), text.trim()) {
                    (_, "") => {}
                    ("KID", value) => out.key_ids.push(guid(value)?),
                    ("LA_URL", url) => out.license_url = Some(url.to_string()),
                    ("ALGID", value) => algorithm(value, out),
                    _ => {}
                }
                name.clear();
            }
            Xml::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn attributes(e: &BytesStart<'_>, out: &mut InitData) -> Result<(), CdmError> {
    if e.local_name().as_ref() != "KID" {
        return Ok(());
    }
    for a in e.attributes().flatten() {
        let value: &str = &a.value;
        match a.key.local_name().as_ref() {
            "VALUE" => out.key_ids.push(guid(value)?),
            "ALGID" => algorithm(value, out),
            _ => {}
        }
    }
    Ok(())
}

fn algorithm(name: &str, out: &mut InitData) {
    out.scheme = match name {
        "AESCTR" => Some(*b"cenc"),
        "AESCBC" => Some(*b"cbcs"),
        _ => out.scheme,
    };
}

/// A GUID's bytes in base64: the first three fields are little-endian.
fn guid(text: &str) -> Result<KeyId, CdmError> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok();
    let bytes: [u8; 16] =
        bytes.and_then(|b| b.try_into().ok()).ok_or_else(|| bad("a PlayReady KID is not 16 bytes in base64"))?;
    Ok(KeyId([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map(|i| bytes[i])))
}
