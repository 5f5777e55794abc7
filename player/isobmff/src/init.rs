//! Reads an init segment (`ftyp` + `moov`).
use crate::entry::parse_stsd;
use crate::protection::{parse_pssh_body, parse_sgpd};
use crate::reader::{BoxRef, Boxes, find};
use crate::{Error, Init, SampleDefaults, Scheme, Track, TrackKind};

/// More tracks than any real file has; keeps hostile ones cheap.
const MAX_TRACKS: usize = 256;

/// Reads `ftyp` and `moov`; other top-level boxes are passed over, so a whole file may be given.
pub fn parse_init(bytes: &[u8]) -> Result<Init, Error> {
    for top in Boxes::top_level(bytes) {
        let top = top?;
        if top.is(b"moov") {
            return parse_moov(top.body);
        }
    }
    Err(Error::Missing("moov"))
}

fn parse_moov(moov: &[u8]) -> Result<Init, Error> {
    let mvhd = find(moov, b"mvhd")?.ok_or(Error::Missing("mvhd"))?;
    let (movie_timescale, movie_duration) = timescale_and_duration(&mvhd, "mvhd")?;
    let mut init = Init { tracks: Vec::new(), pssh: Vec::new(), duration_ms: None };
    let mut fragment_duration = None;
    let mut defaults = Vec::new();
    for child in Boxes::children(moov) {
        let child = child?;
        match &child.kind.0 {
            b"trak" => {
                if init.tracks.len() == MAX_TRACKS {
                    return Err(Error::Invalid("moov", "too many tracks"));
                }
                init.tracks.push(parse_trak(child.body, movie_timescale)?);
            }
            b"pssh" => init.pssh.push(parse_pssh_body(child.body)?),
            b"mvex" => fragment_duration = parse_mvex(child.body, &mut defaults)?,
            _ => {}
        }
    }
    if init.tracks.is_empty() {
        return Err(Error::Missing("trak"));
    }
    for track in &mut init.tracks {
        if let Some((_, found)) = defaults.iter().find(|(id, _)| *id == track.id) {
            track.defaults = *found;
        }
    }
    let duration = fragment_duration.filter(|&d| d != 0).or(movie_duration).filter(|&d| d != 0);
    init.duration_ms = duration.and_then(|d| {
        let ms = u128::from(d) * 1000 / u128::from(movie_timescale.max(1));
        u64::try_from(ms).ok().filter(|&ms| ms != 0)
    });
    Ok(init)
}

/// `timescale` and `duration` of `mvhd` and `mdhd`, the latter `None` where it is "unknown" (all ones).
fn timescale_and_duration(b: &BoxRef<'_>, what: &'static str) -> Result<(u32, Option<u64>), Error> {
    let mut cursor = b.cursor(what);
    let (version, _) = cursor.full_box()?;
    let wide = version == 1;
    cursor.skip(if wide { 16 } else { 8 })?;
    let timescale = cursor.u32()?;
    let duration = cursor.u32_or_u64(wide)?;
    let unknown = if wide { u64::MAX } else { u32::MAX.into() };
    Ok((timescale, Some(duration).filter(|&d| d != unknown)))
}

fn parse_mvex(body: &[u8], defaults: &mut Vec<(u32, SampleDefaults)>) -> Result<Option<u64>, Error> {
    let mut duration = None;
    for child in Boxes::children(body) {
        let child = child?;
        if child.is(b"mehd") {
            let mut cursor = child.cursor("mehd");
            let (version, _) = cursor.full_box()?;
            duration = Some(cursor.u32_or_u64(version == 1)?);
        } else if child.is(b"trex") && defaults.len() < MAX_TRACKS {
            let mut cursor = child.cursor("trex");
            cursor.full_box()?;
            let id = cursor.u32()?;
            let (description, duration, size, flags) = (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
            defaults.push((id, SampleDefaults { description, duration, size, flags }));
        }
    }
    Ok(duration)
}

fn parse_trak(body: &[u8], movie_timescale: u32) -> Result<Track, Error> {
    let mut track = Track::default();
    let tkhd = find(body, b"tkhd")?.ok_or(Error::Missing("tkhd"))?;
    let mut cursor = tkhd.cursor("tkhd");
    let (version, _) = cursor.full_box()?;
    cursor.skip(if version == 1 { 16 } else { 8 })?;
    track.id = cursor.u32()?;

    let mdia = find(body, b"mdia")?.ok_or(Error::Missing("mdia"))?.body;
    let mdhd = find(mdia, b"mdhd")?.ok_or(Error::Missing("mdhd"))?;
    track.timescale = timescale_and_duration(&mdhd, "mdhd")?.0;
    if track.timescale == 0 {
        return Err(Error::Invalid("mdhd", "timescale is zero"));
    }
    track.language = language(&mdhd)?;
    let hdlr = find(mdia, b"hdlr")?.ok_or(Error::Missing("hdlr"))?;
    let mut cursor = hdlr.cursor("hdlr");
    cursor.skip(8)?;
    track.kind = match &cursor.fourcc()?.0 {
        b"vide" => TrackKind::Video,
        b"soun" => TrackKind::Audio,
        b"text" | b"subt" | b"sbtl" | b"clcp" => TrackKind::Text,
        _ => TrackKind::Other,
    };
    let minf = find(mdia, b"minf")?.ok_or(Error::Missing("minf"))?;
    let stbl = find(minf.body, b"stbl")?.ok_or(Error::Missing("stbl"))?;
    let stsd = find(stbl.body, b"stsd")?.ok_or(Error::Missing("stsd"))?;
    parse_stsd(stsd.body, &mut track)?;
    let scheme = track.protection.as_ref().map_or(Scheme::Cenc, |p| p.scheme);
    for child in Boxes::children(stbl.body) {
        let child = child?;
        if child.is(b"sgpd") {
            track.key_groups.extend(parse_sgpd(child.body, scheme)?);
        }
    }
    if let Some(edts) = find(body, b"edts")?
        && let Some(elst) = find(edts.body, b"elst")?
    {
        (track.edit_offset, track.edit_end) = edits(&elst, movie_timescale, track.timescale)?;
    }
    Ok(track)
}

/// Three letters of five bits (ISO 14496-12 §8.4.2).
fn language(mdhd: &BoxRef<'_>) -> Result<String, Error> {
    let mut cursor = mdhd.cursor("mdhd");
    let (version, _) = cursor.full_box()?;
    cursor.skip(if version == 1 { 28 } else { 16 })?;
    let packed = cursor.u16()?;
    let letters = [10, 5, 0].map(|shift| (packed >> shift & 31) as u8 + 0x60);
    let valid = letters.iter().all(u8::is_ascii_lowercase);
    Ok(if valid { letters.iter().map(|&b| char::from(b)).collect() } else { "und".into() })
}

/// Leading empty edits push the presentation back; the first real edit starts at its `media_time`. Where it is the only one, its
/// duration says the end; more edits are not followed.
fn edits(elst: &BoxRef<'_>, movie_timescale: u32, timescale: u32) -> Result<(i64, Option<i64>), Error> {
    let mut cursor = elst.cursor("elst");
    let (version, _) = cursor.full_box()?;
    let wide = version == 1;
    let count = cursor.u32()?;
    let mut offset = 0i64;
    let too_big = || Error::Invalid("elst", "out of range");
    let rows = cursor.rows(count, if wide { 20 } else { 12 })?;
    for row in 0..rows {
        let duration = cursor.u32_or_u64(wide)?;
        let media_time = if wide { cursor.u64()? as i64 } else { i64::from(cursor.u32()? as i32) };
        cursor.skip(4)?;
        // Up: the movie's timescale is coarser than the media's, and no sample is to fall to the rounding.
        let ticks = (u128::from(duration) * u128::from(timescale)).div_ceil(u128::from(movie_timescale.max(1)));
        let ticks = i64::try_from(ticks).map_err(|_| too_big());
        if media_time >= 0 {
            let end = if duration > 0 && row + 1 == rows { ticks.ok().and_then(|t| offset.checked_add(t)) } else { None };
            return Ok((offset.checked_sub(media_time).ok_or_else(too_big)?, end));
        }
        offset = offset.checked_add(ticks?).ok_or_else(too_big)?;
    }
    // Nothing but empty edits: nothing to present, so nothing to shift.
    Ok((0, None))
}
