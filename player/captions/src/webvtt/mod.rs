//! WebVTT files (W3C WebVTT §4, §6): header, blocks, times.
mod settings;
mod styles;
mod text;

use crate::{Cue, Document, Error, Paragraph};
use settings::Placement;
use styles::Rule;

/// More cues than any film has.
const MAX_CUES: usize = 200_000;

/// A region definition (§6.2).
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct VttRegion {
    id: String,
    /// Parts of the picture's width.
    width: f32,
    lines: u32,
    /// Parts of the region's box and of the picture.
    anchor: (f32, f32),
    viewport: (f32, f32),
}

/// `X-TIMESTAMP-MAP` (RFC 8216 §3.5): where HLS puts a WebVTT segment's own clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimestampMap {
    /// Ticks of 90 kHz.
    pub mpegts: u64,
    /// The same moment by the cues.
    pub local_us: u64,
}

pub(crate) fn is_webvtt(text: &str) -> bool {
    let head = text.strip_prefix('\u{feff}').unwrap_or(text);
    head.strip_prefix("WEBVTT").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// The `X-TIMESTAMP-MAP` of a WebVTT segment, if it has one.
pub fn timestamp_map(text: &str) -> Option<TimestampMap> {
    let header = text.lines().map(str::trim).take_while(|l| !l.is_empty()).find_map(|l| l.strip_prefix("X-TIMESTAMP-MAP="))?;
    let part = |name: &str| header.split(',').find_map(|p| p.trim().strip_prefix(name));
    Some(TimestampMap { mpegts: part("MPEGTS:")?.trim().parse().ok()?, local_us: timestamp(part("LOCAL:")?)? })
}

/// Parses a WebVTT file. Cues that are broken are left out (§6.1: a parser goes on).
pub fn parse_webvtt(text: &str) -> Result<Document, Error> {
    if !is_webvtt(text) {
        return Err(Error::NotCaptions);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}");
    let (mut regions, mut rules): (Vec<VttRegion>, Vec<Rule>) = (Vec::new(), Vec::new());
    let mut document = Document::default();
    let lines: Vec<&str> = text.split('\n').collect();
    // The header ends at a blank line, or where a cue's times stand.
    let header = lines.iter().skip(1).take_while(|l| !l.is_empty() && !l.contains("-->")).count() + 1;
    let mut rest = lines.get(header..).unwrap_or_default();
    while let Some(at) = rest.iter().position(|l| !l.is_empty()) {
        rest = &rest[at..];
        let mut length = rest.iter().position(|l| l.is_empty()).unwrap_or(rest.len());
        // A block's times end the cue before it even without a blank line.
        if let Some(next) = rest[..length].iter().skip(2).position(|l| l.contains("-->")) {
            length = next + 2;
        }
        let (block, tail) = rest.split_at(length);
        rest = tail;
        let times = block.iter().take(2).position(|l| l.contains("-->"));
        match times {
            None if block[0].trim_end() == "STYLE" => rules.extend(styles::parse(&block[1..].join("\n"))),
            None if block[0].trim_end() == "REGION" => regions.extend(settings::region(&block[1..])),
            None => {}
            Some(i) => {
                if document.cues.len() == MAX_CUES {
                    return Err(Error::TooLarge("cues"));
                }
                let id = if i == 1 { block[0].to_string() } else { String::new() };
                let Some((start_us, end_us, settings)) = timings(block[i]) else { continue };
                document.cues.push(cue(id, start_us, end_us, settings, &block[i + 1..].join("\n"), &regions, &rules));
            }
        }
    }
    document.cues.sort_by_key(|c| c.start_us);
    Ok(document)
}

/// `00:01.000 --> 00:02.000 settings`.
fn timings(line: &str) -> Option<(u64, u64, &str)> {
    let (start, rest) = line.split_once("-->")?;
    let rest = rest.trim_start();
    let (end, settings) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let (start, end) = (timestamp(start)?, timestamp(end)?);
    (end > start).then_some((start, end, settings))
}

/// `[hh:]mm:ss.ttt` in microseconds.
pub(crate) fn timestamp(text: &str) -> Option<u64> {
    let (clock, fraction) = text.trim().split_once('.')?;
    let digits = |s: &str| !s.is_empty() && s.len() <= 9 && s.bytes().all(|b| b.is_ascii_digit());
    if fraction.len() != 3 || !digits(fraction) {
        return None;
    }
    let parts: Vec<&str> = clock.split(':').collect();
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(|p| digits(p)) {
        return None;
    }
    let number = |s: &str| s.parse::<u64>().ok();
    let (minutes, seconds) = (number(parts[parts.len() - 2])?, number(parts[parts.len() - 1])?);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let hours = if parts.len() == 3 { number(parts[0])? } else { 0 };
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + number(fraction)? * 1000)
}

/// A cue out of its parts.
pub(crate) fn cue(
    id: String,
    start_us: u64,
    end_us: u64,
    settings: &str,
    payload: &str,
    regions: &[VttRegion],
    rules: &[Rule],
) -> Cue {
    let placement = Placement::parse(settings);
    let spans = text::spans(payload, &id, rules);
    let (region, align) = placement.place(regions, payload.lines().count().max(1) as u32);
    Cue { id, start_us, end_us: Some(end_us), region, paragraphs: vec![Paragraph { align, spans, ..Paragraph::default() }] }
}
