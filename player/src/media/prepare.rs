//! A segment's bytes to samples: demultiplex, decrypt in place, check. The bytes are never copied: each sample becomes a region of one
//! buffer.

use super::{caps, keys::Keys, verify::Verifier};
use crate::Error;
use gstreamer as gst;
use hearth_isobmff::{
    Init, KeyId, Pssh, Sample, Scheme, Track, TrackKind, parse_init, parse_samples, parse_segment_at, parse_segment_pssh,
};
use hearth_manifest::Resource;
use std::sync::Arc;

/// One track of an init segment, ready for a decoder.
#[derive(Debug)]
pub(crate) struct Format {
    /// As parsed.
    pub(crate) track: Track,
    /// Of its samples.
    pub(crate) caps: gst::Caps,
}

/// An init segment.
#[derive(Debug)]
pub(crate) struct InitSegment {
    init: Init,
    /// A progressive file's samples, where they are in the file.
    listed: Vec<Sample>,
    /// Tracks with a known codec, in file order.
    pub(crate) formats: Vec<Arc<Format>>,
}

/// One sample: where it is in its chunk's buffer, and when it is shown. Times in nanoseconds of the presentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) pts: i64,
    pub(crate) dts: i64,
    pub(crate) duration: u64,
    pub(crate) sync: bool,
}

/// Samples of one track from one segment, decrypted.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) format: Arc<Format>,
    /// The whole segment; [`Cut`]s point into it.
    pub(crate) buffer: gst::Buffer,
    /// In decoding order; never empty.
    pub(crate) cuts: Vec<Cut>,
    /// Key of the first encrypted sample, if any is encrypted.
    pub(crate) key_id: Option<KeyId>,
}

impl Chunk {
    /// First presentation time, in ns.
    pub(crate) fn start(&self) -> i64 {
        self.cuts.iter().map(|c| c.pts).min().unwrap_or(0)
    }

    /// End of the last picture or sound, in ns.
    pub(crate) fn end(&self) -> i64 {
        self.cuts.iter().map(|c| c.pts + c.duration as i64).max().unwrap_or(0)
    }

    /// A sample as a buffer that shares the segment's memory. Times before zero (a decoder's warm-up) are clamped.
    pub(crate) fn sample(&self, at: usize) -> Option<gst::Buffer> {
        let cut = self.cuts.get(at)?;
        let range = cut.offset..cut.offset + cut.size;
        let mut buffer = self.buffer.copy_region(gst::BufferCopyFlags::MEMORY, range).ok()?;
        let meta = buffer.get_mut()?;
        meta.set_pts(gst::ClockTime::from_nseconds(cut.pts.max(0) as u64));
        meta.set_dts(u64::try_from(cut.dts).ok().map(gst::ClockTime::from_nseconds));
        meta.set_duration(gst::ClockTime::from_nseconds(cut.duration));
        if !cut.sync {
            meta.set_flags(gst::BufferFlags::DELTA_UNIT);
        }
        Some(buffer)
    }
}

/// Short name of a scheme, for telemetry.
pub(crate) fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Cenc => "cenc",
        Scheme::Cbc1 => "cbc1",
        Scheme::Cens => "cens",
        Scheme::Cbcs => "cbcs",
    }
}

/// Reads an init segment. `name` is for errors.
pub(crate) fn read_init(bytes: &[u8], name: &str) -> Result<InitSegment, Error> {
    if bytes.first() == Some(&0x47) && bytes.get(188).is_none_or(|b| *b == 0x47) {
        return Err(Error::UnsupportedContainer(format!("{name}: MPEG-2 transport stream")));
    }
    let init = parse_init(bytes).map_err(|e| Error::BadInit(format!("{name}: {e}")))?;
    let known = init.tracks.iter().filter_map(|t| Some(Arc::new(Format { track: t.clone(), caps: caps::of_track(t).ok()? })));
    let formats: Vec<_> = known.collect();
    if formats.is_empty() {
        let codecs: Vec<String> = init.tracks.iter().map(|t| format!("{:?}", t.codec)).collect();
        return Err(Error::NoDecoder(format!("{name}: {}", codecs.join(", "))));
    }
    // Sample tables of a fragmented file are empty. Broken ones of a progressive file were told of when it was opened.
    let listed = parse_samples(bytes).unwrap_or_default();
    Ok(InitSegment { init, listed, formats })
}

impl InitSegment {
    /// The first track of a kind.
    pub(crate) fn of_kind(&self, kind: TrackKind) -> Option<&Arc<Format>> {
        self.formats.iter().find(|f| f.track.kind == kind)
    }

    /// Key IDs that the segment names: `tenc` and `pssh`.
    pub(crate) fn key_ids(&self) -> Vec<KeyId> {
        let tracks = self.init.tracks.iter().flat_map(|t| t.protection.iter().chain(&t.key_groups));
        let own = tracks.filter(|p| p.is_protected).map(|p| p.key_id);
        let mut ids: Vec<KeyId> = own.chain(self.init.pssh.iter().flat_map(|p| p.key_ids.iter().copied())).collect();
        ids.retain(|id| id.0 != [0; 16]);
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Boxes that tell a CDM of the segment's keys: those of the `moov`.
    pub(crate) fn boxes(&self) -> &[Pssh] {
        &self.init.pssh
    }

    /// Asks for the keys of a segment's samples, with what its own `moof` says of them where keys rotate (ISO 23001-7 §8.1.1).
    fn ask_new_keys(&self, bytes: &[u8], samples: &[Sample], keys: &Keys) {
        let mut ids: Vec<KeyId> = samples.iter().filter_map(|s| Some(s.crypto.as_ref()?.key_id)).collect();
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            // A box that cannot be read says nothing; the samples were read without it.
            let own = parse_segment_pssh(bytes).unwrap_or_default();
            keys.request(&ids, if own.is_empty() { self.boxes() } else { &own });
        }
    }

    /// Every sample of the media segment at `from`.
    fn parse(&self, bytes: &[u8], from: &Resource) -> Result<Vec<Sample>, Error> {
        let position = from.range.map_or(0, |r| r.offset);
        let offset = usize::try_from(position).unwrap_or(usize::MAX);
        let end = offset.saturating_add(bytes.len());
        let mut here = self.listed.iter().filter(|s| s.data.start >= offset && s.data.end <= end).peekable();
        if here.peek().is_none() {
            let samples = parse_segment_at(&self.init, bytes, position);
            return samples.map_err(|e| Error::BadSegment(format!("{}: {e}", from.url)));
        }
        Ok(here.map(|s| Sample { data: s.data.start - offset..s.data.end - offset, ..s.clone() }).collect())
    }

    /// The samples of the first track of `kind` in the media segment at `from`, as they are in it.
    pub(crate) fn samples(&self, bytes: &[u8], from: &Resource, kind: TrackKind) -> Result<(&Arc<Format>, Vec<Sample>), Error> {
        let format = self.of_kind(kind).ok_or_else(|| Error::NothingToPlay(format!("{}: no {kind:?} track", from.url)))?;
        let mut samples = self.parse(bytes, from)?;
        samples.retain(|s| s.track_id == format.track.id);
        Ok((format, samples))
    }

    /// Demultiplexes and decrypts the media segment at `from` into one chunk a track of `kinds`. Sample times are media times plus `shift`'s answer
    /// to the first presentation time (all in ns).
    pub(crate) fn read_segment(
        &self,
        mut bytes: Vec<u8>,
        from: &Resource,
        kinds: &[TrackKind],
        keys: &Keys,
        verifier: &Verifier,
        shift: impl Fn(i64) -> i64,
    ) -> Result<Vec<Chunk>, Error> {
        let samples = self.parse(&bytes, from)?;
        self.ask_new_keys(&bytes, &samples, keys);
        let mut parts: Vec<(Arc<Format>, Vec<Cut>, Option<KeyId>)> = Vec::new();
        for kind in kinds {
            let Some(format) = self.of_kind(*kind) else { continue };
            let own = samples.iter().filter(|s| s.track_id == format.track.id);
            let (mut cuts, mut key_id) = (Vec::new(), None);
            for sample in own {
                decrypt(&format.track, sample, &mut bytes, keys)?;
                key_id = key_id.or(sample.crypto.as_ref().map(|c| c.key_id));
                cuts.push(cut(&format.track, sample));
            }
            if !cuts.is_empty() {
                parts.push((format.clone(), cuts, key_id));
            }
        }
        let first = parts.iter().flat_map(|(_, cuts, _)| cuts).map(|c| c.pts).min();
        let Some(first) = first else { return Err(Error::BadSegment(format!("{}: no samples", from.url))) };
        let shift = shift(first);
        let buffer = gst::Buffer::from_mut_slice(bytes);
        let mut chunks = Vec::new();
        for (format, mut cuts, key_id) in parts {
            cuts.iter_mut().for_each(|c| (c.pts, c.dts) = (c.pts + shift, c.dts + shift));
            let chunk = Chunk { format, buffer: buffer.clone(), cuts, key_id };
            verifier.check(&chunk)?;
            chunks.push(chunk);
        }
        Ok(chunks)
    }
}

pub(crate) fn cut(track: &Track, sample: &Sample) -> Cut {
    let ns = |ticks: i64| (i128::from(ticks) * 1_000_000_000 / i128::from(track.timescale.max(1))) as i64;
    Cut {
        offset: sample.data.start,
        size: sample.data.len(),
        pts: ns(sample.pts),
        dts: ns(sample.dts),
        duration: (ns(sample.pts.saturating_add(i64::from(sample.duration))) - ns(sample.pts)) as u64,
        sync: sample.sync,
    }
}

/// Decrypts `sample` in place and checks what can be checked without a decoder: NAL lengths must add up.
pub(crate) fn decrypt(track: &Track, sample: &Sample, bytes: &mut [u8], keys: &Keys) -> Result<(), Error> {
    let data = bytes.get_mut(sample.data.clone()).ok_or_else(|| Error::BadSegment("a sample outside the segment".into()))?;
    let Some(crypto) = &sample.crypto else { return Ok(()) };
    keys.decrypt(crypto, data)?;
    match caps::nal_length_size(track) {
        Some(size) if !caps::nal_lengths_fit(data, size) => {
            Err(Error::WrongKey(format!("key {}: decrypted NAL units do not add up", crypto.key_id)))
        }
        _ => Ok(()),
    }
}
