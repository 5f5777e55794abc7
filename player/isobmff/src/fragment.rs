//! Reads media segments (`moof` + `mdat`).
use std::collections::HashMap;

use crate::reader::{BoxRef, Boxes, Cursor};
use crate::sample_aux::CryptoBoxes;
use crate::{Error, Init, Sample, SampleDefaults, Track};

/// More samples than six hours of picture and sound in one file; keeps hostile tables cheap.
const MAX_SAMPLES: usize = 1 << 21;

/// `sample_is_non_sync_sample` (ISO 14496-12 §8.8.3.1).
const NON_SYNC: u32 = 0x0001_0000;

/// Every sample of every `moof` in `bytes`, in file order. `styp`, `sidx`, `emsg`, `prft` are passed over.
///
/// Legacy `base_data_offset`s count from the start of a file: say where `bytes` is in it with [`parse_segment_at`]. Those that point
/// nowhere near are taken to mean the `moof`, which is what writers of such files mean.
pub fn parse_segment(init: &Init, bytes: &[u8]) -> Result<Vec<Sample>, Error> {
    parse_segment_at(init, bytes, 0)
}

/// As [`parse_segment`], of bytes that begin at byte `position` of their file. Samples' places still count from `bytes`' start.
pub fn parse_segment_at(init: &Init, bytes: &[u8], position: u64) -> Result<Vec<Sample>, Error> {
    let mut parser =
        Parser { init, bytes, position, samples: Vec::new(), budget: bytes.len(), next_dts: HashMap::new(), matched: false };
    let mut seen = false;
    for top in Boxes::top_level(bytes) {
        let top = top?;
        if top.is(b"moof") {
            seen = true;
            parser.moof(&top)?;
        }
    }
    match (seen, parser.matched) {
        (false, _) => Err(Error::Missing("moof")),
        (true, false) => Err(Error::Invalid("moof", "its track is not in the init segment")),
        (true, true) => Ok(parser.samples),
    }
}

struct Parser<'a> {
    init: &'a Init,
    bytes: &'a [u8],
    position: u64,
    samples: Vec<Sample>,
    /// Bytes of `bytes` not yet claimed by a sample: overlapping samples would let a small input name a huge output.
    budget: usize,
    /// Where a fragment without `tfdt` goes on, by track.
    next_dts: HashMap<u32, u64>,
    matched: bool,
}

/// `tfhd`: what holds for a whole track fragment.
struct Header {
    defaults: SampleDefaults,
    base: usize,
}

impl<'a> Parser<'a> {
    fn moof(&mut self, moof: &BoxRef<'a>) -> Result<(), Error> {
        let mut implicit_base = moof.start;
        for child in Boxes::children(moof.body) {
            let child = child?;
            if child.is(b"traf") {
                implicit_base = self.traf(child.body, moof, implicit_base)?;
            }
        }
        Ok(())
    }

    /// Returns where its data ends: the next `traf`'s base, if that names none of its own.
    fn traf(&mut self, body: &'a [u8], moof: &BoxRef<'a>, implicit_base: usize) -> Result<usize, Error> {
        let mut tfhd = None;
        let mut decode_time = None;
        let mut crypto = CryptoBoxes::default();
        for child in Boxes::children(body) {
            let child = child?;
            match &child.kind.0 {
                b"tfhd" => tfhd = Some(child),
                b"tfdt" => {
                    let mut cursor = child.cursor("tfdt");
                    let (version, _) = cursor.full_box()?;
                    decode_time = Some(cursor.u32_or_u64(version == 1)?);
                }
                _ => crypto.offer(&child),
            }
        }
        let mut tfhd = tfhd.ok_or(Error::Missing("tfhd"))?.cursor("tfhd");
        let (_, flags) = tfhd.full_box()?;
        let track_id = tfhd.u32()?;
        let Some(track) = self.init.tracks.iter().find(|t| t.id == track_id) else { return Ok(implicit_base) };
        self.matched = true;
        let header = self.header(&mut tfhd, flags, track, moof, implicit_base)?;

        let first = self.samples.len();
        let mut dts = decode_time.or_else(|| self.next_dts.get(&track_id).copied()).unwrap_or(0);
        let mut position = header.base;
        for child in Boxes::children(body) {
            let child = child?;
            if child.is(b"trun") {
                self.trun(&mut child.cursor("trun"), track, &header, &mut position, &mut dts)?;
            }
        }
        self.next_dts.insert(track_id, dts);
        let added = self.samples.get_mut(first..).unwrap_or_default();
        let found = crypto.resolve(track, header.defaults.description, added.len(), self.bytes, header.base)?;
        for (sample, crypto) in added.iter_mut().zip(found) {
            sample.crypto = crypto;
        }
        Ok(position)
    }

    fn header(
        &self,
        cursor: &mut Cursor<'_>,
        flags: u32,
        track: &Track,
        moof: &BoxRef<'_>,
        implicit_base: usize,
    ) -> Result<Header, Error> {
        let explicit = if flags & 0x1 != 0 { Some(cursor.u64()?) } else { None };
        let mut defaults = track.defaults;
        if flags & 0x2 != 0 {
            defaults.description = cursor.u32()?;
        }
        if flags & 0x8 != 0 {
            defaults.duration = cursor.u32()?;
        }
        if flags & 0x10 != 0 {
            defaults.size = cursor.u32()?;
        }
        if flags & 0x20 != 0 {
            defaults.flags = cursor.u32()?;
        }
        let base = match explicit {
            // Believed where it points at this `moof` or into the data that follows it.
            Some(offset) => {
                let end = self.mdat_end(moof.end());
                let fits = |o: &usize| *o == moof.start || (*o >= moof.end() && *o <= end);
                let from = |start: u64| usize::try_from(offset.checked_sub(start)?).ok().filter(fits);
                from(self.position).or_else(|| from(0)).unwrap_or(moof.start)
            }
            None if flags & 0x2_0000 != 0 => moof.start,
            None => implicit_base,
        };
        Ok(Header { defaults, base })
    }

    /// The end of the first `mdat` at or after `from`.
    fn mdat_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let mdat = Boxes::top_level(rest).map_while(Result::ok).take_while(|b| !b.is(b"moof")).find(|b| b.is(b"mdat"));
        mdat.map_or(from, |b| from + b.end())
    }

    fn trun(
        &mut self,
        cursor: &mut Cursor<'_>,
        track: &Track,
        header: &Header,
        position: &mut usize,
        dts: &mut u64,
    ) -> Result<(), Error> {
        let (version, flags) = cursor.full_box()?;
        let count = cursor.u32()?;
        if flags & 0x1 != 0 {
            let offset = cursor.u32()? as i32;
            *position = header.base.checked_add_signed(offset as isize).ok_or(Error::Truncated("mdat"))?;
        }
        let first_flags = if flags & 0x4 != 0 { Some(cursor.u32()?) } else { None };
        let fields = [0x100, 0x200, 0x400, 0x800].iter().filter(|&&f| flags & f != 0).count();
        let count = cursor.rows(count, fields * 4)?;
        self.check_count(count, fields, header)?;
        self.samples.reserve(count);
        for n in 0..count {
            let duration = if flags & 0x100 != 0 { cursor.u32()? } else { header.defaults.duration };
            let size = if flags & 0x200 != 0 { cursor.u32()? } else { header.defaults.size };
            let own_flags = if flags & 0x400 != 0 { cursor.u32()? } else { header.defaults.flags };
            let sample_flags = first_flags.filter(|_| n == 0).unwrap_or(own_flags);
            let offset = match (flags & 0x800 != 0, version) {
                (false, _) => 0,
                (true, 0) => i64::from(cursor.u32()?),
                (true, _) => i64::from(cursor.u32()? as i32),
            };
            let size = size as usize;
            let end = position.checked_add(size).filter(|&e| e <= self.bytes.len()).ok_or(Error::Truncated("mdat"))?;
            self.budget = self.budget.checked_sub(size).ok_or(Error::Invalid("trun", "samples overlap"))?;
            let overflow = || Error::Invalid("tfdt", "out of range");
            let start = i64::try_from(*dts).ok().and_then(|t| t.checked_add(track.edit_offset)).ok_or_else(overflow)?;
            self.samples.push(Sample {
                track_id: track.id,
                dts: start,
                pts: start.checked_add(offset).ok_or_else(overflow)?,
                duration,
                sync: sample_flags & NON_SYNC == 0,
                data: *position..end,
                crypto: None,
            });
            *position = end;
            *dts = dts.checked_add(duration.into()).ok_or_else(overflow)?;
        }
        Ok(())
    }

    /// Before anything is allocated: a run whose rows take no bytes of the box must still take bytes of the file.
    fn check_count(&self, count: usize, fields: usize, header: &Header) -> Result<(), Error> {
        let no_room = fields == 0
            && match header.defaults.size {
                0 => count > self.bytes.len() / 16,
                size => count > self.budget / size as usize,
            };
        if no_room {
            return Err(Error::Truncated("trun"));
        }
        if self.samples.len() + count > MAX_SAMPLES {
            return Err(Error::Invalid("trun", "too many samples"));
        }
        Ok(())
    }
}
