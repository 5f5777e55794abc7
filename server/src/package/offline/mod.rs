//! Packaging without a server: MP4 files in, a directory of CMAF segments with HLS and DASH manifests out. The same segments,
//! protection and manifests as the origin's, from the same code.

mod cut;
mod input;

use super::presentation::{self, Described};
use super::{Part, Source, protection};
use crate::db::titles::RenditionRow;
use crate::{Error, Result};
use hearth_isobmff::{ContentKey, Encryption, KeyId, Scheme, TrackKind};
use hearth_manifest::ContentProtection;
use http::StatusCode;
use input::Input;
use std::path::{Path, PathBuf};

/// What to package and how.
pub struct Job {
    /// MP4 files, fragmented or not; every video and audio track of each becomes a rendition.
    pub inputs: Vec<PathBuf>,
    /// Made where it is missing.
    pub out: PathBuf,
    /// None: clear.
    pub scheme: Option<Scheme>,
    /// One for all tracks; two, the first for video and the second for audio; or one for each track in turn.
    pub keys: Vec<(KeyId, ContentKey)>,
    /// Segments are cut at the first key frame after this long.
    pub segment_seconds: f64,
    /// Write playlists.
    pub hls: bool,
    /// Write an MPD.
    pub dash: bool,
    /// As it stands in the manifests.
    pub license_url: String,
}

/// One track on its way.
struct Rendition {
    input: Input,
    row: RenditionRow,
    source: Source,
    encryption: Option<Encryption>,
    systems: Vec<ContentProtection>,
}

/// Packages; `progress` is told bytes done and bytes in all. Returns the manifests written.
pub fn run(job: &Job, mut progress: impl FnMut(u64, u64)) -> Result<Vec<PathBuf>> {
    check(job)?;
    let mut inputs = Vec::new();
    for path in &job.inputs {
        inputs.extend(input::open(path)?);
    }
    if job.scheme.is_some() && job.keys.len() > 2 && job.keys.len() != inputs.len() {
        return Err(refuse(format!(
            "{} keys for {} tracks: give one for all, two (video, audio), or one a track",
            job.keys.len(),
            inputs.len()
        )));
    }
    let cuts = cut::cuts(&inputs, job.segment_seconds)?;
    let mut renditions: Vec<Rendition> = Vec::new();
    for (at, (input, cuts)) in inputs.into_iter().zip(cuts).enumerate() {
        let id = unique(&input, &renditions);
        renditions.push(rendition(job, at, input, &cuts, id)?);
    }
    let total: u64 = renditions.iter().map(|r| r.input.bytes()).sum();
    let mut done = 0;
    for rendition in &renditions {
        segments(job, rendition, |bytes| {
            done += bytes;
            progress(done, total);
        })?;
    }
    manifests(job, &renditions)
}

fn check(job: &Job) -> Result<()> {
    if job.inputs.is_empty() {
        return Err(refuse("no input; give one MP4 file or more"));
    }
    if !(job.segment_seconds >= 0.1 && job.segment_seconds <= 60.0) {
        return Err(refuse("--segment-seconds must be 0.1 to 60"));
    }
    match (job.scheme, job.keys.is_empty()) {
        (Some(_), true) => Err(refuse("--scheme needs a key: --key KIDHEX:KEYHEX, 32 hex digits each")),
        (None, false) => Err(refuse("--key without --scheme would leave everything clear: say --scheme cbcs or --scheme cenc")),
        _ => Ok(()),
    }
}

fn refuse(message: impl Into<String>) -> Error {
    Error::refused(StatusCode::BAD_REQUEST, "cannot-package", message)
}

/// `v720`, `a-eng`; a second one of the same name gets a number.
fn unique(input: &Input, taken: &[Rendition]) -> String {
    let name = match input.track.kind {
        TrackKind::Video => format!("v{}", input.track.height),
        _ => {
            let language: String = input.track.language.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            format!("a-{}", if language.is_empty() { "und" } else { &language })
        }
    };
    let free = |name: &String| taken.iter().all(|r| r.row.id != *name);
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name)
}

fn rendition(job: &Job, at: usize, input: Input, cuts: &[usize], id: String) -> Result<Rendition> {
    let source = Source::new(input.index(cuts)?)?;
    let video = input.track.kind == TrackKind::Video;
    let key = match (job.scheme, job.keys.as_slice()) {
        (None, _) | (_, []) => None,
        (Some(scheme), [one]) => Some((scheme, one)),
        (Some(scheme), [first, second]) => Some((scheme, if video { first } else { second })),
        (Some(scheme), keys) => keys.get(at).map(|key| (scheme, key)),
    };
    let (mut encryption, mut systems) = (None, Vec::new());
    if let Some((scheme, (key_id, key))) = key {
        // The same call again gives the same bytes; another track under this key never the same counters.
        let iv = Encryption::derive_iv(key, b"hearth package");
        encryption = Some(protection::encryption(scheme, *key_id, key, iv, &format!("{at}/{id}")));
        systems = protection::systems(*key_id, scheme, &job.license_url)?;
    }
    let (bandwidth, average_bandwidth) = input.bandwidths(cuts, &source);
    let track = &input.track;
    let row = RenditionRow {
        id,
        kind: if video { "video" } else { "audio" }.to_owned(),
        codecs: track.codec_string(),
        width: video.then_some(track.width),
        height: video.then_some(track.height),
        frame_rate: if video { input.frame_rate() } else { None },
        channels: (!video).then_some(track.channels),
        sample_rate: (!video).then_some(track.sample_rate),
        language: (!video).then(|| track.language.clone()),
        bandwidth,
        average_bandwidth,
    };
    Ok(Rendition { input, row, source, encryption, systems })
}

fn segments(job: &Job, rendition: &Rendition, mut done: impl FnMut(u64)) -> Result<()> {
    let dir = job.out.join(&rendition.row.id);
    std::fs::create_dir_all(&dir).map_err(Error::io(&dir))?;
    let pssh = match &rendition.encryption {
        Some(e) => protection::pssh(e.key_id, e.scheme)?,
        None => Vec::new(),
    };
    write(&dir.join("init.mp4"), &rendition.source.init(rendition.encryption.as_ref(), &pssh)?)?;
    let mut data = Vec::new();
    for number in 1..=rendition.source.segment_count() {
        let samples = rendition.source.samples_of(number).ok_or_else(|| Error::Damaged(format!("segment {number}")))?;
        rendition.input.read(samples, &mut data)?;
        write(
            &dir.join(format!("{number}.m4s")),
            &rendition.source.segment(number, Part::Whole, &data, rendition.encryption.as_ref())?,
        )?;
        done(data.len() as u64);
    }
    Ok(())
}

fn manifests(job: &Job, renditions: &[Rendition]) -> Result<Vec<PathBuf>> {
    let describe = |r| -> Described<'_> {
        let r: &Rendition = r;
        Described { row: &r.row, source: &r.source, protection: &r.systems, base: format!("{}/", r.row.id) }
    };
    let items: Vec<Described<'_>> = renditions.iter().map(describe).collect();
    let mut written = Vec::new();
    if job.hls {
        for item in &items {
            write(&job.out.join(format!("{}.m3u8", item.row.id)), presentation::playlist(item).as_bytes())?;
        }
        written.push(job.out.join("master.m3u8"));
        write(&job.out.join("master.m3u8"), presentation::master(&items, "", None).as_bytes())?;
    }
    if job.dash {
        written.push(job.out.join("manifest.mpd"));
        write(&job.out.join("manifest.mpd"), presentation::mpd(&items).as_bytes())?;
    }
    Ok(written)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(Error::io(path))
}
