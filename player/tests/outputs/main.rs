//! Each output shows what it is given: a GPU without a screen, a Wayland compositor without one, the kernel's display where there is one.

#[path = "../support/mod.rs"]
mod support;

mod application;
mod compositor;
#[cfg(feature = "gl")]
mod gl;
mod kms;
mod wayland;

use gst::prelude::*;
use gstreamer as gst;
use hearth_player::{CopyPath, PixelFormat, Shown, SoftwareOutput, VideoFrame, VideoOutput};
use std::sync::{Arc, Mutex};

/// Pictures of one colour, 25 a second.
fn source(pattern: &str, pictures: u32) -> String {
    let caps = "video/x-raw,format=I420,width=640,height=360,framerate=25/1";
    format!("videotestsrc num-buffers={pictures} pattern={pattern} ! capsfilter caps={caps}")
}

/// What plays into an output, and what that has shown.
struct Show {
    pipeline: gst::Pipeline,
    shown: Arc<Mutex<Vec<Shown>>>,
}

impl Show {
    /// Ready to play a launch line's pictures.
    fn new(output: &dyn VideoOutput, source: &str) -> Self {
        gst::init().expect("gst");
        let shown: Arc<Mutex<Vec<Shown>>> = Arc::default();
        let seen = shown.clone();
        let sink = output.sink(Arc::new(move |s| seen.lock().expect("lock").push(s))).expect("sink");
        let pipeline = gst::Pipeline::new();
        let source = gst::parse::bin_from_description(source, true).expect("source");
        pipeline.add_many([source.upcast_ref(), &sink]).expect("add");
        source.link(&sink).expect("link");
        Self { pipeline, shown }
    }

    /// Holds the first picture.
    fn hold(&self) {
        self.pipeline.set_state(gst::State::Paused).expect("paused");
        self.pipeline.state(gst::ClockTime::from_seconds(20)).0.expect("a picture");
    }

    /// To the end; which pictures were shown, by number.
    fn play(&self) -> Vec<u64> {
        self.pipeline.set_state(gst::State::Playing).expect("playing");
        let ends = [gst::MessageType::Eos, gst::MessageType::Error];
        let end = self.pipeline.bus().and_then(|b| b.timed_pop_filtered(gst::ClockTime::from_seconds(20), &ends));
        let end = end.expect("neither an end nor an error in 20 s");
        if let gst::MessageView::Error(e) = end.view() {
            panic!("{} {:?}", e.error(), e.debug());
        }
        self.numbers()
    }

    fn numbers(&self) -> Vec<u64> {
        self.shown.lock().expect("lock").iter().map(|s| (s.pts_us + 20_000) / 40_000).collect()
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Every picture once and in order. A busy machine may be late with some, and late ones are not shown.
fn in_order(numbers: &[u64], of: usize) -> bool {
    numbers.first() == Some(&0) && numbers.len() > of / 2 && numbers.len() <= of && numbers.windows(2).all(|w| w[0] < w[1])
}

#[test]
fn software_hands_over_pixels() {
    let pixels: Arc<Mutex<Vec<[u8; 4]>>> = Arc::default();
    let taken = pixels.clone();
    let callback = move |f: VideoFrame| taken.lock().expect("lock").push([f.data[0], f.data[1], f.data[2], f.data[3]]);
    let output = SoftwareOutput::new(PixelFormat::Rgba, Arc::new(callback));
    let show = Show::new(&output, &source("red", 12));
    assert!(in_order(&show.play(), 12), "{:?}", show.numbers());
    let pixels = pixels.lock().expect("lock");
    assert!(!pixels.is_empty() && pixels.iter().all(|p| support::near(p, [255, 0, 0])), "{pixels:?}");
    assert_eq!(output.copy_path(), CopyPath::Cpu);
}

#[test]
fn the_command_says_what_is_missing() {
    for (output, hint) in
        [("wayland", "WAYLAND_DISPLAY"), ("window", "--output none"), ("kms:top", "modetest"), ("screen", "kms:PLANE")]
    {
        let mut play = std::process::Command::new(env!("CARGO_BIN_EXE_hearth-player"));
        play.args(["play", "film.mpd", "--output", output]).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        let done = play.output().expect("hearth-player");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && said.contains(hint), "{output}: {said}");
    }
}
