//! Segment indexes (`sidx`, ISO 14496-12 §8.16.3), read and write.
use crate::reader::{BoxRef, Boxes};
use crate::{Error, SegmentIndexEntry};
use std::collections::HashMap;

/// Reads the `sidx` boxes in `bytes`, which start at byte `base` of the resource: the first one, with those put in its place that its
/// references lead to, as far as they are in `bytes` too (a hierarchy or a chain of indexes). References to an index elsewhere are
/// left for the caller ([`SegmentIndexEntry::is_index`]).
pub fn parse_sidx(bytes: &[u8], base: u64) -> Result<Vec<SegmentIndexEntry>, Error> {
    // Where each index is in the resource, and what it refers to. Each is taken once: references in a circle find nothing there.
    let mut indexes: HashMap<u64, Vec<SegmentIndexEntry>> = HashMap::new();
    let mut first = None;
    for top in Boxes::top_level(bytes) {
        // Behind the first index anything may be cut off.
        let top = match top {
            Ok(top) => top,
            Err(e) if first.is_none() => return Err(e),
            Err(_) => break,
        };
        if top.is(b"sidx") {
            let at = base.checked_add(top.start as u64).ok_or(Error::Invalid("sidx", "out of range"))?;
            match entries(&top, base) {
                Ok(found) => {
                    indexes.insert(at, found);
                    first.get_or_insert(at);
                }
                Err(e) if first.is_none() => return Err(e),
                Err(_) => break,
            }
        }
    }
    let first = first.and_then(|at| indexes.remove(&at)).ok_or(Error::Missing("sidx"))?;
    let mut out = Vec::new();
    let mut open = vec![first.into_iter()];
    while let Some(entry) = open.last_mut() {
        let Some(entry) = entry.next() else {
            open.pop();
            continue;
        };
        match entry.is_index.then(|| indexes.remove(&entry.offset)).flatten() {
            Some(below) => open.push(below.into_iter()),
            None => out.push(entry),
        }
    }
    Ok(out)
}

/// One box's references.
fn entries(sidx: &BoxRef<'_>, base: u64) -> Result<Vec<SegmentIndexEntry>, Error> {
    let mut cursor = sidx.cursor("sidx");
    let (version, _) = cursor.full_box()?;
    cursor.skip(4)?;
    let timescale = cursor.u32()?;
    if timescale == 0 {
        return Err(Error::Invalid("sidx", "timescale is zero"));
    }
    let overflow = || Error::Invalid("sidx", "out of range");
    let mut start = cursor.u32_or_u64(version != 0)?;
    let first_offset = cursor.u32_or_u64(version != 0)?;
    let mut offset = base.checked_add(sidx.end() as u64).and_then(|o| o.checked_add(first_offset)).ok_or_else(overflow)?;
    cursor.skip(2)?;
    let count = cursor.u16()?;
    let count = cursor.rows(count.into(), 12)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let word = cursor.u32()?;
        let duration = cursor.u32()?;
        cursor.skip(4)?;
        let size = word & 0x7fff_ffff;
        entries.push(SegmentIndexEntry { offset, size, start, duration, timescale, is_index: word >> 31 == 1 });
        offset = offset.checked_add(size.into()).ok_or_else(overflow)?;
        start = start.checked_add(duration.into()).ok_or_else(overflow)?;
    }
    Ok(entries)
}

/// Writes a `sidx` for media segments that follow it at once, each starting with a sync sample: `(bytes, ticks)` of each, the
/// first one presented at `start`.
pub fn write_sidx(track_id: u32, timescale: u32, start: u64, segments: &[(u32, u32)]) -> Result<Vec<u8>, Error> {
    let count = u16::try_from(segments.len()).map_err(|_| Error::Invalid("sidx", "more than 65535 segments"))?;
    let mut out = Vec::with_capacity(40 + segments.len() * 12);
    out.extend((40 + u32::from(count) * 12).to_be_bytes());
    out.extend(b"sidx\x01\0\0\0");
    out.extend(track_id.to_be_bytes());
    out.extend(timescale.to_be_bytes());
    out.extend(start.to_be_bytes());
    out.extend(0u64.to_be_bytes());
    out.extend(u32::from(count).to_be_bytes());
    for &(size, duration) in segments {
        if size >> 31 != 0 {
            return Err(Error::Invalid("sidx", "segment of 2 GiB or more"));
        }
        out.extend(size.to_be_bytes());
        out.extend(duration.to_be_bytes());
        // starts_with_SAP, SAP_type 1.
        out.extend(0x9000_0000u32.to_be_bytes());
    }
    Ok(out)
}
