//! What sinks with a rectangle of their own have in common: a plane of the display, a surface of Wayland.

use super::flow::Flow;
use super::{CopyPath, Presented, Rect, Row, shown};
use crate::Error;
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Where nobody sees it: neither displays nor Wayland can switch such a sink's picture off, but it can be outside the screen.
const OUTSIDE: i32 = -16_384;

/// The sink in use, and where its pictures go.
pub(super) struct Overlay {
    pub(super) flow: Flow,
    /// Pictures of all sessions.
    pub(super) shown: Arc<AtomicU64>,
    /// The sink shows pictures in any size. Where it does not, they come to it in that of its rectangle.
    scales: bool,
    state: Mutex<State>,
}

struct State {
    sink: Option<gst::glib::WeakRef<gst::Element>>,
    size: Option<gst::glib::WeakRef<gst::Element>>,
    rect: Option<Rect>,
    visible: bool,
}

impl Overlay {
    pub(super) fn new(scales: bool) -> Self {
        let state = State { sink: None, size: None, rect: None, visible: true };
        Self { flow: Flow::new(CopyPath::Zero), shown: Arc::default(), scales, state: Mutex::new(state) }
    }

    /// `sink` in a bin of its own, behind a converter that lets pass what the sink takes.
    pub(super) fn bin(&self, sink: gst::Element, presented: Presented) -> Result<gst::Element, Error> {
        let broken = |e: gst::glib::BoolError| Error::Framework(e.to_string());
        // A late picture is worse than none, and a picture that is kept would keep one of the decoder's few.
        sink.set_property("max-lateness", 20_000_000i64);
        sink.set_property("enable-last-sample", false);
        let convert = gst::ElementFactory::make("videoconvertscale").property("n-threads", 2u32).build().map_err(broken)?;
        let size = gst::ElementFactory::make("capsfilter").build().map_err(broken)?;
        let row = Row::of(&[&convert, &size, &sink])?;
        self.flow.watch(&row.entry, &row.exit);
        let count = self.shown.clone();
        shown::report(
            &sink,
            Arc::new(move |picture| {
                count.fetch_add(1, Relaxed);
                presented(picture);
            }),
        );
        self.change(|state| (state.sink, state.size) = (Some(sink.downgrade()), Some(size.downgrade())));
        Ok(row.bin.upcast())
    }

    pub(super) fn set_rect(&self, rect: Rect) {
        self.change(|state| state.rect = Some(rect));
    }

    pub(super) fn set_visible(&self, visible: bool) {
        self.change(|state| state.visible = visible);
    }

    /// Changes the state and has the sink follow it, with the picture that it has.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if let (false, Some(rect), Some(size)) = (self.scales, state.rect, state.size.as_ref().and_then(|s| s.upgrade())) {
            size.set_property("caps", sized(rect));
        }
        let sink = state.sink.as_ref().and_then(gst::glib::WeakRef::upgrade);
        let Some(overlay) = sink.and_then(|s| s.dynamic_cast::<gst_video::VideoOverlay>().ok()) else { return };
        let [x, y, width, height] = place(state.rect, state.visible);
        if let Err(error) = overlay.set_render_rectangle(x, y, width, height) {
            tracing::warn!(%error, "the film cannot be there");
        } else if self.flow.has_seen() {
            overlay.expose();
        }
    }
}

/// Pictures that fill `rect`, in whichever memory: with black bars where their shape is another.
fn sized(rect: Rect) -> gst::Caps {
    let side = |n: u32| n.clamp(2, 8192) as i32;
    let caps = gst::Caps::builder("video/x-raw").any_features();
    let caps = caps.field("width", side(rect.width)).field("height", side(rect.height));
    caps.field("pixel-aspect-ratio", gst::Fraction::new(1, 1)).build()
}

/// What the sink is told: left, top, width, height. -1 by -1 is all there is.
fn place(rect: Option<Rect>, visible: bool) -> [i32; 4] {
    let size = |n: u32| i32::try_from(n.max(1)).unwrap_or(i32::MAX);
    match (rect, visible) {
        (Some(r), true) => [r.x, r.y, size(r.width), size(r.height)],
        (None, true) => [0, 0, -1, -1],
        (Some(r), false) => [OUTSIDE, OUTSIDE, size(r.width), size(r.height)],
        (None, false) => [OUTSIDE, OUTSIDE, 16, 16],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_comes_back_where_it_was() {
        let rect = Some(Rect { x: 10, y: -20, width: 1280, height: 720 });
        let table = [
            (rect, true, [10, -20, 1280, 720]),
            (rect, false, [OUTSIDE, OUTSIDE, 1280, 720]),
            (None, true, [0, 0, -1, -1]),
            (None, false, [OUTSIDE, OUTSIDE, 16, 16]),
            (Some(Rect { x: 0, y: 0, width: 0, height: u32::MAX }), true, [0, 0, 1, i32::MAX]),
        ];
        for (rect, visible, expected) in table {
            assert_eq!(place(rect, visible), expected);
        }
    }

    #[test]
    fn the_cpu_scales_for_a_sink_that_does_not() {
        gst::init().expect("gst");
        for (scales, rect, expected) in [(true, true, (64, 48)), (false, false, (64, 48)), (false, true, (128, 72))] {
            let overlay = Overlay::new(scales);
            if rect {
                overlay.set_rect(Rect { x: 5, y: 5, width: 128, height: 72 });
            }
            let sink = gst::ElementFactory::make("fakesink").build().expect("sink");
            let bin = overlay.bin(sink.clone(), Arc::new(drop)).expect("bin");
            let source = gst::ElementFactory::make("videotestsrc").property("num-buffers", 2).build().expect("source");
            let caps = gst::Caps::builder("video/x-raw").field("width", 64).field("height", 48).build();
            let filter = gst::ElementFactory::make("capsfilter").property("caps", caps).build().expect("filter");
            let pipeline = gst::Pipeline::new();
            pipeline.add_many([&source, &filter, &bin]).expect("add");
            gst::Element::link_many([&source, &filter, &bin]).expect("link");
            pipeline.set_state(gst::State::Playing).expect("playing");
            let end = [gst::MessageType::Eos, gst::MessageType::Error];
            let end = pipeline.bus().and_then(|b| b.timed_pop_filtered(gst::ClockTime::from_seconds(20), &end));
            let caps = sink.static_pad("sink").and_then(|p| p.current_caps()).expect("caps");
            let side = |name: &str| caps.structure(0).and_then(|s| s.get::<i32>(name).ok()).expect("a side");
            assert_eq!((side("width"), side("height")), expected, "scales: {scales}, rectangle: {rect}");
            assert!(end.is_some_and(|m| m.type_() == gst::MessageType::Eos), "the end");
            assert_eq!(overlay.shown.load(Relaxed), 2, "both are counted");
            pipeline.set_state(gst::State::Null).expect("null");
        }
    }
}
