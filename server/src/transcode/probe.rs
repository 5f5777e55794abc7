//! Looks at a master and refuses what cannot become a title, with the reason.

use super::Probe;
use crate::{Error, Result};
use gstreamer as gst;
use gstreamer_pbutils as pbutils;
use gstreamer_pbutils::prelude::*;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Decoding the first pictures may take so long.
const TIMEOUT: gst::ClockTime = gst::ClockTime::from_seconds(60);
/// Sides of pictures, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 16..=8192;
/// A day: more is a mistake in the file.
const MAX_DURATION_MS: u64 = 24 * 3600 * 1000;

/// Looks at a file.
pub fn probe(source: &Path) -> Result<Probe> {
    check_boxes(source)?;
    gst::init().map_err(|e| Error::Damaged(format!("GStreamer: {e}")))?;
    let uri = gst::glib::filename_to_uri(source, None).map_err(|e| Error::Damaged(e.to_string()))?;
    let discoverer = pbutils::Discoverer::new(TIMEOUT).map_err(|e| Error::Damaged(format!("GStreamer: {e}")))?;
    let info = discoverer.discover_uri(&uri).map_err(|e| refusal(&e))?;
    match info.result() {
        pbutils::DiscovererResult::Ok => {}
        pbutils::DiscovererResult::MissingPlugins => {
            let what: Vec<_> = info.video_streams().iter().filter_map(|v| v.caps()).map(|c| c.to_string()).collect();
            return Err(unsupported_codec(&what.join(", ")));
        }
        pbutils::DiscovererResult::Timeout => return Err(not_media("it could not be read within a minute")),
        _ => return Err(not_media("no picture could be decoded")),
    }
    describe(&info)
}

fn describe(info: &pbutils::DiscovererInfo) -> Result<Probe> {
    let videos = info.video_streams();
    let Some(video) = videos.iter().find(|v| !v.is_image()) else {
        let what = if info.audio_streams().is_empty() { "a picture" } else { "sound only" };
        return Err(Error::media("no-video", format!("the file has no video ({what}): ingest a file with a video track")));
    };
    let (par_n, par_d) = fraction(video.par(), (1, 1));
    let turned = video.tags().and_then(|t| t.get::<gst::tags::ImageOrientation>().map(|o| o.get().to_owned()));
    // Stretch to square pixels; whichever way keeps all lines.
    let shown = u64::from(video.width()) * u64::from(par_n) / u64::from(par_d.max(1));
    let (mut width, mut height) = (u32::try_from(shown).unwrap_or(u32::MAX), video.height());
    if turned.is_some_and(|o| o.ends_with("rotate-90") || o.ends_with("rotate-270")) {
        (width, height) = (height, width);
    }
    if !SIDES.contains(&width) || !SIDES.contains(&height) || width / height > 16 || height / width > 16 {
        return Err(Error::media(
            "unsupported-size",
            format!("{width}x{height} pixels: sides must be {} to {} pixels", SIDES.start(), SIDES.end()),
        ));
    }
    let duration_ms = info.duration().map_or(0, gst::ClockTime::mseconds);
    if duration_ms == 0 {
        return Err(Error::media(
            "truncated",
            "the file does not say how long it is: it is incomplete or still being written; copy it again",
        ));
    }
    if duration_ms > MAX_DURATION_MS {
        return Err(Error::media("unsupported-size", format!("{} hours long: at most 24 are accepted", duration_ms / 3_600_000)));
    }
    let sounds = info.audio_streams();
    let language = sounds.first().and_then(|a| a.language()).map_or_else(|| "und".to_owned(), |l| three_letters(&l));
    Ok(Probe { duration_ms, width, height, frame_rate: fraction(video.framerate(), (0, 1)), audio: !sounds.is_empty(), language })
}

fn fraction(f: gst::Fraction, otherwise: (u32, u32)) -> (u32, u32) {
    match (u32::try_from(f.numer()), u32::try_from(f.denom())) {
        (Ok(n), Ok(d)) if n > 0 && d > 0 => (n, d),
        _ => otherwise,
    }
}

/// ISO 639-2 as MP4 wants it; what is not three letters long is not known.
fn three_letters(language: &str) -> String {
    let code = language.to_ascii_lowercase();
    let three = match code.as_str() {
        "en" => "eng",
        "de" => "deu",
        "fr" => "fra",
        "es" => "spa",
        "it" => "ita",
        "ja" => "jpn",
        other if other.len() == 3 && other.bytes().all(|b| b.is_ascii_lowercase()) => other,
        _ => "und",
    };
    three.to_owned()
}

fn refusal(e: &gst::glib::Error) -> Error {
    match e.kind::<gst::StreamError>() {
        Some(gst::StreamError::CodecNotFound) => unsupported_codec(e.message()),
        Some(gst::StreamError::Decrypt | gst::StreamError::DecryptNokey) => {
            Error::media("unsupported-codec", "the file is encrypted: ingest the clear master")
        }
        _ => not_media(e.message()),
    }
}

fn unsupported_codec(what: &str) -> Error {
    Error::media(
        "unsupported-codec",
        format!("no decoder here for {what}: convert the master to H.264, or install the GStreamer plugin"),
    )
}

fn not_media(why: &str) -> Error {
    Error::media(
        "not-media",
        format!("this is not a film that can be read ({}): is it the right file?", why.trim_end_matches('.')),
    )
}

/// An MP4 or QuickTime file must have its index (`moov`), and no box may reach past the end of the file: a copy that stopped early
/// is found here, before anything is decoded. Other files pass.
fn check_boxes(source: &Path) -> Result<()> {
    let mut file = File::open(source).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            Error::media("source-gone", format!("{} is no longer there: ingest it again", source.display()))
        }
        _ => Error::io(source)(e),
    })?;
    let end = file.metadata().map_err(Error::io(source))?.len();
    if end == 0 {
        return Err(Error::media("empty-file", "the file is empty"));
    }
    let (mut at, mut moov, mut fragments, mut first) = (0, false, false, true);
    while at < end {
        let mut head = [0; 16];
        file.seek(SeekFrom::Start(at)).map_err(Error::io(source))?;
        let have = read_up_to(&mut file, &mut head).map_err(Error::io(source))?;
        let kind: [u8; 4] = [head[4], head[5], head[6], head[7]];
        if first && (have < 8 || !matches!(&kind, b"ftyp" | b"moov" | b"mdat" | b"wide" | b"skip" | b"free" | b"pnot" | b"styp"))
        {
            return Ok(());
        }
        first = false;
        let size = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            _ if have < 8 => return Err(truncated(end, at + 8)),
            0 => end - at,
            1 => u64::from_be_bytes([head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]]),
            n => u64::from(n),
        };
        moov |= &kind == b"moov";
        fragments |= &kind == b"moof";
        if size < 8 {
            return Err(not_media("its boxes make no sense"));
        }
        at = at.checked_add(size).ok_or_else(|| not_media("its boxes make no sense"))?;
    }
    match (at > end, moov) {
        (true, _) => Err(truncated(end, at)),
        (_, false) if fragments => {
            Err(Error::media("not-media", "these are fragments without their init segment: ingest the whole film"))
        }
        (_, false) => Err(Error::media(
            "truncated",
            "the file lacks its index (moov): copying or recording it stopped early; copy it again",
        )),
        _ => Ok(()),
    }
}

fn truncated(have: u64, need: u64) -> Error {
    Error::media("truncated", format!("the file ends early: it has {have} bytes and should have at least {need}; copy it again"))
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut have = 0;
    while have < buffer.len() {
        match file.read(&mut buffer[have..])? {
            0 => break,
            n => have += n,
        }
    }
    Ok(have)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(list: &[(&[u8; 4], usize)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, size) in list {
            bytes.extend_from_slice(&(*size as u32).to_be_bytes());
            bytes.extend_from_slice(*kind);
            bytes.resize(bytes.len() + size - 8, 0);
        }
        bytes
    }

    #[test]
    fn files_are_refused_before_they_are_decoded() {
        let whole = boxes(&[(b"ftyp", 24), (b"moov", 80), (b"mdat", 400)]);
        let late = boxes(&[(b"ftyp", 24), (b"mdat", 400), (b"moov", 80)]);
        let cases: [(&str, &[u8], Option<&str>); 9] = [
            ("whole", &whole, None),
            ("index at the end", &late, None),
            ("mdat cut", &whole[..300], Some("truncated")),
            ("cut before the index", &late[..424], Some("truncated")),
            ("cut inside the index", &late[..450], Some("truncated")),
            ("cut inside a box header", &late[..428], Some("truncated")),
            ("empty", b"", Some("empty-file")),
            ("not boxes at all", b"It was a dark and stormy night.", None),
            ("a box of size 4", b"\0\0\0\x08ftyp\0\0\0\x04moovzzzz", Some("not-media")),
        ];
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes, expected) in cases {
            let path = dir.path().join("film.mp4");
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(check_boxes(&path).err().as_ref().map(Error::code), expected, "{name}");
        }
    }
}
