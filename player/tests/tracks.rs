//! Captions beside the film, and the choice of tracks while it plays.

mod support;

use hearth_isobmff::{Codec, FourCc, SampleInfo, SegmentSpec, Track, TrackKind, write_init, write_segment};
use hearth_player::{
    AudioOutput, Command, Event, LoadRequest, PixelFormat, Player, PlayerConfig, SoftwareOutput, TextPreference, VideoFrame,
};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, LazyLock, Mutex};
use support::server::{Server, said};
use support::{Files, Film, encode, errors, finish, load, player, smooth, wait};

/// Six seconds.
static FILM: LazyLock<Film> =
    LazyLock::new(|| Film { video: vec![encode::video("v1", 320, 180, 0, 25, 6)], audio: encode::audio("a", 6) });

/// What is said from when to when, in ms; the second over the border of two segments.
const CUES: [(u64, u64, &str); 3] = [(500, 1500, "one"), (1700, 2900, "two"), (4200, 5400, "three")];
const SECONDS: u64 = 2;

fn vtt_time(ms: u64) -> String {
    format!("00:00:{:02}.{:03}", ms / 1000, ms % 1000)
}

/// The cues of one segment, on a clock that says 100 s more than the title's, as the map tells.
fn vtt(language: &str, segment: u64) -> Vec<u8> {
    let (from, to) = (segment * SECONDS * 1000, (segment + 1) * SECONDS * 1000);
    let mut out = String::from("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:01:40.000,MPEGTS:0\n\n");
    for (start, end, text) in CUES.iter().filter(|(start, end, _)| *start < to && *end > from) {
        let minute = |ms: u64| format!("00:01:{:02}.{:03}", ms / 1000 + 40, ms % 1000);
        out += &format!("{} --> {}\n{language} {text}\n\n", minute(*start), minute(*end));
    }
    out.into_bytes()
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

/// Init segment and segments of a text track in fragmented MP4.
fn mp4(codec: Codec, language: &str, files: &mut Files) {
    let (entry, config) = match codec {
        Codec::Wvtt => (FourCc(*b"wvtt"), b"WEBVTT".to_vec()),
        _ => (FourCc(*b"stpp"), b"http://www.w3.org/ns/ttml".to_vec()),
    };
    let track = Track { kind: TrackKind::Text, timescale: 1000, codec, sample_entry: entry, config, ..Track::default() };
    files.insert(format!("{language}/init.mp4"), write_init(&track, None, None, &[]).expect("init"));
    for segment in 0..3 {
        let (from, to) = (segment * SECONDS * 1000, (segment + 1) * SECONDS * 1000);
        let mut samples: Vec<(u64, Vec<u8>)> = Vec::new();
        if codec == Codec::Wvtt {
            // One sample from one change to the next.
            let mut cuts: Vec<u64> = CUES.iter().flat_map(|c| [c.0, c.1]).filter(|at| *at > from && *at < to).collect();
            cuts.splice(0..0, [from]);
            cuts.push(to);
            for w in cuts.windows(2) {
                let now = CUES.iter().find(|c| c.0 <= w[0] && w[0] < c.1);
                let cue = |text: &str| boxed(b"vttc", &boxed(b"payl", format!("{language} {text}").as_bytes()));
                samples.push((w[1] - w[0], now.map_or(boxed(b"vtte", &[]), |c| cue(c.2))));
            }
        } else {
            let p = |c: &(u64, u64, &str)| format!("<p begin='{}' end='{}'>{language} {}</p>", vtt_time(c.0), vtt_time(c.1), c.2);
            let body: String = CUES.iter().map(p).collect();
            let text = format!("<tt xmlns='http://www.w3.org/ns/ttml' xml:lang='{language}'><body><div>{body}</div></body></tt>");
            samples.push((to - from, text.into_bytes()));
        }
        let info = |(duration, data): &(u64, Vec<u8>)| SampleInfo {
            size: data.len() as u32,
            duration: *duration as u32,
            cts_offset: 0,
            sync: true,
        };
        let infos: Vec<_> = samples.iter().map(info).collect();
        let data: Vec<u8> = samples.into_iter().flat_map(|(_, data)| data).collect();
        let spec = SegmentSpec { sequence: 1, base_decode_time: from, first_sample: segment * 100, samples: &infos, data: &data };
        files.insert(format!("{language}/{segment}.m4s"), write_segment(&track, &spec, None).expect("segment"));
    }
}

/// The film with captions in every way: segmented WebVTT in HLS (English), `wvtt` (German), `stpp` (French), a file beside a DASH (Italian),
/// and a forced track (English).
fn files() -> Files {
    let mut files = FILM.package(None, None);
    mp4(Codec::Wvtt, "de", &mut files);
    mp4(Codec::Stpp, "fr", &mut files);
    let list = |segment: &dyn Fn(u64) -> String, map: &str| {
        let segments: String = (0..3).map(|n| format!("#EXTINF:{SECONDS},\n{}\n", segment(n))).collect();
        format!("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{SECONDS}\n{map}{segments}#EXT-X-ENDLIST\n").into_bytes()
    };
    for n in 0..3 {
        files.insert(format!("en/{n}.vtt"), vtt("en", n));
        files.insert(format!("forced/{n}.vtt"), vtt("forced", n));
    }
    for language in ["en", "forced"] {
        files.insert(format!("{language}.m3u8"), list(&|n| format!("{language}/{n}.vtt"), ""));
    }
    for language in ["de", "fr"] {
        let map = format!("#EXT-X-MAP:URI=\"{language}/init.mp4\"\n");
        files.insert(format!("{language}.m3u8"), list(&|n| format!("{language}/{n}.m4s"), &map));
    }
    let mut media = String::from("#EXTM3U\n");
    for (language, name, more) in [
        ("en", "English", "DEFAULT=NO,AUTOSELECT=YES"),
        ("de", "Deutsch", "DEFAULT=NO,AUTOSELECT=YES"),
        ("fr", "Français", "DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS=\"public.accessibility.transcribes-spoken-dialog\""),
        ("forced", "Forced", "DEFAULT=NO,AUTOSELECT=YES,FORCED=YES"),
    ] {
        let lang = if language == "forced" { "en" } else { language };
        media += &format!(
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",NAME=\"{name}\",LANGUAGE=\"{lang}\",{more},URI=\"{language}.m3u8\"\n"
        );
    }
    let text = |files: &Files, name: &str| String::from_utf8(files[name].clone()).expect("text");
    let master = text(&files, "main.m3u8").replace("#EXTM3U\n", &media).replace("STREAM-INF:", "STREAM-INF:SUBTITLES=\"subs\",");
    files.insert("main.m3u8".into(), master.into_bytes());
    let cues = CUES.iter().map(|c| format!("{} --> {}\nit {}\n\n", vtt_time(c.0), vtt_time(c.1), c.2));
    files.insert("it.vtt".into(), format!("WEBVTT\n\n{}", cues.collect::<String>()).into_bytes());
    let sets = "<AdaptationSet id=\"it\" contentType=\"text\" mimeType=\"text/vtt\" lang=\"it\"><Representation id=\"it\" bandwidth=\"100\">\
        <BaseURL>it.vtt</BaseURL></Representation></AdaptationSet>\
        <AdaptationSet id=\"fr\" contentType=\"text\" mimeType=\"application/mp4\" codecs=\"stpp.ttml.im1t\" lang=\"fr\">\
        <SegmentTemplate timescale=\"1\" duration=\"2\" startNumber=\"0\" initialization=\"fr/init.mp4\" media=\"fr/$Number$.m4s\"/>\
        <Representation id=\"fr\" bandwidth=\"100\"/></AdaptationSet></Period>";
    let mpd = text(&files, "main.mpd").replacen("</Period>", sets, 1);
    files.insert("main.mpd".into(), mpd.into_bytes());
    files
}

/// What was shown: where the picture was, and the text.
fn shown(seen: &[Event]) -> Vec<(u64, String)> {
    let captions = |e: &Event| match e {
        Event::Captions { position_us, document } => {
            let text = document.cues.iter().flat_map(|c| &c.paragraphs).map(|p| p.text());
            Some((*position_us / 1000, text.collect::<Vec<_>>().join("|")))
        }
        _ => None,
    };
    seen.iter().filter_map(captions).collect()
}

fn wants(language: &str) -> TextPreference {
    TextPreference::Language { language: language.into() }
}

#[test]
fn every_kind_of_captions_shows_when_it_is_due() {
    let server = Server::start(files());
    let forced = ("main.m3u8", TextPreference::Off, "forced");
    let cases = [("main.m3u8", wants("en"), "en"), ("main.m3u8", wants("de-CH"), "de"), ("main.m3u8", wants("fr"), "fr"), forced];
    let cases = cases.into_iter().chain([("main.mpd", wants("it"), "it"), ("main.mpd", wants("fr"), "fr")]);
    let server = &server;
    // All at once: each takes as long as the film.
    std::thread::scope(|s| {
        cases.for_each(|(path, text, language)| drop(s.spawn(move || plays_with(server, path, text, language))))
    });
    asked_aside(server, &[("/en/", "c"), ("/fr/init", "i"), ("/fr/", "tt")]);
}

/// What has this in its path (the first that fits counts) was asked for as this object of CMCD, and never in a hurry.
fn asked_aside(server: &Server, objects: &[(&str, &str)]) {
    let mut kinds: Vec<&str> = Vec::new();
    for request in server.requests() {
        let path = request.split_whitespace().nth(1).expect("an address");
        let Some((_, object)) = objects.iter().find(|(part, _)| path.contains(part)) else { continue };
        let said = said(&request);
        assert_eq!((said.get("ot").map(String::as_str), said.contains_key("su")), (Some(*object), false), "{request}");
        assert!(said.contains_key("sid") && said.contains_key("st"), "{request}");
        kinds.push(object);
    }
    assert!(objects.iter().all(|(_, object)| kinds.contains(object)), "asked for {kinds:?}");
}

/// Plays to the end: every cue of `language` was shown while it was due.
fn plays_with(server: &Server, path: &str, text: TextPreference, language: &str) {
    let (player, events) = player(PlayerConfig::default());
    player.load(LoadRequest { text, ..load(server.url(path)) });
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 30);
    assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{seen:#?}");
    assert!(smooth(&summary), "{summary:?}");
    assert_eq!(summary.frames_presented + summary.frames_dropped, 150);
    let shown = shown(&seen);
    let mut expected: Vec<(u64, u64, String)> = Vec::new();
    for (start, end, text) in CUES {
        expected.push((start, end, format!("{language} {text}")));
        expected.push((end, u64::MAX, String::new()));
    }
    // A cue that goes on in the next sample is told again.
    let mut texts: Vec<&str> = shown.iter().map(|(_, text)| &**text).collect();
    texts.dedup();
    assert_eq!(texts, expected.iter().map(|(_, _, text)| &**text).collect::<Vec<_>>(), "{path} {language}");
    for (at, text) in &shown {
        let (start, end, _) = expected.iter().find(|(_, _, t)| t == text).expect("expected");
        assert!(at >= start && at < end, "{path}: {text:?} at {at}");
    }
}

/// Plays, and waits for the first picture.
fn start(request: LoadRequest, seen: &mut Vec<Event>) -> (Player, Receiver<Event>) {
    let (player, events) = player(PlayerConfig::default());
    player.load(request);
    wait(&events, seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
    (player, events)
}

fn caption(events: &Receiver<Event>, seen: &mut Vec<Event>, wanted: &str) {
    wait(events, seen, 20, |e| shown(std::slice::from_ref(e)).iter().any(|(_, text)| text == wanted).then_some(()));
}

#[test]
fn captions_follow_jumps_and_choices() {
    let server = Server::start(files());
    let mut seen = Vec::new();
    let (player, events) = start(LoadRequest { text: TextPreference::Off, ..load(server.url("main.m3u8")) }, &mut seen);
    let tracks =
        seen.iter().find_map(|e| if let Event::Tracks { tracks } = e { Some(tracks.clone()) } else { None }).expect("tracks");
    let text: Vec<_> = tracks.iter().filter(|t| t.kind == "text").collect();
    assert_eq!(
        text.iter().map(|t| &*t.label).collect::<Vec<_>>(),
        ["English", "Deutsch", "Français"],
        "forced ones are not offered"
    );
    assert!(text.iter().all(|t| !t.active) && text[2].roles == ["caption"], "{text:#?}");
    player.send(Command::Pause);
    player.send(Command::Seek { position_us: 4_500_000, exact: true });
    caption(&events, &mut seen, "forced three");
    player.send(Command::SelectText { id: Some(text[1].id.clone()) });
    caption(&events, &mut seen, "de three");
    let active = |seen: &[Event]| {
        let last = seen.iter().rev().find_map(|e| if let Event::Tracks { tracks } = e { Some(tracks) } else { None });
        last.into_iter().flatten().filter(|t| t.active && t.kind == "text").map(|t| t.label.clone()).collect::<Vec<_>>()
    };
    assert_eq!(active(&seen), ["Deutsch"]);
    player.send(Command::Seek { position_us: 1_000_000, exact: true });
    caption(&events, &mut seen, "de one");
    player.send(Command::SelectText { id: Some("no such".into()) });
    player.send(Command::Seek { position_us: 2_500_000, exact: true });
    caption(&events, &mut seen, "de two");
    player.send(Command::SelectText { id: None });
    caption(&events, &mut seen, "forced two");
    player.send(Command::Stop);
    finish(&events, &mut seen, 20);
    assert!(errors(&seen).is_empty(), "{seen:#?}");
}

/// The second sound is a track of its own, with files of its own.
fn two_sounds() -> Files {
    let mut files = FILM.package(None, None);
    let other = Film { video: Vec::new(), audio: encode::tone("b", 6, 880) };
    let video =
        FILM.video.iter().map(|v| encode::Encoded { id: v.id.clone(), track: v.track.clone(), samples: v.samples.clone() });
    let b = Film { video: video.collect(), ..other }.package(None, None);
    files.insert("a-fr.m3u8".into(), b["b.m3u8"].clone());
    files.extend(b.into_iter().filter(|(path, _)| path.starts_with("b/")));
    files
}

#[test]
fn another_sound_comes_in_without_touching_the_picture() {
    let server = Server::start(two_sounds());
    let mut seen = Vec::new();
    let (player, events) = start(load(server.url("main.m3u8")), &mut seen);
    let french = seen.iter().find_map(|e| {
        if let Event::Tracks { tracks } = e { tracks.iter().find(|t| t.language.as_deref() == Some("fr")).cloned() } else { None }
    });
    let french = french.expect("a French track").id;
    wait(&events, &mut seen, 20, |e| matches!(e, Event::Position { position_us, .. } if *position_us > 1_500_000).then_some(()));
    player.send(Command::SelectAudio { id: french.clone() });
    let summary = finish(&events, &mut seen, 30);
    assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{seen:#?}");
    assert!(!seen.iter().any(|e| matches!(e, Event::Seeked { .. } | Event::Stall { .. })), "{seen:#?}");
    assert!(smooth(&summary), "{summary:?}");
    assert_eq!((summary.frames_presented + summary.frames_dropped, summary.decode_errors), (150, 0));
    // The sink may be late on a busy machine; a picture interrupted would be a dozen.
    assert!(summary.frames_dropped < 10, "{summary:?}");
    let active = seen.iter().rev().find_map(|e| {
        if let Event::Tracks { tracks } = e { tracks.iter().find(|t| t.active && t.kind == "audio") } else { None }
    });
    assert_eq!(active.map(|t| &t.id), Some(&french));
    let requests = server.requests();
    let asked = |what: &str| requests.iter().filter(|r| r.contains(what)).count();
    assert_eq!((asked("GET /b/init.mp4"), asked("GET /b/6.m4s"), asked("GET /b/1.m4s")), (1, 1, 0), "{requests:#?}");
}

/// The viewer comes back to the very picture.
#[test]
fn a_resume_begins_with_the_frame_asked_for() {
    let server = Server::start(FILM.package(None, None));
    for start_us in [0, 40_000, 1_960_000, 2_000_000, 3_480_000, 5_960_000] {
        let frames = Arc::new(Mutex::new(Vec::new()));
        let seen_frames = frames.clone();
        let picture = move |frame: VideoFrame| seen_frames.lock().expect("lock").push(frame.pts_us);
        let output = Arc::new(SoftwareOutput::new(PixelFormat::Bgrx, Arc::new(picture)));
        let player = Player::new(PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() }, output);
        let events = player.events();
        player.send(Command::Pause);
        player.load(LoadRequest { start_us, ..load(server.url("main.m3u8")) });
        player.send(Command::Pause);
        let mut seen = Vec::new();
        wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
        assert_eq!(frames.lock().expect("lock").first(), Some(&start_us));
    }
}

#[test]
fn captions_that_cannot_be_had_hold_nothing_up() {
    let mut broken = files();
    broken.retain(|path, _| path != "en/0.vtt" && !path.starts_with("de"));
    broken.insert("en/1.vtt".into(), b"<html>no such file</html>".to_vec());
    let server = Server::start(broken);
    for (language, expected) in [("en", vec!["en three", ""]), ("de", vec![])] {
        let (player, events) = player(PlayerConfig { retries: 0, ..PlayerConfig::default() });
        player.load(LoadRequest { text: wants(language), ..load(server.url("main.m3u8")) });
        let mut seen = Vec::new();
        let summary = finish(&events, &mut seen, 30);
        assert!(errors(&seen).is_empty() && smooth(&summary) && seen.contains(&Event::Ended), "{seen:#?}");
        assert_eq!(shown(&seen).iter().map(|(_, text)| &**text).collect::<Vec<_>>(), expected, "{language}");
    }
}

/// Sheets of four tiles in DASH, an I-frame playlist in HLS: byte ranges that end with the key frame.
fn with_thumbnails() -> Files {
    let mut files = FILM.package(None, None);
    let colors = [[200, 0, 0], [0, 200, 0], [0, 0, 200], [200, 200, 0], [0, 200, 200], [200, 0, 200]];
    for sheet in 0..2 {
        let tile = |x: u32, y: u32| colors[((sheet * 4 + y / 90 * 2 + x / 160) % 6) as usize];
        let picture = image::RgbImage::from_fn(320, 180, |x, y| image::Rgb(tile(x, y)));
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).expect("png");
        files.insert(format!("thumbs/{sheet}.png"), bytes.into_inner());
    }
    let set = "<AdaptationSet id=\"thumbs\" contentType=\"image\" mimeType=\"image/png\">\
        <SegmentTemplate timescale=\"1\" duration=\"4\" startNumber=\"0\" media=\"thumbs/$Number$.png\"/>\
        <Representation id=\"t\" bandwidth=\"100\" width=\"320\" height=\"180\">\
        <EssentialProperty schemeIdUri=\"http://dashif.org/guidelines/thumbnail_tile\" value=\"2x2\"/></Representation></AdaptationSet></Period>";
    let text = |files: &Files, name: &str| String::from_utf8(files[name].clone()).expect("text");
    let mpd = text(&files, "main.mpd").replacen("</Period>", set, 1);
    files.insert("main.mpd".into(), mpd.into_bytes());
    let init = hearth_isobmff::parse_init(&files["v1/init.mp4"]).expect("init");
    let mut list = String::from(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"v1/init.mp4\"\n",
    );
    for n in 1..=6 {
        let segment = &files[&format!("v1/{n}.m4s")];
        let end = hearth_isobmff::parse_segment(&init, segment).expect("segment")[0].data.end;
        assert!(end < segment.len());
        list += &format!("#EXTINF:1,\n#EXT-X-BYTERANGE:{end}@0\nv1/{n}.m4s\n");
    }
    files.insert("iframes.m3u8".into(), format!("{list}#EXT-X-ENDLIST\n").into_bytes());
    let line = "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1000,RESOLUTION=320x180,CODECS=\"avc1.42c01e\",URI=\"iframes.m3u8\"\n";
    let master = text(&files, "main.m3u8") + line;
    files.insert("main.m3u8".into(), master.into_bytes());
    files
}

/// The preview for a position: where it is, its size, and its pixels.
fn preview(player: &Player, events: &Receiver<Event>, seen: &mut Vec<Event>, position_us: u64) -> (u64, (u32, u32), Vec<u8>) {
    player.send(Command::Preview { position_us });
    wait(events, seen, 20, |e| match e {
        Event::Preview { at_us, width, height, rgb } => Some((*at_us, (*width, *height), rgb.clone())),
        _ => None,
    })
}

#[test]
fn a_tile_of_a_sheet_for_every_place() {
    let server = Server::start(with_thumbnails());
    let mut seen = Vec::new();
    let (player, events) = start(load(server.url("main.mpd")), &mut seen);
    for (position_ms, at_ms, color) in
        [(2_500, 2_000, [0, 0, 200]), (0, 0, [200, 0, 0]), (5_900, 5_000, [200, 0, 200]), (2_999, 2_000, [0, 0, 200])]
    {
        let (at_us, size, rgb) = preview(&player, &events, &mut seen, position_ms * 1000);
        assert_eq!((at_us / 1000, size), (at_ms, (160, 90)));
        assert_eq!(rgb[(45 * 160 + 80) * 3..][..3], color, "at {position_ms}");
    }
    assert_eq!(server.requests().iter().filter(|r| r.contains("thumbs/0.png")).count(), 2, "what was made is kept");
    asked_aside(&server, &[("/thumbs/", "o")]);
}

/// Where the bright ball is, in parts of the picture.
fn ball(size: (u32, u32), bright: impl Fn(u32, u32) -> bool) -> (f64, f64) {
    let (mut x, mut y, mut n) = (0.0, 0.0, 0.0);
    for (px, py) in (0..size.1).flat_map(|py| (0..size.0).map(move |px| (px, py))).filter(|(px, py)| bright(*px, *py)) {
        (x, y, n) = (x + f64::from(px), y + f64::from(py), n + 1.0);
    }
    assert!(n > 0.0, "no ball");
    (x / n / f64::from(size.0), y / n / f64::from(size.1))
}

#[test]
fn a_key_frame_of_an_i_frame_playlist_is_the_films_picture() {
    let server = Server::start(with_thumbnails());
    let frames = Arc::new(Mutex::new(Vec::new()));
    let seen_frames = frames.clone();
    let picture = move |frame: VideoFrame| seen_frames.lock().expect("lock").push(frame);
    let output = Arc::new(SoftwareOutput::new(PixelFormat::Bgrx, Arc::new(picture)));
    let player = Player::new(PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() }, output);
    let (events, mut seen) = (player.events(), Vec::new());
    player.load(load(server.url("main.m3u8")));
    wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
    player.send(Command::Pause);
    for (position_us, at_us) in [(4_900_000, 4_000_000), (2_000_000, 2_000_000), (0, 0)] {
        let (at, size, rgb) = preview(&player, &events, &mut seen, position_us);
        assert_eq!((at, size), (at_us, (320, 180)));
        player.send(Command::Seek { position_us: at_us, exact: true });
        wait(&events, &mut seen, 20, |e| matches!(e, Event::Seeked { .. }).then_some(()));
        let frames = frames.lock().expect("lock");
        let frame = frames.iter().rev().find(|f| f.pts_us == at_us).expect("the frame");
        let theirs = ball((frame.width, frame.height), |x, y| frame.data[y as usize * frame.stride + x as usize * 4] > 128);
        let ours = ball(size, |x, y| rgb[((y * size.0 + x) * 3) as usize] > 128);
        assert!((ours.0 - theirs.0).abs() < 0.02 && (ours.1 - theirs.1).abs() < 0.02, "{at_us}: {ours:?} {theirs:?}");
    }
    assert!(errors(&seen).is_empty(), "{seen:#?}");
}
