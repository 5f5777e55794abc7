//! One pass: decode once, scale and encode each rendition in a branch of its own, encode the sound, write as samples come.
//!
//! Each branch has a queue and ends in an `appsink` of its own: branches never wait for one another, so the encoder's look-ahead
//! cannot dead-lock them. Pictures are made constant-rate before the tee, and the encoder's groups are counted in pictures: the
//! renditions' key pictures are the same ones.

use super::ladder::{AUDIO_KBPS, AUDIO_RATE, Plan, Rung};
use super::writer::Writer;
use super::{Event, Made};
use crate::{Error, Result};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as app;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// No sample for so long: the file holds a decoder up.
const STALL: Duration = Duration::from_secs(120);
/// How often the worker says how far it is.
const TICK: gst::ClockTime = gst::ClockTime::from_mseconds(200);
/// A film may end so much earlier than its container says: sound and pictures rarely end together.
const SLACK_MS: u64 = 1000;

/// What the branches share.
struct Shared {
    plan: Plan,
    out: PathBuf,
    failed: Mutex<Option<Error>>,
    made: Mutex<Vec<(usize, Made)>>,
    /// Pictures written of the highest rendition, and samples of anything: progress and sign of life.
    pictures: AtomicU64,
    samples: AtomicU64,
}

/// Encodes a master into `out`. `cancel` ends it early.
pub fn transcode(source: &Path, out: &Path, plan: &Plan, cancel: &AtomicBool, say: &mut dyn FnMut(Event)) -> Result<Vec<Made>> {
    gst::init().map_err(|e| Error::Damaged(format!("GStreamer: {e}")))?;
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        out: out.to_path_buf(),
        failed: Mutex::new(None),
        made: Mutex::new(Vec::new()),
        pictures: AtomicU64::new(0),
        samples: AtomicU64::new(0),
    });
    let pipeline = build(source, &shared)?;
    let outcome = run(&pipeline, &shared, cancel, say);
    let stopped = pipeline.set_state(gst::State::Null).map_err(gst_error);
    if let Some(e) = lock(&shared.failed).take() {
        return Err(e);
    }
    outcome?;
    stopped?;
    let mut made = std::mem::take(&mut *lock(&shared.made));
    made.sort_by_key(|(place, _)| *place);
    let made: Vec<Made> = made.into_iter().map(|(_, m)| m).collect();
    check(plan, &made)?;
    Ok(made)
}

/// Is everything there, as long as the container said, and cut at the same instants?
fn check(plan: &Plan, made: &[Made]) -> Result<()> {
    let videos: Vec<_> = made.iter().filter(|m| m.rendition.kind == "video").collect();
    if videos.len() != plan.rungs.len() {
        return Err(Error::media("decode-failed", "no picture of the file could be decoded"));
    }
    let longest = made.iter().map(|m| m.duration_ms).max().unwrap_or(0);
    if longest + SLACK_MS.max(plan.duration_ms / 50) < plan.duration_ms {
        return Err(Error::media(
            "truncated",
            format!(
                "the file says it is {:.1} s long, and only {:.1} s could be decoded: it is cut short or damaged; copy it again",
                plan.duration_ms as f64 / 1000.0,
                longest as f64 / 1000.0
            ),
        ));
    }
    if videos.windows(2).any(|w| w[0].segment_starts_ms != w[1].segment_starts_ms) {
        return Err(Error::Damaged("renditions are not aligned".to_owned()));
    }
    Ok(())
}

fn build(source: &Path, shared: &Arc<Shared>) -> Result<gst::Pipeline> {
    let pipeline = gst::Pipeline::new();
    let src = gst::ElementFactory::make("filesrc").property("location", source).build().map_err(missing)?;
    let decode = gst::ElementFactory::make("decodebin").build().map_err(missing)?;
    pipeline.add_many([&src, &decode]).map_err(missing)?;
    src.link(&decode).map_err(missing)?;
    let (weak, shared) = (pipeline.downgrade(), shared.clone());
    let taken = Mutex::new((false, false));
    decode.connect_pad_added(move |_, pad| {
        let Some(pipeline) = weak.upgrade() else { return };
        let kind = pad.current_caps().or_else(|| Some(pad.query_caps(None)));
        let name = kind.as_ref().and_then(|c| c.structure(0)).map(|s| s.name().to_string()).unwrap_or_default();
        let mut taken = lock(&taken);
        let branch = if name.starts_with("video/") && !std::mem::replace(&mut taken.0, true) {
            video_branch(&shared)
        } else if name.starts_with("audio/") && shared.plan.audio && !std::mem::replace(&mut taken.1, true) {
            audio_branch(&shared)
        } else {
            // Decoded and dropped: an unlinked pad would end the whole pipeline.
            gst::parse::bin_from_description("fakesink sync=false async=false", true).map_err(|e| Error::Damaged(e.to_string()))
        };
        let plugged = branch.and_then(|bin| plug(&pipeline, pad, &bin));
        if let Err(e) = plugged {
            fail(&shared, e);
        }
    });
    Ok(pipeline)
}

fn plug(pipeline: &gst::Pipeline, pad: &gst::Pad, bin: &gst::Bin) -> Result<()> {
    pipeline.add(bin).map_err(missing)?;
    let sink = bin.static_pad("sink").ok_or_else(|| Error::Damaged("branch without a sink".to_owned()))?;
    pad.link(&sink).map_err(missing)?;
    bin.sync_state_with_parent().map_err(missing)
}

fn video_branch(shared: &Arc<Shared>) -> Result<gst::Bin> {
    let plan = &shared.plan;
    let (num, den) = plan.frame_rate;
    let mut text = format!(
        "videoconvert ! deinterlace mode=auto fields=top ! videorate ! video/x-raw,framerate={num}/{den} ! videoflip video-direction=auto ! \
         videoconvert ! video/x-raw,format=I420 ! tee name=t"
    );
    for Rung { id, width, height, kbps } in &plan.rungs {
        let gop = plan.gop;
        text += &format!(
            " t. ! queue max-size-buffers=8 max-size-bytes=0 max-size-time=0 ! videoscale add-borders=false ! \
             video/x-raw,width={width},height={height},pixel-aspect-ratio=1/1 ! \
             x264enc speed-preset=veryfast pass=qual quantizer=23 bitrate={kbps} vbv-buf-capacity=2000 key-int-max={gop} bframes=2 \
             b-pyramid=false aud=false threads=2 option-string=min-keyint={gop}:scenecut=0:open-gop=0 ! \
             video/x-h264,stream-format=avc,alignment=au,profile=high ! appsink name={id} sync=false"
        );
    }
    let bin = gst::parse::bin_from_description(&text, true).map_err(|e| Error::Damaged(format!("GStreamer: {e}")))?;
    for (place, rung) in plan.rungs.iter().enumerate() {
        let (shared, rung) = (shared.clone(), rung.clone());
        let make = move |shared: &Shared, config: &[u8]| Writer::video(&shared.out, &shared.plan, &rung, config);
        attach(&bin, &plan.rungs[place].id, &shared, place, make, move |shared, writer, sample, data| {
            let buffer = sample.buffer().ok_or_else(no_timing)?;
            let picture = picture_number(&shared.plan, sample, buffer).ok_or_else(no_timing)?;
            if place == 0 {
                shared.pictures.fetch_add(1, Ordering::Relaxed);
            }
            writer.push_picture(picture, !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT), data)
        })?;
    }
    Ok(bin)
}

fn audio_branch(shared: &Arc<Shared>) -> Result<gst::Bin> {
    let text = format!(
        "audioconvert ! audioresample ! audio/x-raw,format=F32LE,rate={AUDIO_RATE},channels=2,layout=interleaved ! \
         audiorate tolerance=40000000 ! avenc_aac bitrate={} ! audio/mpeg,mpegversion=4,stream-format=raw ! appsink name=sound sync=false",
        AUDIO_KBPS * 1000
    );
    let bin = gst::parse::bin_from_description(&text, true).map_err(|e| Error::Damaged(format!("GStreamer: {e}")))?;
    let make = |shared: &Shared, config: &[u8]| Writer::audio(&shared.out, &shared.plan, config);
    attach(&bin, "sound", shared, usize::MAX, make, |_, writer, _, data| writer.push_frame(data))?;
    Ok(bin)
}

/// Which picture this is, counted in presentation order.
fn picture_number(plan: &Plan, sample: &gst::Sample, buffer: &gst::BufferRef) -> Option<u64> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    let running = segment.to_running_time(buffer.pts()?)?;
    let (num, den) = (u128::from(plan.frame_rate.0), u128::from(plan.frame_rate.1) * 1_000_000_000);
    u64::try_from((u128::from(running.nseconds()) * num + den / 2) / den).ok()
}

/// Connects an appsink to a writer, which is made when the first sample tells the decoder's configuration.
fn attach<M, P>(bin: &gst::Bin, sink: &str, shared: &Arc<Shared>, place: usize, make: M, push: P) -> Result<()>
where
    M: Fn(&Shared, &[u8]) -> Result<Writer> + Send + 'static,
    P: Fn(&Shared, &mut Writer, &gst::Sample, &[u8]) -> Result<()> + Send + 'static,
{
    let sink = bin
        .by_name(sink)
        .and_then(|e| e.downcast::<app::AppSink>().ok())
        .ok_or_else(|| Error::Damaged("branch without an appsink".to_owned()))?;
    let writer: Arc<Mutex<Option<Writer>>> = Arc::default();
    let (at_end, shared, shared_at_end) = (writer.clone(), shared.clone(), shared.clone());
    let take = move |sample: &gst::Sample| -> Result<()> {
        let buffer = sample.buffer().ok_or_else(no_timing)?;
        let data = buffer.map_readable().map_err(gst_error)?;
        let mut writer = lock(&writer);
        let writer = match &mut *writer {
            Some(writer) => writer,
            none => {
                let config = configuration(sample).ok_or_else(|| Error::Damaged("encoder gave no configuration".to_owned()))?;
                none.insert(make(&shared, &config)?)
            }
        };
        shared.samples.fetch_add(1, Ordering::Relaxed);
        push(&shared, writer, sample, &data)
    };
    let failing = shared_at_end.clone();
    sink.set_callbacks(
        app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                take(&sample).map(|()| gst::FlowSuccess::Ok).map_err(|e| {
                    fail(&failing, e);
                    gst::FlowError::Error
                })
            })
            .eos(move |_| {
                let Some(writer) = lock(&at_end).take() else { return };
                match writer.finish() {
                    Ok(made) => lock(&shared_at_end.made).push((place, made)),
                    Err(e) => fail(&shared_at_end, e),
                }
            })
            .build(),
    );
    Ok(())
}

fn configuration(sample: &gst::Sample) -> Option<Vec<u8>> {
    let data = sample.caps()?.structure(0)?.get::<gst::Buffer>("codec_data").ok()?;
    Some(data.map_readable().ok()?.to_vec())
}

/// Runs until the end, an error, or `cancel`.
fn run(pipeline: &gst::Pipeline, shared: &Shared, cancel: &AtomicBool, say: &mut dyn FnMut(Event)) -> Result<()> {
    let bus = pipeline.bus().ok_or_else(|| Error::Damaged("pipeline without a bus".to_owned()))?;
    pipeline.set_state(gst::State::Playing).map_err(gst_error)?;
    let whole =
        shared.plan.duration_ms as f64 / 1000.0 * f64::from(shared.plan.frame_rate.0) / f64::from(shared.plan.frame_rate.1);
    let (mut seen, mut alive) = (0, Instant::now());
    loop {
        let message = bus.timed_pop_filtered(TICK, &[gst::MessageType::Eos, gst::MessageType::Error]);
        if lock(&shared.failed).is_some() {
            return Ok(());
        }
        match message.as_ref().map(|m| m.view()) {
            Some(gst::MessageView::Eos(_)) => return Ok(()),
            Some(gst::MessageView::Error(e)) => return Err(decode_failed(&e.error(), shared)),
            _ => {}
        }
        if cancel.load(Ordering::Relaxed) {
            return Err(Error::refused(http::StatusCode::SERVICE_UNAVAILABLE, "cancelled", "stopped"));
        }
        let samples = shared.samples.load(Ordering::Relaxed);
        if samples != seen {
            (seen, alive) = (samples, Instant::now());
        } else if alive.elapsed() > STALL {
            return Err(Error::media("decode-failed", "decoding got stuck: the file is damaged; copy it again or convert it"));
        }
        say(Event::Progress { done: (shared.pictures.load(Ordering::Relaxed) as f64 / whole.max(1.0)).min(1.0) });
    }
}

fn decode_failed(e: &gst::glib::Error, shared: &Shared) -> Error {
    let at = shared.pictures.load(Ordering::Relaxed) * u64::from(shared.plan.frame_rate.1) / u64::from(shared.plan.frame_rate.0);
    if e.matches(gst::ResourceError::NoSpaceLeft) {
        return Error::disk_full(&shared.out, "encoding ran out of room");
    }
    Error::media(
        "decode-failed",
        format!("decoding failed after about {at} s ({}): the file is damaged; copy it again or convert it", e.message()),
    )
}

fn fail(shared: &Shared, e: Error) {
    // The first failure is the cause; the others follow from it.
    lock(&shared.failed).get_or_insert(e);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn no_timing() -> Error {
    Error::Damaged("encoder gave a sample without a time".to_owned())
}

fn missing(e: impl std::fmt::Display) -> Error {
    Error::Damaged(format!("GStreamer: {e} (is a plugin missing? `cargo xtask doctor` tells)"))
}

fn gst_error(e: impl std::fmt::Display) -> Error {
    Error::Damaged(format!("GStreamer: {e}"))
}
