//! What a sink of GStreamer's has really shown. Such a sink tells nobody; it only counts.

use super::{Presented, Shown};
use gst::prelude::*;
use gstreamer as gst;
use std::sync::{Mutex, PoisonError};

/// Pictures on their way.
#[derive(Default)]
struct Pending {
    /// One was shown before the clock had a say: the first one, and the first after a jump.
    prerolled: bool,
    /// With the sink.
    waiting: Option<Shown>,
    /// As the sink counted when that one came.
    rendered: u64,
}

/// Reports every picture that `sink` shows. Each comes to the sink's pad when the one before was shown, or dropped as too late: the
/// sink's count tells which.
pub(super) fn report(sink: &gst::Element, presented: Presented) {
    let Some(pad) = sink.static_pad("sink") else { return };
    let (pending, sink) = (Mutex::new(Pending::default()), sink.downgrade());
    let mask = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_FLUSH;
    pad.add_probe(mask, move |pad, info| {
        let rendered = || sink.upgrade().and_then(|s| rendered(&s));
        let shown = {
            let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => pending.comes(of(pad, buffer), rendered()),
                Some(gst::PadProbeData::Event(event)) => match event.type_() {
                    gst::EventType::Eos => pending.done(rendered()),
                    gst::EventType::FlushStop => {
                        *pending = Pending::default();
                        None
                    }
                    _ => None,
                },
                _ => None,
            }
        };
        shown.into_iter().for_each(|s| presented(s));
        gst::PadProbeReturn::Ok
    });
}

impl Pending {
    /// Another picture; what is to be reported. `rendered`: the sink's count, if it has one.
    fn comes(&mut self, picture: Option<Shown>, rendered: Option<u64>) -> Option<Shown> {
        let before = self.done(rendered);
        self.rendered = rendered.unwrap_or(0);
        if !std::mem::replace(&mut self.prerolled, true) {
            return picture;
        }
        self.waiting = picture;
        before
    }

    /// The sink is done with the last one.
    fn done(&mut self, rendered: Option<u64>) -> Option<Shown> {
        self.waiting.take().filter(|_| rendered.is_none_or(|count| count > self.rendered))
    }
}

fn of(pad: &gst::Pad, buffer: &gst::Buffer) -> Option<Shown> {
    Shown::of(buffer, pad.sticky_event::<gst::event::Segment>(0).as_ref().map(|event| event.segment()))
}

/// What it says that it has shown; of a bin, what its sink says.
fn rendered(sink: &gst::Element) -> Option<u64> {
    if sink.has_property("stats") {
        return sink.property::<Option<gst::Structure>>("stats")?.get("rendered").ok();
    }
    let inner = sink.downcast_ref::<gst::Bin>()?.iterate_sinks().next().ok()??;
    rendered(&inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pts_us: u64) -> Option<Shown> {
        Some(Shown { pts_us, duration_us: 1 })
    }

    #[test]
    fn the_first_at_once_the_others_when_the_sink_has_counted_them() {
        let mut pending = Pending::default();
        assert_eq!(pending.comes(picture(0), Some(0)), picture(0), "shown while the pipeline waits");
        assert_eq!(pending.comes(picture(1), Some(1)), None, "it counts now; that one was reported");
        assert_eq!(pending.comes(picture(2), Some(2)), picture(1));
        assert_eq!(pending.comes(picture(3), Some(2)), None, "2 came too late and was dropped");
        assert_eq!(pending.done(Some(3)), picture(3), "the end comes after the last one");
        assert_eq!(pending.done(Some(3)), None);
    }

    #[test]
    fn every_picture_of_a_sink_that_does_not_count() {
        let mut pending = Pending::default();
        let reported: Vec<_> = (0..3).filter_map(|n| pending.comes(picture(n), None)).collect();
        assert_eq!((reported.len(), pending.done(None)), (2, picture(2)));
    }
}
