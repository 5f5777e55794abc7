//! The GStreamer side of one session: per track `appsrc ! parser ! decoder ! sink`, built element by element from the configured lists.

use super::loudness::Loudness;
use super::shared::Live;
use super::track::TrackBuffer;
use super::{Control, Note, Said, decoder};
use crate::media::{caps, prepare::Format};
use crate::{AudioOutput, Error, PlayerConfig, Shown, VideoOutput};
use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use hearth_isobmff::{Codec, TrackKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;

/// Name prefixes by which an error's element is recognised.
pub(super) const VIDEO_SOURCE: &str = "video-source";
pub(super) const AUDIO_SOURCE: &str = "audio-source";
pub(super) const VIDEO_PARSER: &str = "video-parser";
pub(super) const AUDIO_PARSER: &str = "audio-parser";
pub(super) const VIDEO_DECODER: &str = "video-decoder";
pub(super) const AUDIO_DECODER: &str = "audio-decoder";
pub(super) const VIDEO_SINK: &str = "video-sink";
pub(super) const AUDIO_SINK: &str = "audio-sink";

/// Everything needed to build one.
pub(super) struct Plan<'a> {
    pub(super) config: &'a PlayerConfig,
    pub(super) output: &'a dyn VideoOutput,
    pub(super) tracks: &'a [(Arc<Format>, Arc<TrackBuffer>)],
    /// Decoders that have failed.
    pub(super) failed: &'a [String],
    pub(super) loudness: Loudness,
    /// Where to start, ns.
    pub(super) start: i64,
    pub(super) live: Arc<Live>,
    pub(super) notes: Sender<Control>,
    pub(super) number: u64,
    /// Which pipeline of the session this is.
    pub(super) built: u64,
}

/// A running pipeline. Dropping it stops it.
pub(super) struct Pipeline {
    pipeline: gst::Pipeline,
    buffers: Vec<Arc<TrackBuffer>>,
    /// None without sound.
    volume: Option<gst::Element>,
    /// Element names (of their factories); empty without such a track.
    pub(super) video_decoder: String,
    pub(super) audio_decoder: String,
}

fn made(name: &str) -> Result<gst::Element, Error> {
    gst::ElementFactory::make(name).build().map_err(|e| Error::Framework(format!("{name}: {e}")))
}

fn framework(error: gst::glib::BoolError) -> Error {
    Error::Framework(error.to_string())
}

impl Pipeline {
    /// Builds and starts, paused or playing.
    pub(super) fn build(plan: &Plan<'_>, playing: bool) -> Result<Self, Error> {
        let pipeline = gst::Pipeline::new();
        let mut built =
            Self { pipeline, buffers: Vec::new(), volume: None, video_decoder: String::new(), audio_decoder: String::new() };
        built.listen(plan);
        let mut sources = Vec::new();
        for (format, buffer) in plan.tracks {
            let source = built.branch(plan, format)?;
            built.connect(&source, buffer)?;
            sources.push(source);
        }
        if plan.start > 0 {
            // Sources keep a seek that comes before they start: the first thing they ask for is the start position.
            built.state(gst::State::Ready)?;
            let position = gst::ClockTime::from_nseconds(plan.start as u64);
            for source in &sources {
                let (set, none) = (gst::SeekType::Set, gst::SeekType::None);
                let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
                source.send_event(gst::event::Seek::new(1.0, flags, set, position, none, gst::ClockTime::NONE));
            }
        }
        built.play(playing)?;
        Ok(built)
    }

    /// Plays or holds.
    pub(super) fn play(&self, playing: bool) -> Result<(), Error> {
        self.state(if playing { gst::State::Playing } else { gst::State::Paused })
    }

    /// Held: goes on from that position (ns) when it plays again, where the clock had run on without pictures. Else those that come next would
    /// be late already, and dropped.
    pub(super) fn go_on_from(&self, position: i64) {
        let segment =
            self.pipeline.by_name(VIDEO_SINK).and_then(|sink| sink.static_pad("sink")?.sticky_event::<gst::event::Segment>(0));
        let segment = segment.and_then(|event| event.segment().downcast_ref::<gst::ClockTime>().cloned());
        let at = segment.and_then(|s| s.to_running_time(gst::ClockTime::from_nseconds(position.max(0) as u64)));
        if let (Some(at), Some(now)) = (at, self.pipeline.start_time())
            && at < now
        {
            self.pipeline.set_start_time(at);
        }
    }

    fn state(&self, state: gst::State) -> Result<(), Error> {
        // What fails says why on the bus.
        self.pipeline.set_state(state).map(drop).or_else(|_| {
            tracing::warn!(?state, "state change refused");
            Ok(())
        })
    }

    /// Jumps to the very position, in ns.
    pub(super) fn seek(&self, position: i64) -> Result<(), Error> {
        let position = gst::ClockTime::from_nseconds(position.max(0) as u64);
        self.pipeline.seek_simple(gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE, position).map_err(framework)
    }

    /// As loud as this from now on.
    pub(super) fn set_loudness(&self, loudness: Loudness) {
        self.volume.iter().for_each(|v| loudness.apply(v));
    }

    /// Position of the sinks' clock, ns.
    pub(super) fn position(&self) -> Option<i64> {
        self.pipeline.query_position::<gst::ClockTime>().map(|t| t.nseconds() as i64)
    }

    /// Reports what the bus says; nothing is queued.
    fn listen(&self, plan: &Plan<'_>) {
        let (notes, number, built) = (plan.notes.clone(), plan.number, plan.built);
        let Some(bus) = self.pipeline.bus() else { return };
        bus.set_sync_handler(move |_, message| {
            let source = || message.src().map_or(String::new(), |s| s.path_string().to_string());
            let said = match message.view() {
                gst::MessageView::Eos(_) => Some(Said::EndOfStream),
                gst::MessageView::Error(e) => {
                    Some(Said::Element(source(), format!("{} ({})", e.error(), e.debug().unwrap_or_default())))
                }
                gst::MessageView::Warning(w) => {
                    tracing::warn!(source = source(), "{} ({})", w.error(), w.debug().unwrap_or_default());
                    None
                }
                _ => None,
            };
            if let Some(said) = said {
                let _ = notes.send(Control::Note(number, Note::Pipeline(built, said)));
            }
            gst::BusSyncReply::Drop
        });
    }

    /// Elements of one track, linked, in the pipeline.
    fn branch(&mut self, plan: &Plan<'_>, format: &Format) -> Result<gst_app::AppSrc, Error> {
        let video = format.track.kind == TrackKind::Video;
        let source = gst_app::AppSrc::builder()
            .name(if video { VIDEO_SOURCE } else { AUDIO_SOURCE })
            .caps(&format.caps)
            .format(gst::Format::Time)
            .stream_type(gst_app::AppStreamType::Seekable)
            .is_live(false)
            .max_bytes(0)
            .build();
        let mut chain: Vec<gst::Element> = vec![source.clone().upcast()];
        // AAC needs no parser; others may, for the decoder's stream format.
        if let Some(parser) = caps::parser(format.track.codec).filter(|_| format.track.codec != Codec::Aac) {
            let parser = made(parser)?;
            parser.set_property("name", if video { VIDEO_PARSER } else { AUDIO_PARSER });
            chain.push(parser);
        }
        let (decoder, name) = decoder::choose(&plan.config.decoders, &format.track, plan.failed)?;
        if video {
            self.watch_size(&decoder, &plan.live);
            decoder::watch_memory(&decoder, &plan.live);
            self.video_decoder = name;
        } else {
            self.audio_decoder = name;
        }
        chain.push(decoder);
        chain.push(queue(if video { 3 } else { 0 })?);
        if video {
            chain.push(video_sink(plan)?);
        } else {
            let volume = made("volume")?;
            plan.loudness.apply(&volume);
            self.volume = Some(volume.clone());
            chain.extend([made("audioconvert")?, volume, made("audioresample")?, audio_sink(plan.config)?]);
        }
        self.pipeline.add_many(&chain).map_err(framework)?;
        gst::Element::link_many(&chain).map_err(framework)?;
        Ok(source)
    }

    /// Duration, seeks and data requests of a source go to and from its buffer.
    fn connect(&mut self, source: &gst_app::AppSrc, buffer: &Arc<TrackBuffer>) -> Result<(), Error> {
        let (seek, need) = (buffer.clone(), buffer.clone());
        source.set_callbacks(
            gst_app::AppSrcCallbacks::builder()
                .seek_data(move |_, position| {
                    seek.seek_data(position);
                    true
                })
                .need_data(move |_, _| need.need_data())
                .build(),
        );
        let attachment = buffer.attach();
        let (feeder, source) = (buffer.clone(), source.clone());
        let work = move || feeder.feed(&source, attachment);
        self.buffers.push(buffer.clone());
        std::thread::Builder::new().name("feed".into()).spawn(work).map(drop).map_err(|e| Error::Internal(e.to_string()))
    }

    /// Notes the size of the pictures that come out of the decoder.
    fn watch_size(&self, decoder: &gst::Element, live: &Arc<Live>) {
        let (Some(pad), live) = (decoder.static_pad("src"), live.clone()) else { return };
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if let Some(gst::EventView::Caps(caps)) = info.event().map(|e| e.view())
                && let Ok(info) = gst_video::VideoInfo::from_caps(caps.caps())
            {
                live.width.store(info.width(), Relaxed);
                live.height.store(info.height(), Relaxed);
            }
            gst::PadProbeReturn::Ok
        });
    }
}

impl Pipeline {
    /// The video decoder, or the audio's where there is no picture.
    pub(super) fn main_decoder(&self) -> &str {
        if self.video_decoder.is_empty() { &self.audio_decoder } else { &self.video_decoder }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.buffers.iter().for_each(|b| b.detach());
        let _ = self.pipeline.set_state(gst::State::Null);
        if let Some(bus) = self.pipeline.bus() {
            bus.unset_sync_handler();
        }
    }
}

/// Lets a decoder work a little ahead of the clock.
fn queue(buffers: u32) -> Result<gst::Element, Error> {
    let queue = made("queue")?;
    queue.set_property("max-size-buffers", buffers);
    queue.set_property("max-size-bytes", 0u32);
    queue.set_property("max-size-time", if buffers == 0 { 200_000_000u64 } else { 0 });
    Ok(queue)
}

/// The output's sink, counted and timed.
fn video_sink(plan: &Plan<'_>) -> Result<gst::Element, Error> {
    let (live, notes, number, built) = (plan.live.clone(), plan.notes.clone(), plan.number, plan.built);
    let fresh = Arc::new(AtomicBool::new(true));
    let (is_fresh, due) = (fresh.clone(), AtomicU64::new(0));
    let presented = Arc::new(move |shown: Shown| {
        live.presented.fetch_add(1, Relaxed);
        live.position.store((shown.pts_us * 1000) as i64, Relaxed);
        let due = due.swap(shown.pts_us + shown.duration_us, Relaxed);
        if is_fresh.swap(false, Relaxed) {
            let _ = notes.send(Control::Note(number, Note::Pipeline(built, Said::Fresh(shown.pts_us))));
        } else {
            // Whoever drops a picture, decoder or sink, leaves a gap here.
            let gap = shown.pts_us.saturating_sub(due);
            if let Some(lost) = (gap + shown.duration_us / 2).checked_div(shown.duration_us) {
                live.dropped.fetch_add(lost, Relaxed);
            }
            live.played_us.fetch_add(gap.min(1_000_000), Relaxed);
        }
        live.played_us.fetch_add(shown.duration_us, Relaxed);
        live.shown_until.store(((shown.pts_us + shown.duration_us) * 1000) as i64, Relaxed);
    });
    let sink = plan.output.sink(presented)?;
    // The name tells errors apart.
    sink.set_property("name", VIDEO_SINK);
    if let Some(pad) = sink.static_pad("sink") {
        pad.add_probe(gst::PadProbeType::EVENT_FLUSH, move |_, info| {
            if info.event().is_some_and(|e| e.type_() == gst::EventType::FlushStop) {
                fresh.store(true, Relaxed);
            }
            gst::PadProbeReturn::Ok
        });
    }
    Ok(sink)
}

/// The sound device; a sink that only keeps time where there is none.
fn audio_sink(config: &PlayerConfig) -> Result<gst::Element, Error> {
    let open = |name: &str, device: Option<&str>| {
        let sink =
            gst::ElementFactory::make(name).name(AUDIO_SINK).build().inspect_err(|e| tracing::warn!("{name}: {e}")).ok()?;
        if let Some(device) = device.filter(|_| sink.has_property("device")) {
            sink.set_property("device", device);
        }
        let opens = sink.set_state(gst::State::Ready).is_ok();
        if !opens {
            let _ = sink.set_state(gst::State::Null);
            tracing::warn!("{name}: no sound device; playing without sound");
        }
        opens.then_some(sink)
    };
    let sink = match &config.audio {
        AudioOutput::Auto => open("autoaudiosink", None),
        AudioOutput::Element { name, device } => open(name, device.as_deref()),
        AudioOutput::None => None,
    };
    match sink {
        Some(sink) => Ok(sink),
        None => gst::ElementFactory::make("fakesink")
            .name(AUDIO_SINK)
            .property("sync", true)
            .property("enable-last-sample", false)
            .build()
            .map_err(framework),
    }
}
