//! Captions in MP4 samples (ISO 14496-30): `wvtt` (§7), whose samples are boxes, and `stpp` (§5), whose samples are TTML documents.
use crate::{Cue, Document, Error, decode_text, parse_ttml, webvtt};

/// The cues of one `wvtt` sample that is presented from `start_us` until `end_us`. An empty sample (`vtte`) has none.
pub fn parse_wvtt_sample(sample: &[u8], start_us: u64, end_us: u64) -> Result<Vec<Cue>, Error> {
    let mut out = Vec::new();
    for found in boxes(sample) {
        let (kind, body) = found?;
        if &kind == b"vttc" {
            out.push(cue(body, start_us, end_us)?);
        }
    }
    Ok(out)
}

fn cue(body: &[u8], start_us: u64, end_us: u64) -> Result<Cue, Error> {
    let (mut id, mut settings, mut text) = (String::new(), String::new(), String::new());
    for found in boxes(body) {
        let (kind, body) = found?;
        let value = String::from_utf8_lossy(body);
        match &kind {
            b"iden" => id = value.into_owned(),
            b"sttg" => settings = value.into_owned(),
            b"payl" => text = value.into_owned(),
            // `ctim` (where internal timestamps count from) and `vsid` (who goes on in the next sample).
            _ => {}
        }
    }
    Ok(webvtt::cue(id, start_us, end_us, &settings, &text, &[], &[]))
}

/// Type and body of each box.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = Result<([u8; 4], &[u8]), Error>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let read = |bytes: &[u8]| {
            let (size, rest) = bytes.split_first_chunk::<4>()?;
            let (kind, _) = rest.split_first_chunk::<4>()?;
            let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
            Some((*kind, if size == 0 { bytes.len() } else { size }))
        };
        let found = read(bytes).and_then(|(kind, size)| Some((kind, bytes.get(8..size)?, bytes.get(size..)?)));
        let Some((kind, body, rest)) = found else {
            bytes = &[];
            return Some(Err(Error::Sample("a box ends early")));
        };
        bytes = rest;
        Some(Ok((kind, body)))
    })
}

/// The cues of one `stpp` sample that is presented from `start_us` until `end_us`: its document's, whose times are those of the track,
/// cut to the sample's own time (§5.2: nothing of a document shows outside its sample).
pub fn parse_stpp_sample(sample: &[u8], start_us: u64, end_us: u64) -> Result<Document, Error> {
    let mut document = parse_ttml(&decode_text(sample)?)?;
    document.cues.retain(|c| c.start_us < end_us && c.end_us.is_none_or(|end| end > start_us));
    for c in &mut document.cues {
        c.start_us = c.start_us.max(start_us);
        c.end_us = Some(c.end_us.map_or(end_us, |end| end.min(end_us)));
    }
    Ok(document)
}
