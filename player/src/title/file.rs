//! A plain fragmented MP4 file as a presentation of one rendition, one segment a `moof`.

use crate::Error;
use hearth_isobmff::{TrackKind, parse_init, parse_segment};
use hearth_manifest::{ByteRange, Format, Kind, Period, Presentation, Rendition, Resource, Segment, Segments, TrackSet};
use url::Url;

/// The bytes start with a box that an MP4 file starts with.
pub(super) fn is_mp4(bytes: &[u8]) -> bool {
    matches!(bytes.get(4..8), Some(b"ftyp" | b"styp" | b"moov" | b"moof" | b"sidx"))
}

/// Offset, length and type of each top-level box.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = (u64, u64, [u8; 4])> {
    let mut at = 0usize;
    std::iter::from_fn(move || {
        let head = bytes.get(at..at.checked_add(8)?)?;
        let kind = [head[4], head[5], head[6], head[7]];
        let size = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            0 => bytes.len() - at,
            1 => usize::try_from(u64::from_be_bytes(bytes.get(at + 8..at + 16)?.try_into().ok()?)).ok()?,
            n => n as usize,
        };
        let end = at.checked_add(size.max(8))?.min(bytes.len());
        let found = (at as u64, (end - at) as u64, kind);
        at = end;
        Some(found)
    })
}

/// The file's one rendition.
pub(super) fn presentation(bytes: &[u8], url: &Url) -> Result<Presentation, Error> {
    let init = parse_init(bytes).map_err(|e| Error::BadInit(format!("{url}: {e}")))?;
    let starts: Vec<u64> = boxes(bytes).filter(|(_, _, kind)| kind == b"moof").map(|(at, ..)| at).collect();
    let first = *starts.first().ok_or_else(|| Error::UnsupportedContainer(format!("{url}: an MP4 file without fragments")))?;
    let range =
        |offset: u64, end: u64| Resource { url: url.to_string(), range: Some(ByteRange { offset, length: end - offset }) };
    let main = init.tracks.iter().find(|t| t.kind == TrackKind::Video).or_else(|| init.tracks.first());
    let main = main.ok_or_else(|| Error::BadInit(format!("{url}: no track")))?;
    let mut segments: Vec<Segment> = Vec::new();
    for (i, start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(bytes.len() as u64);
        let part = bytes.get(*start as usize..end as usize).unwrap_or(&[]);
        let samples = parse_segment(&init, part).map_err(|e| Error::BadSegment(format!("{url}: at byte {start}: {e}")))?;
        let times = samples.iter().filter(|s| s.track_id == main.id);
        let us = |ticks: i64| (i128::from(ticks.max(0)) * 1_000_000 / i128::from(main.timescale.max(1))) as u64;
        let Some(from) = times.clone().map(|s| us(s.pts)).min() else { continue };
        let to = times.map(|s| us(s.pts + i64::from(s.duration))).max().unwrap_or(from);
        segments.push(Segment {
            resource: range(*start, end),
            number: i as u64,
            start_us: from,
            duration_us: to.saturating_sub(from),
            size: Some(end - start),
            ..Segment::default()
        });
    }
    let end_us = segments.last().map(|s| s.start_us + s.duration_us);
    let bits = bytes.len() as u64 * 8 * 1_000_000;
    let rendition = Rendition {
        id: "file".into(),
        bandwidth: bits / end_us.unwrap_or(0).max(1_000_000),
        mime: Some("video/mp4".into()),
        width: Some(main.width).filter(|w| *w > 0),
        height: Some(main.height).filter(|h| *h > 0),
        sample_rate: Some(main.sample_rate).filter(|r| *r > 0),
        init: Some(range(0, first)),
        segments: Segments::List { segments },
        ..Rendition::default()
    };
    let kind = if main.kind == TrackKind::Audio { Kind::Audio } else { Kind::Video };
    let set = TrackSet { default: true, renditions: vec![rendition], ..TrackSet::new("file", kind) };
    let period = Period { duration_us: end_us, tracks: vec![set], ..Period::default() };
    Ok(Presentation { format: Format::Dash, duration_us: end_us, periods: vec![period], ..Presentation::default() })
}
