//! Every frame of a track, decoded, as a checksum.

use super::samples::{first_of, hex};
use super::{Piece, Reader, Source, plain};
use crate::Error;
use crate::media::prepare::{Chunk, Format};
use crate::media::{caps, verify::Verifier};
use gstreamer as gst;
use gstreamer_app as gst_app;
use gstreamer_audio as gst_audio;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use hearth_isobmff::TrackKind;
use md5::{Digest, Md5};
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Added to every time on its way through the decoder, because GStreamer has no times below zero, in ns.
const BIAS: i64 = 3_600_000_000_000;

/// Writes one line a frame that is presented (what an edit list leaves out before time zero only decoding needs): video `pts_us,width,height,md5` over packed I420, audio `pts_us,channels,rate,md5` over S16LE. Nothing of a
/// stream whose key does not fit.
pub fn frames(source: &Source, audio: bool, output: &mut impl Write) -> Result<(), Error> {
    let reader = Reader::open(source)?;
    let kind = if audio { TrackKind::Audio } else { TrackKind::Video };
    let tracks = reader.tracks()?;
    let pick = first_of(&tracks, kind).ok_or_else(|| Error::NothingToPlay(format!("no {kind:?} track")))?;
    let verifier = Verifier::new(reader.decoders.clone());
    let mut decoding: Option<Decoding> = None;
    reader.each(pick, |Piece { init, bytes, segment }, shift| {
        let chunks = match init {
            Some(init) => {
                let shift = std::cell::RefCell::new(shift);
                let of = |first| shift.borrow_mut().of(first);
                init.read_segment(bytes, &segment.resource, &[kind], &reader.keys, &verifier, of)?
            }
            None => plain::chunks(bytes, segment, shift)?,
        };
        for chunk in chunks.into_iter().filter(|c| c.format.track.kind == kind) {
            let running = match &mut decoding {
                Some(running) => running,
                None => decoding.insert(Decoding::start(&reader, &chunk.format)?),
            };
            running.push(&chunk, output)?;
        }
        Ok(())
    })?;
    decoding.map_or(Ok(()), |d| d.finish(output))
}

/// A decoder at work.
struct Decoding {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    lines: Receiver<String>,
}

impl Decoding {
    fn start(reader: &Reader, format: &Format) -> Result<Self, Error> {
        let video = format.track.kind == TrackKind::Video;
        let broken = |e: gst::glib::BoolError| Error::Framework(e.to_string());
        let pipeline = gst::Pipeline::new();
        let source =
            gst_app::AppSrc::builder().caps(&format.caps).format(gst::Format::Time).max_bytes(8 << 20).block(true).build();
        let names = reader.decoders.for_codec(format.track.codec);
        let decoder = names.iter().find_map(|n| gst::ElementFactory::make(n).build().ok());
        let decoder = decoder.ok_or_else(|| {
            let what = format!("{:?}", format.track.codec);
            if video { Error::NoDecoder(what) } else { Error::NoAudioDecoder(what) }
        })?;
        let mut chain: Vec<gst::Element> = vec![source.clone().upcast()];
        if let Some(parser) = caps::parser(format.track.codec).filter(|_| video) {
            chain.push(gst::ElementFactory::make(parser).build().map_err(broken)?);
        }
        chain.push(decoder);
        let (sender, lines) = sync_channel(4096);
        let raw = if video {
            gst::Caps::builder("video/x-raw").field("format", "I420").build()
        } else {
            gst::Caps::builder("audio/x-raw").field("format", "S16LE").field("layout", "interleaved").build()
        };
        chain.push(gst::ElementFactory::make(if video { "videoconvert" } else { "audioconvert" }).build().map_err(broken)?);
        if !video {
            // The decoder's own precision, not a dither's noise.
            if let Some(convert) = chain.last() {
                convert.set_property_from_str("dithering", "none");
            }
        }
        chain.push(sink(&raw, video, sender).upcast());
        pipeline.add_many(&chain).map_err(broken)?;
        gst::Element::link_many(&chain).map_err(broken)?;
        pipeline.set_state(gst::State::Playing).map_err(|e| Error::Framework(e.to_string()))?;
        Ok(Self { pipeline, source, lines })
    }

    fn push(&mut self, chunk: &Chunk, output: &mut impl Write) -> Result<(), Error> {
        self.source.set_caps(Some(&chunk.format.caps));
        for (at, cut) in chunk.cuts.iter().enumerate() {
            let Some(mut buffer) = chunk.sample(at) else { continue };
            if let Some(meta) = buffer.get_mut() {
                meta.set_pts(gst::ClockTime::from_nseconds((cut.pts + BIAS).max(0) as u64));
                meta.set_dts(gst::ClockTime::from_nseconds((cut.dts + BIAS).max(0) as u64));
            }
            if self.source.push_buffer(buffer).is_err() {
                return self.failure();
            }
            self.drain(output)?;
        }
        Ok(())
    }

    fn drain(&mut self, output: &mut impl Write) -> Result<(), Error> {
        self.lines.try_iter().try_for_each(|line| write(output, &line))
    }

    /// Says the end and writes what still comes.
    fn finish(mut self, output: &mut impl Write) -> Result<(), Error> {
        let _ = self.source.end_of_stream();
        let bus = self.pipeline.bus().ok_or_else(|| Error::Framework("no bus".into()))?;
        let types = [gst::MessageType::Eos, gst::MessageType::Error];
        loop {
            let message = bus.timed_pop_filtered(gst::ClockTime::from_mseconds(20), &types);
            self.drain(output)?;
            match message {
                Some(m) if m.type_() == gst::MessageType::Eos => break,
                Some(m) => return Err(failed(&m)),
                None => (),
            }
        }
        self.drain(output)
    }

    fn failure(&self) -> Result<(), Error> {
        let message = self.pipeline.bus().and_then(|b| b.pop_filtered(&[gst::MessageType::Error]));
        Err(message.map_or_else(|| Error::Decoder("it refuses samples".into()), |m| failed(&m)))
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn failed(message: &gst::Message) -> Error {
    match message.view() {
        gst::MessageView::Error(e) => Error::Decoder(format!("{} ({})", e.error(), e.debug().unwrap_or_default())),
        _ => Error::Decoder("unknown".into()),
    }
}

fn write(output: &mut impl Write, line: &str) -> Result<(), Error> {
    writeln!(output, "{line}").map_err(|e| Error::File(format!("output: {e}")))
}

/// A sink that turns each frame into a line.
fn sink(caps: &gst::Caps, video: bool, lines: SyncSender<String>) -> gst_app::AppSink {
    let callbacks = gst_app::AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            if sample.buffer().is_none_or(ends_before_zero) {
                return Ok(gst::FlowSuccess::Ok);
            }
            let line = if video { video_line(&sample) } else { audio_line(&sample) };
            line.and_then(|l| lines.send(l).ok()).map(|()| gst::FlowSuccess::Ok).ok_or(gst::FlowError::Error)
        })
        .build();
    gst_app::AppSink::builder().sync(false).caps(caps).callbacks(callbacks).build()
}

fn ends_before_zero(buffer: &gst::BufferRef) -> bool {
    // Where the duration is not known, it is at least a millisecond; a microsecond for rounding.
    let end = buffer.pts().map(|t| t.nseconds() + buffer.duration().map_or(0, |d| d.nseconds()).max(1_000_000));
    end.is_some_and(|e| (e as i64) < BIAS + 1000)
}

fn pts_us(buffer: &gst::BufferRef) -> i64 {
    buffer.pts().map_or(0, |t| (t.nseconds() as i64 - BIAS).div_euclid(1000))
}

fn video_line(sample: &gst::Sample) -> Option<String> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    let buffer = sample.buffer()?;
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).ok()?;
    let mut hash = Md5::new();
    for plane in 0..3u32 {
        let (width, height) = (frame.comp_width(plane) as usize, frame.comp_height(plane) as usize);
        let stride = usize::try_from(*frame.plane_stride().get(plane as usize)?).ok()?;
        let data = frame.plane_data(plane).ok()?;
        for row in 0..height {
            hash.update(data.get(row * stride..row * stride + width)?);
        }
    }
    Some(format!("{},{},{},{}", pts_us(buffer), info.width(), info.height(), hex(&hash.finalize())))
}

fn audio_line(sample: &gst::Sample) -> Option<String> {
    let info = gst_audio::AudioInfo::from_caps(sample.caps()?).ok()?;
    let buffer = sample.buffer()?;
    let data = buffer.map_readable().ok()?;
    Some(format!("{},{},{},{}", pts_us(buffer), info.channels(), info.rate(), hex(&Md5::digest(&data[..]))))
}
