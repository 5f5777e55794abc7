//! What the tests share: a small film encoded here and now, packaged as CMAF with HLS and DASH, and a server for it.
#![allow(dead_code)]

pub mod encode;
pub mod fault;
pub mod server;
pub mod tls;

use encode::Encoded;
use hearth_isobmff::{ContentKey, Encryption, KeyId, Pattern, Scheme, SegmentSpec, write_init, write_segment};
use hearth_manifest::{
    ContentProtection, Format, Kind, Period, Presentation, Rendition, Resource, Segment, Segments, TrackSet, dash, hls, system,
};
use hearth_player::{AudioOutput, Event, LoadRequest, NullVideo, Player, PlayerConfig, Summary};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

pub const VIDEO_KEY: [u8; 16] = *b"video key 123456";
pub const AUDIO_KEY: [u8; 16] = *b"audio key 123456";
pub const VIDEO_KID: KeyId = KeyId([0x11; 16]);
pub const AUDIO_KID: KeyId = KeyId([0xa2; 16]);

/// Path to bytes.
pub type Files = HashMap<String, Vec<u8>>;

/// A film: renditions lowest first, and sound.
pub struct Film {
    pub video: Vec<Encoded>,
    pub audio: Encoded,
}

/// What to protect it with; video and audio under keys of their own.
#[derive(Clone, Copy)]
pub struct Protection {
    pub scheme: Scheme,
    pub name: &'static str,
}

pub const CBCS: Protection = Protection { scheme: Scheme::Cbcs, name: "cbcs" };
pub const CENC: Protection = Protection { scheme: Scheme::Cenc, name: "cenc" };

/// How a film is packaged.
pub struct Packaging<'a> {
    pub protection: Option<Protection>,
    /// What the manifests name.
    pub license: Option<&'a str>,
    /// Key and its ID of a video rendition.
    pub key: fn(&str) -> ([u8; 16], KeyId),
    /// What else the manifests say of a rendition.
    pub edit: fn(&mut Rendition),
}

impl Film {
    /// Segments of one second, playlists, MPD. `license`: what the manifests name.
    pub fn package(&self, protection: Option<Protection>, license: Option<&str>) -> Files {
        self.package_as(&Packaging { protection, license, key: |_| (VIDEO_KEY, VIDEO_KID), edit: |_| () })
    }

    pub fn package_as(&self, how: &Packaging<'_>) -> Files {
        let mut files = Files::new();
        let mut tracks = Vec::new();
        let renditions = self.video.iter().map(|v| rendition(v, how, true, &mut files)).collect();
        tracks.push(TrackSet { renditions, ..TrackSet::new("video", Kind::Video) });
        let audio = rendition(&self.audio, how, false, &mut files);
        let main = TrackSet {
            language: Some("en".into()),
            label: Some("English".into()),
            default: true,
            ..TrackSet::new("audio/en", Kind::Audio)
        };
        tracks.push(TrackSet { renditions: vec![audio.clone()], ..main });
        let other = Rendition { id: format!("{}-fr", audio.id), ..audio };
        let second =
            TrackSet { language: Some("fr".into()), label: Some("Français".into()), ..TrackSet::new("audio/fr", Kind::Audio) };
        tracks.push(TrackSet { renditions: vec![other], ..second });
        let duration_us = self.video[0].duration_us();
        let period = Period { duration_us: Some(duration_us), tracks, ..Period::default() };
        let mut presentation = Presentation {
            format: Format::Dash,
            duration_us: Some(duration_us),
            periods: vec![period],
            ..Presentation::default()
        };
        files.insert("main.mpd".into(), dash::write_mpd(&presentation).into_bytes());
        presentation.format = Format::Hls;
        for r in presentation.periods[0].tracks.iter_mut().flat_map(|t| &mut t.renditions) {
            files.insert(format!("{}.m3u8", r.id), hls::write_media(r).into_bytes());
            r.segments = Segments::Playlist { url: format!("{}.m3u8", r.id) };
        }
        files.insert("main.m3u8".into(), hls::write_master(&presentation).into_bytes());
        files
    }
}

fn rendition(encoded: &Encoded, how: &Packaging<'_>, video: bool, files: &mut Files) -> Rendition {
    let Packaging { protection, license, .. } = *how;
    let (key, key_id) = if video { (how.key)(&encoded.id) } else { (AUDIO_KEY, AUDIO_KID) };
    let encryption = protection.map(|p| Encryption {
        scheme: p.scheme,
        key: ContentKey(key),
        key_id,
        iv: [7, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0],
        pattern: (video && p.scheme == Scheme::Cbcs).then_some(Pattern { crypt: 1, skip: 9 }),
    });
    let id = &encoded.id;
    let init = write_init(&encoded.track, Some(encoded.duration_us() / 1000), encryption.as_ref(), &[]).expect("init");
    files.insert(format!("{id}/init.mp4"), init);
    let (mut segments, mut ticks, mut bits, mut peak, mut first_sample) = (Vec::new(), 0u64, 0u64, 0u64, 0u64);
    for (n, samples) in encoded.segments().into_iter().enumerate() {
        let infos: Vec<_> = samples.iter().map(|(info, _)| *info).collect();
        let data: Vec<u8> = samples.iter().flat_map(|(_, data)| data.iter().copied()).collect();
        let spec = SegmentSpec { sequence: n as u32 + 1, base_decode_time: ticks, first_sample, samples: &infos, data: &data };
        first_sample += infos.len() as u64;
        let bytes = write_segment(&encoded.track, &spec, encryption.as_ref()).expect("segment");
        let duration: u64 = infos.iter().map(|i| u64::from(i.duration)).sum();
        let us = |t: u64| t * 1_000_000 / u64::from(encoded.track.timescale);
        let url = format!("{id}/{}.m4s", n + 1);
        let size = bytes.len() as u64;
        bits += size * 8;
        peak = peak.max(size * 8 * 1_000_000 / us(duration).max(1));
        files.insert(url.clone(), bytes);
        segments.push(Segment {
            resource: Resource { url, range: None },
            number: n as u64 + 1,
            start_us: us(ticks),
            duration_us: us(ticks + duration) - us(ticks),
            size: Some(size),
            ..Segment::default()
        });
        ticks += duration;
    }
    let descriptor = |p: Protection| ContentProtection {
        scheme: Some(p.name.into()),
        system: system::CLEAR_KEY.into(),
        key_id: Some(key_id.to_string()),
        pssh: None,
        license_url: license.map(str::to_owned),
        iv: None,
    };
    let mut rendition = Rendition {
        id: id.clone(),
        bandwidth: peak,
        average_bandwidth: Some(bits * 1_000_000 / encoded.duration_us()),
        codecs: if video { "avc1.42c01e".into() } else { "mp4a.40.2".into() },
        mime: Some(if video { "video/mp4".into() } else { "audio/mp4".into() }),
        width: video.then_some(encoded.track.width),
        height: video.then_some(encoded.track.height),
        sample_rate: (!video).then_some(encoded.track.sample_rate),
        audio_group: video.then(|| "audio".into()),
        init: Some(Resource { url: format!("{id}/init.mp4"), range: None }),
        segments: Segments::List { segments },
        protection: protection.map(descriptor).into_iter().collect(),
        ..Rendition::default()
    };
    (how.edit)(&mut rendition);
    rendition
}

/// A ClearKey licence.
pub fn licence(keys: &[(KeyId, [u8; 16])], expires_in: Option<u64>) -> Vec<u8> {
    let jwk = |(id, key): &(KeyId, [u8; 16])| {
        let base64 = hearth_cdm::to_base64url;
        format!(r#"{{"kty":"oct","kid":"{}","k":"{}"}}"#, base64(&id.0), base64(key))
    };
    let keys: Vec<String> = keys.iter().map(jwk).collect();
    let expires = expires_in.map_or(String::new(), |s| format!(r#","expires_in":{s}"#));
    format!(r#"{{"keys":[{}],"type":"temporary"{expires}}}"#, keys.join(",")).into_bytes()
}

/// A player without a screen and without a sound device, and its events.
pub fn player(config: PlayerConfig) -> (Player, Receiver<Event>) {
    let player = Player::new(PlayerConfig { audio: AudioOutput::None, ..config }, Arc::new(NullVideo));
    let events = player.events();
    (player, events)
}

pub fn load(url: impl Into<String>) -> LoadRequest {
    LoadRequest { url: url.into(), ..LoadRequest::default() }
}

/// The next event that `pick` wants; all others go to `seen`. Panics after `limit` seconds, or when the session ends without it.
pub fn wait<T>(events: &Receiver<Event>, seen: &mut Vec<Event>, limit: u64, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(limit);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let event = events.recv_timeout(left).unwrap_or_else(|e| panic!("{e}; seen: {seen:#?}"));
        let picked = pick(&event);
        let over = matches!(event, Event::Summary(_));
        seen.push(event);
        match picked {
            Some(picked) => return picked,
            None if over => panic!("it ended without; seen: {seen:#?}"),
            None => (),
        }
    }
}

/// Plays to the end of the session: all events, and the summary.
pub fn finish(events: &Receiver<Event>, seen: &mut Vec<Event>, limit: u64) -> Summary {
    wait(events, seen, limit, |e| if let Event::Summary(s) = e { Some(s.clone()) } else { None })
}

/// Numbers of the errors among `seen`.
pub fn errors(seen: &[Event]) -> Vec<u16> {
    seen.iter().filter_map(|e| if let Event::Error(e) = e { Some(e.code) } else { None }).collect()
}

/// A library of this crate's examples, built where it is not there yet: `cargo test` builds examples, `cargo test --test NAME` does not.
pub fn example(name: &str) -> PathBuf {
    let profile: PathBuf = std::env::current_exe().expect("path").ancestors().nth(2).expect("target").into();
    let library = profile.join(format!("examples/lib{name}.so"));
    if !library.is_file() {
        let mut build = std::process::Command::new(env!("CARGO"));
        build.args(["build", "-q", "-p", "hearth-player", "--example", name, "--target-dir"]);
        assert!(build.arg(profile.parent().expect("target")).status().expect("cargo").success());
    }
    library
}

/// It played without the stalls of a player that does not keep up, which last for seconds. A busy machine alone may hold a picture back for
/// a moment.
pub fn smooth(summary: &Summary) -> bool {
    summary.stalled_ms < 500
}

/// A pixel is of this colour, as near as a conversion gets.
pub fn near(pixel: &[u8], colour: [u8; 3]) -> bool {
    pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 24)
}
