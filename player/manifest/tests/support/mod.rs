//! What the tests share: a presentation as our server makes it, and where the real-world corpus may be.
#![allow(dead_code)]
use hearth_manifest::*;
use std::path::{Path, PathBuf};

/// `HEARTH_SHARED`, or a `shared` folder beside or above the repository; `None`: the corpus is not here.
pub fn shared() -> Option<PathBuf> {
    if let Some(dir) = std::env::var_os("HEARTH_SHARED") {
        return Some(PathBuf::from(dir));
    }
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .skip(2)
        .map(|a| a.join("shared"))
        .find(|p| p.join("data/manifests").is_dir())
}

/// Every file below `dir` whose name ends in `.ext`, sorted.
pub fn files(dir: &Path, ext: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(d) = open.pop() {
        for e in std::fs::read_dir(&d).into_iter().flatten().flatten() {
            let p = e.path();
            if p.is_dir() {
                open.push(p);
            } else if p.extension().is_some_and(|x| x == ext) {
                out.push(p);
            }
        }
    }
    out.sort();
    out
}

pub fn base() -> url::Url {
    url::Url::parse("https://origin.example/v1/title/main.m3u8").unwrap()
}

pub fn list(n: u64, duration_us: u64, url: impl Fn(u64) -> String) -> Segments {
    let segment = |i| Segment {
        resource: Resource { url: url(i + 1), range: None },
        number: i + 1,
        start_us: i * duration_us,
        duration_us,
        ..Segment::default()
    };
    Segments::List { segments: (0..n).map(segment).collect() }
}

pub const KID: &str = "00112233445566778899aabbccddeeff";

pub fn clear_key(scheme: &str) -> ContentProtection {
    ContentProtection {
        scheme: Some(scheme.into()),
        system: system::CLEAR_KEY.into(),
        key_id: Some(KID.into()),
        pssh: None,
        license_url: Some("https://origin.example/license/clearkey".into()),
        iv: None,
    }
}

/// Two video renditions, one audio, `cbcs` under ClearKey; `url` says how a rendition's segments are said.
pub fn ours(segments: impl Fn(&str) -> Segments) -> Presentation {
    let video = |id: &str, bandwidth, width, height| Rendition {
        id: id.into(),
        bandwidth,
        average_bandwidth: Some(bandwidth * 9 / 10),
        codecs: "avc1.64001e".into(),
        width: Some(width),
        height: Some(height),
        frame_rate: Some(25.0),
        init: Some(Resource { url: format!("{id}/init.mp4"), range: None }),
        segments: segments(id),
        protection: vec![clear_key("cbcs")],
        ..Rendition::default()
    };
    let audio = Rendition {
        id: "audio-en".into(),
        bandwidth: 128_000,
        average_bandwidth: Some(127_000),
        codecs: "mp4a.40.2".into(),
        sample_rate: Some(48_000),
        init: Some(Resource { url: "audio-en/init.mp4".into(), range: None }),
        segments: segments("audio-en"),
        protection: vec![clear_key("cbcs")],
        ..Rendition::default()
    };
    let tracks = vec![
        TrackSet {
            default: true,
            renditions: vec![video("v360", 800_000, 640, 360), video("v720", 2_500_000, 1280, 720)],
            ..TrackSet::new("video", Kind::Video)
        },
        TrackSet {
            language: Some("en".into()),
            label: Some("English \"stereo\"\n<main> & more".into()),
            default: true,
            channels: Some(2),
            renditions: vec![audio],
            ..TrackSet::new("audio-en", Kind::Audio)
        },
    ];
    let period = Period { duration_us: Some(30_000_000), tracks, ..Period::default() };
    Presentation {
        duration_us: Some(30_000_000),
        min_buffer_us: Some(4_000_000),
        periods: vec![period],
        ..Presentation::default()
    }
}
