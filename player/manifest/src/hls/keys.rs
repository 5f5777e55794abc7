//! `EXT-X-KEY` and `EXT-X-SESSION-KEY` (RFC 8216 §4.3.2.4), both ways.
use super::attrs::Attributes;
use super::lines::{Variables, bad};
use super::write::quoted;
use crate::protection::{key_id, system, system_name, widevine_pssh};
use crate::{ContentProtection, Error, budget::Budget};
use std::fmt::Write as _;

/// Takes one tag into the keys in force: a key replaces that of the same `KEYFORMAT`, `METHOD=NONE` ends them all.
pub(super) fn take(
    keys: &mut Vec<ContentProtection>,
    attrs: &Attributes<'_>,
    vars: &Variables<'_>,
    base: &url::Url,
    budget: &mut Budget,
    line: usize,
) -> Result<(), Error> {
    let method = attrs.get("METHOD").unwrap_or("");
    let scheme = match method {
        "NONE" => {
            keys.clear();
            return Ok(());
        }
        "AES-128" => "aes-128",
        "AES-256" => "aes-256",
        "AES-256-GCM" => "aes-256-gcm",
        "SAMPLE-AES" => "cbcs",
        "SAMPLE-AES-CTR" | "SAMPLE-AES-CENC" => "cenc",
        other => return Err(Error::Unsupported(format!("METHOD={other} (line {line})"))),
    };
    let format = attrs.text("KEYFORMAT", vars, budget, line)?.unwrap_or(system::HLS_IDENTITY.into());
    let uri = attrs.text("URI", vars, budget, line)?.ok_or_else(|| bad(line, "EXT-X-KEY without URI"))?;
    let (pssh, license_url) = match uri.strip_prefix("data:") {
        Some(data) => (data.split_once("base64,").map(|(_, b)| b.trim().to_string()), None),
        // `skd://…` and other opaque URIs stay as they are.
        None => (None, Some(base.join(&uri).map(String::from).unwrap_or_else(|_| uri.to_string()))),
    };
    budget.bytes(pssh.as_ref().map_or(0, String::len) + license_url.as_ref().map_or(0, String::len))?;
    let key = ContentProtection {
        scheme: Some(scheme.into()),
        system: system_name(&format),
        key_id: attrs.get("KEYID").and_then(key_id),
        pssh,
        license_url,
        iv: attrs.get("IV").and_then(key_id),
    };
    match keys.iter_mut().find(|k| k.system == key.system) {
        Some(k) => *k = key,
        None => keys.push(key),
    }
    Ok(())
}

/// What must be paid for a copy of `keys`.
pub(super) fn weight(keys: &[ContentProtection]) -> usize {
    let len = |s: &Option<String>| s.as_ref().map_or(0, String::len);
    keys.iter()
        .map(|k| 160 + k.system.len() + len(&k.scheme) + len(&k.key_id) + len(&k.pssh) + len(&k.license_url) + len(&k.iv))
        .sum()
}

/// Writes one tag a DRM system. Real players accept ClearKey on fMP4 only as a Widevine tag with a `pssh` together with an
/// `org.w3.clearkey` tag (shaka-player needs the first, hls.js the second), and hls.js fails on `identity`: so the Widevine tag is made
/// where the list lacks it, and `identity` is written for whole-segment encryption only.
pub(super) fn write(out: &mut String, tag: &str, protection: &[ContentProtection]) {
    let has_widevine = protection.iter().any(|p| p.system == system::WIDEVINE && p.pssh.is_some());
    for p in protection {
        let Some(method) = method(p) else { continue };
        if p.is_clear_key() && !has_widevine && !method.starts_with("AES") {
            let scheme = p.scheme.as_deref().unwrap_or("cbcs");
            if let Some(pssh) = p.key_id.as_deref().and_then(|k| widevine_pssh(k, scheme)) {
                let data = format!("data:text/plain;base64,{pssh}");
                one(out, tag, method, &data, p, &format!("urn:uuid:{}", system::WIDEVINE));
            }
        }
        let uri = match (&p.pssh, &p.license_url) {
            (Some(object), _) if p.system == system::HLS_PLAYREADY => format!("data:text/plain;charset=UTF-16;base64,{object}"),
            (Some(pssh), _) if !p.is_clear_key() => format!("data:text/plain;base64,{pssh}"),
            (_, Some(url)) => url.clone(),
            _ => continue,
        };
        let format = match p.system.as_str() {
            _ if p.is_clear_key() => system::HLS_CLEAR_KEY.to_string(),
            system::HLS_IDENTITY if !method.starts_with("AES") => continue,
            system::COMMON | system::PLAYREADY | system::MP4_PROTECTION | system::DASH_SEA => continue,
            system::FAIRPLAY => system::HLS_FAIRPLAY.to_string(),
            s if key_id(s).is_some() => format!("urn:uuid:{s}"),
            s => s.to_string(),
        };
        one(out, tag, method, &uri, p, &format);
    }
}

fn method(p: &ContentProtection) -> Option<&'static str> {
    match p.scheme.as_deref() {
        Some("cbcs" | "cbc1") | None => Some("SAMPLE-AES"),
        Some("cenc" | "cens") => Some("SAMPLE-AES-CTR"),
        Some("aes-128") => Some("AES-128"),
        Some("aes-256") => Some("AES-256"),
        Some("aes-256-gcm") => Some("AES-256-GCM"),
        Some(_) => None,
    }
}

fn one(out: &mut String, tag: &str, method: &str, uri: &str, p: &ContentProtection, format: &str) {
    // Writing to a String cannot fail.
    let _ = write!(out, "#{tag}:METHOD={method},URI={}", quoted(uri));
    if let Some(k) = p.key_id.as_deref().and_then(key_id) {
        let _ = write!(out, ",KEYID=0x{k}");
    }
    if let Some(iv) = p.iv.as_deref().and_then(key_id) {
        let _ = write!(out, ",IV=0x{iv}");
    }
    if format != system::HLS_IDENTITY {
        let _ = write!(out, ",KEYFORMAT={},KEYFORMATVERSIONS=\"1\"", quoted(format));
    }
    out.push('\n');
}
