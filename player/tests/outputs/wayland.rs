//! A compositor's screen shows the film.
#![allow(unsafe_code)] // an application's surface is a raw pointer

use super::application::Application;
use super::compositor::Compositor;
use super::{Show, in_order, source};
use crate::support::{Film, encode, errors, finish, load, server::Server, wait};
use hearth_player::{AudioOutput, Command, CopyPath, Event, Player, PlayerConfig, Rect, VideoOutput, WaylandOutput};
use std::sync::Arc;

const BLUE: [u8; 3] = [0, 0, 255];
const GREEN: [u8; 3] = [0, 255, 0];
const RED: [u8; 3] = [255, 0, 0];

#[test]
fn pictures_are_on_the_screen() {
    let Some(compositor) = Compositor::start() else { return };
    let output = WaylandOutput::window(Some(&compositor.socket())).expect("compositor");
    for (pattern, colour) in [("green", GREEN), ("red", RED)] {
        let show = Show::new(&output, &source(pattern, 12));
        show.hold();
        compositor.wait_for(&[((320, 180), colour)]);
        assert!(in_order(&show.play(), 12), "{:?}", show.numbers());
        assert_eq!(output.copy_path(), CopyPath::Cpu, "they came in main memory");
    }
}

#[test]
fn the_film_is_a_part_of_the_applications_window() {
    let Some(compositor) = Compositor::start() else { return };
    let mut application = Application::open(&compositor.socket());
    let (display, surface) = application.pointers();
    // SAFETY: the application outlives the output.
    let output = unsafe { WaylandOutput::within(display, surface, Rect { x: 40, y: 40, width: 320, height: 180 }) };
    let show = Show::new(&output, &source("green", 12));
    show.hold();
    application.commit();
    let (left, right, middle) = ((60, 100), (600, 300), (320, 180));
    compositor.wait_for(&[(left, GREEN), (middle, GREEN), (right, BLUE)]);
    output.set_rect(Rect { x: 300, y: 160, width: 320, height: 180 });
    application.commit();
    compositor.wait_for(&[(left, BLUE), (middle, GREEN), (right, GREEN)]);
    output.set_visible(false);
    application.commit();
    compositor.wait_for(&[(left, BLUE), (middle, BLUE), (right, BLUE)]);
    output.set_visible(true);
    application.commit();
    compositor.wait_for(&[(left, BLUE), (right, GREEN)]);
    assert!(in_order(&show.play(), 12), "{:?}", show.numbers());
}

#[test]
fn a_film_is_held_and_jumps_on_the_compositor() {
    let Some(compositor) = Compositor::start() else { return };
    let film = Film { video: vec![encode::video("v1", 320, 180, 0, 25, 3)], audio: encode::audio("a", 3) };
    let server = Server::start(film.package(None, None));
    let output = WaylandOutput::window(Some(&compositor.socket())).expect("compositor");
    let player = Player::new(PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() }, Arc::new(output));
    let events = player.events();
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    wait(&events, &mut seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
    player.send(Command::Pause);
    wait(&events, &mut seen, 10, |e| matches!(e, Event::Position { paused: true, .. }).then_some(()));
    for to in [1_320_000, 1_320_000, 400_000] {
        player.send(Command::Seek { position_us: to, exact: true });
        let at =
            wait(&events, &mut seen, 15, |e| if let Event::Seeked { position_us, .. } = e { Some(*position_us) } else { None });
        assert_eq!(at, to, "the very picture, while it is held");
    }
    player.send(Command::Play);
    let summary = finish(&events, &mut seen, 20);
    assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{seen:#?}");
    // The last 65 pictures, and those before and between the jumps.
    let pictures = summary.frames_presented + summary.frames_dropped;
    assert!((65 + 3..65 + 75).contains(&pictures), "{summary:?}");
    assert_eq!(summary.copy_path, "cpu");
}
