//! Sample entries of `stsd`: codec, decoder configuration, size or channels, protection (ISO 14496-12 §8.5.2, 14496-15, …).
use crate::protection::parse_sinf;
use crate::reader::{BoxRef, Boxes, Cursor, find};
use crate::{Codec, Error, FourCc, Protection, Track, TrackKind};

/// Fills a track from the body of its `stsd`.
pub(crate) fn parse_stsd(body: &[u8], track: &mut Track) -> Result<(), Error> {
    let mut cursor = Cursor::new(body, "stsd");
    let (version, _) = cursor.full_box()?;
    cursor.skip(4)?;
    let mut main: Option<Track> = None;
    for entry in Boxes::children(cursor.rest()) {
        let mut parsed = Track { kind: track.kind, ..Track::default() };
        parse_entry(entry?, version, &mut parsed)?;
        track.entries.push(parsed.protection.clone());
        // The first protected entry speaks for the track: a clear lead's has the same configuration.
        let better = match &main {
            None => true,
            Some(m) => m.protection.is_none() && parsed.protection.is_some(),
        };
        if better {
            main = Some(parsed);
        }
    }
    let main = main.ok_or(Error::Missing("sample entry"))?;
    if track.entries.len() == 1 {
        track.entries.clear();
    }
    *track = Track {
        id: track.id,
        timescale: track.timescale,
        language: std::mem::take(&mut track.language),
        edit_offset: track.edit_offset,
        edit_end: track.edit_end,
        entries: std::mem::take(&mut track.entries),
        key_groups: std::mem::take(&mut track.key_groups),
        defaults: track.defaults,
        ..main
    };
    Ok(())
}

fn parse_entry(entry: BoxRef<'_>, stsd_version: u8, track: &mut Track) -> Result<(), Error> {
    let mut cursor = entry.cursor("sample entry");
    cursor.skip(8)?;
    let kind = track.kind;
    match kind {
        TrackKind::Video => video_fields(&mut cursor, track)?,
        TrackKind::Audio => audio_fields(&mut cursor, stsd_version, track)?,
        TrackKind::Text if entry.is(b"stpp") => {
            track.config = cursor.c_string().to_vec();
            cursor.c_string();
            cursor.c_string();
        }
        TrackKind::Text | TrackKind::Other => {}
    }
    let children = cursor.rest();
    track.sample_entry = entry.kind;
    if matches!(&entry.kind.0, b"encv" | b"enca" | b"enct" | b"encs") {
        let sinf = find(children, b"sinf")?.ok_or(Error::Missing("sinf"))?;
        let (format, protection): (FourCc, Protection) = parse_sinf(sinf.body)?;
        track.sample_entry = format;
        track.protection = Some(protection);
    }
    track.codec = codec_of(track.sample_entry);
    match kind {
        TrackKind::Video | TrackKind::Audio => parse_children(children, track),
        // What text and metadata entries hold beyond their fields is their own affair.
        _ if track.codec == Codec::Wvtt => {
            track.config = find(children, b"vttC")?.map(|b| b.body.to_vec()).unwrap_or_default();
            Ok(())
        }
        _ => Ok(()),
    }
}

fn video_fields(cursor: &mut Cursor<'_>, track: &mut Track) -> Result<(), Error> {
    cursor.skip(16)?;
    track.width = cursor.u16()?.into();
    track.height = cursor.u16()?.into();
    cursor.skip(50)
}

fn audio_fields(cursor: &mut Cursor<'_>, stsd_version: u8, track: &mut Track) -> Result<(), Error> {
    let version = cursor.u16()?;
    cursor.skip(6)?;
    track.channels = cursor.u16()?.into();
    cursor.skip(6)?;
    track.sample_rate = cursor.u32()? >> 16;
    // QuickTime's longer entries; ISO's own version 1 (under a version 1 `stsd`) has the same fields as version 0.
    match (stsd_version, version) {
        (0, 1) => cursor.skip(16),
        (0, 2) => cursor.skip(36),
        _ => Ok(()),
    }
}

fn codec_of(entry: FourCc) -> Codec {
    match &entry.0 {
        b"avc1" | b"avc3" => Codec::Avc,
        b"hvc1" | b"hev1" => Codec::Hevc,
        b"av01" => Codec::Av1,
        b"vp09" => Codec::Vp9,
        b"mp4a" => Codec::Aac,
        b"ac-3" => Codec::Ac3,
        b"ec-3" => Codec::Eac3,
        b"Opus" => Codec::Opus,
        b"wvtt" => Codec::Wvtt,
        b"stpp" => Codec::Stpp,
        _ => Codec::Other(entry),
    }
}

fn parse_children(children: &[u8], track: &mut Track) -> Result<(), Error> {
    for child in Boxes::children(children) {
        let child = child?;
        match (&child.kind.0, track.codec) {
            (b"avcC", Codec::Avc)
            | (b"hvcC", Codec::Hevc)
            | (b"av1C", Codec::Av1)
            | (b"vpcC", Codec::Vp9)
            | (b"dOps", Codec::Opus)
            | (b"dac3", Codec::Ac3)
            | (b"dec3", Codec::Eac3) => track.config = child.body.to_vec(),
            (b"esds", Codec::Aac) => parse_esds(child.body, track)?,
            (b"wave", Codec::Aac) => {
                if let Some(esds) = find(child.body, b"esds")? {
                    parse_esds(esds.body, track)?;
                }
            }
            (b"colr" | b"pasp" | b"clli" | b"mdcv" | b"btrt", _) => {
                let size = u32::try_from(child.body.len() + 8).map_err(|_| Error::Invalid("box", "too long"))?;
                track.extra.extend_from_slice(&size.to_be_bytes());
                track.extra.extend_from_slice(&child.kind.0);
                track.extra.extend_from_slice(child.body);
            }
            _ => {}
        }
    }
    if track.config.is_empty() && matches!(track.codec, Codec::Avc | Codec::Hevc | Codec::Aac | Codec::Opus) {
        return Err(Error::Missing("decoder configuration"));
    }
    Ok(())
}

/// `esds` (ISO 14496-1 §7.2.6): ES descriptor, decoder configuration, decoder specific info.
fn parse_esds(body: &[u8], track: &mut Track) -> Result<(), Error> {
    let mut cursor = Cursor::new(body, "esds");
    cursor.full_box()?;
    let mut es = descriptor(&mut cursor, 3)?;
    es.skip(2)?;
    let flags = es.u8()?;
    if flags & 0x80 != 0 {
        es.skip(2)?;
    }
    if flags & 0x40 != 0 {
        let length = es.u8()?;
        es.skip(length.into())?;
    }
    if flags & 0x20 != 0 {
        es.skip(2)?;
    }
    let mut decoder = descriptor(&mut es, 4)?;
    let object_type = decoder.u8()?;
    decoder.skip(12)?;
    let config = if decoder.is_empty() { &[] } else { descriptor(&mut decoder, 5)?.rest() };
    track.config = config.to_vec();
    track.codec = match object_type {
        0x40 | 0x66..=0x68 => Codec::Aac,
        0xa5 => Codec::Ac3,
        0xa6 => Codec::Eac3,
        0xad => Codec::Opus,
        _ => Codec::Other(FourCc(*b"mp4a")),
    };
    if track.codec == Codec::Aac
        && let Some(asc) = crate::aac::AudioSpecificConfig::parse(config)
    {
        // The entry's own fields are a template that muxers fill carelessly.
        track.sample_rate = asc.sample_rate;
        if asc.channels != 0 {
            track.channels = asc.channels;
        }
    }
    Ok(())
}

/// One descriptor with the wanted tag.
fn descriptor<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Result<Cursor<'a>, Error> {
    if cursor.u8()? != tag {
        return Err(cursor.invalid("descriptor out of order"));
    }
    let mut length = 0usize;
    for _ in 0..4 {
        let byte = cursor.u8()?;
        length = length << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    // Muxers exist that count too much here; what is there decides.
    let length = length.min(cursor.rest().len());
    Ok(Cursor::new(cursor.take(length)?, "esds"))
}
