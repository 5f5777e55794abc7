//! A plain MP4 file as a presentation of one rendition: one segment a `moof`, or of a progressive file one some seconds.

use crate::Error;
use hearth_isobmff::{Init, Sample, Track, TrackKind, parse_init, parse_samples, parse_segment_at};
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

/// A progressive file's segments last at least so long.
const SEGMENT_US: u64 = 2_000_000;

/// The file's one rendition.
pub(super) fn presentation(bytes: &[u8], url: &Url) -> Result<Presentation, Error> {
    let init = parse_init(bytes).map_err(|e| Error::BadInit(format!("{url}: {e}")))?;
    let main = init.tracks.iter().find(|t| t.kind == TrackKind::Video).or_else(|| init.tracks.first());
    let main = main.ok_or_else(|| Error::BadInit(format!("{url}: no track")))?;
    let (at, length, _) = boxes(bytes).find(|(_, _, kind)| kind == b"moov").unwrap_or((0, 0, *b"moov"));
    let head = range(url, at, at + length);
    let moov = bytes.get(at as usize..(at + length) as usize).unwrap_or_default();
    // A file may list its first samples and add fragments.
    let mut segments = progressive(moov, bytes.len(), main, url)?;
    segments.append(&mut fragments(bytes, &init, main, url)?);
    if segments.is_empty() {
        return Err(Error::NothingToPlay(format!("{url}: an MP4 file without samples")));
    }
    segments.iter_mut().zip(0..).for_each(|(s, number)| s.number = number);
    let end_us = segments.last().map(|s| s.start_us + s.duration_us);
    let bits = bytes.len() as u64 * 8 * 1_000_000;
    let rendition = Rendition {
        id: "file".into(),
        bandwidth: bits / end_us.unwrap_or(0).max(1_000_000),
        mime: Some("video/mp4".into()),
        width: Some(main.width).filter(|w| *w > 0),
        height: Some(main.height).filter(|h| *h > 0),
        sample_rate: Some(main.sample_rate).filter(|r| *r > 0),
        init: Some(head),
        segments: Segments::List { segments },
        ..Rendition::default()
    };
    let kind = if main.kind == TrackKind::Audio { Kind::Audio } else { Kind::Video };
    let set = TrackSet { default: true, renditions: vec![rendition], ..TrackSet::new("file", kind) };
    let period = Period { duration_us: end_us, tracks: vec![set], ..Period::default() };
    Ok(Presentation { format: Format::Dash, duration_us: end_us, periods: vec![period], ..Presentation::default() })
}

fn range(url: &Url, offset: u64, end: u64) -> Resource {
    Resource { url: url.to_string(), range: Some(ByteRange { offset, length: end.saturating_sub(offset) }) }
}

fn us(ticks: i64, track: &Track) -> u64 {
    (i128::from(ticks.max(0)) * 1_000_000 / i128::from(track.timescale.max(1))) as u64
}

/// One segment a `moof` of the main track, with those of other tracks that follow it.
fn fragments(bytes: &[u8], init: &Init, main: &Track, url: &Url) -> Result<Vec<Segment>, Error> {
    let starts: Vec<u64> = boxes(bytes).filter(|(_, _, kind)| kind == b"moof").map(|(at, ..)| at).collect();
    let first = starts.first().copied().unwrap_or(0);
    let mut segments: Vec<Segment> = Vec::new();
    for (i, start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(bytes.len() as u64);
        let part = bytes.get(*start as usize..end as usize).unwrap_or(&[]);
        let samples =
            parse_segment_at(init, part, *start).map_err(|e| Error::BadSegment(format!("{url}: at byte {start}: {e}")))?;
        let times = samples.iter().filter(|s| s.track_id == main.id);
        let Some(from) = times.clone().map(|s| us(s.pts, main)).min() else {
            if let Some(before) = segments.last_mut() {
                before.resource = range(url, before.resource.range.map_or(0, |r| r.offset), end);
                before.size = before.resource.range.map(|r| r.length);
            }
            continue;
        };
        // What came before the main track's first goes with it.
        let start = if segments.is_empty() { &first } else { start };
        let to = times.map(|s| us(s.pts + i64::from(s.duration), main)).max().unwrap_or(from);
        segments.push(Segment {
            resource: range(url, *start, end),
            start_us: from,
            duration_us: to.saturating_sub(from),
            size: Some(end - start),
            ..Segment::default()
        });
    }
    Ok(segments)
}

/// The samples that the `moov` lists, the file of `length` bytes cut where a key frame of the main track lies: every sample is in one
/// piece, whole. A file whose key frames do not lie in order is one piece.
fn progressive(moov: &[u8], length: usize, main: &Track, url: &Url) -> Result<Vec<Segment>, Error> {
    let samples = parse_samples(moov).map_err(|e| Error::BadIndex(format!("{url}: {e}")))?;
    if let Some(lost) = samples.iter().find(|s| s.data.end > length) {
        return Err(Error::BadSegment(format!("{url}: it ends before byte {}", lost.data.end)));
    }
    let own: Vec<&Sample> = samples.iter().filter(|s| s.track_id == main.id).collect();
    let Some(first) = own.first() else { return Ok(Vec::new()) };
    let begin = samples.iter().map(|s| s.data.start).min().unwrap_or(0);
    // Byte and time of each cut.
    let mut cuts = vec![(begin, us(first.pts, main))];
    let mut next_us = cuts[0].1 + SEGMENT_US;
    for s in own.iter().skip(1).filter(|s| s.sync) {
        if us(s.pts, main) >= next_us {
            cuts.push((s.data.start, us(s.pts, main)));
            next_us = us(s.pts, main) + SEGMENT_US;
        }
    }
    let mut places: Vec<(usize, usize)> = samples.iter().map(|s| (s.data.start, s.data.end)).collect();
    places.sort_unstable();
    let before = |at: usize| places.partition_point(|(start, _)| *start < at).checked_sub(1).map(|i| places[i].1);
    if cuts.windows(2).any(|w| w[0] >= w[1]) || cuts.iter().any(|(at, _)| before(*at).is_some_and(|end| end > *at)) {
        cuts.truncate(1);
    }
    let ends = own.iter().map(|s| us(s.pts.saturating_add(s.duration.into()), main));
    let (end, end_us) = (samples.iter().map(|s| s.data.end).max().unwrap_or(begin), ends.max().unwrap_or(0));
    let next = |i: usize| cuts.get(i + 1).copied().unwrap_or((end, end_us));
    let segment = |(i, (at, start_us)): (usize, &(usize, u64))| Segment {
        resource: range(url, *at as u64, next(i).0 as u64),
        start_us: *start_us,
        duration_us: next(i).1.saturating_sub(*start_us),
        size: Some((next(i).0 - at) as u64),
        ..Segment::default()
    };
    Ok(cuts.iter().enumerate().map(segment).collect())
}
