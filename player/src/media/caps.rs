//! What GStreamer has to be told of a track: elementary-stream caps, and the parser that goes before its decoder.

use crate::Error;
use gstreamer as gst;
use hearth_isobmff::{Codec, Track};

/// Caps of the samples of `track`, as they are in MP4.
pub(crate) fn of_track(track: &Track) -> Result<gst::Caps, Error> {
    let config = || gst::Buffer::from_slice(track.config.clone());
    let video = |name: &str, format: &str, alignment: &str| {
        let caps = gst::Caps::builder(name).field("stream-format", format).field("alignment", alignment);
        let caps = caps.field("width", track.width.min(16384) as i32).field("height", track.height.min(16384) as i32);
        caps.field("codec_data", config()).build()
    };
    let audio = |name: &str| {
        let caps = gst::Caps::builder(name).field("framed", true);
        let caps = caps.field_if("rate", track.sample_rate.min(768_000) as i32, track.sample_rate > 0);
        caps.field_if("channels", track.channels.min(64) as i32, track.channels > 0)
    };
    Ok(match track.codec {
        Codec::Avc => video("video/x-h264", if &track.sample_entry.0 == b"avc3" { "avc3" } else { "avc" }, "au"),
        Codec::Hevc => video("video/x-h265", if &track.sample_entry.0 == b"hev1" { "hev1" } else { "hvc1" }, "au"),
        Codec::Av1 => video("video/x-av1", "obu-stream", "tu"),
        Codec::Vp9 => gst::Caps::builder("video/x-vp9")
            .field("width", track.width.min(16384) as i32)
            .field("height", track.height.min(16384) as i32)
            .build(),
        Codec::Aac => {
            audio("audio/mpeg").field("mpegversion", 4i32).field("stream-format", "raw").field("codec_data", config()).build()
        }
        Codec::Ac3 => audio("audio/x-ac3").field("alignment", "frame").build(),
        Codec::Eac3 => audio("audio/x-eac3").field("alignment", "frame").build(),
        Codec::Opus => opus(audio("audio/x-opus"), &track.config),
        codec @ (Codec::Wvtt | Codec::Stpp | Codec::Other(_)) => return Err(Error::NoDecoder(format!("{codec:?}"))),
    })
}

/// The channel mapping of `dOps` (Opus in ISOBMFF §4.3.2): needed for more than two channels.
fn opus(caps: gst::caps::Builder<gst::caps::NoFeature>, config: &[u8]) -> gst::Caps {
    let family = config.get(10).copied().unwrap_or(0);
    let caps = caps.field("channel-mapping-family", i32::from(family));
    let channels = usize::from(config.get(1).copied().unwrap_or(0));
    match (family, config.get(11..13), config.get(13..13 + channels)) {
        (1.., Some([streams, coupled]), Some(mapping)) => caps
            .field("stream-count", i32::from(*streams))
            .field("coupled-count", i32::from(*coupled))
            .field("channel-mapping", gst::Array::new(mapping.iter().map(|m| i32::from(*m))))
            .build(),
        _ => caps.build(),
    }
}

/// What a decoder's sink template must take to be able to decode `track`: codec, profile, level and size, whatever the stream format, which
/// the parser sees to.
pub(crate) fn to_decode(track: &Track) -> Result<gst::Caps, Error> {
    let mut caps = of_track(track)?;
    let (profiles, level) = match track.codec {
        Codec::Avc => avc_profile(&track.config),
        Codec::Hevc => hevc_profile(&track.config),
        _ => (Vec::new(), None),
    };
    for structure in caps.make_mut().iter_mut() {
        structure.remove_fields(["codec_data", "stream-format", "alignment", "framed"]);
        if !profiles.is_empty() {
            structure.set("profile", gst::List::new(profiles.iter().copied()));
        }
        if let Some(level) = &level {
            structure.set("level", level.as_str());
        }
    }
    Ok(caps)
}

/// Profiles that a decoder may have to decode this `avcC` (ISO 14496-15 §5.3.3.1.2, H.264 Annex A), and the level.
fn avc_profile(config: &[u8]) -> (Vec<&'static str>, Option<String>) {
    let &[_, profile, constraints, level, ..] = config else { return (Vec::new(), None) };
    let set = |n: u8| constraints & (0x80 >> n) != 0;
    let profiles: &[&'static str] = match profile {
        66 if set(1) => &["constrained-baseline", "baseline", "main", "high"],
        66 => &["baseline"],
        77 => &["main", "high"],
        88 => &["extended"],
        100 if set(4) && set(5) => &["constrained-high", "progressive-high", "high"],
        100 if set(4) => &["progressive-high", "high"],
        100 => &["high"],
        110 => &["high-10"],
        122 => &["high-4:2:2"],
        244 => &["high-4:4:4"],
        _ => &[],
    };
    let level = match (level, level % 10) {
        (11, _) if set(3) && profile < 100 => "1b".to_owned(),
        (9, _) => "1b".to_owned(),
        (l, 0) => (l / 10).to_string(),
        (l, rest) => format!("{}.{rest}", l / 10),
    };
    (profiles.to_vec(), Some(level))
}

/// The same of an `hvcC` (ISO 14496-15 §8.3.3.1.2, H.265 Annex A).
fn hevc_profile(config: &[u8]) -> (Vec<&'static str>, Option<String>) {
    let (Some(profile), Some(level)) = (config.get(1).map(|b| b & 0x1f), config.get(12)) else { return (Vec::new(), None) };
    let profiles: &[&'static str] = match profile {
        1 => &["main", "main-10"],
        2 => &["main-10"],
        3 => &["main-still-picture", "main"],
        _ => &[],
    };
    let level = match (level / 30, level % 30 / 3) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part}"),
    };
    (profiles.to_vec(), Some(level))
}

/// The parser between `appsrc` and the decoder, where the decoder may want another stream format than MP4's.
pub(crate) fn parser(codec: Codec) -> Option<&'static str> {
    match codec {
        Codec::Avc => Some("h264parse"),
        Codec::Hevc => Some("h265parse"),
        Codec::Av1 => Some("av1parse"),
        Codec::Vp9 => Some("vp9parse"),
        Codec::Aac => Some("aacparse"),
        Codec::Ac3 | Codec::Eac3 => Some("ac3parse"),
        _ => None,
    }
}

/// Bytes of a NAL unit's length field (ISO 14496-15 §5.3.3.1.2, §8.3.3.1.2), for codecs that have NAL units.
pub(crate) fn nal_length_size(track: &Track) -> Option<usize> {
    let byte = match track.codec {
        Codec::Avc => track.config.get(4),
        Codec::Hevc => track.config.get(21),
        _ => None,
    };
    byte.map(|b| usize::from(b & 3) + 1)
}

/// The length fields of a sample add up exactly to its size.
pub(crate) fn nal_lengths_fit(mut data: &[u8], length_size: usize) -> bool {
    while !data.is_empty() {
        let Some((length, rest)) = data.split_at_checked(length_size) else { return false };
        let length = length.iter().fold(0usize, |n, b| n << 8 | usize::from(*b));
        let Some(rest) = rest.get(length..).filter(|_| length > 0) else { return false };
        data = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_and_levels() {
        let avc = [
            (&[1, 66, 0xc0, 13][..], "constrained-baseline", "1.3"),
            (&[1, 77, 0x40, 40], "main", "4"),
            (&[1, 77, 0x10, 11], "main", "1b"),
            (&[1, 100, 0, 51], "high", "5.1"),
            (&[1, 110, 0, 30], "high-10", "3"),
        ];
        for (config, profile, level) in avc {
            let (profiles, said) = avc_profile(config);
            assert_eq!((profiles.first().copied(), said.as_deref()), (Some(profile), Some(level)), "{config:?}");
        }
        let hevc = |profile: u8, level: u8| hevc_profile(&[1, profile, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, level]);
        assert_eq!(hevc(0x22, 153), (vec!["main-10"], Some("5.1".into())));
        assert_eq!(hevc(1, 120), (vec!["main", "main-10"], Some("4".into())));
        assert_eq!((avc_profile(&[1]), hevc_profile(&[1, 1])), ((vec![], None), (vec![], None)));
    }

    #[test]
    fn nal_lengths() {
        let table: &[(&[u8], usize, bool)] = &[
            (&[], 4, true),
            (&[0, 0, 0, 1, 9], 4, true),
            (&[0, 0, 0, 1, 9, 0, 0, 0, 2, 7, 7], 4, true),
            (&[0, 0, 0, 1, 9, 7], 4, false),
            (&[0, 0, 0, 2, 9], 4, false),
            (&[0, 0, 0, 0], 4, false),
            (&[1, 9, 2, 8, 8], 1, true),
            (&[0xff, 0xff, 0xff, 0xff, 0], 4, false),
        ];
        for (data, size, fits) in table {
            assert_eq!(nal_lengths_fit(data, *size), *fits, "{data:?}");
        }
    }
}
