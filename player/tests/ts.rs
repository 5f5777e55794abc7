//! HLS of transport streams: picture and sound in the same segments, made here by GStreamer's own segmenter.

mod support;

use gst::prelude::*;
use gstreamer as gst;
use hearth_player::{Command, Decoders, Event, PlayerConfig};
use std::sync::LazyLock;
use support::fault::{Fault, Rule};
use support::server::Server;
use support::{Files, errors, finish, load, player, smooth, wait};

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
    pipeline.set_state(gst::State::Playing).expect("playing");
    let end = pipeline
        .bus()
        .expect("bus")
        .timed_pop_filtered(gst::ClockTime::from_seconds(60), &[gst::MessageType::Eos, gst::MessageType::Error]);
    assert!(end.is_some_and(|m| m.type_() == gst::MessageType::Eos));
    pipeline.set_state(gst::State::Null).expect("null");
    let entries = std::fs::read_dir(dir.path()).expect("dir").flatten();
    entries.map(|e| (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).expect("file"))).collect()
});

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
