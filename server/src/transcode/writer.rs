//! Writes one rendition's mezzanine and its index while samples come in: at most one segment is in memory.

use super::Made;
use super::ladder::{AUDIO_RATE, Plan, Rung};
use crate::db::titles::RenditionRow;
use crate::mezzanine::{IndexedSample, IndexedSegment, TrackIndex};
use crate::{Error, Result};
use hearth_isobmff::{Codec, FourCc, SampleInfo, SegmentSpec, Track, TrackKind, write_init, write_segment};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Samples of an AAC frame.
pub const AAC_FRAME: u32 = 1024;
/// Samples that the AAC encoder puts before the first that counts (its `initial_padding`).
const AAC_PRIMING: u32 = 1024;
/// Pictures that decoding runs ahead of presentation: one, since B pictures are never referred to.
const REORDER: u64 = 1;

/// One rendition on its way to the disc.
pub struct Writer {
    track: Track,
    row: RenditionRow,
    /// Directory and stem of the files.
    base: PathBuf,
    file: File,
    written: u64,
    index: TrackIndex,
    pending: Vec<SampleInfo>,
    data: Vec<u8>,
    /// Presentation time of the earliest pending sample, edit list applied.
    pending_start: i64,
    /// Decoding time of the next sample.
    next_decode: u64,
    segments: Segmenting,
}

/// Where segments end.
enum Segmenting {
    /// At the pictures that this number divides.
    Video { gop: u64, ticks: u32 },
    /// At the frame nearest to the video's segment ends: those are so many ticks of sound apart.
    Audio { every: f64 },
}

impl Writer {
    /// For a video rendition; `avcc` is its decoder configuration.
    pub fn video(dir: &Path, plan: &Plan, rung: &Rung, avcc: &[u8]) -> Result<Self> {
        let track = Track {
            kind: TrackKind::Video,
            timescale: plan.timescale,
            codec: Codec::Avc,
            sample_entry: FourCc(*b"avc1"),
            config: avcc.to_vec(),
            width: rung.width,
            height: rung.height,
            edit_offset: -((REORDER * u64::from(plan.frame_ticks)) as i64),
            ..Track::default()
        };
        let row = RenditionRow {
            width: Some(rung.width),
            height: Some(rung.height),
            frame_rate: Some(f64::from(plan.frame_rate.0) / f64::from(plan.frame_rate.1)),
            ..row(&rung.id, "video", &track)
        };
        Self::create(dir, track, row, Segmenting::Video { gop: u64::from(plan.gop), ticks: plan.frame_ticks })
    }

    /// For the sound; `asc` is its AudioSpecificConfig.
    pub fn audio(dir: &Path, plan: &Plan, asc: &[u8]) -> Result<Self> {
        let track = Track {
            kind: TrackKind::Audio,
            timescale: AUDIO_RATE,
            language: plan.language.clone(),
            codec: Codec::Aac,
            sample_entry: FourCc(*b"mp4a"),
            config: asc.to_vec(),
            channels: 2,
            sample_rate: AUDIO_RATE,
            edit_offset: -i64::from(AAC_PRIMING),
            ..Track::default()
        };
        let row = RenditionRow {
            channels: Some(2),
            sample_rate: Some(AUDIO_RATE),
            language: Some(plan.language.clone()),
            ..row(&format!("a-{}", plan.language), "audio", &track)
        };
        let gop_ticks = f64::from(plan.gop) * f64::from(plan.frame_ticks);
        let every = gop_ticks * f64::from(AUDIO_RATE) / f64::from(plan.timescale);
        Self::create(dir, track, row, Segmenting::Audio { every })
    }

    fn create(dir: &Path, track: Track, row: RenditionRow, segments: Segmenting) -> Result<Self> {
        let base = dir.join(&row.id);
        let path = base.with_extension("mp4");
        let mut file = File::create(&path).map_err(Error::io(&path))?;
        let init = write_init(&track, Some(0), None, &[])?;
        file.write_all(&init).map_err(Error::io(&path))?;
        let written = init.len() as u64;
        let index = TrackIndex { init, timescale: track.timescale, segments: Vec::new(), samples: Vec::new() };
        Ok(Self {
            track,
            row,
            base,
            file,
            written,
            index,
            pending: Vec::new(),
            data: Vec::new(),
            pending_start: i64::MAX,
            next_decode: 0,
            segments,
        })
    }

    /// Pictures in decoding order; `picture` counts in presentation order from 0.
    pub fn push_picture(&mut self, picture: u64, sync: bool, data: &[u8]) -> Result<()> {
        let Segmenting::Video { gop, ticks } = self.segments else {
            return Err(Error::Damaged("a picture among sound".to_owned()));
        };
        let decoded = self.next_decode / u64::from(ticks);
        let ahead = (picture + REORDER).checked_sub(decoded).and_then(|n| i32::try_from(n * u64::from(ticks)).ok());
        let Some(cts_offset) = ahead else {
            return Err(Error::Damaged(format!("encoder: picture {picture} comes {decoded}th")));
        };
        if sync && picture.is_multiple_of(gop) {
            self.flush()?;
        } else if picture.is_multiple_of(gop) || self.next_decode == 0 {
            return Err(Error::Damaged(format!("encoder: picture {picture} should begin a segment")));
        }
        self.push(SampleInfo { size: size(data)?, duration: ticks, cts_offset, sync }, data);
        Ok(())
    }

    /// AAC frames in order.
    pub fn push_frame(&mut self, data: &[u8]) -> Result<()> {
        let Segmenting::Audio { every } = self.segments else {
            return Err(Error::Damaged("sound among pictures".to_owned()));
        };
        let start = self.next_decode as f64 - f64::from(AAC_PRIMING);
        if start + f64::from(AAC_FRAME) / 2.0 >= every * (self.index.segments.len() + 1) as f64 {
            self.flush()?;
        }
        self.push(SampleInfo { size: size(data)?, duration: AAC_FRAME, cts_offset: 0, sync: true }, data);
        Ok(())
    }

    fn push(&mut self, info: SampleInfo, data: &[u8]) {
        let presented = self.next_decode as i64 + i64::from(info.cts_offset) + self.track.edit_offset;
        self.pending_start = self.pending_start.min(presented);
        self.next_decode += u64::from(info.duration);
        self.pending.push(info);
        self.data.extend_from_slice(data);
    }

    /// Ends the segment under way and writes it.
    fn flush(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let ticks: u64 = self.pending.iter().map(|s| u64::from(s.duration)).sum();
        let (first, base) = (self.index.samples.len(), self.next_decode - ticks);
        let spec = SegmentSpec {
            sequence: u32::try_from(self.index.segments.len() + 1).map_err(|_| too_long())?,
            base_decode_time: base,
            first_sample: first as u64,
            samples: &self.pending,
            data: &self.data,
        };
        let bytes = write_segment(&self.track, &spec, None)?;
        self.file.write_all(&bytes).map_err(Error::io(self.base.with_extension("mp4")))?;
        self.written += bytes.len() as u64;
        // Before the start there is only priming: nothing of it is presented.
        let start = self.pending_start.max(0) as u64;
        self.index.segments.push(IndexedSegment {
            first_sample: u32::try_from(first).map_err(|_| too_long())?,
            sample_count: u32::try_from(self.pending.len()).map_err(|_| too_long())?,
            base_decode_time: base,
            start,
            duration: ticks - (start as i64 - self.pending_start) as u64,
            // The samples are the last thing of the segment.
            offset: self.written - self.data.len() as u64,
            size: u32::try_from(self.data.len()).map_err(|_| too_long())?,
        });
        self.index.samples.extend(self.pending.drain(..).map(|s| IndexedSample {
            size: s.size,
            duration: s.duration,
            cts_offset: s.cts_offset,
            sync: s.sync,
        }));
        self.data.clear();
        self.pending_start = i64::MAX;
        Ok(())
    }

    /// Writes what is left, the true duration and the index; both files are durable when this returns.
    pub fn finish(mut self) -> Result<Made> {
        self.flush()?;
        let Some(last) = self.index.segments.last().copied() else {
            return Err(Error::media("decode-failed", "nothing in the file could be decoded"));
        };
        let scale = u64::from(self.index.timescale);
        let duration_ms = (last.start + last.duration) * 1000 / scale;
        let path = self.base.with_extension("mp4");
        let init = write_init(&self.track, Some(duration_ms), None, &[])?;
        if init.len() != self.index.init.len() {
            return Err(Error::Damaged("init segment changed its length".to_owned()));
        }
        let rewrite = |file: &mut File| {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&init)?;
            file.sync_all()
        };
        rewrite(&mut self.file).map_err(Error::io(&path))?;
        self.index.init = init;
        let (peak, average) = bandwidth(&self.index, self.written);
        (self.row.bandwidth, self.row.average_bandwidth) = (peak, average);
        let segment_starts_ms = self.index.segments.iter().map(|s| s.start * 1000 / scale).collect();
        let index = postcard::to_stdvec(&self.index).map_err(|e| Error::Damaged(e.to_string()))?;
        let path = self.base.with_extension("idx");
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(&index)?;
            file.sync_all()
        };
        write().map_err(Error::io(&path))?;
        Ok(Made { rendition: self.row, bytes: self.written, duration_ms, segment_starts_ms })
    }
}

/// Peak and average in bit/s, boxes included. A last segment much shorter than the others says nothing about the rate.
fn bandwidth(index: &TrackIndex, bytes: u64) -> (u64, u64) {
    let scale = u64::from(index.timescale);
    let longest = index.segments.iter().map(|s| s.duration).max().unwrap_or(1);
    let overhead = (bytes - index.segments.iter().map(|s| u64::from(s.size)).sum::<u64>()) / index.segments.len().max(1) as u64;
    let rate = |bytes: u64, ticks: u64| (bytes * 8 * scale).div_ceil(ticks.max(1));
    let whole: u64 = index.segments.iter().map(|s| s.duration).sum();
    let average = rate(bytes, whole);
    let peak =
        index.segments.iter().filter(|s| s.duration * 2 >= longest).map(|s| rate(u64::from(s.size) + overhead, s.duration)).max();
    (peak.unwrap_or(average).max(average), average)
}

fn size(data: &[u8]) -> Result<u32> {
    u32::try_from(data.len()).map_err(|_| too_long())
}

fn too_long() -> Error {
    Error::media("unsupported-size", "the film is too long")
}

fn row(id: &str, kind: &str, track: &Track) -> RenditionRow {
    RenditionRow {
        id: id.to_owned(),
        kind: kind.to_owned(),
        codecs: track.codec_string(),
        width: None,
        height: None,
        frame_rate: None,
        channels: None,
        sample_rate: None,
        language: None,
        bandwidth: 0,
        average_bandwidth: 0,
    }
}
