//! Which decoder: the first of the board's list that is installed, takes the track's profile, level and size, and has not failed yet; and in
//! what memory its pictures come.

use super::pipeline::{AUDIO_DECODER, VIDEO_DECODER};
use super::shared::Live;
use crate::media::caps;
use crate::{CopyPath, Decoders, Error};
use gst::prelude::*;
use gstreamer as gst;
use hearth_isobmff::{Track, TrackKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// The decoder for `track`, and the name of its factory.
pub(super) fn choose(decoders: &Decoders, track: &Track, failed: &[String]) -> Result<(gst::Element, String), Error> {
    let video = track.kind == TrackKind::Video;
    let prefix = if video { VIDEO_DECODER } else { AUDIO_DECODER };
    let needed = caps::to_decode(track)?;
    let list = decoders.for_codec(track.codec);
    let mut why = Vec::new();
    for name in list {
        let reason = match gst::ElementFactory::find(name) {
            None => "not in GStreamer's registry",
            Some(_) if failed.contains(name) => "has failed",
            Some(factory) if video && !factory.can_sink_any_caps(&needed) => "does not take this profile, level or size",
            Some(factory) => match factory.create().name(prefix).build() {
                Ok(element) => return Ok((element, name.clone())),
                Err(_) => "cannot be made",
            },
        };
        tracing::info!(name, reason, "{:?}: the next decoder is tried", track.codec);
        why.push(format!("{name} {reason}"));
    }
    let what = format!("{:?}: {}", track.codec, why.join(", "));
    Err(if video { Error::NoDecoder(what) } else { Error::NoAudioDecoder(what) })
}

/// Loads the plugins of most titles' decoders and parsers, so that the first pipeline need not. libav and what it is linked to are 150
/// libraries: on a desktop that takes longer than all the rest until the first picture.
pub(super) fn warm_up(decoders: &Decoders) {
    let first = |list: &[String]| list.iter().find_map(|name| gst::ElementFactory::find(name));
    let others = ["h264parse", "queue", "audioconvert", "volume", "audioresample"].into_iter().map(gst::ElementFactory::find);
    for factory in [first(&decoders.avc), first(&decoders.aac)].into_iter().chain(others).flatten() {
        if let Err(error) = factory.load() {
            tracing::warn!(%error, "a plugin cannot be loaded");
        }
    }
}

/// Memory of the decoder's pictures, as far as it was seen.
#[derive(Default)]
pub(crate) struct Memory(AtomicU8);

const SYSTEM: u8 = 1;
const DMABUF: u8 = 2;
const GL: u8 = 3;

impl Memory {
    /// How pictures really get to a screen that could be reached by `best`.
    pub(super) fn path(&self, best: CopyPath) -> CopyPath {
        match (self.0.load(Relaxed), best) {
            // Nothing seen yet: what the output says.
            (0, best) => best,
            (DMABUF, best) => best,
            (GL, CopyPath::Zero | CopyPath::Gl) => CopyPath::Gl,
            _ => CopyPath::Cpu,
        }
    }
}

/// Looks at the first picture that comes out of `decoder`.
pub(super) fn watch_memory(decoder: &gst::Element, live: &Arc<Live>) {
    let (Some(pad), live) = (decoder.static_pad("src"), live.clone()) else { return };
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let Some(buffer) = info.buffer() else { return gst::PadProbeReturn::Ok };
        let feature = |name: &str| pad.current_caps().and_then(|c| Some(c.features(0)?.contains(name))).unwrap_or(false);
        let dmabuf = buffer.n_memory() > 0 && buffer.peek_memory(0).is_type("dmabuf");
        let kind = match () {
            () if dmabuf || feature("memory:DMABuf") => DMABUF,
            () if feature("memory:GLMemory") => GL,
            () => SYSTEM,
        };
        live.memory.0.store(kind, Relaxed);
        gst::PadProbeReturn::Remove
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_as_good_as_its_worst_step() {
        use CopyPath::{Cpu, Gl, Zero};
        let table = [(0, [Zero, Gl, Cpu]), (DMABUF, [Zero, Gl, Cpu]), (GL, [Gl, Gl, Cpu]), (SYSTEM, [Cpu, Cpu, Cpu])];
        for (memory, expected) in table {
            let memory = Memory(AtomicU8::new(memory));
            assert_eq!([Zero, Gl, Cpu].map(|best| memory.path(best)), expected);
        }
    }
}
