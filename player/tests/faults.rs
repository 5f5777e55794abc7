//! What can go wrong on the way, one row each: it plays on, or ends with one numbered error; never a hang, a panic, or memory without
//! bounds. Waits are shortened by configuration.

mod support;

use hearth_player::{Event, LoadRequest, PlayerConfig, Summary};
use std::sync::LazyLock;
use support::fault::{Fault, Rule};
use support::server::Server;
use support::{CBCS, Files, Film, encode, errors, finish, load, player};

const FRAMES: u64 = 75;
const ALWAYS: usize = usize::MAX;

/// Three seconds, two renditions.
static FILM: LazyLock<Film> = LazyLock::new(|| Film {
    video: vec![encode::video("v1", 160, 90, 0, 25, 3), encode::video("v2", 320, 180, 0, 25, 3)],
    audio: encode::audio("a", 3),
});
static CLEAR: LazyLock<Files> = LazyLock::new(|| FILM.package(None, None));
static SECRET: LazyLock<Files> = LazyLock::new(|| FILM.package(Some(CBCS), None));

/// How a session may end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// Every picture was shown.
    Whole,
    /// So many segments were passed over, all others shown.
    Without(u64),
    /// With this error and nothing else.
    Error(u16),
}

/// Paths with this in them, the first so many times, are answered so.
type Broken = (&'static str, usize, Fault);

fn config() -> PlayerConfig {
    PlayerConfig {
        timeout_ms: 500,
        retries: 2,
        retry_ms: 20,
        patience_ms: 1_200,
        memory_bytes: 8 << 20,
        ..PlayerConfig::default()
    }
}

/// Plays `path` of a server that breaks these `rules`.
fn play(path: &str, rules: &[Broken]) -> (End, Summary, Server) {
    let protected = rules.iter().any(|(path, ..)| *path == "license");
    let server = Server::start(if protected { SECRET.clone() } else { CLEAR.clone() });
    server.break_with(rules.iter().cloned().map(|(path, times, fault)| Rule { path, times, fault }).collect());
    let (player, events) = player(config());
    let license_url = protected.then(|| server.url("license"));
    let url = if path.contains("://") { path.replace("PORT", &server.port.to_string()) } else { server.url(path) };
    player.load(LoadRequest { license_url, ..load(url) });
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 25);
    let end = match (errors(&seen)[..].first(), summary.segments_lost) {
        (Some(code), _) => End::Error(*code),
        (None, 0) => End::Whole,
        (None, lost) => End::Without(lost),
    };
    assert!(
        errors(&seen).len() <= 1 && (errors(&seen).len() == 1) != seen.contains(&Event::Ended),
        "{path} {rules:?}: {seen:#?}"
    );
    (end, summary, server)
}

/// Runs the rows side by side, and says all that are wrong.
fn run(table: &[(&str, &[Broken], End)]) {
    LazyLock::force(&CLEAR);
    LazyLock::force(&SECRET);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let wrong = std::sync::Mutex::new(Vec::new());
    let work = || {
        while let Some((path, rules, expected)) = table.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)) {
            let started = std::time::Instant::now();
            let (end, summary, _) = play(path, rules);
            println!("{path} {rules:?}: {end:?} after {:?}", started.elapsed());
            let shown = summary.frames_presented + summary.frames_dropped;
            let all = match expected {
                End::Whole => shown == FRAMES && summary.decode_errors == 0,
                End::Without(n) => (FRAMES - 25 * n..=FRAMES).contains(&shown),
                End::Error(_) => true,
            };
            if end != *expected || !all {
                wrong.lock().expect("lock").push(format!("{path} {rules:?}: {end:?}, expected {expected:?}: {summary:?}"));
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    let wrong = wrong.into_inner().expect("lock");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

use End::{Error, Whole, Without};
use Fault::*;

const PAGE: Fault = Body(b"<!doctype html><html>Sign in to the hotel's network</html>");

#[test]
fn manifests() {
    let far = "Retry-After: 3600\r\n";
    let soon = "Retry-After: 1\r\n";
    run(&[
        // No server is asked: a label of a name has at most 63 bytes.
        ("http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test/main.m3u8", &[], Error(2000)),
        ("https://127.0.0.1:PORT/main.m3u8", &[], Error(2009)),
        ("main.m3u8", &[("main", ALWAYS, Status(404, ""))], Error(2002)),
        ("main.m3u8", &[("main", ALWAYS, Status(410, ""))], Error(2002)),
        ("main.m3u8", &[("main", ALWAYS, Status(403, ""))], Error(2003)),
        ("main.m3u8", &[("main", ALWAYS, Status(418, ""))], Error(2005)),
        ("main.m3u8", &[("main", ALWAYS, Status(429, ""))], Error(2004)),
        ("main.m3u8", &[("main", 1, Status(429, soon))], Whole),
        ("main.m3u8", &[("main", ALWAYS, Status(503, far))], Error(2004)),
        ("main.mpd", &[("main", 2, Status(503, ""))], Whole),
        ("main.mpd", &[("main", ALWAYS, Status(500, ""))], Error(2004)),
        ("main.m3u8", &[("main", ALWAYS, Redirect)], Error(2005)),
        ("main.m3u8", &[("main", ALWAYS, Silent)], Error(2001)),
        ("main.m3u8", &[("main", 1, Stall(40))], Whole),
        ("main.m3u8", &[("main", ALWAYS, Stall(40))], Error(2001)),
        ("main.m3u8", &[("main", ALWAYS, Trickle)], Error(2001)),
        ("main.m3u8", &[("main", ALWAYS, TrickleHead)], Error(2001)),
        ("main.m3u8", &[("main", 1, Truncated(40))], Whole),
        ("main.m3u8", &[("main", ALWAYS, Truncated(40))], Error(2006)),
        ("main.mpd", &[("main", ALWAYS, Short(400))], Error(3001)),
        ("main.m3u8", &[("main", ALWAYS, Short(0))], Error(3000)),
        ("main.m3u8", &[("main", ALWAYS, PAGE)], Error(3000)),
        ("main.mpd", &[("main", ALWAYS, PAGE)], Error(3000)),
        ("main.m3u8", &[("main", ALWAYS, Endless)], Error(2010)),
        // A rendition whose playlist is gone or is a page is done without.
        ("main.m3u8", &[("v1.m3u8", ALWAYS, Status(404, ""))], Whole),
        ("main.m3u8", &[("v2.m3u8", ALWAYS, PAGE)], Whole),
        ("main.m3u8", &[("a.m3u8", ALWAYS, PAGE)], Error(3000)),
    ]);
}

#[test]
fn segments() {
    let ten_years = "Date: Thu, 01 Jan 2037 00:00:00 GMT\r\nContent-Type: text/html\r\n";
    run(&[
        ("main.m3u8", &[("", ALWAYS, Header(ten_years))], Whole),
        ("main.m3u8", &[("/2.m4s", 1, Status(500, ""))], Whole),
        ("main.m3u8", &[("/2.m4s", 2, Status(503, "Retry-After: 1\r\n"))], Whole),
        (
            "main.m3u8",
            &[(
                "/2.m4s",
                2,
                Status(429, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n"),
            )],
            Whole,
        ),
        ("main.m3u8", &[("/2.m4s", ALWAYS, Status(500, ""))], Error(2004)),
        ("main.m3u8", &[("/2.m4s", ALWAYS, Status(403, ""))], Error(2003)),
        ("main.m3u8", &[("/2.m4s", ALWAYS, Status(404, ""))], Without(2)),
        ("main.m3u8", &[("v1/2.m4s", ALWAYS, Status(410, "")), ("v2/1.m4s", ALWAYS, Status(404, ""))], Whole),
        ("main.mpd", &[("v1", ALWAYS, Status(404, ""))], Whole),
        ("main.mpd", &[("m4s", ALWAYS, Status(404, ""))], Error(2002)),
        ("main.m3u8", &[("v1/2.m4s", 1, Stall(300)), ("v2/2.m4s", 1, Stall(300))], Whole),
        ("main.m3u8", &[("/2.m4s", ALWAYS, Stall(300))], Error(2001)),
        ("main.m3u8", &[("/2.m4s", ALWAYS, Silent)], Error(2001)),
        ("main.m3u8", &[("/2.m4s", ALWAYS, Trickle)], Error(2001)),
        ("main.m3u8", &[("/2.m4s", 1, Truncated(300))], Whole),
        ("main.m3u8", &[("/2.m4s", ALWAYS, Truncated(300))], Without(2)),
        ("main.m3u8", &[("/2.m4s", 1, Long)], Whole),
        ("main.m3u8", &[("v1/2.m4s", ALWAYS, Short(300)), ("v2/2.m4s", ALWAYS, Short(0))], Without(1)),
        ("main.m3u8", &[("/2.m4s", ALWAYS, PAGE)], Without(2)),
        ("main.m3u8", &[("v1/2.m4s", ALWAYS, Endless), ("v2/2.m4s", ALWAYS, Endless)], Without(1)),
        ("main.m3u8", &[("v1/2.m4s", ALWAYS, Noise(0, 80)), ("v2/2.m4s", ALWAYS, Noise(8, 40))], Without(1)),
        ("main.m3u8", &[("v1/init", ALWAYS, Noise(40, 400)), ("v2/init", ALWAYS, PAGE)], Error(3003)),
        ("main.m3u8", &[("v1/init", ALWAYS, Noise(40, 400))], Whole),
        ("main.mpd", &[("a/init", 1, Stall(30))], Whole),
    ]);
}

#[test]
fn licences() {
    run(&[
        ("main.m3u8", &[("license", 0, Silent)], Whole),
        ("main.m3u8", &[("license", 1, Status(500, ""))], Whole),
        ("main.m3u8", &[("license", 1, Silent)], Whole),
        ("main.m3u8", &[("license", ALWAYS, Status(403, ""))], Error(6002)),
        ("main.m3u8", &[("license", ALWAYS, Status(500, ""))], Error(6003)),
        ("main.m3u8", &[("license", ALWAYS, Silent)], Error(6003)),
        ("main.m3u8", &[("license", ALWAYS, Trickle)], Error(6003)),
        ("main.m3u8", &[("license", ALWAYS, PAGE)], Error(6004)),
        ("main.m3u8", &[("license", ALWAYS, Body(b"{\"keys\":[{\"kty\":\"oct\",\"k\":1}]}"))], Error(6004)),
        ("main.m3u8", &[("license", ALWAYS, Body(b"{\"keys\":[]}"))], Error(6004)),
        ("main.m3u8", &[("license", ALWAYS, Endless)], Error(6004)),
    ]);
}

#[test]
fn the_network_goes_and_comes_back() {
    let server = Server::start(CLEAR.clone());
    // Two seconds at most are held, so that the film is not over before the network is gone.
    let (player, events) = player(PlayerConfig { buffer_ms: 600, resume_ms: 300, patience_ms: 20_000, ..config() });
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    support::wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
    // At 100 ms between tries and two tracks it is gone for a second and more: longer than the buffer.
    server.cut_off(40);
    let summary = finish(&events, &mut seen, 30);
    assert_eq!((errors(&seen), summary.frames_presented + summary.frames_dropped), (vec![], FRAMES), "{seen:#?}");
    assert!(summary.stalls > 0 && seen.contains(&Event::Ended), "it was noticed: {summary:?}");
}
