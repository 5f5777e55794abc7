//! A link that drops in the middle of a film: down without a stall, and up again; and one that is dead for half a minute.

mod support;

use hearth_player::{Event, PlayerConfig, PlayerState};
use std::time::Duration;
use support::server::Server;
use support::{Film, encode, errors, finish, load, player, smooth, wait};

#[test]
fn follows_a_link_that_drops_and_recovers() {
    let film = Film {
        video: vec![
            encode::video("low", 192, 108, 120, 15, 24),
            encode::video("mid", 320, 180, 500, 15, 24),
            encode::video("high", 480, 270, 1500, 15, 24),
        ],
        audio: encode::audio("a", 24),
    };
    let server = Server::start(film.package(None, None));
    server.set_rate(6_000_000);
    let (player, events) = player(PlayerConfig { buffer_ms: 6_000, ..PlayerConfig::default() });
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    let at = |us: u64| move |e: &Event| matches!(e, Event::Position { position_us, .. } if *position_us >= us).then_some(());
    wait(&events, &mut seen, 30, at(5_000_000));
    server.set_rate(450_000);
    wait(&events, &mut seen, 30, at(12_000_000));
    server.set_rate(6_000_000);
    let summary = finish(&events, &mut seen, 60);
    let heights: Vec<(u64, u32)> = seen
        .iter()
        .filter_map(|e| {
            if let Event::Switch { position_us, height, .. } = e { Some((*position_us / 1_000_000, *height)) } else { None }
        })
        .collect();
    println!("switches (s, height): {heights:?}\n{summary:?}");
    // Who stays up stalls for four seconds a segment.
    assert!(errors(&seen).is_empty() && smooth(&summary), "{seen:#?}");
    assert!(seen.contains(&Event::Ended));
    let top = heights.iter().position(|(_, h)| *h == 270).expect("it goes up on the fast link");
    let down = top + heights[top..].iter().position(|(_, h)| *h < 270).expect("it goes down when the link drops");
    assert!(heights[down..].iter().any(|(_, h)| *h == 270), "it goes up again: {heights:?}");
    assert_eq!(summary.frames_presented + summary.frames_dropped, 24 * 15, "no frame is lost: {summary:?}");
}

/// As a product is configured, but for the buffer: with 30 s of it nothing would be noticed.
#[test]
fn thirty_seconds_without_a_network() {
    let film = Film { video: vec![encode::video("v", 320, 180, 300, 25, 12)], audio: encode::audio("a", 12) };
    let server = Server::start(film.package(None, None));
    let (player, events) = player(PlayerConfig { buffer_ms: 4_000, ..PlayerConfig::default() });
    player.load(load(server.url("main.mpd")));
    let mut seen = Vec::new();
    wait(&events, &mut seen, 30, |e| matches!(e, Event::Position { position_us, .. } if *position_us >= 2_000_000).then_some(()));
    server.gone_for(Duration::from_secs(30));
    let summary = finish(&events, &mut seen, 90);
    let states: Vec<PlayerState> =
        seen.iter().filter_map(|e| if let Event::State { state, .. } = e { Some(*state) } else { None }).collect();
    assert!(errors(&seen).is_empty(), "{seen:#?}");
    use PlayerState::{Ended, Playing, Rebuffering, Starting};
    assert_eq!((&states[..4], states.last()), (&[Starting, Playing, Rebuffering, Playing][..], Some(&Ended)), "{summary:?}");
    // Four or five seconds are there, and it takes one or two of them until the next try gets through.
    assert!((20_000..40_000).contains(&summary.stalled_ms), "{summary:?}");
    assert_eq!(summary.frames_presented + summary.frames_dropped, 12 * 25, "{summary:?}");
    // It goes on where it stood: a clock that had run on would cost fifteen pictures.
    assert!(summary.frames_dropped < 10, "{summary:?}");
}
