//! Does a key fit? Common Encryption has no check value, and a software decoder conceals what it cannot read, so the first encrypted
//! samples under each key are decoded aside, before any of them can reach the screen, with an ear on the decoder's own complaints.

use super::{caps, prepare::Chunk};
use crate::{Decoders, Error};
use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use hearth_isobmff::{KeyId, TrackKind};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};
use std::thread::ThreadId;

/// Samples to decode: enough to hold encrypted bytes even where the first picture is tiny.
const SAMPLES: usize = 6;

/// Complaints of libavcodec per thread that is being listened to.
static COMPLAINTS: LazyLock<Mutex<HashMap<ThreadId, u32>>> = LazyLock::new(Mutex::default);
static LISTEN: Once = Once::new();
/// Complaints of all other threads: of decoders at work.
static AT_WORK: AtomicU64 = AtomicU64::new(0);

/// Complaints of decoders at work so far, in this process.
pub(crate) fn complaints() -> u64 {
    listen();
    AT_WORK.load(Ordering::Relaxed)
}

/// Listens to libavcodec's messages through GStreamer's log. Without `GST_DEBUG` nothing of it is printed.
fn listen() {
    LISTEN.call_once(|| {
        // The category comes with the plugin.
        let _ = gst::Plugin::load_by_name("libav");
        let Some(category) = gst::DebugCategory::get("libav") else { return };
        if std::env::var_os("GST_DEBUG").is_none() {
            gst::log::remove_default_log_function();
        }
        if category.threshold() < gst::DebugLevel::Info {
            category.set_threshold(gst::DebugLevel::Info);
        }
        gst::log::add_log_function(move |of, level, _, _, _, _, message| {
            if of != category || level > gst::DebugLevel::Info {
                return;
            }
            let concealed = message.get().is_some_and(|m| m.contains("concealing"));
            if concealed || level <= gst::DebugLevel::Error {
                let mut complaints = COMPLAINTS.lock().unwrap_or_else(PoisonError::into_inner);
                match complaints.get_mut(&std::thread::current().id()) {
                    Some(count) => *count += 1,
                    None => drop(AT_WORK.fetch_add(1, Ordering::Relaxed)),
                }
            }
        });
    });
}

/// Remembers which keys have proved to fit.
pub(crate) struct Verifier {
    decoders: Decoders,
    proved: Mutex<HashSet<(KeyId, TrackKind2)>>,
}

/// [`TrackKind`] in a set: a key may serve several tracks, each is checked.
type TrackKind2 = bool;

impl Verifier {
    pub(crate) fn new(decoders: Decoders) -> Self {
        Self { decoders, proved: Mutex::default() }
    }

    /// An error where `chunk` is encrypted and what its key made of it cannot be decoded.
    pub(crate) fn check(&self, chunk: &Chunk) -> Result<(), Error> {
        let Some(key_id) = chunk.key_id else { return Ok(()) };
        let of = (key_id, chunk.format.track.kind == TrackKind::Video);
        if self.proved.lock().unwrap_or_else(PoisonError::into_inner).contains(&of) {
            return Ok(());
        }
        // A sample in the clear proves nothing, and only a key frame can start: the first chunk under a key starts with one.
        if decodes(&self.decoders, chunk)? {
            self.proved.lock().unwrap_or_else(PoisonError::into_inner).insert(of);
            return Ok(());
        }
        Err(Error::WrongKey(format!("key {key_id}: what it decrypts cannot be decoded")))
    }
}

/// The first samples of `chunk` decode without a complaint. True also where no listening decoder is installed.
fn decodes(decoders: &Decoders, chunk: &Chunk) -> Result<bool, Error> {
    listen();
    let codec = chunk.format.track.codec;
    let wanted = decoders.for_codec(codec).iter().map(String::as_str).chain(software(codec));
    let Some(decoder) = wanted.filter(|n| n.starts_with("avdec_")).find_map(|n| gst::ElementFactory::make(n).build().ok()) else {
        return Ok(true);
    };
    if decoder.has_property("max-threads") {
        decoder.set_property("max-threads", 1i32);
    }
    let failed = |e: gst::glib::BoolError| Error::Framework(e.to_string());
    let pipeline = gst::Pipeline::new();
    let source = gst_app::AppSrc::builder().caps(&chunk.format.caps).format(gst::Format::Time).build();
    source.set_max_bytes(0);
    let sink = gst::ElementFactory::make("fakesink").property("sync", false).property("async", false).build().map_err(failed)?;
    let mut elements = vec![source.clone().upcast::<gst::Element>()];
    if let Some(parser) = caps::parser(codec).filter(|_| chunk.format.track.kind == TrackKind::Video) {
        elements.push(gst::ElementFactory::make(parser).build().map_err(failed)?);
    }
    elements.extend([decoder.clone(), sink]);
    pipeline.add_many(&elements).map_err(failed)?;
    gst::Element::link_many(&elements).map_err(failed)?;
    let thread = Arc::new(Mutex::new(None));
    let outputs = Arc::new(AtomicU32::new(0));
    watch(&decoder, &thread, &outputs);
    pipeline.set_state(gst::State::Playing).map_err(|e| Error::Framework(e.to_string()))?;
    for at in 0..chunk.cuts.len().min(SAMPLES) {
        if let Some(buffer) = chunk.sample(at) {
            let _ = source.push_buffer(buffer);
        }
    }
    let _ = source.end_of_stream();
    let end = pipeline.bus().and_then(|bus| {
        bus.timed_pop_filtered(gst::ClockTime::from_seconds(5), &[gst::MessageType::Eos, gst::MessageType::Error])
    });
    let _ = pipeline.set_state(gst::State::Null);
    let clean = end.is_some_and(|m| m.type_() == gst::MessageType::Eos);
    let thread = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
    let complaints = thread.and_then(|t| COMPLAINTS.lock().unwrap_or_else(PoisonError::into_inner).remove(&t)).unwrap_or(0);
    let pictures = outputs.load(Ordering::SeqCst);
    tracing::debug!(clean, complaints, pictures, "key check");
    Ok(clean && complaints == 0 && pictures > 0)
}

/// Names the decoding thread to the listener and counts what the decoder gives.
fn watch(decoder: &gst::Element, thread: &Arc<Mutex<Option<ThreadId>>>, outputs: &Arc<AtomicU32>) {
    let (thread, outputs) = (thread.clone(), outputs.clone());
    if let Some(pad) = decoder.static_pad("sink") {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let id = std::thread::current().id();
            *thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
            COMPLAINTS.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(0);
            gst::PadProbeReturn::Ok
        });
    }
    if let Some(pad) = decoder.static_pad("src") {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            outputs.fetch_add(1, Ordering::SeqCst);
            gst::PadProbeReturn::Ok
        });
    }
}

/// A decoder that can be listened to, where the board's list names only hardware.
fn software(codec: hearth_isobmff::Codec) -> Option<&'static str> {
    use hearth_isobmff::Codec::{Aac, Ac3, Avc, Eac3, Hevc, Vp9};
    Some(match codec {
        Avc => "avdec_h264",
        Hevc => "avdec_h265",
        Vp9 => "avdec_vp9",
        Aac => "avdec_aac",
        Ac3 => "avdec_ac3",
        Eac3 => "avdec_eac3",
        _ => return None,
    })
}
