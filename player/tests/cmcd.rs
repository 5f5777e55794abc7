//! What the player says of each request (CTA-5004), as the origin gets it.

mod support;

use std::collections::BTreeMap;

use hearth_player::{CmcdMode, Command, Event, LoadRequest, PlayerConfig, PlayerState};
use support::server::{Server, said};
use support::{CBCS, Film, encode, errors, finish, load, player, wait};

/// `ot` of what has this in its path; the first that fits counts.
const OBJECTS: [(&str, &str); 6] = [("license", "k"), (".m3u8", "m"), (".mpd", "m"), ("init", "i"), ("/v", "v"), ("/a/", "a")];

#[test]
fn every_request_says_what_it_is_for() {
    let film = Film { video: vec![encode::video("v1", 160, 90, 0, 25, 3)], audio: encode::audio("a", 3) };
    for (mode, path, format) in
        [(CmcdMode::Headers, "main.m3u8", "h"), (CmcdMode::Query, "main.mpd", "d"), (CmcdMode::Off, "main.m3u8", "h")]
    {
        let server = Server::start(film.package(Some(CBCS), None));
        let (player, events) = player(PlayerConfig { cmcd: mode, ..PlayerConfig::default() });
        player.load(LoadRequest {
            license_url: Some(server.url("license")),
            session_id: Some("6e2fb550".into()),
            content_id: Some("film 1".into()),
            ..load(server.url(path))
        });
        let mut seen = Vec::new();
        finish(&events, &mut seen, 30);
        assert!(errors(&seen).is_empty(), "{seen:#?}");
        let requests = server.requests();
        let mut kinds: Vec<String> = Vec::new();
        for request in &requests {
            let said = said(request);
            let headers = request.to_lowercase().contains("cmcd-");
            assert_eq!((headers, request.contains("CMCD=")), (mode == CmcdMode::Headers, mode == CmcdMode::Query), "{request}");
            if mode == CmcdMode::Off {
                continue;
            }
            let get = |key: &str| said.get(key).map(String::as_str);
            let address = request.split_whitespace().nth(1).expect("an address").split('?').next().expect("a path");
            let object = OBJECTS.iter().find(|(part, _)| address.contains(part)).expect("a known path").1;
            assert_eq!(get("ot"), Some(object), "{request}");
            assert_eq!((get("sid"), get("cid")), (Some("6e2fb550"), Some("film 1")), "{request}");
            // The first request does not know yet what comes.
            let first = address.ends_with(path);
            assert_eq!((get("sf"), get("st")), if first { (None, None) } else { (Some(format), Some("v")) }, "{request}");
            let media = matches!(object, "v" | "a");
            assert_eq!([get("br").is_some(), get("tb").is_some(), get("bl").is_some() && object != "i"], [media; 3], "{request}");
            assert_eq!(get("d"), media.then_some("1000").filter(|_| object == "v").or(get("d")), "{request}");
            if object == "v" {
                let number: u32 =
                    address.trim_end_matches(".m4s").rsplit('/').next().and_then(|n| n.parse().ok()).expect("a number");
                let next = format!("{}.m4s", number + 1);
                assert_eq!(get("nor"), (number < 3).then_some(&*next), "{request}");
            }
            if first {
                assert_eq!(get("su"), Some(""), "{request}");
            }
            kinds.push(object.to_owned());
        }
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds, if mode == CmcdMode::Off { vec![] } else { vec!["a", "i", "k", "m", "v"] });
    }
}

#[test]
fn a_dry_buffer_is_told_and_a_full_one_asks_for_less_speed() {
    let film = Film { video: vec![encode::video("v1", 160, 90, 0, 25, 6)], audio: encode::audio("a", 6) };
    let server = Server::start(film.package(None, None));
    let (player, events) =
        player(PlayerConfig { buffer_ms: 600, resume_ms: 300, retries: 0, retry_ms: 100, ..PlayerConfig::default() });
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
    let before = server.requests();
    server.cut_off(40);
    let summary = finish(&events, &mut seen, 30);
    assert!(errors(&seen).is_empty() && summary.stalls > 0, "{seen:#?}");
    let requests = server.requests();
    let dry = |r: &[String]| r.iter().filter(|r| said(r).contains_key("bs")).count();
    let (early, all) = (dry(&before), dry(&requests));
    assert!(early == 0 && all > 0 && all as u64 <= summary.stalls, "{all} times for {} stalls: {requests:#?}", summary.stalls);
    assert!(requests.iter().filter(|r| said(r).contains_key("bs")).all(|r| said(r)["ot"] == "v"), "{requests:#?}");
    let mut asked = 0;
    for request in &requests {
        let said = said(request);
        let number = |key: &str| said.get(key).map(|n| n.parse::<u64>().expect("a number"));
        let Some(rate) = number("br").filter(|r| *r > 25) else { continue };
        let buffer = number("bl").expect("media says its buffer");
        // Rounded to hundreds, half a buffer is neither.
        match number("rtp") {
            Some(enough) => assert!(buffer >= 300 && enough == (rate * 4 + 50) / 100 * 100, "{request}"),
            None => assert!(buffer <= 300, "{request}"),
        }
        asked += usize::from(number("rtp").is_some());
    }
    assert!(asked > 0, "{requests:#?}");
}

/// What a viewer does is reported in the same words (CTA-5004-B, event mode), and nobody waits for the collector.
#[test]
fn events_are_reported_to_a_collector() {
    let film = Film { video: vec![encode::video("v1", 160, 90, 0, 25, 4)], audio: encode::audio("a", 4) };
    let server = Server::start(film.package(None, None));
    let (player, events) = player(PlayerConfig { reports: Some(server.url("reports")), ..PlayerConfig::default() });
    player.load(LoadRequest { session_id: Some("s1".into()), content_id: Some("film".into()), ..load(server.url("main.mpd")) });
    let mut seen = Vec::new();
    let mut until = |wanted| {
        wait(&events, &mut seen, 20, |e| matches!(e, Event::State { state, .. } if *state == wanted).then_some(()));
    };
    until(PlayerState::Playing);
    player.send(Command::Pause);
    until(PlayerState::Paused);
    player.send(Command::Play);
    until(PlayerState::Playing);
    player.send(Command::Seek { position_us: 3_000_000, exact: true });
    until(PlayerState::Seeking);
    until(PlayerState::Playing);
    player.send(Command::SetMute { muted: true });
    until(PlayerState::Ended);
    let (summary, requests) = (finish(&events, &mut seen, 20), server.requests());
    player.load(LoadRequest { session_id: Some("s2".into()), ..load(server.url("nothing.mpd")) });
    finish(&events, &mut seen, 20);
    drop(player);
    assert_eq!(errors(&seen), [2002]);
    let reports = server.reports();
    assert!(reports.iter().all(|(kind, _)| kind == "application/cmcd") && reports.len() < 12, "{reports:#?}");
    let lines: Vec<BTreeMap<String, String>> = reports.iter().flat_map(|(_, body)| body.lines()).map(pairs).collect();
    let column = |key: &str, session: &str| -> Vec<String> {
        lines.iter().filter(|l| l["sid"] == session).map(|l| l.get(key).cloned().unwrap_or_default()).collect()
    };
    // A busy machine may let the buffer run dry for a moment, which is told as well.
    let mut states = lines.iter().filter(|l| l["sid"] == "s1" && l["e"] == "ps" && l["sta"] != "r").collect::<Vec<_>>();
    states.dedup_by_key(|l| &l["sta"]);
    assert_eq!(states.iter().map(|l| &*l["sta"]).collect::<Vec<_>>(), ["s", "p", "a", "p", "k", "p", "e"], "{lines:#?}");
    assert_eq!(column("e", "s1").iter().filter(|e| *e == "m").count(), 1, "{lines:#?}");
    let numbers: Vec<String> = (1..=column("sn", "s1").len()).map(|n| n.to_string()).collect();
    assert_eq!(column("sn", "s1"), numbers);
    assert_eq!(column("msd", "s1")[1], summary.first_frame_ms.expect("a picture").to_string());
    assert_eq!((&*states[1]["sf"], &*states[6]["st"], &*states[0]["cid"]), ("d", "v", "film"));
    let place: u64 = states[5]["pt"].parse().expect("a time");
    assert!((2_960..=3_000).contains(&place), "{place}");
    assert_eq!(
        (column("e", "s2"), column("sta", "s2")),
        (vec!["ps".into(), "e".into(), "ps".into()], vec!["s".into(), "s".into(), "f".into()])
    );
    assert_eq!(column("ec", "s2")[1], "(\"2002\")");
    assert!(lines.iter().all(|l| l["v"] == "2" && l["ts"].len() == 13), "{lines:#?}");
    // Held pictures are told with the requests of that time too, which is not a hurry.
    assert!(requests.iter().any(|r| said(r).get("pr").is_some_and(|rate| rate == "0")), "{requests:#?}");
}

/// Keys and values of a report; none of these tests' strings has a comma.
fn pairs(line: &str) -> BTreeMap<String, String> {
    let pairs = line.split(',').map(|pair| pair.split_once('=').expect("a pair"));
    pairs.map(|(key, value)| (key.into(), value.trim_matches('"').into())).collect()
}
