//! How pictures reach the screen, by the memory they really come in: nothing is believed that was not seen in a buffer.

use super::CopyPath;
use gst::prelude::*;
use gstreamer as gst;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};

/// The first picture of a session, looked at where it comes into the output and where it leaves it.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    best: CopyPath,
    seen: Arc<AtomicU8>,
}

impl Flow {
    /// Of an output that reaches the screen by `best` at best.
    pub(super) fn new(best: CopyPath) -> Self {
        Self { best, seen: Arc::default() }
    }

    /// Looks at the pictures of another session, where they come in and where they leave.
    pub(super) fn watch(&self, entry: &gst::Pad, exit: &gst::Pad) {
        self.seen.store(0, Relaxed);
        let came = Arc::new(AtomicUsize::new(0));
        let (flow, stored) = (self.clone(), came.clone());
        first(entry, move |buffer, caps| {
            stored.store(address(buffer), Relaxed);
            flow.note(step(buffer, caps));
        });
        let flow = self.clone();
        first(exit, move |buffer, caps| match step(buffer, caps) {
            // Memory that could be scanned out, and was filled in between.
            CopyPath::Zero if address(buffer) != came.load(Relaxed) => flow.note(CopyPath::Cpu),
            step => flow.note(step),
        });
    }

    /// This step is on the way, too.
    pub(super) fn note(&self, step: CopyPath) {
        self.seen.fetch_max(step.rank(), Relaxed);
    }

    /// As good as the worst step that was seen; before the first picture, the best that is possible.
    pub(super) fn path(&self) -> CopyPath {
        let seen = CopyPath::ALL.into_iter().find(|p| p.rank() == self.seen.load(Relaxed));
        seen.map_or(self.best, |seen| if seen.rank() > self.best.rank() { seen } else { self.best })
    }

    /// Was there a picture?
    pub(super) fn has_seen(&self) -> bool {
        self.seen.load(Relaxed) > 0
    }
}

impl CopyPath {
    const ALL: [Self; 3] = [Self::Zero, Self::Gl, Self::Cpu];

    /// Worse ones are higher; none is zero.
    fn rank(self) -> u8 {
        match self {
            Self::Zero => 1,
            Self::Gl => 2,
            Self::Cpu => 3,
        }
    }
}

/// Looks at the first picture that comes to `pad`.
fn first(pad: &gst::Pad, look: impl Fn(&gst::BufferRef, Option<&gst::CapsRef>) + Send + Sync + 'static) {
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(buffer) = info.buffer() else { return gst::PadProbeReturn::Ok };
        look(buffer, pad.current_caps().as_deref());
        gst::PadProbeReturn::Remove
    });
}

/// Which memory a picture is in.
fn address(buffer: &gst::BufferRef) -> usize {
    if buffer.n_memory() == 0 { 0 } else { std::ptr::from_ref(buffer.peek_memory(0)).addr() }
}

/// What the memory of a picture allows.
fn step(buffer: &gst::BufferRef, caps: Option<&gst::CapsRef>) -> CopyPath {
    let feature = |name: &str| caps.and_then(|c| c.features(0)).is_some_and(|f| f.contains(name));
    let dmabuf = buffer.n_memory() > 0 && buffer.iter_memories().all(|m| m.is_type("dmabuf"));
    match () {
        () if dmabuf || feature("memory:DMABuf") => CopyPath::Zero,
        () if feature("memory:GLMemory") => CopyPath::Gl,
        () => CopyPath::Cpu,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_by_the_features_of_its_caps() {
        gst::init().expect("gst");
        let table = [
            ("DMABuf", CopyPath::Zero),
            ("GLMemory", CopyPath::Gl),
            ("VASurface", CopyPath::Cpu),
            ("SystemMemory", CopyPath::Cpu),
        ];
        for (memory, expected) in table {
            let caps = gst::Caps::builder("video/x-raw").features([format!("memory:{memory}")]).build();
            assert_eq!(step(gst::Buffer::new().as_ref(), Some(&caps)), expected, "{memory}");
        }
        assert_eq!(step(gst::Buffer::from_slice([0; 4]).as_ref(), None), CopyPath::Cpu);
    }

    #[test]
    fn a_path_is_as_good_as_its_worst_step_and_no_better_than_its_output() {
        use CopyPath::{Cpu, Gl, Zero};
        let table = [
            (Zero, &[][..], Zero),
            (Zero, &[Zero], Zero),
            (Gl, &[Zero, Gl], Gl),
            (Gl, &[Zero], Gl),
            (Gl, &[Cpu, Gl], Cpu),
            (Zero, &[Cpu], Cpu),
            (Cpu, &[Zero], Cpu),
        ];
        for (best, steps, expected) in table {
            let flow = Flow::new(best);
            steps.iter().for_each(|s| flow.note(*s));
            assert_eq!((flow.path(), flow.has_seen()), (expected, !steps.is_empty()), "{best:?} {steps:?}");
        }
    }

    /// Plays a picture of a display's memory through an element, which may copy it.
    fn through(flow: &Flow, copied: bool) {
        gst::init().expect("gst");
        let caps = gst::Caps::builder("video/x-raw").features(["memory:DMABuf"]).build();
        let source = gstreamer_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).build();
        let [between, sink] = ["identity", "fakesink"].map(|n| gst::ElementFactory::make(n).build().expect(n));
        let pipeline = gst::Pipeline::new();
        pipeline.add_many([source.upcast_ref(), &between, &sink]).expect("add");
        gst::Element::link_many([source.upcast_ref(), &between, &sink]).expect("link");
        let pad = |element: &gst::Element, name: &str| element.static_pad(name).expect("pad");
        flow.watch(&pad(&between, "sink"), &pad(&sink, "sink"));
        pad(&between, "src").add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(gst::PadProbeData::Buffer(buffer)) = info.data.as_mut().filter(|_| copied) {
                *buffer = buffer.copy_deep().expect("copy");
            }
            gst::PadProbeReturn::Ok
        });
        pipeline.set_state(gst::State::Playing).expect("playing");
        source.push_buffer(gst::Buffer::from_slice([0; 4])).expect("push");
        source.end_of_stream().expect("end");
        let end = pipeline.bus().and_then(|b| b.timed_pop_filtered(gst::ClockTime::from_seconds(20), &[gst::MessageType::Eos]));
        pipeline.set_state(gst::State::Null).expect("null");
        end.expect("the end");
    }

    #[test]
    fn what_leaves_in_other_memory_was_copied() {
        let flow = Flow::new(CopyPath::Zero);
        for (copied, expected) in [(false, CopyPath::Zero), (true, CopyPath::Cpu), (false, CopyPath::Zero)] {
            through(&flow, copied);
            assert_eq!(flow.path(), expected, "copied: {copied}");
        }
    }
}
