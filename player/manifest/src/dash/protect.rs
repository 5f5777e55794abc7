//! `ContentProtection` descriptors (ISO 23009-1 §5.8.5.2, DASH-IF IOP part 6), read.
use super::tree::Element;
use crate::protection::{key_id, system, system_name};
use crate::{ContentProtection, Rendition, Robustness};

/// One entry a DRM system, each with the scheme and the key ID that the `mp4protection` descriptor says for all. Descriptors come
/// innermost first: a representation's stands for its set's of the same scheme.
pub(super) fn read(descriptors: &[&Element]) -> Vec<ContentProtection> {
    let mut out: Vec<ContentProtection> = Vec::new();
    let (mut scheme, mut key) = (None, None);
    for d in descriptors {
        let uri = d.attr("schemeIdUri").unwrap_or("");
        if uri.eq_ignore_ascii_case(system::MP4_PROTECTION) {
            scheme = scheme.or_else(|| d.attr("value").map(|v| v.trim().to_ascii_lowercase()));
            key = key.or_else(|| default_kid(d));
            continue;
        }
        let system = if uri.eq_ignore_ascii_case(system::DASH_SEA) { system::DASH_SEA.to_string() } else { system_name(uri) };
        if !out.iter().any(|p| p.system == system) {
            out.push(one(d, system));
        }
    }
    for p in &mut out {
        p.scheme = p.scheme.take().or_else(|| scheme.clone());
        p.key_id = p.key_id.take().or_else(|| key.clone());
    }
    if out.is_empty() && (scheme.is_some() || key.is_some()) {
        out.push(ContentProtection {
            scheme,
            system: system::MP4_PROTECTION.into(),
            key_id: key,
            pssh: None,
            license_url: None,
            iv: None,
        });
    }
    out
}

fn one(d: &Element, system: String) -> ContentProtection {
    let text = |name: &str| d.first(name).map(|e| squeeze(&e.text)).filter(|t| !t.is_empty());
    // dashif:Laurl, clearkey:Laurl and ms:laurl differ in spelling and in where the URL is.
    let laurl = d.children.iter().filter(|c| c.name.eq_ignore_ascii_case("laurl"));
    let license_url =
        laurl.filter_map(|e| e.attr("licenseUrl").map(str::to_string).or_else(|| Some(squeeze(&e.text)))).find(|u| !u.is_empty());
    let segment = d.first("SegmentEncryption").and_then(|e| e.attr("schemeIdUri"));
    let period = d.first("CryptoPeriod");
    ContentProtection {
        scheme: match segment {
            Some("urn:mpeg:dash:sea:aes128-cbc:2013") => Some("aes-128".into()),
            Some("urn:mpeg:dash:sea:aes128-gcm:2013") => Some("aes-128-gcm".into()),
            _ => None,
        },
        system,
        key_id: default_kid(d),
        pssh: text("pssh").or_else(|| text("pro")),
        license_url: license_url.or_else(|| period.and_then(|p| p.attr("keyUriTemplate")).map(str::to_string)),
        iv: period.and_then(|p| p.attr("IV")).and_then(key_id),
    }
}

/// `cenc:default_KID` may list several; the first is the rendition's.
fn default_kid(d: &Element) -> Option<String> {
    d.attr("default_KID")?.split_whitespace().next().and_then(key_id)
}

/// Base64 and URLs may be folded over lines.
fn squeeze(s: &str) -> String {
    s.split_whitespace().collect()
}

/// The levels that descriptors ask for, the innermost of each system.
pub(super) fn robustness(descriptors: &[&Element]) -> Vec<Robustness> {
    let mut out: Vec<Robustness> = Vec::new();
    for d in descriptors {
        let (Some(level), Some(uri)) = (d.attr("robustness"), d.attr("schemeIdUri")) else { continue };
        let (system, level) = (system_name(uri), level.trim());
        if !level.is_empty() && !out.iter().any(|r| r.system == system) {
            out.push(Robustness { system, levels: vec![level.to_string()] });
        }
    }
    out
}

/// What must be paid for a copy.
pub(super) fn weight(r: &Rendition) -> usize {
    let len = |s: &Option<String>| s.as_ref().map_or(0, String::len);
    let protection = r.protection.iter().map(|p| 160 + p.system.len() + len(&p.pssh) + len(&p.license_url));
    let robustness = r.robustness.iter().map(|r| 64 + r.system.len() + r.levels.iter().map(String::len).sum::<usize>());
    protection.chain(robustness).sum()
}
