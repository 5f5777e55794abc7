//! Decoders that a board might have, and that fail in the ways hardware does. They are bins around a software decoder, registered in this
//! process only.
#![allow(unsafe_code)] // GObject's subclass macro writes it.

mod support;

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gstreamer as gst;
use hearth_player::{Decoders, Event, Limit, PlayerConfig, Summary};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{LazyLock, Once};
use support::server::Server;
use support::{Files, Film, encode, errors, finish, load, player};

const FRAMES: u64 = 75;

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let video = |id: &str, width, height| encode::video(id, width, height, 0, 25, 3);
    Film { video: vec![video("v1", 160, 90), video("v2", 320, 180)], audio: encode::audio("a", 3) }.package(None, None)
});

/// Declares a decoder: what goes before the real one, after how many buffers it goes silent, and the caps that it says it takes.
macro_rules! decoder {
    ($module:ident, $type:literal, $before:literal, $silent:expr, $caps:literal) => {
        mod $module {
            use super::*;

            #[derive(Default)]
            pub struct Imp;

            #[glib::object_subclass]
            impl ObjectSubclass for Imp {
                const NAME: &'static str = $type;
                type Type = Element;
                type ParentType = gst::Bin;
            }

            glib::wrapper! {
                pub struct Element(ObjectSubclass<Imp>) @extends gst::Bin, gst::Element, gst::Object;
            }

            impl ObjectImpl for Imp {
                fn constructed(&self) {
                    self.parent_constructed();
                    let inner = gst::parse::bin_from_description(concat!($before, " ! avdec_h264"), true).expect($before);
                    self.obj().add(&inner).expect("add");
                    for name in ["sink", "src"] {
                        let pad = inner.static_pad(name).expect(name);
                        let left = std::sync::atomic::AtomicUsize::new($silent);
                        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                            let some = left.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok();
                            if some { gst::PadProbeReturn::Ok } else { gst::PadProbeReturn::Drop }
                        });
                        let template = self.obj().pad_template(name).expect(name);
                        let ghost =
                            gst::GhostPad::builder_from_template_with_target(&template, &pad).expect(name).name(name).build();
                        self.obj().add_pad(&ghost).expect(name);
                    }
                }
            }

            impl GstObjectImpl for Imp {}
            impl BinImpl for Imp {}

            impl ElementImpl for Imp {
                fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                    static DATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                        gst::subclass::ElementMetadata::new($type, "Codec/Decoder/Video/Hardware", "For tests", "Hearth")
                    });
                    Some(&*DATA)
                }

                fn pad_templates() -> &'static [gst::PadTemplate] {
                    static PADS: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                        let pad = |name: &str, direction, caps: &str| {
                            let caps: gst::Caps = caps.parse().expect("caps");
                            gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).expect("template")
                        };
                        vec![pad("sink", gst::PadDirection::Sink, $caps), pad("src", gst::PadDirection::Src, "video/x-raw")]
                    });
                    &PADS
                }
            }
        }
    };
}

const NEVER: usize = usize::MAX;

decoder!(works, "HearthWorks", "identity", NEVER, "video/x-h264");
decoder!(breaks, "HearthBreaks", "identity error-after=40", NEVER, "video/x-h264");
decoder!(refuses, "HearthRefuses", "identity error-after=1", NEVER, "video/x-h264");
decoder!(swallows, "HearthSwallows", "identity", 0, "video/x-h264");
decoder!(freezes, "HearthFreezes", "identity", 10, "video/x-h264");
decoder!(old, "HearthOld", "identity", NEVER, "video/x-h264, profile=baseline, level={ (string)1, (string)1.1 }");
decoder!(small, "HearthSmall", "identity", NEVER, "video/x-h264, width=[1,160], height=[1,90]");

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gst::init().expect("gst");
        let add = |name: &str, kind| gst::Element::register(None, name, gst::Rank::NONE, kind).expect(name);
        add("hearthworks", works::Element::static_type());
        add("hearthbreaks", breaks::Element::static_type());
        add("hearthrefuses", refuses::Element::static_type());
        add("hearthswallows", swallows::Element::static_type());
        add("hearthfreezes", freezes::Element::static_type());
        add("hearthold", old::Element::static_type());
        add("hearthsmall", small::Element::static_type());
    });
}

fn play(list: &[&str], limits: Vec<Limit>) -> (Vec<Event>, Summary) {
    register();
    let server = Server::start(FILES.clone());
    let avc = list.iter().map(|n| (*n).to_owned()).collect();
    let decoders = Decoders { avc, limits, ..Decoders::default() };
    let (player, events) = player(PlayerConfig { decoders, picture_ms: 1_000, ..PlayerConfig::default() });
    player.load(load(server.url("main.m3u8")));
    let mut seen = Vec::new();
    let summary = finish(&events, &mut seen, 25);
    (seen, summary)
}

/// Decoders told of, in order.
fn told(seen: &[Event]) -> Vec<&str> {
    seen.iter().filter_map(|e| if let Event::Decoder { element, .. } = e { Some(&**element) } else { None }).collect()
}

#[test]
fn the_first_that_can_is_used() {
    let table: [(&[&str], &str); 4] = [
        (&["hearthworks", "avdec_h264"], "hearthworks"),
        (&["nosuchdecoder", "hearthworks"], "hearthworks"),
        // Not of this profile.
        (&["hearthold", "hearthworks"], "hearthworks"),
        (&["hearthold", "nosuchdecoder", "avdec_h264"], "avdec_h264"),
    ];
    for (list, expected) in table {
        let (seen, summary) = play(list, Vec::new());
        assert_eq!((errors(&seen), &*summary.decoder, told(&seen)), (vec![], expected, vec![expected]), "{list:?}");
        assert_eq!(summary.frames_presented + summary.frames_dropped, FRAMES, "{list:?}: {summary:?}");
        assert_eq!((summary.decode_errors, &*summary.copy_path), (0, "cpu"), "{list:?}");
    }
}

#[test]
fn the_next_takes_over_where_one_fails() {
    let table: [(&[&str], &[&str]); 5] = [
        // The first rendition is small enough for it, the next is not.
        (&["hearthsmall", "hearthworks"], &["hearthsmall", "hearthworks"]),
        // In the middle of the film, there without a word, at its start, and there without a word.
        (&["hearthfreezes", "avdec_h264"], &["hearthfreezes", "avdec_h264"]),
        (&["hearthbreaks", "avdec_h264"], &["hearthbreaks", "avdec_h264"]),
        (&["hearthrefuses", "hearthworks"], &["hearthworks"]),
        (&["hearthswallows", "hearthrefuses", "avdec_h264"], &["avdec_h264"]),
    ];
    for (list, expected) in table {
        let (seen, summary) = play(list, Vec::new());
        assert_eq!((errors(&seen), told(&seen)), (vec![], expected.to_vec()), "{list:?}: {seen:#?}");
        let shown = summary.frames_presented + summary.frames_dropped;
        // What the one that broke had shown last may be shown again by the next.
        assert!((FRAMES..FRAMES + 30).contains(&shown), "{list:?}: {summary:?}");
        assert!(summary.decode_errors as usize >= list.len() - 1 && seen.contains(&Event::Ended), "{list:?}: {summary:?}");
    }
}

#[test]
fn none_left_is_an_error_with_a_number() {
    for (list, code) in [(&["hearthrefuses", "hearthbreaks"][..], 4000), (&["hearthswallows"], 4003), (&["hearthold"], 4001)] {
        let (seen, summary) = play(list, Vec::new());
        assert_eq!(errors(&seen), [code], "{list:?}: {seen:#?}");
        assert!(!seen.contains(&Event::Ended), "{list:?}: {summary:?}");
    }
}

#[test]
fn the_next_decoder_gets_no_more_than_it_can_do() {
    let limit = Limit { element: "avdec_h264".into(), width: 160, height: 90, fps: 30 };
    let (seen, summary) = play(&["hearthrefuses", "avdec_h264"], vec![limit]);
    assert!(errors(&seen).is_empty() && summary.decoder == "avdec_h264", "{summary:?}");
    let heights: Vec<u32> =
        seen.iter().filter_map(|e| if let Event::Switch { height, .. } = e { Some(*height) } else { None }).collect();
    assert!(heights.last().is_none_or(|h| *h == 90), "{heights:?}");
}
