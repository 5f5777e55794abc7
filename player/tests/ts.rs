//! HLS as it was before MP4: transport streams with picture and sound in the same segments, made here by GStreamer's own segmenter, and packed
//! audio (RFC 8216bis §3.4) beside them.

mod support;

use gst::prelude::*;
use gstreamer as gst;
use hearth_player::tools::{self, Source};
use hearth_player::{Command, Decoders, Error, Event, PlayerConfig};
use std::path::Path;
use std::sync::LazyLock;
use support::fault::{Fault, Rule};
use support::server::Server;
use support::{Files, Film, encode, errors, finish, load, player, smooth, wait};

const FRAMES: u64 = 125;

/// Five seconds in segments of one.
static FILES: LazyLock<Files> = LazyLock::new(|| {
    gst::init().expect("gst");
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().display();
    let pipeline = gst::parse::launch(&format!(
        "hlssink2 name=sink target-duration=1 playlist-length=0 max-files=0 location={path}/%d.ts playlist-location={path}/main.m3u8 \
         videotestsrc pattern=ball num-buffers={FRAMES} ! video/x-raw,width=320,height=180,framerate=25/1 \
         ! x264enc speed-preset=superfast key-int-max=25 bframes=2 option-string=min-keyint=25:scenecut=0 ! h264parse ! sink.video \
         audiotestsrc num-buffers=235 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! sink.audio"
    ))
    .expect("hlssink2");
    run(&pipeline);
    let entries = std::fs::read_dir(dir.path()).expect("dir").flatten();
    entries.map(|e| (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).expect("file"))).collect()
});

fn run(pipeline: &gst::Element) {
    pipeline.set_state(gst::State::Playing).expect("playing");
    let end = pipeline
        .bus()
        .expect("bus")
        .timed_pop_filtered(gst::ClockTime::from_seconds(60), &[gst::MessageType::Eos, gst::MessageType::Error]);
    assert!(end.is_some_and(|m| m.type_() == gst::MessageType::Eos));
    pipeline.set_state(gst::State::Null).expect("null");
}

#[test]
fn plays_seeks_and_ends() {
    let server = Server::start(FILES.clone());
    let (player, events) = player(PlayerConfig::default());
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { width: 320, height: 180, .. }).then_some(()));
    let seeked = |seen: &mut Vec<Event>| {
        wait(&events, seen, 15, |e| if let Event::Seeked { position_us, .. } = e { Some(*position_us) } else { None })
    };
    player.send(Command::Seek { position_us: 3_300_000, exact: true });
    let landed = seeked(&mut seen);
    assert!(landed.abs_diff(3_300_000) <= 40_000, "{landed}");
    player.send(Command::Seek { position_us: 0, exact: false });
    assert!(seeked(&mut seen) <= 100_000);
    let summary = finish(&events, &mut seen, 30);
    assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{seen:#?}");
    let shown = summary.frames_presented + summary.frames_dropped;
    assert!((FRAMES..FRAMES + 50).contains(&shown), "from the start once more: {summary:?}");
    assert!(smooth(&summary), "{summary:?}");
    assert_eq!((summary.decode_errors, summary.segments_lost), (0, 0), "{summary:?}");
}

#[test]
fn shows_every_picture_once() {
    let server = Server::start(FILES.clone());
    let (player, events) = player(PlayerConfig::default());
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 30);
    assert!(errors(&seen).is_empty(), "{seen:#?}");
    assert_eq!((summary.frames_presented + summary.frames_dropped, summary.played_ms), (FRAMES, FRAMES * 40), "{summary:?}");
}

#[test]
fn finds_the_sound_and_survives_noise() {
    let server = Server::start(FILES.clone());
    let (mute, events) =
        player(PlayerConfig { decoders: Decoders { aac: Vec::new(), ..Decoders::default() }, ..PlayerConfig::default() });
    mute.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    let _ = finish(&events, &mut seen, 20);
    assert_eq!(errors(&seen), [5001], "there is sound in it: {seen:#?}");
    for fault in [Fault::Noise(0, usize::MAX), Fault::Noise(188 * 3, 188 * 9 + 50), Fault::Short(100), Fault::Body(b"<html>")] {
        server.break_with(vec![Rule { path: "2.ts", times: usize::MAX, fault: fault.clone() }]);
        let (player, events) = player(PlayerConfig { retries: 1, retry_ms: 20, ..PlayerConfig::default() });
        player.load(load(server.url("main.m3u8")));
        let mut seen = Vec::new();
        let summary = finish(&events, &mut seen, 20);
        assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{fault:?}: {seen:#?}");
        assert!(summary.frames_presented + summary.frames_dropped >= FRAMES - 50, "{fault:?}: {summary:?}");
    }
}

/// Seconds of a sound as packed audio: an ID3 tag with the time at 90 kHz, which starts at `ticks`, and ADTS frames.
fn packed(sound: &encode::Encoded, ticks: u64) -> Files {
    let (mut files, mut heard) = (Files::new(), 0);
    let mut list = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD\n".to_owned();
    for (n, samples) in sound.segments().into_iter().enumerate() {
        let owner = b"com.apple.streaming.transportStreamTimestamp\0";
        let time = ((ticks + heard * 90_000 / 48_000) % (1 << 33)).to_be_bytes();
        let frame = [b"PRIV", &[0, 0, 0, owner.len() as u8 + 8, 0, 0][..], owner, &time].concat();
        let mut bytes = [b"ID3", &[4, 0, 0, 0, 0, 0, frame.len() as u8][..], &frame].concat();
        for (_, data) in samples {
            let size = data.len() + 7;
            bytes.extend([0xff, 0xf1, 0x4c, 0x80 | (size >> 11) as u8, (size >> 3) as u8, (size << 5) as u8 | 0x1f, 0xfc]);
            bytes.extend(data);
        }
        heard += samples.len() as u64 * 1024;
        list += &format!("#EXTINF:{:.5},\nsound{n}.aac\n", samples.len() as f64 * 1024.0 / 48_000.0);
        files.insert(format!("sound{n}.aac"), bytes);
    }
    files.insert("sound.m3u8".into(), (list + "#EXT-X-ENDLIST\n").into_bytes());
    files
}

/// Beside pictures in MP4, which count from zero, and beside transport streams, which GStreamer has count from an hour.
#[test]
fn sound_may_be_packed_by_itself() {
    let sound = encode::audio("a", 5);
    let film = Film { video: vec![encode::video("v1", 320, 180, 0, 25, 5)], audio: encode::audio("a", 5) };
    for (video, list, ticks) in [(film.package(None, None), "v1.m3u8", 0), (FILES.clone(), "main.m3u8", 3600 * 90_000)] {
        let mut files = video;
        files.extend(packed(&sound, ticks));
        let group = "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,URI=\"sound.m3u8\"";
        let master = format!(
            "#EXTM3U\n{group}\n#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS=\"avc1.4d400d,mp4a.40.2\",AUDIO=\"a\"\n{list}\n"
        );
        files.insert("master.m3u8".into(), master.into_bytes());
        let server = Server::start(files);
        let (player, events) = player(PlayerConfig::default());
        player.load(load(server.url("master.m3u8")));
        let mut seen = Vec::new();
        wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
        player.send(Command::Seek { position_us: 2_500_000, exact: true });
        let landed =
            wait(&events, &mut seen, 15, |e| if let Event::Seeked { position_us, .. } = e { Some(*position_us) } else { None });
        assert!(landed.abs_diff(2_500_000) <= 40_000, "{list}: {landed}");
        let summary = finish(&events, &mut seen, 30);
        assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{list}: {seen:#?}");
        // Sound of another time would hold the picture up, or be waited for.
        assert!(smooth(&summary) && summary.segments_lost == 0 && summary.decode_errors == 0, "{list}: {summary:?}");
        assert!(server.requests().iter().any(|r| r.starts_with("GET /sound4.aac")), "{list}");
    }
}

/// Lines of a tool, each cut at its commas.
fn lines(location: &str, tool: impl Fn(&Source, &mut Vec<u8>) -> Result<(), Error>) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    tool(&Source::new(location), &mut out).expect("tool");
    let text = String::from_utf8(out).expect("text");
    text.lines().map(|l| l.split(',').map(str::to_owned).collect()).collect()
}

/// The same film, put from transport streams into one MP4 by GStreamer's own elements.
fn as_mp4(dir: &Path) -> String {
    let mut names: Vec<&String> = FILES.keys().filter(|n| n.ends_with(".ts")).collect();
    names.sort();
    let (ts, mp4) = (dir.join("all.ts"), dir.join("all.mp4"));
    std::fs::write(&ts, names.iter().flat_map(|n| FILES[*n].clone()).collect::<Vec<u8>>()).expect("ts");
    let pipeline = gst::parse::launch(&format!(
        "filesrc location={} ! tsdemux name=d ! queue ! h264parse ! mp4mux name=m ! filesink location={} d. ! queue ! aacparse ! m.",
        ts.display(),
        mp4.display()
    ));
    run(&pipeline.expect("remux"));
    mp4.display().to_string()
}

#[test]
fn frames_and_samples_are_those_of_the_same_film_in_mp4() {
    let server = Server::start(FILES.clone());
    let (url, dir) = (server.url("main.m3u8"), tempfile::tempdir().expect("dir"));
    let mp4 = as_mp4(dir.path());
    let last = |lines: &[Vec<String>]| lines.iter().filter_map(|l| l.last().cloned()).collect::<Vec<_>>();
    let pictures = lines(&url, |source, out| tools::frames(source, false, out));
    assert_eq!(pictures.len() as u64, FRAMES);
    assert_eq!(last(&pictures), last(&lines(&mp4, |source, out| tools::frames(source, false, out))), "md5 of every picture");
    let times: Vec<i64> = pictures.iter().map(|l| l[0].parse().expect("time")).collect();
    assert!(times.windows(2).all(|t| (t[1] - t[0]).abs_diff(40_000) <= 12), "{times:?}");
    assert!((0..1_000_000).contains(&times[0]), "{times:?}");

    let sound = lines(&url, |source, out| tools::samples(source, 1, out));
    assert_eq!(last(&sound), last(&lines(&mp4, |source, out| tools::samples(source, 1, out))), "md5 of every frame of sound");
    let video = lines(&url, |source, out| tools::samples(source, 0, out));
    let keys = video.iter().filter(|l| l[2] == "1").count();
    assert_eq!((video.len() as u64, keys), (FRAMES, 5), "a key frame a second");
    let mut shown: Vec<i64> = video.iter().map(|l| l[1].parse().expect("time")).collect();
    shown.sort_unstable();
    assert_eq!(shown, times, "samples are decoded to these very pictures");
}

#[test]
fn samples_of_packed_sound_are_those_of_its_mp4() {
    let film = Film { video: vec![encode::video("v1", 320, 180, 0, 25, 5)], audio: encode::audio("a", 5) };
    let mut files = film.package(None, None);
    files.extend(packed(&encode::audio("a", 5), (1 << 33) - 90_000));
    let server = Server::start(files);
    let of = |path: &str| lines(&server.url(path), |source, out| tools::samples(source, 0, out));
    let (ours, boxed) = (of("sound.m3u8"), of("a.m3u8"));
    assert!(ours.len() > 200 && ours.len() == boxed.len(), "{} {}", ours.len(), boxed.len());
    for (a, b) in ours.iter().zip(&boxed) {
        assert_eq!((&a[2..]), (&b[2..]));
        // The time of a tag is rounded to a tick; the clock has wrapped on the way.
        let time = |l: &[String]| l[1].parse::<i64>().expect("time");
        assert!(time(a).abs_diff(time(b)) <= 12, "{a:?} {b:?}");
    }
}
