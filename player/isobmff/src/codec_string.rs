//! `codecs` strings of manifests (RFC 6381, ISO 14496-15 annex E, AV1-ISOBMFF §5, VP9 binding).
use crate::aac::AudioSpecificConfig;
use crate::{Codec, Track};

impl Track {
    /// The track's codec as manifests write it: `avc1.64001e`, `hvc1.1.6.L93.90`, `mp4a.40.2`, `ec-3`. Falls back to the sample
    /// entry's name where the configuration does not say more.
    pub fn codec_string(&self) -> String {
        let entry: String = self.sample_entry.0.iter().map(|&b| char::from(b)).collect();
        let detail = match self.codec {
            Codec::Avc => self.config.get(1..4).map(|b| format!("{:02x}{:02x}{:02x}", b[0], b[1], b[2])),
            Codec::Hevc => hevc(&self.config),
            Codec::Av1 => av1(&self.config),
            Codec::Vp9 => vp9(&self.config),
            Codec::Aac => Some(match AudioSpecificConfig::parse(&self.config) {
                Some(asc) => format!("40.{}", asc.object_type),
                None => "40".into(),
            }),
            Codec::Opus => return "opus".into(),
            Codec::Ac3 => return "ac-3".into(),
            Codec::Eac3 => return "ec-3".into(),
            Codec::Wvtt | Codec::Other(_) => None,
            Codec::Stpp => Some("ttml.im1t".into()),
        };
        match detail {
            Some(detail) => format!("{entry}.{detail}"),
            None => entry,
        }
    }
}

/// Profile, compatibility flags in reverse bit order, tier and level, constraint bytes without trailing zeros.
fn hevc(config: &[u8]) -> Option<String> {
    let profile = *config.get(1)?;
    let compatibility = u32::from_be_bytes(config.get(2..6)?.try_into().ok()?).reverse_bits();
    let constraints = config.get(6..12)?;
    let level = config.get(12)?;
    let space = ["", "A", "B", "C"][usize::from(profile >> 6)];
    let tier = if profile & 0x20 != 0 { 'H' } else { 'L' };
    let mut text = format!("{space}{}.{compatibility:X}.{tier}{level}", profile & 31);
    let used = constraints.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    for byte in &constraints[..used] {
        text += &format!(".{byte:X}");
    }
    Some(text)
}

/// Profile, level and tier, bit depth; the rest only where it is not the default (4:2:0, BT.709).
fn av1(config: &[u8]) -> Option<String> {
    let (&a, &b) = (config.get(1)?, config.get(2)?);
    let (profile, level) = (a >> 5, a & 31);
    let tier = if b & 0x80 != 0 { 'H' } else { 'M' };
    let depth = match (b & 0x40 != 0, b & 0x20 != 0) {
        (true, true) => 12,
        (true, false) => 10,
        (false, _) => 8,
    };
    let mut text = format!("{profile}.{level:02}{tier}.{depth:02}");
    let (monochrome, chroma) = (b >> 4 & 1, b >> 2 & 3);
    if monochrome == 1 || chroma != 3 {
        // The last digit is the sample position, and only 4:2:0 has one.
        let position = if chroma == 3 { b & 3 } else { 0 };
        text += &format!(".{monochrome}.{}{}{position}", chroma >> 1, chroma & 1);
    }
    Some(text)
}

/// Profile, level, bit depth (the three that are mandatory).
fn vp9(config: &[u8]) -> Option<String> {
    let (profile, level, depth) = (config.get(4)?, config.get(5)?, config.get(6)? >> 4);
    Some(format!("{profile:02}.{level:02}.{depth:02}"))
}
