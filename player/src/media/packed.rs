//! Packed audio (RFC 8216bis §3.4): the frames of AAC (ADTS, ISO 13818-7 §6.2), AC-3 or E-AC-3 (ETSI TS 102 366 §4, annex E) one after the
//! other, behind an ID3 tag that says when they are heard.

use super::prepare::{Chunk, Cut, Format};
use super::{caps, ts};
use crate::Error;
use gstreamer as gst;
use hearth_isobmff::{Codec, FourCc, Track, TrackKind};
use std::sync::Arc;

/// Whose `PRIV` frame has the time of the first sample: 33 bits at 90 kHz in eight bytes.
const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
const AAC_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// kbit/s, by half of `frmsizecod` (table 4.13).
const AC3_KBPS: [usize; 19] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
const AC3_RATES: [u32; 3] = [48_000, 44_100, 32_000];
/// Front and surround channels by `acmod` (table 4.3); one more with `lfeon`.
const AC3_CHANNELS: [u32; 8] = [2, 1, 2, 3, 3, 4, 4, 5];

/// One frame's header.
struct Header {
    codec: Codec,
    /// Of the header itself, where decoders do not want it, and of the whole frame.
    skip: usize,
    size: usize,
    rate: u32,
    samples: u32,
    channels: u32,
    config: Vec<u8>,
}

/// Looks like packed audio.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ID3") || header(bytes).is_some()
}

/// One chunk; times are the tag's plus `shift`'s answer to it, or count from `start` where no tag tells (all in ns).
pub(crate) fn read(bytes: Vec<u8>, name: &str, start: i64, shift: impl Fn(i64) -> i64) -> Result<Chunk, Error> {
    let (mut offset, time) = tags(&bytes);
    let wrong = |what: &str| Error::BadSegment(format!("{name}: packed audio: {what}"));
    let first = bytes.get(offset..).and_then(header).ok_or_else(|| wrong("no frame"))?;
    let start = time.map_or(start, |ticks| {
        let at = ts::ns(ticks);
        at + shift(at)
    });
    let (rate, mut heard, mut cuts) = (i64::from(first.rate), 0i64, Vec::<Cut>::new());
    let at = |samples: i64| samples * 1_000_000_000 / rate;
    while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
        // The last frame may be cut off; tags between frames, and what is no frame, are passed over.
        let Some(frame) = header(rest).filter(|f| f.size <= rest.len() && (f.codec, f.rate) == (first.codec, first.rate)) else {
            offset += tags(rest).0.max(1);
            continue;
        };
        let end = heard + i64::from(frame.samples);
        // A dependent substream is part of the frame before it.
        if let Some(before) = cuts.last_mut().filter(|_| frame.samples == 0) {
            (before.size, offset) = (before.size + frame.size, offset + frame.size);
            continue;
        }
        cuts.push(Cut {
            offset: offset + frame.skip,
            size: frame.size - frame.skip,
            pts: start + at(heard),
            dts: start + at(heard),
            duration: (at(end) - at(heard)) as u64,
            sync: true,
        });
        (offset, heard) = (offset + frame.size, end);
    }
    if cuts.is_empty() {
        return Err(wrong("no whole frame"));
    }
    let Header { codec, channels, config, rate: sample_rate, .. } = first;
    let sample_entry = FourCc(match codec {
        Codec::Ac3 => *b"ac-3",
        Codec::Eac3 => *b"ec-3",
        _ => *b"mp4a",
    });
    let track = Track { kind: TrackKind::Audio, codec, sample_entry, config, channels, sample_rate, ..Track::default() };
    let format = Arc::new(Format { caps: caps::of_track(&track)?, track });
    Ok(Chunk { format, buffer: gst::Buffer::from_mut_slice(bytes), cuts, key_id: None })
}

/// How long the ID3 tags at the start are (ID3v2.4 §3.1), and the time that one of them tells, at 90 kHz.
fn tags(bytes: &[u8]) -> (usize, Option<i64>) {
    let (mut offset, mut time) = (0, None);
    while let Some([b'I', b'D', b'3', _, _, flags, a, b, c, d]) = bytes.get(offset..offset + 10) {
        let size = [a, b, c, d].iter().fold(0, |n, b| n << 7 | usize::from(**b & 0x7f));
        let end = (offset + 10 + size).min(bytes.len());
        time = time.or_else(|| tell(&bytes[offset + 10..end]));
        // A footer is as long as the header.
        offset = (end + if flags & 0x10 != 0 { 10 } else { 0 }).min(bytes.len());
    }
    (offset, time)
}

fn tell(tag: &[u8]) -> Option<i64> {
    let at = tag.windows(OWNER.len()).position(|w| w == OWNER)? + OWNER.len();
    let ticks = tag.get(at..at + 8)?.iter().fold(0i64, |n, b| (n << 8 | i64::from(*b)) % ts::WRAP);
    Some(ticks)
}

fn header(bytes: &[u8]) -> Option<Header> {
    match *bytes {
        [0xff, b, ..] if b & 0xf6 == 0xf0 => adts(bytes),
        [0x0b, 0x77, _, _, _, id, ..] if id >> 3 <= 10 => ac3(bytes),
        [0x0b, 0x77, _, _, _, id, ..] if id >> 3 <= 16 => eac3(bytes),
        _ => None,
    }
}

fn adts(bytes: &[u8]) -> Option<Header> {
    let &[_, b1, b2, b3, b4, b5, b6, ..] = bytes else { return None };
    let index = b2 >> 2 & 15;
    let rate = *AAC_RATES.get(usize::from(index))?;
    let channels = (b2 & 1) << 2 | b3 >> 6;
    let size = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
    let skip = if b1 & 1 == 0 { 9 } else { 7 };
    // AudioSpecificConfig (ISO 14496-3 §1.6.2.1): object type, rate, channels.
    let object = (b2 >> 6) + 1;
    let config = vec![object << 3 | index >> 1, index << 7 | channels << 3];
    let samples = 1024 * (u32::from(b6 & 3) + 1);
    (size > skip).then_some(Header { codec: Codec::Aac, skip, size, rate, samples, channels: u32::from(channels), config })
}

fn ac3(bytes: &[u8]) -> Option<Header> {
    let &[_, _, _, _, b4, _, b6, b7, ..] = bytes else { return None };
    let (code, size_code) = (usize::from(b4 >> 6), usize::from(b4 & 63));
    let kbps = *AC3_KBPS.get(size_code / 2)?;
    let words = match code {
        0 => kbps * 2,
        1 => kbps * 320 / 147 + size_code % 2,
        2 => kbps * 3,
        _ => return None,
    };
    let mode = usize::from(b6 >> 5);
    // `lfeon` comes after the mix levels, which not all modes have (§4.4.2).
    let before = [0, 0, 2, 2, 2, 4, 2, 4][mode];
    let bits = u16::from_be_bytes([b6, b7]);
    let bass = u32::from(bits >> (12 - before) & 1);
    let channels = AC3_CHANNELS[mode] + bass;
    Some(Header {
        codec: Codec::Ac3,
        skip: 0,
        size: words * 2,
        rate: AC3_RATES[code],
        samples: 1536,
        channels,
        config: Vec::new(),
    })
}

fn eac3(bytes: &[u8]) -> Option<Header> {
    let &[_, _, b2, b3, b4, ..] = bytes else { return None };
    let size = ((usize::from(b2 & 7) << 8 | usize::from(b3)) + 1) * 2;
    let (rate, blocks) = match (b4 >> 6, b4 >> 4 & 3) {
        (3, 3) => return None,
        (3, half) => (AC3_RATES[usize::from(half)] / 2, 6),
        (code, blocks) => (AC3_RATES[usize::from(code)], [1, 2, 3, 6][usize::from(blocks)]),
    };
    let channels = AC3_CHANNELS[usize::from(b4 >> 1 & 7)] + u32::from(b4 & 1);
    // Heard with the frame before it.
    let samples = if b2 >> 6 == 1 { 0 } else { 256 * blocks };
    Some(Header { codec: Codec::Eac3, skip: 0, size, rate, samples, channels, config: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ADTS frame of 48 kHz in stereo, low complexity, with a payload of so many bytes.
    fn frame(payload: usize) -> Vec<u8> {
        let size = payload + 7;
        let mut bytes = vec![0xff, 0xf1, 0x4c, 0x80 | (size >> 11) as u8, (size >> 3) as u8, (size << 5) as u8 | 0x1f, 0xfc];
        bytes.resize(size, 0xaa);
        bytes
    }

    fn tag(ticks: u64) -> Vec<u8> {
        let data = [OWNER, &ticks.to_be_bytes()].concat();
        let frame = [b"PRIV", &[0, 0, 0, data.len() as u8, 0, 0][..], &data].concat();
        [b"ID3", &[4, 0, 0, 0, 0, 0, frame.len() as u8][..], &frame].concat()
    }

    fn cuts(bytes: Vec<u8>) -> Result<Vec<(usize, usize, i64)>, String> {
        gst::init().expect("gst");
        let chunk = read(bytes, "a.aac", 7_000_000_000, |first| -first + 1_000_000_000).map_err(|e| e.to_string())?;
        Ok(chunk.cuts.iter().map(|c| (c.offset, c.size, c.pts / 1_000_000)).collect())
    }

    #[test]
    fn frames_are_found_and_timed() {
        let start = tag(90_000).len();
        let both = [tag(90_000), frame(100), frame(50)].concat();
        assert!(is_packed(&both) && is_packed(&frame(9)) && !is_packed(b"\0\0\0\x18ftyp") && !is_packed(&[0x47; 188]));
        assert_eq!(cuts(both.clone()), Ok(vec![(start + 7, 100, 1000), (start + 114, 50, 1021)]));
        assert_eq!(cuts([frame(1), frame(2)].concat()), Ok(vec![(7, 1, 7000), (15, 2, 7021)]), "no tag: where the list says");
        assert_eq!(cuts(both[..both.len() - 1].to_vec()), Ok(vec![(start + 7, 100, 1000)]), "cut off");
        let noisy = [frame(5), vec![1, 2, 3], tag(0), frame(6)].concat();
        assert_eq!(cuts(noisy).map(|c| c.len()), Ok(2));
        for bad in [tag(5), tag(5)[..20].to_vec(), b"ID3".to_vec(), vec![]] {
            assert!(cuts(bad.clone()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn headers_say_what_a_frame_is() {
        let check = |bytes: &[u8], expected: Option<(Codec, usize, u32, u32, u32)>| {
            let got = header(bytes).map(|h| (h.codec, h.size, h.rate, h.samples, h.channels));
            assert_eq!(got, expected, "{bytes:02x?}");
        };
        check(&frame(93), Some((Codec::Aac, 100, 48_000, 1024, 2)));
        // 48 kHz, 448 kbit/s, 3/2 channels with bass; 44.1 kHz, 192 kbit/s, stereo, the longer of both sizes.
        check(&[0x0b, 0x77, 0, 0, 30, 0x40, 0b1110_0001, 0], Some((Codec::Ac3, 1792, 48_000, 1536, 6)));
        check(&[0x0b, 0x77, 0, 0, 0x40 | 21, 0x40, 0b0100_0000, 0], Some((Codec::Ac3, 836, 44_100, 1536, 2)));
        check(&[0x0b, 0x77, 0, 0, 0xc0, 0x40, 0, 0], None);
        check(&[0x0b, 0x77, 2, 0xff, 0b0011_1111, 0x80, 0, 0], Some((Codec::Eac3, 1536, 48_000, 1536, 6)));
        check(&[0x0b, 0x77, 0x42, 0xff, 0b0011_1111, 0x80, 0, 0], Some((Codec::Eac3, 1536, 48_000, 0, 6)));
        check(&[0x0b, 0x77, 2, 0xff, 0b1101_0100, 0x80, 0, 0], Some((Codec::Eac3, 1536, 22_050, 1536, 2)));
        check(&[0xff, 0xfb, 0x90, 0, 0, 0, 0, 0], None);
        assert_eq!(header(&frame(9)).map(|h| h.config), Some(vec![0x11, 0x90]));
    }
}
