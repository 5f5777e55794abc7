//! What the server's integration tests share: a published title made with ffmpeg, HTTP requests, and ffmpeg as a judge.
#![allow(dead_code)]

pub mod program;

use hearth_api::TitleMeta;
use hearth_isobmff::{SampleInfo, SegmentSpec, TrackKind, parse_init, parse_segment, write_init, write_segment};
use hearth_server::db::titles::{NewTitle, RenditionRow};
use hearth_server::mezzanine::{IndexedSample, IndexedSegment, TrackIndex};
use hearth_server::state::State;
use hearth_server::{db, store};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/big-buck-bunny-720p25-5s.mp4");

/// Is this program there? Tests that need it say so and pass where it is not.
pub fn have(program: &str) -> bool {
    let found = Command::new(program).arg("-version").output().is_ok() || Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// Runs a program to its end; its output if it succeeded.
pub fn run(program: &str, args: &[&str]) -> Result<String, String> {
    let out = Command::new(program).args(args).output().map_err(|e| format!("{program}: {e}"))?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    if out.status.success() {
        Ok(text)
    } else {
        Err(format!("{program} {args:?}: {}\n{}", out.status, String::from_utf8_lossy(&out.stderr)))
    }
}

const FRAGMENTS: &str = "frag_keyframe+empty_moov+default_base_moof+delay_moov";

/// `-c:v` and on: a key frame every `interval` pictures and nowhere else.
pub fn video(height: u32, interval: u32) -> Vec<String> {
    let (scale, keys) = (format!("scale=-2:{height}"), format!("keyint={interval}:min-keyint={interval}:scenecut=0"));
    let args =
        ["-vf", &scale, "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-x264-params", &keys, "-pix_fmt", "yuv420p"];
    args.map(str::to_owned).to_vec()
}

/// Encodes `seconds` of the clip, over and over, as `args` say.
pub fn ffmpeg(seconds: u32, args: &[String], path: &Path) {
    let seconds = seconds.to_string();
    let source = ["-v", "error", "-y", "-stream_loop", "5", "-i", CLIP, "-t", &seconds];
    let args: Vec<&str> = source.into_iter().chain(args.iter().map(String::as_str)).chain(path.to_str()).collect();
    run("ffmpeg", &args).unwrap();
}

/// Encodes `seconds` of the clip with aligned key frames every second and fragments there: one file a rendition, `(id, kind, path)`.
pub fn encode(dir: &Path, seconds: u32) -> Vec<(String, String, PathBuf)> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut made = Vec::new();
    for height in [144, 288] {
        let path = dir.join(format!("v{height}.mp4"));
        ffmpeg(seconds, &[video(height, 25), words(&format!("-an -movflags {FRAGMENTS}"))].concat(), &path);
        made.push((format!("v{height}"), "video".to_owned(), path));
    }
    let path = dir.join("a.mp4");
    let sound = "-vn -c:a aac -ac 2 -b:a 96k -movflags empty_moov+default_base_moof+delay_moov -frag_duration 1000000";
    ffmpeg(seconds, &words(sound), &path);
    made.push(("a-und".to_owned(), "audio".to_owned(), path));
    made
}

/// A mezzanine and its index from a fragmented file, one segment a fragment.
pub fn mezzanine(file: &[u8]) -> (Vec<u8>, TrackIndex, hearth_isobmff::Track) {
    let init = parse_init(file).unwrap();
    let track = init.tracks[0].clone();
    let written = write_init(&track, None, None, &[]).unwrap();
    let mut out = written.clone();
    let mut index = TrackIndex { init: written, timescale: track.timescale, segments: vec![], samples: vec![] };
    for (at, end) in fragments(file) {
        let samples = parse_segment(&init, &file[at..end]).unwrap();
        let infos: Vec<SampleInfo> = samples
            .iter()
            .map(|s| SampleInfo {
                size: s.data.len() as u32,
                duration: s.duration,
                cts_offset: (s.pts - s.dts) as i32,
                sync: s.sync,
            })
            .collect();
        let data: Vec<u8> = samples.iter().flat_map(|s| file[at..end][s.data.clone()].to_vec()).collect();
        let base = (samples[0].dts - track.edit_offset) as u64;
        let first = index.samples.len() as u32;
        let number = index.segments.len() as u32 + 1;
        let spec =
            SegmentSpec { sequence: number, base_decode_time: base, first_sample: first.into(), samples: &infos, data: &data };
        out.extend(write_segment(&track, &spec, None).unwrap());
        index.segments.push(IndexedSegment {
            first_sample: first,
            sample_count: infos.len() as u32,
            base_decode_time: base,
            start: samples.iter().map(|s| s.pts.max(0)).min().unwrap() as u64,
            duration: infos.iter().map(|s| u64::from(s.duration)).sum(),
            offset: (out.len() - data.len()) as u64,
            size: data.len() as u32,
        });
        index.samples.extend(infos.iter().map(|s| IndexedSample {
            size: s.size,
            duration: s.duration,
            cts_offset: s.cts_offset,
            sync: s.sync,
        }));
    }
    (out, index, track)
}

/// `moof` to the next `moof`.
fn fragments(file: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut starts) = (0, vec![]);
    while at + 8 <= file.len() {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        if &file[at + 4..at + 8] == b"moof" {
            starts.push(at);
        }
        at += size.max(8);
    }
    starts.iter().enumerate().map(|(i, s)| (*s, starts.get(i + 1).copied().unwrap_or(file.len()))).collect()
}

/// Publishes a title of the encoded files as ingest does, under a key of its own where it is protected.
pub async fn publish(state: &State, id: &str, protection: &str, files: &[(String, String, PathBuf)], meta: &TitleMeta) {
    let mut rows = vec![];
    for (rendition, kind, path) in files {
        let (bytes, index, track) = mezzanine(&std::fs::read(path).unwrap());
        let bits = |s: &IndexedSegment| u64::from(s.size) * 8 * u64::from(index.timescale) / s.duration;
        rows.push(RenditionRow {
            id: rendition.clone(),
            kind: kind.clone(),
            codecs: track.codec_string(),
            width: (track.kind == TrackKind::Video).then_some(track.width),
            height: (track.kind == TrackKind::Video).then_some(track.height),
            frame_rate: (track.kind == TrackKind::Video).then_some(25.0),
            channels: (track.kind == TrackKind::Audio).then_some(track.channels),
            sample_rate: (track.kind == TrackKind::Audio).then_some(track.sample_rate),
            language: Some("und".into()),
            bandwidth: index.segments.iter().map(bits).max().unwrap(),
            average_bandwidth: index.segments.iter().map(bits).sum::<u64>() / index.segments.len() as u64,
        });
        state.store.put(&store::mezzanine_key(id, rendition), bytes.into()).await.unwrap();
        state.store.put(&store::index_key(id, rendition), postcard::to_allocvec(&index).unwrap().into()).await.unwrap();
    }
    state.store.put(&store::art_key(id, "poster"), bytes::Bytes::from_static(b"\xff\xd8picture")).await.unwrap();
    let key = (protection != "none").then(|| state.keys.new_content_key().unwrap());
    let title =
        NewTitle { id, meta, duration_ms: 6000, protection, poster: true, backdrop: false, renditions: &rows, key: key.as_ref() };
    let mut tx = db::begin(&state.db).await.unwrap();
    db::titles::insert(&mut tx, &title).await.unwrap();
    tx.commit().await.unwrap();
}

/// An answer, whole.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap_or(""))
    }
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(&self.body)))
    }
    /// The stable code of a refusal.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("").to_owned()
    }
}

/// One request; every status is an answer.
pub fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Got {
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let agent = ureq::Agent::new_with_config(config);
    let response = agent.run(request.body(body.to_vec()).unwrap()).unwrap_or_else(|e| panic!("{method} {url}: {e}"));
    let (parts, mut body) = response.into_parts();
    let body = body.with_config().limit(1 << 30).read_to_vec().unwrap();
    Got { status: parts.status.as_u16(), headers: parts.headers, body }
}

pub fn get(url: &str) -> Got {
    http("GET", url, &[], &[])
}

/// ffmpeg's md5 of every decoded frame of stream `map` (`0:v:0`): of `input`, or of `bytes` on its standard input. The latter because
/// ffmpeg 5.1 loses count of the encryption data of fragments after the second in a file that it can seek in (Shaka Packager's too).
pub fn frames(input: &str, bytes: Vec<u8>, key: Option<&str>, map: &str) -> Result<Vec<String>, String> {
    let mut args = vec!["-v", "error", "-xerror"];
    if let Some(key) = key {
        args.extend(["-decryption_key", key]);
    }
    args.extend(["-i", input, "-map", map, "-f", "framemd5", "-"]);
    let mut command = Command::new("ffmpeg");
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let mut stdin = child.stdin.take().unwrap();
    // A reader that has seen enough closes the pipe.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let out = child.wait_with_output().map_err(|e| e.to_string())?;
    feeder.join().unwrap();
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    Ok(text.lines().filter(|l| !l.starts_with('#')).filter_map(|l| Some(l.rsplit(',').next()?.trim().to_owned())).collect())
}
