//! Reads the sample tables of progressive MP4 files (ISO 14496-12 §8.6, §8.7): where each sample is in the file, and when.
use crate::init::parse_init;
use crate::reader::{BoxRef, Boxes, Cursor, find};
use crate::{Error, Sample, SampleCrypto, Scheme, Track};

/// More samples than five hours of picture at 60 frames a second with sound; keeps hostile tables cheap.
const MAX_SAMPLES: usize = 1 << 21;

/// Samples of one size take no bytes of their table, only a share of a row of `stco`: so many samples a byte of input and no more,
/// or a few bytes could ask for millions.
const SAMPLES_A_BYTE: usize = 8;

/// Every sample of a file: those that the `moov` lists, track by track, then those of its fragments, if it has any. `data`
/// counts from the start of the file. `bytes` may end before the media (a file's head with its `moov`): ranges of listed
/// samples are not checked against its length. Samples that a track's only edit leaves out at its end are not listed; those before
/// its start are, with times below zero: decoding needs them.
pub fn parse_samples(bytes: &[u8]) -> Result<Vec<Sample>, Error> {
    let init = parse_init(bytes)?;
    let (mut moov, mut fragmented) = (None, false);
    for top in Boxes::top_level(bytes) {
        let top = top?;
        fragmented |= top.is(b"moof");
        if top.is(b"moov") && moov.is_none() {
            moov = Some(top);
        }
    }
    let mut samples = Vec::new();
    let traks = Boxes::children(moov.ok_or(Error::Missing("moov"))?.body).filter(|b| !matches!(b, Ok(b) if !b.is(b"trak")));
    for (trak, track) in traks.zip(&init.tracks) {
        track_samples(trak?.body, track, bytes.len(), &mut samples)?;
    }
    if fragmented {
        samples.extend(crate::parse_segment(&init, bytes)?);
    }
    Ok(samples)
}

/// Descends by name.
fn descend<'a>(mut body: &'a [u8], path: &[&'static [u8; 4]]) -> Result<&'a [u8], Error> {
    for kind in path {
        body = find(body, kind)?.ok_or(Error::Missing("sample table"))?.body;
    }
    Ok(body)
}

fn track_samples(trak: &[u8], track: &Track, input: usize, out: &mut Vec<Sample>) -> Result<(), Error> {
    let stbl = descend(trak, &[b"mdia", b"minf", b"stbl"])?;
    let table = |kind: &'static [u8; 4]| find(stbl, kind);
    let sizes = match (table(b"stsz")?, table(b"stz2")?) {
        (Some(stsz), _) => Sizes::parse(&stsz)?,
        (None, Some(stz2)) => Sizes::parse_compact(&stz2)?,
        (None, None) => return Err(Error::Missing("stsz")),
    };
    if sizes.count == 0 {
        return Ok(());
    }
    let mut times = Runs::parse(table(b"stts")?.ok_or(Error::Missing("stts"))?, "stts")?;
    let mut offsets = table(b"ctts")?.map(|b| Runs::parse(b, "ctts")).transpose()?;
    let mut sync = table(b"stss")?.map(|b| SyncSamples::parse(&b)).transpose()?;
    let mut chunks = Chunks::parse(stbl)?;
    if track.protection.as_ref().is_some_and(|p| p.constant_iv.is_none() && p.is_protected) {
        return Err(Error::Unsupported("encrypted progressive file"));
    }
    if out.len().saturating_add(sizes.count) > MAX_SAMPLES.min(input.saturating_mul(SAMPLES_A_BYTE)) {
        return Err(Error::Invalid("stsz", "too many samples"));
    }
    let overflow = || Error::Invalid("sample table", "out of range");
    let mut dts = track.edit_offset;
    for n in 0..sizes.count {
        let size = sizes.get(n);
        let start = usize::try_from(chunks.next(size)?).map_err(|_| overflow())?;
        let duration = times.next()?;
        // Versions 0 and 1 alike: no file means offsets of 2³¹ and more, and many of version 0 hold negative ones.
        let offset = offsets.as_mut().map_or(Ok(0), Runs::next)? as i32;
        let pts = dts.checked_add(offset.into()).ok_or_else(overflow)?;
        let (at, number) = (dts, n as u32 + 1);
        dts = dts.checked_add(duration.into()).ok_or_else(overflow)?;
        let sync = sync.as_mut().is_none_or(|s| s.contains(number));
        if track.edit_end.is_some_and(|end| pts >= end) {
            continue;
        }
        out.push(Sample {
            track_id: track.id,
            dts: at,
            pts,
            duration,
            sync,
            data: start..start.checked_add(size as usize).ok_or_else(overflow)?,
            crypto: constant_crypto(track),
        });
    }
    Ok(())
}

/// Whole samples under a constant IV need no auxiliary information.
fn constant_crypto(track: &Track) -> Option<SampleCrypto> {
    let protection = track.protection.as_ref().filter(|p| p.is_protected && p.scheme == Scheme::Cbcs)?;
    let constant = protection.constant_iv.as_ref()?;
    let mut iv = [0; 16];
    iv.iter_mut().zip(constant).for_each(|(to, from)| *to = *from);
    let (scheme, key_id, pattern) = (protection.scheme, protection.key_id, protection.pattern);
    Some(SampleCrypto { scheme, key_id, iv, pattern, subsamples: Vec::new() })
}

/// `stsz` or `stz2`.
struct Sizes<'a> {
    same: u32,
    each: &'a [u8],
    /// Of one size: 4, 8, 16 or 32.
    bits: usize,
    count: usize,
}

impl<'a> Sizes<'a> {
    fn parse(stsz: &BoxRef<'a>) -> Result<Self, Error> {
        let mut cursor = stsz.cursor("stsz");
        cursor.full_box()?;
        let same = cursor.u32()?;
        let listed = cursor.u32()?;
        let count = if same == 0 { cursor.rows(listed, 4)? } else { listed as usize };
        Ok(Sizes { same, each: cursor.rest(), bits: 32, count })
    }

    fn parse_compact(stz2: &BoxRef<'a>) -> Result<Self, Error> {
        let mut cursor = stz2.cursor("stz2");
        cursor.full_box()?;
        let bits = cursor.u32()? & 0xff;
        if !matches!(bits, 4 | 8 | 16) {
            return Err(cursor.invalid("field size is not 4, 8 or 16"));
        }
        let count = cursor.u32()? as usize;
        let each = cursor.rest();
        if count > each.len().saturating_mul(8) / bits as usize {
            return Err(Error::Truncated("stz2"));
        }
        Ok(Sizes { same: 0, each, bits: bits as usize, count })
    }

    fn get(&self, n: usize) -> u32 {
        let bytes = |at: usize, length: usize| self.each.get(at..at + length).unwrap_or_default();
        let number = |bytes: &[u8]| bytes.iter().fold(0, |value, b| value << 8 | u32::from(*b));
        match self.bits {
            _ if self.same != 0 => self.same,
            4 => number(bytes(n / 2, 1)) >> (4 * (1 - n % 2)) & 15,
            bits => number(bytes(n * bits / 8, bits / 8)),
        }
    }
}

/// `stts` and `ctts`: runs of (count, value).
struct Runs<'a> {
    cursor: Cursor<'a>,
    left: u32,
    value: u32,
}

impl<'a> Runs<'a> {
    fn parse(b: BoxRef<'a>, what: &'static str) -> Result<Self, Error> {
        let mut cursor = b.cursor(what);
        cursor.skip(8)?;
        Ok(Runs { cursor, left: 0, value: 0 })
    }

    fn next(&mut self) -> Result<u32, Error> {
        while self.left == 0 {
            (self.left, self.value) = (self.cursor.u32()?, self.cursor.u32()?);
        }
        self.left -= 1;
        Ok(self.value)
    }
}

/// `stss`, walked in order.
struct SyncSamples<'a> {
    cursor: Cursor<'a>,
    next: Option<u32>,
}

impl<'a> SyncSamples<'a> {
    fn parse(b: &BoxRef<'a>) -> Result<Self, Error> {
        let mut cursor = b.cursor("stss");
        cursor.skip(8)?;
        let next = cursor.u32().ok();
        Ok(SyncSamples { cursor, next })
    }

    fn contains(&mut self, number: u32) -> bool {
        while self.next.is_some_and(|n| n < number) {
            self.next = self.cursor.u32().ok();
        }
        self.next == Some(number)
    }
}

/// `stsc` with `stco` or `co64`: the place of one sample after the other.
struct Chunks<'a> {
    runs: Cursor<'a>,
    offsets: Cursor<'a>,
    wide: bool,
    /// Number of the current chunk, from 1, and samples left in it.
    chunk: u32,
    left: u32,
    /// Samples a chunk, and the chunk from which on another number holds.
    per_chunk: u32,
    next_run: Option<u32>,
    position: u64,
}

impl<'a> Chunks<'a> {
    fn parse(stbl: &'a [u8]) -> Result<Self, Error> {
        let stsc = find(stbl, b"stsc")?.ok_or(Error::Missing("stsc"))?;
        let (offsets, wide) = match (find(stbl, b"stco")?, find(stbl, b"co64")?) {
            (_, Some(co64)) => (co64, true),
            (Some(stco), None) => (stco, false),
            (None, None) => return Err(Error::Missing("stco")),
        };
        let (mut runs, mut offsets) = (stsc.cursor("stsc"), offsets.cursor("stco"));
        runs.skip(8)?;
        offsets.skip(8)?;
        let next_run = Some(runs.u32()?);
        Ok(Chunks { runs, offsets, wide, chunk: 0, left: 0, per_chunk: 0, next_run, position: 0 })
    }

    fn next(&mut self, size: u32) -> Result<u64, Error> {
        while self.left == 0 {
            self.chunk += 1;
            self.position = self.offsets.u32_or_u64(self.wide)?;
            if self.next_run == Some(self.chunk) {
                self.per_chunk = self.runs.u32()?;
                self.runs.skip(4)?;
                self.next_run = if self.runs.is_empty() { None } else { Some(self.runs.u32()?) };
            }
            self.left = self.per_chunk;
        }
        self.left -= 1;
        let start = self.position;
        self.position = start.checked_add(size.into()).ok_or(Error::Invalid("stco", "out of range"))?;
        Ok(start)
    }
}
