//! Does `kmssink` copy? A picture whose memory the display's driver does not import it copies in silence, but for a line in GStreamer's log.

use super::CopyPath;
use super::flow::Flow;
use gst::prelude::*;
use gstreamer as gst;

const CATEGORY: &str = "GST_PERFORMANCE";
const LINE: &str = "frame copy";

/// Hears that line of one sink, until dropped.
pub(super) struct Copies(Option<gst::log::DebugLogFunction>);

impl Copies {
    /// Notes in `flow` that `sink` has copied. Without `GST_DEBUG` nothing is printed for it.
    pub(super) fn heed(sink: &gst::Element, flow: &Flow) -> Self {
        let Some(category) = gst::DebugCategory::get(CATEGORY) else { return Self(None) };
        if std::env::var_os("GST_DEBUG").is_none() {
            gst::log::remove_default_log_function();
        }
        if category.threshold() < gst::DebugLevel::Info {
            category.set_threshold(gst::DebugLevel::Info);
        }
        let (flow, sink) = (flow.clone(), sink.as_ptr().addr());
        Self(Some(gst::log::add_log_function(move |of, _, _, _, _, object, message| {
            let mine = object.is_some_and(|o| o.as_ptr().addr() == sink);
            if mine && of == category && message.get().is_some_and(|m| *m == *LINE) {
                flow.note(CopyPath::Cpu);
            }
        })))
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(gst::log::remove_log_function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_copies_of_this_sink_count() {
        gst::init().expect("gst");
        let [mine, other] = [(); 2].map(|()| gst::ElementFactory::make("fakesink").build().expect("fakesink"));
        let category = gst::DebugCategory::get(CATEGORY).expect("GStreamer has it");
        let flow = Flow::new(CopyPath::Zero);
        flow.note(CopyPath::Zero);
        let copies = Copies::heed(&mine, &flow);
        gst::info!(category, obj = other, "frame copy");
        gst::info!(category, obj = mine, "something else");
        assert_eq!(flow.path(), CopyPath::Zero);
        gst::info!(category, obj = mine, "frame copy");
        assert_eq!(flow.path(), CopyPath::Cpu);
        drop(copies);
        let after = Flow::new(CopyPath::Zero);
        drop(Copies::heed(&mine, &after));
        gst::info!(category, obj = mine, "frame copy");
        assert_eq!(after.path(), CopyPath::Zero, "nobody listens any more");
    }
}
