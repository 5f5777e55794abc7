//! Volume and mute, measured on the samples that reach the sound device.

mod support;

use gstreamer::{self as gst, glib, prelude::*};
use hearth_player::{AudioOutput, Command, Event, NullVideo, Player, PlayerConfig};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, LazyLock, Mutex};
use support::server::Server;
use support::{Film, encode, errors, load, wait};

/// Sum of all samples' amplitudes since it was last asked, and how many they are.
static HEARD: Mutex<(u64, u64)> = Mutex::new((0, 0));

/// A sound device that keeps time and measures.
mod device {
    use super::*;
    use gst::subclass::prelude::*;

    #[derive(Default)]
    pub struct Inner;

    #[glib::object_subclass]
    impl ObjectSubclass for Inner {
        const NAME: &'static str = "MeasuringSink";
        type Type = super::Device;
        type ParentType = gst::Bin;
    }

    impl ObjectImpl for Inner {
        fn constructed(&self) {
            self.parent_constructed();
            let caps = gst::Caps::builder("audio/x-raw").field("format", "S16LE").build();
            let filter = gst::ElementFactory::make("capsfilter").property("caps", caps).build().expect("filter");
            let sink = gst::ElementFactory::make("fakesink").property("sync", true).property("signal-handoffs", true).build();
            let sink = sink.expect("sink");
            sink.connect("handoff", false, |values| {
                let buffer = values[1].get::<gst::Buffer>().expect("a buffer");
                let bytes = buffer.map_readable().expect("map");
                let samples = bytes.chunks_exact(2).map(|s| u64::from(i16::from_le_bytes([s[0], s[1]]).unsigned_abs()));
                let mut heard = HEARD.lock().expect("lock");
                heard.1 += samples.len() as u64;
                heard.0 += samples.sum::<u64>();
                None
            });
            self.obj().add_many([&filter, &sink]).expect("add");
            filter.link(&sink).expect("link");
            let pad = gst::GhostPad::with_target(&filter.static_pad("sink").expect("pad")).expect("ghost");
            self.obj().add_pad(&pad).expect("add pad");
        }
    }
    impl GstObjectImpl for Inner {}
    impl ElementImpl for Inner {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static WHAT: LazyLock<gst::subclass::ElementMetadata> =
                LazyLock::new(|| gst::subclass::ElementMetadata::new("Measures", "Sink/Audio", "Mean amplitude", "Hearth"));
            Some(&WHAT)
        }
    }
    impl BinImpl for Inner {}
}

glib::wrapper! {
    pub struct Device(ObjectSubclass<device::Inner>) @extends gst::Bin, gst::Element, gst::Object;
}

/// Mean amplitude of a stretch of the title, after what was on its way before has gone through.
fn level(events: &Receiver<Event>, seen: &mut Vec<Event>) -> f64 {
    let passes = |seen: &mut Vec<Event>, by: u64| {
        let mut from = None;
        wait(events, seen, 20, |e| match e {
            Event::Position { position_us, .. } => (*position_us >= *from.get_or_insert(*position_us) + by).then_some(()),
            _ => None,
        });
    };
    passes(seen, 1_000_000);
    *HEARD.lock().expect("lock") = (0, 0);
    passes(seen, 700_000);
    let (sum, count) = *HEARD.lock().expect("lock");
    assert!(count > 10_000, "{count} samples");
    sum as f64 / count as f64
}

#[test]
fn is_heard_and_kept() {
    gst::init().expect("GStreamer");
    gst::Element::register(None, "measuringsink", gst::Rank::NONE, Device::static_type()).expect("register");
    let film = Film { video: vec![encode::video("v1", 160, 90, 0, 25, 12)], audio: encode::tone("a", 12, 440) };
    let server = Server::start(film.package(None, None));
    let audio = AudioOutput::Element { name: "measuringsink".into(), device: None };
    let player = Player::new(PlayerConfig { audio, ..PlayerConfig::default() }, Arc::new(NullVideo));
    let (events, mut seen) = (player.events(), Vec::new());
    let play = |seen: &mut Vec<Event>| {
        player.load(load(server.url("main.m3u8")));
        wait(&events, seen, 20, |e| matches!(e, Event::Started { .. }).then_some(()));
    };
    play(&mut seen);
    let full = level(&events, &mut seen);
    assert!(full > 1000.0, "a tone: {full}");
    let near = |got: f64, part: f64| assert!((got / full - part).abs() < 0.02, "{got} of {full} and not {part}");
    player.send(Command::SetVolume { percent: 50 });
    near(level(&events, &mut seen), 0.125);
    player.send(Command::SetMute { muted: true });
    near(level(&events, &mut seen), 0.0);
    player.send(Command::SetMute { muted: false });
    near(level(&events, &mut seen), 0.125);
    player.send(Command::Stop);
    wait(&events, &mut seen, 20, |e| matches!(e, Event::Summary(_)).then_some(()));
    // Between two titles it is heeded too, and holds for the next.
    player.send(Command::SetVolume { percent: 80 });
    play(&mut seen);
    near(level(&events, &mut seen), 0.512);
    let told = seen.iter().filter_map(|e| if let Event::Volume { percent, muted } = e { Some((*percent, *muted)) } else { None });
    assert_eq!(told.collect::<Vec<_>>(), [(50, false), (50, true), (50, false), (80, false)]);
    assert!(errors(&seen).is_empty(), "{seen:#?}");
}
