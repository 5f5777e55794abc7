//! Segments without an init segment: transport streams and packed audio.

use super::Shift;
use crate::Error;
use crate::media::prepare::Chunk;
use crate::media::{packed, ts};
use hearth_isobmff::TrackKind;
use hearth_manifest::Segment;
use std::cell::RefCell;

/// Its tracks, cut into samples. Picture and sound are shifted alike, whichever of them is wanted.
pub(super) fn chunks(bytes: Vec<u8>, segment: &Segment, shift: &mut Shift) -> Result<Vec<Chunk>, Error> {
    let (url, expected) = (&segment.resource.url, i64::try_from(segment.start_us).unwrap_or(0).saturating_mul(1000));
    let shift = RefCell::new(shift);
    let of = |first: i64| {
        let shift = shift.borrow_mut().of(first);
        shift + ts::wraps(first + shift, expected)
    };
    if packed::is_packed(&bytes) {
        return Ok(vec![packed::read(bytes, url, expected, of)?]);
    }
    ts::read(bytes, url, &[TrackKind::Video, TrackKind::Audio], of)
}
