//! A link that drops in the middle of a film: down without a stall, and up again.

mod support;

use hearth_player::{Event, PlayerConfig};
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
