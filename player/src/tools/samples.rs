//! Every sample of a track, demultiplexed and decrypted, not decoded.

use super::{Reader, Source};
use crate::Error;
use crate::media::prepare;
use hearth_isobmff::TrackKind;
use md5::{Digest, Md5};
use std::io::Write;

/// Writes one line a sample of track number `track` (video first): `dts_us,pts_us,sync,size,md5`.
pub fn samples(source: &Source, track: usize, output: &mut impl Write) -> Result<(), Error> {
    let reader = Reader::open(source)?;
    let tracks = reader.tracks()?;
    let pick = tracks.get(track).ok_or_else(|| Error::BadCommand(format!("--track {track}: there are {}", tracks.len())))?;
    reader.each(pick, |init, bytes, from, shift| {
        let (format, samples) = init.samples(&bytes, from, pick.kind)?;
        let mut bytes = bytes;
        let media: Vec<_> = samples.iter().map(|s| prepare::cut(&format.track, s)).collect();
        let shift = shift.of(media.iter().map(|c| c.pts).min().unwrap_or(0));
        for (sample, cut) in samples.iter().zip(&media) {
            prepare::decrypt(&format.track, sample, &mut bytes, &reader.keys)?;
            let data = bytes.get(sample.data.clone()).unwrap_or(&[]);
            let us = |ns: i64| (ns + shift).div_euclid(1000);
            let line =
                format!("{},{},{},{},{}", us(cut.dts), us(cut.pts), u8::from(cut.sync), data.len(), hex(&Md5::digest(data)));
            writeln!(output, "{line}").map_err(|e| Error::File(format!("output: {e}")))?;
        }
        Ok(())
    })
}

/// The kind of the title's track number `track`.
pub(super) fn first_of(tracks: &[super::Pick], kind: TrackKind) -> Option<&super::Pick> {
    tracks.iter().find(|t| t.kind == kind)
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
