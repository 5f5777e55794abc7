//! Live titles from an origin made here: at the edge, through an encoder's restart, back in the window, and when nothing more comes.

mod support;

use hearth_player::{Command, Event, PlayerConfig, Summary};
use std::fmt::Write;
use std::ops::Range;
use std::sync::LazyLock;
use std::time::Instant;
use support::server::{Server, said};
use support::{Files, Film, encode, errors, finish, load, player, smooth, wait};

const SECONDS: u32 = 16;

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let video = |id: &str, width, height| encode::video(id, width, height, 0, 25, SECONDS);
    Film { video: vec![video("v1", 160, 90), video("v2", 320, 180)], audio: encode::audio("a", SECONDS) }.package(None, None)
});

/// A media playlist of these segments: number in the playlist, and file.
fn playlist(id: &str, sequence: usize, files: &[(usize, bool)], ended: bool) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{sequence}\n");
    let _ = writeln!(text, "#EXT-X-MAP:URI=\"{id}/init.mp4\"");
    for (file, discontinuity) in files {
        if *discontinuity {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        let _ = write!(text, "#EXTINF:1,\n{id}/{}.m4s\n", file + 1);
    }
    if ended {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

/// The rendition of `/v1.m3u8`, `/v2.m3u8`, `/a.m3u8`.
fn list_of(path: &str) -> Option<&str> {
    path.strip_suffix(".m3u8").filter(|id| ["v1", "v2", "a"].contains(id))
}

/// Plays until its end; all events.
fn play(server: &Server, path: &str) -> (Vec<Event>, Summary) {
    let (player, events) = player(PlayerConfig { timeout_ms: 1_000, patience_ms: 2_000, ..PlayerConfig::default() });
    player.load(load(server.url(path)));
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 40);
    (seen, summary)
}

/// Duration in `Started`.
fn duration(seen: &[Event]) -> Option<Option<u64>> {
    seen.iter().find_map(|e| if let Event::Started { duration_us, .. } = e { Some(*duration_us) } else { None })
}

#[test]
fn follows_the_edge_of_hls_and_dash() {
    for path in ["main.m3u8", "live.mpd"] {
        let server = Server::start(FILES.clone());
        // Six segments are there at the start, the ninth comes after three seconds, and it ends with the tenth.
        let began = Instant::now();
        let there = move || (6 + began.elapsed().as_secs() as usize).min(10);
        let time = format!("http://127.0.0.1:{}/time", server.port);
        server.serve_with(move |path| {
            let n = there();
            if path == "time" {
                // The zero of the presentation is six seconds before the server's start, ten years from now.
                return Some(format!("2037-01-01T00:00:{:06.3}Z", 6.0 + began.elapsed().as_secs_f64()).into_bytes());
            }
            if path == "live.mpd" {
                return Some(mpd(&time, n >= 10).into_bytes());
            }
            let first = n.saturating_sub(6);
            let files: Vec<(usize, bool)> = (first..n).map(|i| (i, false)).collect();
            Some(playlist(list_of(path)?, 40 + first, &files, n == 10).into_bytes())
        });
        let (seen, summary) = play(&server, path);
        assert_eq!((errors(&seen), duration(&seen)), (vec![], Some(None)), "{path}: {seen:#?}");
        assert!(seen.contains(&Event::Ended), "{path}");
        // Three seconds behind the edge it began (with a key frame), and it went on to the end.
        let shown = summary.frames_presented + summary.frames_dropped;
        assert!((7 * 25 - 2..=8 * 25).contains(&shown), "{path}: {shown} frames: {summary:?}");
        assert!(smooth(&summary), "{path}: {summary:?}");
        assert_eq!((summary.decode_errors, summary.segments_lost), (0, 0), "{path}: {summary:?}");
        assert!(seen.iter().any(|e| matches!(e, Event::Window { .. })), "{path}");
        let lists = |r: &&String| r.starts_with("GET /v2.m3u8") || r.starts_with("GET /live.mpd");
        let asked = server.requests().iter().filter(lists).count();
        assert!((2..=10).contains(&asked), "{path}: {asked} requests for it");
        let requests = server.requests();
        let told = |part: &str, key: &str, value: &str| {
            let mut own = requests.iter().filter(|r| r.lines().next().is_some_and(|l| l.contains(part))).peekable();
            assert!(own.peek().is_some(), "{path}: {part} was asked for");
            own.for_each(|r| assert_eq!(said(r).get(key).map(String::as_str), Some(value), "{path}: {key} of {r}"));
        };
        told(".m4s", "st", "l");
        if path == "live.mpd" {
            told("/time", "ot", "o");
        }
    }
}

/// One period whose segments the clock makes.
fn mpd(time: &str, ended: bool) -> String {
    let set = |kind: &str, mime: &str, codecs: &str, ids: &[&str]| {
        let one = |id: &&str| format!("<Representation id=\"{id}\" bandwidth=\"100000\" codecs=\"{codecs}\"/>");
        let template = "<SegmentTemplate media=\"$RepresentationID$/$Number$.m4s\" initialization=\"$RepresentationID$/init.mp4\" duration=\"1\"/>";
        let representations: String = ids.iter().map(one).collect();
        format!("<AdaptationSet contentType=\"{kind}\" mimeType=\"{mime}\">{template}{representations}</AdaptationSet>")
    };
    let kind = if ended {
        "type=\"static\" mediaPresentationDuration=\"PT10S\""
    } else {
        "type=\"dynamic\" minimumUpdatePeriod=\"PT1S\""
    };
    format!(
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" {kind} availabilityStartTime=\"2037-01-01T00:00:00Z\" minBufferTime=\"PT1S\" \
         profiles=\"urn:mpeg:dash:profile:isoff-live:2011\"><UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"{time}\"/>\
         <Period id=\"1\" start=\"PT0S\">{}{}</Period></MPD>",
        set("video", "video/mp4", "avc1.42c01e", &["v1", "v2"]),
        set("audio", "audio/mp4", "mp4a.40.2", &["a"])
    )
}

#[test]
fn goes_on_where_the_encoder_starts_again() {
    let server = Server::start(FILES.clone());
    let began = Instant::now();
    server.serve_with(move |path| {
        let second = began.elapsed().as_secs() as usize;
        // Segments 0 to 7 by then; then the encoder begins again with the first, counting from zero; after six more it ends.
        let text = match second {
            0..3 => playlist(list_of(path)?, 100, &files(0..6 + second.min(2)), false),
            3..9 => playlist(list_of(path)?, 0, &again(second - 2), false),
            _ => playlist(list_of(path)?, 0, &again(6), true),
        };
        Some(text.into_bytes())
    });
    let (seen, summary) = play(&server, "main.m3u8");
    assert!(errors(&seen).is_empty(), "{seen:#?}");
    let shown = summary.frames_presented + summary.frames_dropped;
    // From the fourth segment to the eighth, and six more.
    assert!((11 * 25 - 3..=11 * 25).contains(&shown) && seen.contains(&Event::Ended), "{shown} frames: {summary:?}");
    assert_eq!(summary.decode_errors, 0, "{summary:?}");
}

fn files(range: Range<usize>) -> Vec<(usize, bool)> {
    range.map(|i| (i, false)).collect()
}

fn again(count: usize) -> Vec<(usize, bool)> {
    (0..count).map(|i| (i, i == 0)).collect()
}

#[test]
fn ends_with_its_number_when_nothing_more_comes() {
    let server = Server::start(FILES.clone());
    server.serve_with(move |path| Some(playlist(list_of(path)?, 100, &files(0..5), false).into_bytes()));
    let (seen, summary) = play(&server, "main.m3u8");
    assert_eq!(errors(&seen), [2011], "{seen:#?}");
    assert!(summary.frames_presented >= 70, "what is there is played: {summary:?}");
}

#[test]
fn goes_back_in_the_window_and_no_further() {
    let server = Server::start(FILES.clone());
    let began = Instant::now();
    server.serve_with(move |path| {
        let n = (10 + began.elapsed().as_secs() as usize).min(14);
        Some(playlist(list_of(path)?, 7 + n - 10, &files(n - 10..n), n == 14).into_bytes())
    });
    let (player, events) = player(PlayerConfig::default());
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    let (start, edge) = wait(&events, &mut seen, 20, |e| {
        if let Event::Window { start_us, edge_us } = e { Some((*start_us, *edge_us)) } else { None }
    });
    assert_eq!(edge - start, 7_000_000, "three target durations behind the end");
    let seeked = |seen: &mut Vec<Event>| {
        wait(&events, seen, 15, |e| if let Event::Seeked { position_us, .. } = e { Some(*position_us) } else { None })
    };
    player.send(Command::Seek { position_us: 0, exact: false });
    let back = seeked(&mut seen);
    assert!((start..start + 3_000_000).contains(&back), "{back} of {start}");
    player.send(Command::Seek { position_us: 3_600_000_000, exact: false });
    let front = seeked(&mut seen);
    assert!((edge - 1_000_000..edge + 5_000_000).contains(&front), "{front} of {edge}");
    let _ = finish(&events, &mut seen, 30);
    assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{seen:#?}");
}
