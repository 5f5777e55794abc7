//! Reads what is to be packaged: every video and audio track of an MP4 file, progressive or fragmented, sample by sample. Only box
//! headers, `moov` and one fragment at a time are in memory.

use super::refuse;
use crate::mezzanine::{IndexedSample, IndexedSegment, TrackIndex};
use crate::package::Source;
use crate::{Error, Result};
use hearth_isobmff::{Init, Sample, Track, TrackKind, parse_init, parse_samples, parse_segment, write_init};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A `moov` or a fragment beyond this is not one.
const MAX_BOX: u64 = 512 << 20;

/// One track of one file.
pub(super) struct Input {
    pub path: PathBuf,
    pub track: Track,
    /// In decoding order.
    pub samples: Vec<InputSample>,
    file: Arc<File>,
}

/// One sample.
#[derive(Clone, Copy)]
pub(super) struct InputSample {
    pub offset: u64,
    pub size: u32,
    /// Ticks, edit list applied.
    pub dts: i64,
    pub pts: i64,
    pub duration: u32,
    pub sync: bool,
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<Vec<Input>> {
    let say = |what: &str| refuse(format!("{}: {what}", path.display()));
    let file = Arc::new(File::open(path).map_err(Error::io(path))?);
    let boxes = top_level(path, &file)?;
    let moov = boxes
        .iter()
        .find(|b| &b.kind == b"moov")
        .ok_or_else(|| say("not an MP4 file (it has no moov box), or it is cut short"))?;
    let moov = read(path, &file, moov.range.clone())?;
    let media = |e: hearth_isobmff::Error| say(&format!("cannot be read: {e}"));
    let init = parse_init(&moov).map_err(media)?;
    let mut inputs: Vec<Input> = Vec::new();
    for track in &init.tracks {
        if track.protection.is_some() {
            return Err(say("is encrypted already; package the clear file"));
        }
        if matches!(track.kind, TrackKind::Video | TrackKind::Audio) {
            inputs.push(Input { path: path.to_owned(), track: track.clone(), samples: Vec::new(), file: file.clone() });
        }
    }
    deal(&mut inputs, &parse_samples(&moov).map_err(media)?, 0);
    fragments(path, &file, &init, &boxes, &mut inputs)?;
    inputs.retain(|i| !i.samples.is_empty());
    if inputs.is_empty() {
        return Err(say("has no video or audio samples"));
    }
    let size = file.metadata().map_err(Error::io(path))?.len();
    if inputs.iter().flat_map(|i| &i.samples).any(|s| s.offset.checked_add(u64::from(s.size)).is_none_or(|end| end > size)) {
        return Err(say("is cut short: samples lie beyond its end"));
    }
    Ok(inputs)
}

struct TopBox {
    kind: [u8; 4],
    range: Range<u64>,
}

fn top_level(path: &Path, file: &File) -> Result<Vec<TopBox>> {
    let end = file.metadata().map_err(Error::io(path))?.len();
    let (mut at, mut found) = (0, Vec::new());
    while end - at >= 8 {
        let mut head = [0; 16];
        let have = usize::try_from(end - at).unwrap_or(16).min(16);
        file.read_exact_at(&mut head[..have], at).map_err(Error::io(path))?;
        let [a, b, c, d, kind @ .., _, _, _, _, _, _, _, _] = head;
        let size = match u32::from_be_bytes([a, b, c, d]) {
            0 => end - at,
            1 => u64::from_be_bytes([head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]]),
            n => n.into(),
        };
        let next = at.checked_add(size).filter(|next| size >= 8 && *next <= end);
        let Some(next) = next else {
            let what = if found.is_empty() { "is not an MP4 file" } else { "is cut short" };
            return Err(refuse(format!("{}: {what} (a box at byte {at} goes beyond its end)", path.display())));
        };
        found.push(TopBox { kind, range: at..next });
        at = next;
    }
    Ok(found)
}

/// Every `moof` with what follows it, up to the next one.
fn fragments(path: &Path, file: &File, init: &Init, boxes: &[TopBox], inputs: &mut [Input]) -> Result<()> {
    let starts: Vec<u64> = boxes.iter().filter(|b| &b.kind == b"moof").map(|b| b.range.start).collect();
    let end = boxes.last().map_or(0, |b| b.range.end);
    for (i, start) in starts.iter().enumerate() {
        let bytes = read(path, file, *start..starts.get(i + 1).copied().unwrap_or(end))?;
        let samples = parse_segment(init, &bytes);
        let samples = samples.map_err(|e| refuse(format!("{}: fragment at byte {start}: {e}", path.display())))?;
        deal(inputs, &samples, *start);
    }
    Ok(())
}

fn deal(inputs: &mut [Input], samples: &[Sample], base: u64) {
    for s in samples {
        if let Some(input) = inputs.iter_mut().find(|i| i.track.id == s.track_id) {
            let size = u32::try_from(s.data.len()).unwrap_or(u32::MAX);
            let offset = base.saturating_add(s.data.start as u64);
            input.samples.push(InputSample { offset, size, dts: s.dts, pts: s.pts, duration: s.duration, sync: s.sync });
        }
    }
}

fn read(path: &Path, file: &File, range: Range<u64>) -> Result<Vec<u8>> {
    let len = range.end - range.start;
    if len > MAX_BOX {
        return Err(refuse(format!("{}: a box of {} MiB at byte {}: not supported", path.display(), len >> 20, range.start)));
    }
    // Bounded by the file's own length, above.
    let mut bytes = vec![0; len as usize];
    file.read_exact_at(&mut bytes, range.start).map_err(Error::io(path))?;
    Ok(bytes)
}

impl Input {
    /// For messages: file and track.
    pub fn name(&self) -> String {
        format!("{} (track {})", self.path.display(), self.track.id)
    }

    /// Microseconds from the start of the presentation.
    pub fn us(&self, ticks: i64) -> i64 {
        let us = i128::from(ticks) * 1_000_000 / i128::from(self.track.timescale.max(1));
        i64::try_from(us).unwrap_or(i64::MAX)
    }

    /// Bytes of all samples.
    pub fn bytes(&self) -> u64 {
        self.samples.iter().map(|s| u64::from(s.size)).sum()
    }

    /// Pictures a second, from the commonest duration.
    pub fn frame_rate(&self) -> Option<f64> {
        let ticks: u64 = self.samples.iter().map(|s| u64::from(s.duration)).sum();
        let mean = ticks as f64 / self.samples.len() as f64;
        let typical = self.samples.iter().map(|s| s.duration).min_by_key(|d| (f64::from(*d) - mean).abs() as u64)?;
        (typical > 0).then(|| f64::from(self.track.timescale) / f64::from(typical))
    }

    /// The index of this track cut before the samples `cuts`. Byte offsets are not used: samples may lie anywhere.
    pub fn index(&self, cuts: &[usize]) -> Result<TrackIndex> {
        let out_of_range = || refuse(format!("{}: times out of range", self.name()));
        let mut segments = Vec::with_capacity(cuts.len());
        for part in parts(cuts, self.samples.len()) {
            let samples = &self.samples[part.clone()];
            let Some(first) = samples.first() else { continue };
            let size: u64 = samples.iter().map(|s| u64::from(s.size)).sum();
            segments.push(IndexedSegment {
                first_sample: u32::try_from(part.start).map_err(|_| out_of_range())?,
                sample_count: u32::try_from(part.len()).map_err(|_| out_of_range())?,
                base_decode_time: u64::try_from(first.dts - self.track.edit_offset).map_err(|_| out_of_range())?,
                start: samples.iter().map(|s| s.pts.max(0)).min().unwrap_or(0).unsigned_abs(),
                duration: samples.iter().map(|s| u64::from(s.duration)).sum(),
                offset: 0,
                size: u32::try_from(size).map_err(|_| refuse(format!("{}: a segment of 4 GiB or more", self.name())))?,
            });
        }
        let samples = self.samples.iter().map(|s| {
            let cts_offset = i32::try_from(s.pts - s.dts).map_err(|_| out_of_range())?;
            Ok(IndexedSample { size: s.size, duration: s.duration, cts_offset, sync: s.sync })
        });
        let init = write_init(&self.track, None, None, &[])?;
        Ok(TrackIndex { init, timescale: self.track.timescale, segments, samples: samples.collect::<Result<_>>()? })
    }

    /// Peak and mean bit/s over the segments.
    pub fn bandwidths(&self, cuts: &[usize], source: &Source) -> (u64, u64) {
        let (mut peak, mut us) = (0, 0);
        for (part, timing) in parts(cuts, self.samples.len()).zip(source.timings()) {
            let bytes: u64 = self.samples[part].iter().map(|s| u64::from(s.size)).sum();
            peak = peak.max(bytes.saturating_mul(8_000_000) / timing.duration_us.max(1));
            us += timing.duration_us;
        }
        (peak, self.bytes().saturating_mul(8_000_000) / us.max(1))
    }

    /// The bytes of some samples, one after the other; what lies together in the file is read together.
    pub fn read(&self, samples: Range<usize>, out: &mut Vec<u8>) -> Result<()> {
        let samples = self.samples.get(samples).unwrap_or_default();
        let size: usize = samples.iter().map(|s| s.size as usize).sum();
        out.resize(size, 0);
        let (mut i, mut at) = (0, 0);
        while let Some(first) = samples.get(i) {
            let mut end = first.offset;
            while let Some(next) = samples.get(i).filter(|s| s.offset == end) {
                end += u64::from(next.size);
                i += 1;
            }
            let len = (end - first.offset) as usize;
            self.file.read_exact_at(&mut out[at..at + len], first.offset).map_err(Error::io(&self.path))?;
            at += len;
        }
        Ok(())
    }
}

/// From each cut to the next.
pub(super) fn parts(cuts: &[usize], len: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    cuts.iter().enumerate().map(move |(i, start)| *start..cuts.get(i + 1).copied().unwrap_or(len))
}
