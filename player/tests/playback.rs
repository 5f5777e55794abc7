//! Plays small films made here from a server made here, at the right speed, and takes them apart.

mod support;

use hearth_cdm::KeyPair;
use hearth_isobmff::ContentKey;
use hearth_player::{Command, Event, LoadRequest, PixelFormat, Player, PlayerConfig, SoftwareOutput, VideoFrame, tools};
use std::sync::{Arc, LazyLock, Mutex};
use support::server::Server;
use support::{AUDIO_KEY, AUDIO_KID, CBCS, CENC, Film, VIDEO_KEY, VIDEO_KID, encode, errors, finish, load, player, smooth, wait};

/// Six seconds, two renditions.
static FILM: LazyLock<Film> = LazyLock::new(|| Film {
    video: vec![encode::video("v1", 320, 180, 0, 25, 6), encode::video("v2", 480, 270, 0, 25, 6)],
    audio: encode::audio("a", 6),
});

const FRAMES: u64 = 150;

fn keys() -> Vec<KeyPair> {
    vec![KeyPair { id: VIDEO_KID, key: ContentKey(VIDEO_KEY) }, KeyPair { id: AUDIO_KID, key: ContentKey(AUDIO_KEY) }]
}

/// The wrong key for pictures, the right one for sound.
fn wrong_keys() -> Vec<KeyPair> {
    vec![KeyPair { id: VIDEO_KID, key: ContentKey(*b"not the real key") }, KeyPair { id: AUDIO_KID, key: ContentKey(AUDIO_KEY) }]
}

#[test]
fn plays_to_the_end_with_licence_in_hls_and_dash() {
    for (protection, path) in [(CBCS, "main.m3u8"), (CENC, "main.mpd")] {
        // The licence's address stands in the manifest, so the port must be known before: the request's overrides it.
        let server = Server::with_token(FILM.package(Some(protection), Some("http://127.0.0.1:9/unused")), Some("secret"));
        let (player, events) = player(PlayerConfig::default());
        let (license_url, license_token) = (Some(server.url("license")), Some("secret".to_owned()));
        player.load(LoadRequest { license_url, license_token, content_id: Some("film".into()), ..load(server.url(path)) });
        let mut seen = Vec::new();
        let summary = finish(&events, &mut seen, 30);
        assert!(errors(&seen).is_empty(), "{seen:#?}");
        assert!(seen.contains(&Event::Ended), "{seen:#?}");
        assert_eq!(summary.frames_presented + summary.frames_dropped, FRAMES, "{summary:?}");
        assert!(smooth(&summary), "{summary:?}");
        assert_eq!((summary.decode_errors, &*summary.protection), (0, protection.name));
        assert_eq!((&*summary.copy_path, &*summary.decoder), ("cpu", "avdec_h264"));
        let started = seen.iter().find_map(|e| {
            if let Event::Started { duration_us, protection, .. } = e { Some((*duration_us, protection.clone())) } else { None }
        });
        assert_eq!(started, Some((Some(6_000_000), protection.name.to_owned())));
        let requests = server.requests();
        let media = requests.iter().filter(|r| r.contains(".m4s")).collect::<Vec<_>>();
        assert!(media.iter().all(|r| r.to_lowercase().contains("cmcd-session:") && !r.contains("secret")), "{media:?}");
        assert_eq!(requests.iter().filter(|r| r.starts_with("POST /license")).count(), 1, "one licence holds both keys");
    }
}

#[test]
fn takes_apart_the_same_clear_and_encrypted() {
    gstreamer::init().expect("gst");
    let dir = tempfile::tempdir().expect("dir");
    let write = |name: &str, files: support::Files| {
        for (path, bytes) in files {
            let path = dir.path().join(name).join(path);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("dir");
            std::fs::write(path, bytes).expect("write");
        }
        dir.path().join(name)
    };
    let clear = write("clear", FILM.package(None, None));
    let read = |path: &std::path::Path, keys: Vec<KeyPair>, what: &str| {
        let source = tools::Source { keys, rendition: Some(1), ..tools::Source::new(path.to_str().expect("path")) };
        let mut out = Vec::new();
        let result = match what {
            "frames" => tools::frames(&source, false, &mut out),
            "sound" => tools::frames(&source, true, &mut out),
            _ => tools::samples(&source, usize::from(what == "audio"), &mut out),
        };
        (String::from_utf8(out).expect("text"), result.map_err(|e| e.code()))
    };
    let whats = ["frames", "sound", "video", "audio"];
    let expected = whats.map(|what| read(&clear.join("main.mpd"), Vec::new(), what).0);
    assert_eq!(expected[0].lines().count() as u64, FRAMES);
    assert!(expected[0].starts_with("0,480,270,") && expected[0].contains("\n40000,480,270,"), "{}", &expected[0][..80]);
    assert_eq!(expected[2].lines().count() as u64, FRAMES);
    for protection in [CBCS, CENC] {
        let dir = write(protection.name, FILM.package(Some(protection), None));
        for (what, expected) in whats.iter().zip(&expected) {
            for manifest in ["main.m3u8", "main.mpd"] {
                let got = read(&dir.join(manifest), keys(), what);
                assert!(got.0 == *expected && got.1 == Ok(()), "{} {manifest} {what}: {:?}", protection.name, got.1);
            }
        }
        assert_eq!(read(&dir.join("main.mpd"), wrong_keys(), "frames"), (String::new(), Err(6006)), "{}", protection.name);
        assert_eq!(read(&dir.join("main.mpd"), Vec::new(), "frames"), (String::new(), Err(6001)));
    }
}

#[test]
fn wrong_key_shows_nothing() {
    for protection in [CBCS, CENC] {
        let server = Server::start(FILM.package(Some(protection), None));
        let (player, events) = player(PlayerConfig { keys: wrong_keys(), ..PlayerConfig::default() });
        player.load(load(server.url("main.m3u8")));
        let mut seen = Vec::new();
        let summary = finish(&events, &mut seen, 20);
        assert_eq!((errors(&seen), summary.frames_presented), (vec![6006], 0), "{seen:#?}");
    }
}

#[test]
fn faults_have_their_numbers() {
    let mut files = FILM.package(Some(CBCS), None);
    files.insert("page.m3u8".into(), b"<!doctype html><html>Sign in</html>".to_vec());
    files.insert("broken.mpd".into(), b"<MPD><Period>".to_vec());
    for n in 2..=6 {
        files.remove(&format!("v1/{n}.m4s"));
        files.remove(&format!("v2/{n}.m4s"));
    }
    let server = Server::with_token(files, Some("secret"));
    let closed = {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port").port();
        format!("http://127.0.0.1:{port}/main.m3u8")
    };
    let license = |token: &str| (Some(server.url("license")), Some(token.to_owned()));
    let none = (None, None);
    let table = [
        (closed, none.clone(), 2000),
        (server.url("nothing.m3u8"), none.clone(), 2002),
        (server.url("main.m3u8"), license("secret"), 2002),
        (server.url("page.m3u8"), none.clone(), 3000),
        (server.url("broken.mpd"), none.clone(), 3001),
        ("gopher://127.0.0.1/film".into(), none.clone(), 2007),
        (server.url("main.m3u8"), none, 6001),
        (server.url("main.m3u8"), license("guess"), 6002),
        (server.url("main.mpd"), (Some(server.url("nothing")), None), 6004),
    ];
    let (player, events) = player(PlayerConfig { retries: 1, ..PlayerConfig::default() });
    for (url, (license_url, license_token), code) in table {
        player.load(LoadRequest { license_url, license_token, ..load(&*url) });
        let mut seen = Vec::new();
        let summary = finish(&events, &mut seen, 30);
        assert_eq!(errors(&seen), [code], "{url}: {seen:#?}");
        // One second of video is there where segments are missing: it is played before the error.
        assert_eq!(summary.frames_presented > 0, url.ends_with("main.m3u8") && code == 2002, "{url}: {summary:?}");
    }
}

#[test]
fn seeks_pauses_and_changes_tracks() {
    let server = Server::start(FILM.package(None, None));
    let frames: Arc<Mutex<Vec<(u64, u32, u32)>>> = Arc::default();
    let taken = frames.clone();
    let callback = move |f: VideoFrame| {
        assert!(f.stride >= 4 * f.width as usize && f.data.len() >= f.stride * (f.height as usize - 1) + 4 * f.width as usize);
        taken.lock().expect("lock").push((f.pts_us, f.width, f.height));
    };
    let output = Arc::new(SoftwareOutput::new(PixelFormat::Bgrx, Arc::new(callback)));
    output.set_size(Some((160, 120)));
    let config = PlayerConfig { audio: hearth_player::AudioOutput::None, ..PlayerConfig::default() };
    let player = Player::new(config, output);
    let events = player.events();
    player.load(LoadRequest { start_us: 1_500_000, ..load(server.url("main.mpd")) });
    let mut seen = Vec::new();
    wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { width: 320 | 480, .. }).then_some(()));
    assert_eq!(
        frames.lock().expect("lock").first().map(|f| (f.0 / 40_000, f.1, f.2)),
        Some((37, 160, 120)),
        "starts at the very frame"
    );
    player.send(Command::Pause);
    wait(&events, &mut seen, 10, |e| matches!(e, Event::Position { paused: true, .. }).then_some(()));
    let seeked = |seen: &mut Vec<Event>| {
        wait(&events, seen, 15, |e| if let Event::Seeked { position_us, .. } = e { Some(*position_us) } else { None })
    };
    for (to, exact, lands) in
        [(4_320_000, true, 4_320_000), (4_700_000, false, 4_000_000), (1_330_000, true, 1_330_000), (500_000, false, 0)]
    {
        player.send(Command::Seek { position_us: to, exact });
        assert_eq!(seeked(&mut seen), lands, "seek to {to}, exact: {exact}");
    }
    let other = seen.iter().find_map(|e| {
        if let Event::Tracks { tracks } = e { tracks.iter().find(|t| t.language.as_deref() == Some("fr")).cloned() } else { None }
    });
    player.send(Command::SelectAudio { id: other.expect("a French track").id });
    let active = wait(&events, &mut seen, 10, |e| {
        if let Event::Tracks { tracks } = e { tracks.iter().find(|t| t.kind == "audio" && t.active).cloned() } else { None }
    });
    assert_eq!(active.language.as_deref(), Some("fr"));
    // A jump to where it is has a picture too.
    player.send(Command::Seek { position_us: 0, exact: false });
    assert_eq!(seeked(&mut seen), 0);
    // A burst: the last one counts.
    for to in [1_000_000, 3_000_000, 5_000_000] {
        player.send(Command::Seek { position_us: to, exact: true });
    }
    assert_eq!(seeked(&mut seen), 5_000_000);
    player.send(Command::Play);
    let summary = finish(&events, &mut seen, 20);
    let took: Vec<u64> =
        seen.iter().filter_map(|e| if let Event::Seeked { took_ms, .. } = e { Some(*took_ms) } else { None }).collect();
    println!("first frame after {:?} ms, seeks after {took:?} ms", summary.first_frame_ms);
    assert!(seen.contains(&Event::Ended) && errors(&seen).is_empty(), "{seen:#?}");
    assert_eq!((&*summary.decoder, summary.decode_errors), ("avdec_h264", 0), "no decoder was given up: {summary:?}");
    assert!(smooth(&summary), "{summary:?}");
    assert_eq!(frames.lock().expect("lock").last().map(|f| f.0), Some(5_960_000), "{summary:?}");
}

/// The first segment that is fetched with and without something remembered of the network, and what is learnt to be remembered.
#[test]
fn begins_as_good_as_the_network_was_the_last_time() {
    let mut remembered = None;
    for first in ["/v1/1.m4s", "/v2/1.m4s"] {
        let server = Server::start(FILM.package(None, None));
        let (player, events) = player(PlayerConfig::default());
        player.load(LoadRequest { estimate_kbps: remembered, ..load(server.url("main.m3u8")) });
        let mut seen = Vec::new();
        wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
        player.send(Command::Stop);
        remembered = finish(&events, &mut seen, 20).estimate_kbps;
        let requests = server.requests();
        let fetched = requests.iter().find(|r| r.contains("GET /v") && r.contains("/1.m4s")).expect("a segment");
        assert!(fetched.contains(first), "{fetched}");
        assert!(remembered.is_some_and(|kbps| kbps > 1_000), "{remembered:?}");
    }
}
