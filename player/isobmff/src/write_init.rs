//! Writes init segments: `ftyp` and `moov` of one CMAF track (ISO 23000-19 §7.3.2).
use crate::out::Out;
use crate::{Codec, Encryption, Error, Pssh, Scheme, Track, TrackKind};

/// Writes `ftyp` and `moov` of one CMAF track. `duration_ms` goes into `mehd`. With `encryption` the sample entry becomes `encv`
/// or `enca` with `sinf`, and `pssh` boxes follow.
pub fn write_init(
    track: &Track,
    duration_ms: Option<u64>,
    encryption: Option<&Encryption>,
    pssh: &[Pssh],
) -> Result<Vec<u8>, Error> {
    if track.timescale == 0 {
        return Err(Error::Invalid("track", "timescale is zero"));
    }
    let mut out = Out::default();
    out.boxed(b"ftyp", |o| {
        o.put(b"cmfc\0\0\0\0iso6cmfcmp41dash");
        Ok(())
    })?;
    out.boxed(b"moov", |o| {
        mvhd(o, track)?;
        trak(o, track, encryption)?;
        o.boxed(b"mvex", |o| {
            if let Some(ms) = duration_ms {
                let ticks = (u128::from(ms) * u128::from(track.timescale)).div_ceil(1000);
                let ticks = u64::try_from(ticks).map_err(|_| Error::Invalid("mehd", "out of range"))?;
                o.full(b"mehd", 1, 0, |o| {
                    o.u64(ticks);
                    Ok(())
                })?;
            }
            o.full(b"trex", 0, 0, |o| {
                o.u32(track.id);
                o.u32(1);
                o.u32(track.defaults.duration);
                o.u32(track.defaults.size);
                o.u32(track.defaults.flags);
                Ok(())
            })
        })?;
        pssh.iter().try_for_each(|p| write_pssh_box(o, p))
    })?;
    Ok(out.bytes)
}

/// Writes one `pssh` box: version 1 where it lists key IDs.
pub fn write_pssh(pssh: &Pssh) -> Result<Vec<u8>, Error> {
    let mut out = Out::default();
    write_pssh_box(&mut out, pssh)?;
    Ok(out.bytes)
}

fn write_pssh_box(o: &mut Out, pssh: &Pssh) -> Result<(), Error> {
    o.full(b"pssh", u8::from(!pssh.key_ids.is_empty()), 0, |o| {
        o.put(&pssh.system_id.0);
        if !pssh.key_ids.is_empty() {
            o.u32(u32::try_from(pssh.key_ids.len()).map_err(|_| Error::Invalid("pssh", "too many key IDs"))?);
            pssh.key_ids.iter().for_each(|id| o.put(&id.0));
        }
        o.u32(u32::try_from(pssh.data.len()).map_err(|_| Error::Invalid("pssh", "too long"))?);
        o.put(&pssh.data);
        Ok(())
    })
}

/// The movie's timescale is the track's, so that edit durations are exact.
fn mvhd(o: &mut Out, track: &Track) -> Result<(), Error> {
    o.full(b"mvhd", 0, 0, |o| {
        o.zeros(8);
        o.u32(track.timescale);
        o.u32(0);
        o.u32(0x0001_0000);
        o.u16(0x0100);
        o.zeros(10);
        matrix(o);
        o.zeros(24);
        o.u32(track.id.wrapping_add(1).max(1));
        Ok(())
    })
}

fn matrix(o: &mut Out) {
    for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
        o.u32(value);
    }
}

fn trak(o: &mut Out, track: &Track, encryption: Option<&Encryption>) -> Result<(), Error> {
    o.boxed(b"trak", |o| {
        // Enabled, in the movie.
        o.full(b"tkhd", 0, 3, |o| {
            o.zeros(8);
            o.u32(track.id);
            o.zeros(16);
            o.zeros(4);
            o.u16(if track.kind == TrackKind::Audio { 0x0100 } else { 0 });
            o.zeros(2);
            matrix(o);
            o.u32(track.width << 16);
            o.u32(track.height << 16);
            Ok(())
        })?;
        if track.edit_offset != 0 {
            o.boxed(b"edts", |o| elst(o, track.edit_offset))?;
        }
        o.boxed(b"mdia", |o| {
            o.full(b"mdhd", 0, 0, |o| {
                o.zeros(8);
                o.u32(track.timescale);
                o.u32(0);
                o.u16(pack_language(&track.language));
                o.u16(0);
                Ok(())
            })?;
            hdlr(o, track)?;
            minf(o, track, encryption)
        })
    })
}

/// A negative offset is a `media_time` (composition starts late in the media), a positive one an empty edit.
fn elst(o: &mut Out, edit_offset: i64) -> Result<(), Error> {
    o.full(b"elst", 1, 0, |o| {
        o.u32(1 + u32::from(edit_offset > 0));
        if edit_offset > 0 {
            o.u64(edit_offset.unsigned_abs());
            o.u64(u64::MAX);
            o.u32(0x0001_0000);
        }
        // Duration 0: all of the fragments to come.
        o.u64(0);
        o.u64(if edit_offset < 0 { edit_offset.unsigned_abs() } else { 0 });
        o.u32(0x0001_0000);
        Ok(())
    })
}

fn pack_language(language: &str) -> u16 {
    match language.as_bytes() {
        [a, b, c] if language.bytes().all(|l| l.is_ascii_lowercase()) => {
            [a, b, c].into_iter().fold(0, |packed, &l| packed << 5 | u16::from(l - 0x60))
        }
        _ => 0x55c4, // und
    }
}

fn hdlr(o: &mut Out, track: &Track) -> Result<(), Error> {
    o.full(b"hdlr", 0, 0, |o| {
        o.u32(0);
        o.put(match (track.kind, track.codec) {
            (TrackKind::Video, _) => b"vide",
            (TrackKind::Audio, _) => b"soun",
            (TrackKind::Text, Codec::Stpp) => b"subt",
            (TrackKind::Text, _) => b"text",
            (TrackKind::Other, _) => b"meta",
        });
        o.zeros(12);
        o.put(b"Hearth\0");
        Ok(())
    })
}

fn minf(o: &mut Out, track: &Track, encryption: Option<&Encryption>) -> Result<(), Error> {
    o.boxed(b"minf", |o| {
        match (track.kind, track.codec) {
            (TrackKind::Video, _) => o.full(b"vmhd", 0, 1, |o| {
                o.zeros(8);
                Ok(())
            })?,
            (TrackKind::Audio, _) => o.full(b"smhd", 0, 0, |o| {
                o.zeros(4);
                Ok(())
            })?,
            (TrackKind::Text, Codec::Stpp) => o.full(b"sthd", 0, 0, |_| Ok(()))?,
            _ => o.full(b"nmhd", 0, 0, |_| Ok(()))?,
        }
        o.boxed(b"dinf", |o| {
            o.full(b"dref", 0, 0, |o| {
                o.u32(1);
                // The media is in this file.
                o.full(b"url ", 0, 1, |_| Ok(()))
            })
        })?;
        o.boxed(b"stbl", |o| {
            o.full(b"stsd", 0, 0, |o| {
                o.u32(1);
                sample_entry(o, track, encryption)
            })?;
            for kind in [b"stts", b"stsc", b"stco"] {
                o.full(kind, 0, 0, |o| {
                    o.u32(0);
                    Ok(())
                })?;
            }
            o.full(b"stsz", 0, 0, |o| {
                o.zeros(8);
                Ok(())
            })
        })
    })
}

fn sample_entry(o: &mut Out, track: &Track, encryption: Option<&Encryption>) -> Result<(), Error> {
    let kind = match (encryption, track.kind) {
        (None, _) => track.sample_entry.0,
        (Some(_), TrackKind::Video) => *b"encv",
        (Some(_), TrackKind::Audio) => *b"enca",
        (Some(_), _) => return Err(Error::Unsupported("encryption of text")),
    };
    o.boxed(&kind, |o| {
        o.zeros(6);
        o.u16(1);
        match track.kind {
            TrackKind::Video => video_fields(o, track)?,
            TrackKind::Audio => audio_fields(o, track)?,
            TrackKind::Text if track.codec == Codec::Stpp => {
                o.put(&track.config);
                o.zeros(3);
            }
            _ => {}
        }
        config(o, track)?;
        o.put(&track.extra);
        if let Some(e) = encryption {
            o.boxed(b"sinf", |o| sinf(o, track, e))?;
        }
        Ok(())
    })
}

fn video_fields(o: &mut Out, track: &Track) -> Result<(), Error> {
    let pixels = |n: u32| u16::try_from(n).map_err(|_| Error::Invalid("track", "picture too large"));
    o.zeros(16);
    o.u16(pixels(track.width)?);
    o.u16(pixels(track.height)?);
    o.u32(0x0048_0000); // 72 dpi
    o.u32(0x0048_0000);
    o.zeros(4);
    o.u16(1);
    o.zeros(32);
    o.u16(0x0018);
    o.u16(0xffff);
    Ok(())
}

fn audio_fields(o: &mut Out, track: &Track) -> Result<(), Error> {
    o.zeros(8);
    o.u16(u16::try_from(track.channels).map_err(|_| Error::Invalid("track", "too many channels"))?);
    o.u16(16);
    o.zeros(4);
    // 16.16; rates that do not fit are in the decoder configuration alone.
    o.u32(if track.sample_rate > 0xffff { 0 } else { track.sample_rate << 16 });
    Ok(())
}

fn config(o: &mut Out, track: &Track) -> Result<(), Error> {
    let kind = match track.codec {
        Codec::Avc => b"avcC",
        Codec::Hevc => b"hvcC",
        Codec::Av1 => b"av1C",
        Codec::Vp9 => b"vpcC",
        Codec::Opus => b"dOps",
        Codec::Ac3 => b"dac3",
        Codec::Eac3 => b"dec3",
        Codec::Wvtt => b"vttC",
        Codec::Aac => return o.full(b"esds", 0, 0, |o| esds(o, &track.config)),
        Codec::Stpp => return Ok(()),
        Codec::Other(_) => return Err(Error::Unsupported("codec")),
    };
    o.boxed(kind, |o| {
        o.put(&track.config);
        Ok(())
    })
}

/// ES descriptor, decoder configuration for AAC, AudioSpecificConfig, SL configuration.
fn esds(o: &mut Out, config: &[u8]) -> Result<(), Error> {
    let length = u8::try_from(config.len()).ok().filter(|&n| n < 90);
    let length = length.ok_or(Error::Invalid("AudioSpecificConfig", "too long"))?;
    o.put(&[3, 3 + 2 + 13 + 2 + length + 3, 0, 0, 0]);
    o.put(&[4, 13 + 2 + length, 0x40, 0x15]);
    o.zeros(11);
    o.put(&[5, length]);
    o.put(config);
    o.put(&[6, 1, 2]);
    Ok(())
}

fn sinf(o: &mut Out, track: &Track, e: &Encryption) -> Result<(), Error> {
    o.boxed(b"frma", |o| {
        o.put(&track.sample_entry.0);
        Ok(())
    })?;
    o.full(b"schm", 0, 0, |o| {
        o.put(&e.scheme.fourcc().0);
        o.u32(0x0001_0000);
        Ok(())
    })?;
    o.boxed(b"schi", |o| {
        let pattern = e.pattern_for(track);
        let has_pattern = matches!(e.scheme, Scheme::Cens | Scheme::Cbcs);
        o.full(b"tenc", u8::from(has_pattern), 0, |o| {
            o.u8(0);
            o.u8(pattern.map_or(0, |p| p.crypt << 4 | p.skip));
            o.u8(1);
            o.u8(e.iv_size());
            o.put(&e.key_id.0);
            if e.scheme == Scheme::Cbcs {
                o.u8(16);
                o.put(&e.iv);
            }
            Ok(())
        })
    })
}
