//! A text segment's bytes to cues on the title's time line: WebVTT, TTML, and both in fragmented MP4 (ISO 14496-30).

use crate::Error;
use hearth_captions::{Cue, Document, decode_text, parse_stpp_sample, parse_webvtt, parse_wvtt_sample, timestamp_map};
use hearth_isobmff::{Codec, Init, TrackKind, parse_init, parse_segment_at};
use hearth_manifest::Resource;

/// What a text segment's own times are to be turned into.
pub(crate) struct Times<'a> {
    /// Where the segment begins by the manifest, µs.
    pub(crate) start_us: u64,
    /// Where its period begins; text files in DASH count from there.
    pub(crate) period_us: u64,
    /// What to add to media time, ns, told the first media time of the segment; none there yet: what the other tracks add.
    pub(crate) shift: &'a dyn Fn(Option<i64>) -> i64,
}

/// The bytes are boxes.
pub(crate) fn is_mp4(bytes: &[u8]) -> bool {
    bytes.get(4..8).is_some_and(|kind| kind.iter().all(u8::is_ascii_lowercase)) && bytes.first() == Some(&0)
}

/// Reads an init segment that has a text track.
pub(crate) fn init(bytes: &[u8], name: &str) -> Result<Init, Error> {
    let init = parse_init(bytes).map_err(|e| Error::BadInit(format!("{name}: {e}")))?;
    let text = |t: &hearth_isobmff::Track| t.kind == TrackKind::Text && matches!(t.codec, Codec::Wvtt | Codec::Stpp);
    if init.tracks.iter().any(text) { Ok(init) } else { Err(Error::UnsupportedContainer(format!("{name}: no text track"))) }
}

/// The cues of one segment.
pub(crate) fn read(bytes: &[u8], init: Option<&Init>, from: &Resource, times: &Times<'_>) -> Result<Document, Error> {
    let bad = |e: hearth_captions::Error| Error::BadSegment(format!("{}: {e}", from.url));
    if is_mp4(bytes) {
        let init = init.ok_or_else(|| Error::BadSegment(format!("{}: no init segment", from.url)))?;
        return samples(bytes, init, from, times);
    }
    let text = decode_text(bytes).map_err(bad)?;
    let map = timestamp_map(&text);
    let mut document = hearth_captions::parse(&text).map_err(bad)?;
    let shift_us = match map {
        // RFC 8216 §3.5. The 90 kHz clock starts anew every 26.5 hours.
        Some(map) => {
            let media_us = i128::from(map.mpegts) * 100 / 9 - i128::from(map.local_us);
            let shift = media_us + i128::from((times.shift)(None)) / 1000;
            let first = document.cues.first().map_or(0, |c| i128::from(c.start_us));
            shift + wraps(first + shift, i128::from(times.start_us))
        }
        None => i128::from(times.period_us),
    };
    move_by(&mut document.cues, shift_us);
    Ok(document)
}

/// Turns of the 33 bit clock to add to `at_us` to come close to `expected_us`.
fn wraps(at_us: i128, expected_us: i128) -> i128 {
    const TURN: i128 = (1 << 33) * 100 / 9;
    (expected_us - at_us + TURN / 2).div_euclid(TURN) * TURN
}

fn samples(bytes: &[u8], init: &Init, from: &Resource, times: &Times<'_>) -> Result<Document, Error> {
    let position = from.range.map_or(0, |r| r.offset);
    let all = parse_segment_at(init, bytes, position).map_err(|e| Error::BadSegment(format!("{}: {e}", from.url)))?;
    let Some(track) = init.tracks.iter().find(|t| t.kind == TrackKind::Text) else { return Ok(Document::default()) };
    let own: Vec<_> = all.iter().filter(|s| s.track_id == track.id).collect();
    let us = |ticks: i64| (i128::from(ticks.max(0)) * 1_000_000 / i128::from(track.timescale.max(1))) as u64;
    let mut out = Document::default();
    let Some(first) = own.iter().map(|s| s.pts).min() else { return Ok(out) };
    for s in own {
        let (start, end) = (us(s.pts), us(s.pts.saturating_add(i64::from(s.duration))));
        let data = bytes.get(s.data.clone()).ok_or_else(|| Error::BadSegment(format!("{}: a sample outside it", from.url)))?;
        let found = match track.codec {
            Codec::Wvtt => parse_wvtt_sample(data, start, end).map(|cues| Document { cues, ..Document::default() }),
            // An empty sample shows nothing.
            _ if data.is_empty() => continue,
            _ => parse_stpp_sample(data, start, end),
        };
        let found = found.map_err(|e| Error::BadSegment(format!("{}: {e}", from.url)))?;
        out.aspect_ratio = out.aspect_ratio.or(found.aspect_ratio);
        out.cues.extend(found.cues);
    }
    let first_ns = (i128::from(first) * 1_000_000_000 / i128::from(track.timescale.max(1))) as i64;
    move_by(&mut out.cues, i128::from((times.shift)(Some(first_ns))) / 1000);
    Ok(out)
}

/// What would begin before the title begins with it.
fn move_by(cues: &mut [Cue], us: i128) {
    let moved = |at: u64| u64::try_from((i128::from(at) + us).max(0)).unwrap_or(u64::MAX);
    for c in cues {
        c.start_us = moved(c.start_us);
        c.end_us = c.end_us.map(moved);
        for span in c.paragraphs.iter_mut().flat_map(|p| &mut p.spans) {
            span.from_us = span.from_us.map(moved);
        }
    }
}

/// Text as a file of its own (not a manifest that names some), or none.
pub(crate) fn file(bytes: &[u8]) -> Option<Document> {
    let text = decode_text(bytes).ok()?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with("WEBVTT") { parse_webvtt(&text).ok() } else { hearth_captions::parse_ttml(&text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(text: &str, start_us: u64, shift: i64) -> Vec<u64> {
        let times = Times { start_us, period_us: 7_000_000, shift: &|_| shift };
        let found = read(text.as_bytes(), None, &Resource::default(), &times).expect("text");
        found.cues.iter().map(|c| c.start_us).collect()
    }

    #[test]
    fn the_clock_of_a_transport_stream_is_the_titles() {
        let cue = "\n\n0:01.000 --> 0:02.000\na\n";
        let mapped = |local: &str, mpegts: u64| format!("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:{local},MPEGTS:{mpegts}{cue}");
        let s = 1_000_000;
        for (local, mpegts, start_us, shift_s, expected) in [
            ("00:00:00.000", 900_000, 0, -10, s),
            ("00:00:00.000", 900_000, 11 * s, 0, 11 * s),
            ("00:00:01.000", 900_000, 0, -10, 0),
            // The clock has begun anew: media time is 26.5 hours less than it goes on.
            ("00:00:00.000", 0, 95_443_000_000, 0, 95_444_717_688),
        ] {
            assert_eq!(starts(&mapped(local, mpegts), start_us, shift_s * 1_000_000_000), [expected], "{local} {mpegts}");
        }
        assert_eq!(starts(&format!("WEBVTT{cue}"), 0, 5), [8 * s], "without a map they count from the period");
    }
}
