//! Every sample of a track, demultiplexed and decrypted, not decoded.

use super::{Piece, Reader, Source, plain};
use crate::Error;
use crate::media::prepare::{self, Chunk, Cut};
use hearth_isobmff::TrackKind;
use md5::{Digest, Md5};
use std::io::Write;

/// Writes one line a sample of track number `track` (video first): `dts_us,pts_us,sync,size,md5`.
pub fn samples(source: &Source, track: usize, output: &mut impl Write) -> Result<(), Error> {
    let reader = Reader::open(source)?;
    let tracks = reader.tracks()?;
    let pick = tracks.get(track).ok_or_else(|| Error::BadCommand(format!("--track {track}: there are {}", tracks.len())))?;
    reader.each(pick, |Piece { init, mut bytes, segment }, shift| {
        let Some(init) = init else {
            let chunks = plain::chunks(bytes, segment, shift)?;
            return chunks.iter().filter(|c| c.format.track.kind == pick.kind).try_for_each(|chunk| whole(chunk, output));
        };
        let (format, samples) = init.samples(&bytes, &segment.resource, pick.kind)?;
        let media: Vec<_> = samples.iter().map(|s| prepare::cut(&format.track, s)).collect();
        let shift = shift.of(media.iter().map(|c| c.pts).min().unwrap_or(0));
        for (sample, cut) in samples.iter().zip(&media) {
            prepare::decrypt(&format.track, sample, &mut bytes, &reader.keys)?;
            let data = bytes.get(sample.data.clone()).unwrap_or(&[]);
            line(cut, shift, data, output)?;
        }
        Ok(())
    })
}

/// The samples of a chunk, as the decoder gets them.
fn whole(chunk: &Chunk, output: &mut impl Write) -> Result<(), Error> {
    chunk.cuts.iter().enumerate().try_for_each(|(at, cut)| {
        let sample = chunk.sample(at);
        let data = sample.as_ref().and_then(|s| s.map_readable().ok());
        line(cut, 0, data.as_deref().unwrap_or(&[]), output)
    })
}

fn line(cut: &Cut, shift: i64, data: &[u8], output: &mut impl Write) -> Result<(), Error> {
    let us = |ns: i64| (ns + shift).div_euclid(1000);
    let (sync, sum) = (u8::from(cut.sync), hex(&Md5::digest(data)));
    writeln!(output, "{},{},{sync},{},{sum}", us(cut.dts), us(cut.pts), data.len())
        .map_err(|e| Error::File(format!("output: {e}")))
}

/// The kind of the title's track number `track`.
pub(super) fn first_of(tracks: &[super::Pick], kind: TrackKind) -> Option<&super::Pick> {
    tracks.iter().find(|t| t.kind == kind)
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
