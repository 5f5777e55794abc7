//! What the ABR rule is told of a ladder: nominal rates, and true sizes where they are known.

use super::Shared;
use super::fetcher::{Cursor, place};
use crate::fetch::Stop;
use crate::title::{Playlist, select::Ladder};
use hearth_abr::{MAX_LOOKAHEAD, MAX_RENDITIONS};

/// The ladder as the rule sees it.
pub(super) fn ladder_of(shared: &Shared, at: &Cursor, list: &Playlist) -> hearth_abr::Ladder {
    let ladder = &at.ladders[at.period];
    let mut kbps = [0f32; MAX_RENDITIONS];
    for (i, out) in kbps.iter_mut().enumerate().take(ladder.renditions.len()) {
        *out =
            shared.title.rendition(place(ladder, i)).map_or(0.0, |r| r.average_bandwidth.unwrap_or(r.bandwidth) as f32 / 1000.0);
    }
    let total_ms = list.segments.iter().map(|s| s.duration_us).sum::<u64>() as f32 / 1000.0;
    let most = shared.config.buffer_ms as f32;
    hearth_abr::Ladder {
        kbps,
        len: ladder.renditions.len(),
        segment_ms: total_ms / list.segments.len().max(1) as f32,
        max_buffer_ms: list.live.map_or(most, |edge| most.min(edge.delay_us as f32 / 1000.0)),
        live: list.live.is_some(),
    }
}

/// True sizes of the coming segments where every rendition's list tells them (byte ranges, an index, `EXT-X-BITRATE`). How many segments are known.
pub(super) fn sizes_ahead(
    shared: &Shared,
    ladder: &Ladder,
    from: usize,
    sizes: &mut [[f32; MAX_RENDITIONS]; MAX_LOOKAHEAD],
) -> usize {
    for (k, row) in sizes.iter_mut().enumerate() {
        for (i, out) in row.iter_mut().enumerate().take(ladder.renditions.len()) {
            let list = shared.title.known(place(ladder, i));
            let size = list.as_ref().and_then(|l| l.get(from + k)?.size);
            match size {
                Some(size) => *out = size as f32 * 8.0,
                None => return k,
            }
        }
    }
    MAX_LOOKAHEAD
}

/// Fetches the segment lists of all renditions, so that a switch does not wait for one.
pub(super) fn warm_up(shared: &Shared, ladders: &[Ladder], stop: &Stop) {
    for ladder in ladders {
        for i in 0..ladder.renditions.len() {
            if stop.is_stopped() || shared.title.playlist(place(ladder, i), stop).is_err() {
                return;
            }
        }
    }
}
