//! The kernel's display, where the machine has one that nobody uses (`modprobe vkms`); what happens without one, everywhere.

use super::{Show, in_order, source};
use crate::support::{Film, encode, errors, finish, load, server::Server};
use gst::prelude::*;
use gstreamer as gst;
use hearth_player::{AudioOutput, Card, CopyPath, KmsPlane, KmsSettings, Player, PlayerConfig, Rect, VideoOutput};
use std::sync::Arc;

fn sink_of(output: &KmsPlane) -> gst::Element {
    gst::init().expect("gst");
    let bin = output.sink(Arc::new(|_| ())).expect("kmssink").downcast::<gst::Bin>().expect("a bin");
    bin.iterate_sinks().next().ok().flatten().expect("a sink")
}

#[test]
fn the_sink_gets_the_boards_numbers() {
    let card = Card::Driver("rockchip".into());
    let settings = KmsSettings { card, connector: Some(31), plane: Some(45), scales: false, skip_vsync: true, restore: false };
    let sink = sink_of(&KmsPlane::open(settings).expect("looked for later"));
    assert_eq!(sink.property::<Option<String>>("driver-name").as_deref(), Some("rockchip"));
    assert_eq!(["connector-id", "plane-id"].map(|name| sink.property::<i32>(name)), [31, 45]);
    assert_eq!(["can-scale", "skip-vsync", "restore-crtc"].map(|name| sink.property::<bool>(name)), [false, true, false]);
    let any = KmsSettings { card: Card::Driver("vkms".into()), ..KmsSettings::default() };
    let sink = sink_of(&KmsPlane::open(any).expect("looked for later"));
    assert_eq!(["connector-id", "plane-id"].map(|name| sink.property::<i32>(name)), [-1; 2]);
}

#[test]
fn a_file_that_is_no_display_controller_is_refused() {
    gst::init().expect("gst");
    let null = std::fs::File::open("/dev/null").expect("null");
    let settings = KmsSettings { card: Card::Fd(Arc::new(null.into())), ..KmsSettings::default() };
    let error = KmsPlane::open(settings).expect("a file").sink(Arc::new(|_| ())).expect_err("no display controller");
    assert_eq!(error.code(), 4002, "{error}");
}

#[test]
fn a_film_without_a_display_ends_with_its_number() {
    let film = Film { video: vec![encode::video("v1", 160, 90, 0, 25, 1)], audio: encode::audio("a", 1) };
    let server = Server::start(film.package(None, None));
    let card = Card::Driver("no-such-driver".into());
    let output = Arc::new(KmsPlane::open(KmsSettings { card, ..KmsSettings::default() }).expect("looked for later"));
    // Before there is a sink.
    output.set_rect(Rect { x: 0, y: 0, width: 1280, height: 720 });
    output.set_visible(false);
    let player = Player::new(PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() }, output);
    let events = player.events();
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 20);
    assert_eq!((errors(&seen), summary.frames_presented), (vec![4002], 0), "{seen:#?}");
}

#[test]
fn pictures_are_on_the_display() {
    let settings = || KmsSettings { card: Card::Driver("vkms".into()), ..KmsSettings::default() };
    if !std::path::Path::new("/sys/module/vkms").exists() {
        return eprintln!("skipped: the kernel has no vkms");
    }
    let output = KmsPlane::open(settings()).expect("vkms");
    let show = Show::new(&output, &source("green", 12));
    show.hold();
    for visible in [false, true] {
        output.set_visible(visible);
    }
    assert!(in_order(&show.play(), 12), "{:?}", show.numbers());
    assert_eq!(output.copy_path(), CopyPath::Cpu, "they came in main memory");
}
