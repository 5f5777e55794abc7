//! Trick play: small pictures of where a jump would lead, from a title's thumbnail sheets or its I-frame playlist, beside the film.

use super::shared::Shared;
use super::{Note, session::Session};
use crate::Error;
use crate::fetch::Object;
use crate::media::prepare::{Chunk, cut, decrypt, read_init};
use crate::media::still::{self, Still};
use crate::title::Place;
use gstreamer as gst;
use hearth_isobmff::TrackKind;
use hearth_manifest::{Kind, Rendition, Segment};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Most bytes of a sheet or a segment with a key frame.
const LIMIT: usize = 16 << 20;
/// Pictures that are kept: a viewer goes back and forth.
const KEPT: usize = 48;
/// Most pictures on one sheet.
const MOST_TILES: u64 = 10_000;

/// Which picture: rendition, segment, tile.
type Key = (Place, usize, u32);

/// The place that the viewer looks at now. What was asked for before and not done is not wanted any more.
#[derive(Default)]
pub(super) struct Wanted {
    position_us: Mutex<Option<u64>>,
    changed: Condvar,
}

impl Session {
    /// [`Command::Preview`].
    pub(super) fn preview(&mut self, position_us: u64) {
        let Some(opened) = &self.opened else { return };
        let wanted = self.wanted.get_or_insert_with(|| {
            let (wanted, shared) = (Arc::new(Wanted::default()), opened.shared.clone());
            let own = wanted.clone();
            if let Err(error) = std::thread::Builder::new().name("preview".into()).spawn(move || run(&shared, &own)) {
                tracing::warn!(%error, "no thread for previews");
            }
            wanted
        });
        *wanted.position_us.lock().unwrap_or_else(PoisonError::into_inner) = Some(position_us);
        wanted.changed.notify_all();
    }
}

/// Makes what is wanted last, until the session stops.
fn run(shared: &Shared, wanted: &Wanted) {
    let mut kept: VecDeque<(Key, u64, Still)> = VecDeque::new();
    while !shared.stop.is_stopped() {
        let position_us = {
            let mut position = wanted.position_us.lock().unwrap_or_else(PoisonError::into_inner);
            if position.is_none() {
                let wait = Duration::from_millis(100);
                position = wanted.changed.wait_timeout(position, wait).unwrap_or_else(PoisonError::into_inner).0;
            }
            position.take()
        };
        let Some(position_us) = position_us else { continue };
        let found = match locate(shared, position_us) {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%error, "no preview");
                continue;
            }
        };
        if !kept.iter().any(|(key, ..)| *key == found.key) {
            match make(shared, &found) {
                Ok(still) => kept.push_back((found.key, found.at_us, still)),
                Err(error) => tracing::warn!(%error, "no preview"),
            }
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
        if let Some((_, at_us, still)) = kept.iter().find(|(key, ..)| *key == found.key) {
            shared.note(Note::Preview { at_us: *at_us, still: still.clone() });
        }
    }
}

/// A picture and where it is.
struct Found {
    key: Key,
    /// When the picture is shown in the film.
    at_us: u64,
    segment: Segment,
    tiles: (u32, u32),
    sheet: bool,
}

/// The picture at or before a position; none where the title has none.
fn locate(shared: &Shared, position_us: u64) -> Result<Option<Found>, Error> {
    let presentation = shared.title.presentation();
    let Some(p) = presentation.periods.iter().rposition(|p| p.start_us <= position_us) else { return Ok(None) };
    let sets = presentation.periods[p].tracks.iter().enumerate().filter(|(_, t)| t.kind == Kind::Image);
    let all = sets.flat_map(|(s, t)| t.renditions.iter().enumerate().map(move |(r, of)| ((p, s, r), of)));
    // A sheet needs no decoder; of several the smallest that is large enough on a television.
    let sheet = |r: &Rendition| r.mime.as_deref().is_some_and(|m| m.starts_with("image/")) || r.tiles.is_some();
    let small = |r: &Rendition| r.width.map_or(0, |w| w / r.tiles.map_or(1, |t| t.0.max(1))) < 160;
    let Some((place, rendition)) = all.min_by_key(|(_, r)| (!sheet(r), small(r), r.bandwidth)) else { return Ok(None) };
    let list = shared.title.playlist(place, &shared.stop)?;
    let index = list.at(position_us);
    let Some(segment) = list.get(index) else { return Ok(None) };
    let tiles = rendition.tiles.unwrap_or((1, 1));
    let count = (u64::from(tiles.0) * u64::from(tiles.1)).clamp(1, MOST_TILES);
    // The last sheet may be cut off by the end of the film, its tiles are as long as all.
    let whole = list.segments.iter().map(|s| s.duration_us).max().unwrap_or(0);
    let each = (whole / count).max(1);
    let tile = (position_us.saturating_sub(segment.start_us) / each).min(count - 1);
    let mut segment = segment.clone();
    segment.init = segment.init.or_else(|| list.init.clone());
    let at_us = segment.start_us + tile * each;
    Ok(Some(Found { key: (place, index, tile as u32), at_us, segment, tiles, sheet: sheet(rendition) }))
}

fn make(shared: &Shared, found: &Found) -> Result<Still, Error> {
    let resource = &found.segment.resource;
    let object = if found.sheet { Object::Other } else { Object::Video };
    let mut bytes = shared.fetch_aside(resource, object, LIMIT)?;
    shared.count_bytes(bytes.len());
    if found.sheet {
        return still::of_sheet(&bytes, found.tiles, found.key.2, &resource.url);
    }
    let init = found.segment.init.as_ref().ok_or_else(|| Error::UnsupportedContainer(format!("{}: key frames", resource.url)))?;
    let init = read_init(&shared.fetch_aside(init, Object::Init, LIMIT)?, &init.url)?;
    complete(&mut bytes);
    let (format, samples) = init.samples(&bytes, resource, TrackKind::Video)?;
    let first = samples.iter().find(|s| s.sync).ok_or_else(|| Error::BadSegment(format!("{}: no key frame", resource.url)))?;
    decrypt(&format.track, first, &mut bytes, &shared.keys)?;
    let cuts = vec![cut(&format.track, first)];
    let chunk = Chunk { format: format.clone(), buffer: gst::Buffer::from_mut_slice(bytes), cuts, key_id: None };
    still::of_key_frame(&shared.config.decoders, &chunk)
}

/// The byte range of an I-frame playlist ends with the key frame, its `mdat` says more (RFC 8216 §4.3.3.6): the rest is filled up.
fn complete(bytes: &mut Vec<u8>) {
    let mut at = 0usize;
    while let Some(head) = bytes.get(at..at + 4) {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(end) = at.checked_add(size).filter(|end| size >= 8 && *end <= LIMIT) else { return };
        if end > bytes.len() {
            return bytes.resize(end, 0);
        }
        at = end;
    }
}
