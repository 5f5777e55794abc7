//! MPEG-2 transport streams (ISO 13818-1), taken apart by GStreamer's `tsdemux` segment by segment into the same chunks that MP4 gives.
//!
//! `tsdemux` counts from its own zero; the streams' own time is read from the PES headers, so that segments follow each other.

use super::caps;
use super::prepare::{Chunk, Cut, Format};
use crate::Error;
use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use hearth_isobmff::{Codec, FourCc, Track, TrackKind};
use std::sync::{Arc, Mutex, PoisonError};

const PACKET: usize = 188;
/// Longest wait for a segment in memory to be taken apart.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(10);
/// Time stamps have 33 bits at 90 kHz (§2.4.3.7).
pub(super) const WRAP: i64 = 1 << 33;

/// What came out of one elementary stream.
struct Stream {
    caps: gst::Caps,
    buffers: Vec<gst::Buffer>,
}

type Streams = Arc<Mutex<Vec<Stream>>>;

/// Looks like a transport stream.
pub(crate) fn is_ts(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x47) && bytes.get(PACKET).is_none_or(|b| *b == 0x47)
}

/// One chunk a track of `kinds`; times are the streams' own plus `shift`'s answer to the first presentation time (all in ns).
pub(crate) fn read(bytes: Vec<u8>, name: &str, kinds: &[TrackKind], shift: impl Fn(i64) -> i64) -> Result<Vec<Chunk>, Error> {
    if !is_ts(&bytes) {
        return Err(Error::BadSegment(format!("{name}: neither an init segment nor a transport stream")));
    }
    let last = last_times(&bytes);
    let streams = demux(bytes).map_err(|e| Error::BadSegment(format!("{name}: {e}")))?;
    let mut chunks = Vec::new();
    for kind in kinds {
        let found = streams
            .iter()
            .filter(|s| !s.buffers.is_empty())
            .find_map(|s| Some((s, track(&s.caps)?)).filter(|(_, t)| t.kind == *kind));
        let Some((stream, track)) = found else { continue };
        let own = if *kind == TrackKind::Video { last.0 } else { last.1 };
        let format = Arc::new(Format { caps: caps::of_track(&track)?, track });
        chunks.push(chunk(stream, format, own.unwrap_or(0)));
    }
    let first = chunks.iter().map(Chunk::start).min();
    let Some(first) = first else { return Err(Error::BadSegment(format!("{name}: no samples"))) };
    let shift = shift(first);
    chunks.iter_mut().flat_map(|c| &mut c.cuts).for_each(|c| (c.pts, c.dts) = (c.pts + shift, c.dts + shift));
    Ok(chunks)
}

/// All buffers of a stream in one, cut again; its last picture is at `last` by the stream's own time, in ns.
fn chunk(stream: &Stream, format: Arc<Format>, last: i64) -> Chunk {
    let pts = |b: &gst::Buffer| b.pts().map(|t| t.nseconds() as i64);
    let latest = stream.buffers.iter().filter_map(pts).max().unwrap_or(0);
    let mut all = gst::Buffer::new();
    let (mut cuts, mut offset, mut before) = (Vec::new(), 0, 0);
    for buffer in &stream.buffers {
        let at = pts(buffer).unwrap_or(before);
        let dts = buffer.dts().map_or(at, |t| t.nseconds() as i64);
        before = at;
        cuts.push(Cut {
            offset,
            size: buffer.size(),
            pts: at - latest + last,
            dts: dts - latest + last,
            duration: 0,
            sync: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
        });
        offset += buffer.size();
        all.append(buffer.clone());
    }
    set_durations(&mut cuts);
    Chunk { format, buffer: all, cuts, key_id: None }
}

/// Each sample lasts until the next one is shown; the last as long as the one before it.
fn set_durations(cuts: &mut [Cut]) {
    let mut order: Vec<usize> = (0..cuts.len()).collect();
    order.sort_by_key(|i| cuts[*i].pts);
    for pair in order.windows(2) {
        cuts[pair[0]].duration = (cuts[pair[1]].pts - cuts[pair[0]].pts) as u64;
    }
    if let [.., before, last] = order[..] {
        cuts[last].duration = cuts[before].duration;
    }
}

/// The greatest presentation times of video and of audio, in ns, by their PES headers (§2.4.3.6). Where the clock wraps within the segment,
/// what is after that counts on.
fn last_times(bytes: &[u8]) -> (Option<i64>, Option<i64>) {
    let mut last = (None, None);
    for packet in bytes.chunks_exact(PACKET).filter(|p| p[0] == 0x47 && p[1] & 0x40 != 0) {
        let start = if packet[3] & 0x20 != 0 { 5 + usize::from(packet[4]) } else { 4 };
        let Some(&[0, 0, 1, id, _, _, _, flags, _, a, b, c, d, e]) = packet.get(start..start + 14) else { continue };
        let slot = match id {
            0xe0..=0xef => &mut last.0,
            // Private stream 1 carries AC-3.
            0xc0..=0xdf | 0xbd => &mut last.1,
            _ => continue,
        };
        if flags & 0x80 == 0 {
            continue;
        }
        let ticks =
            i64::from(a & 0x0e) << 29 | i64::from(b) << 22 | i64::from(c & 0xfe) << 14 | i64::from(d) << 7 | i64::from(e) >> 1;
        let ticks = slot.map_or(ticks, |known| unwrap(ticks, known));
        *slot = Some(slot.map_or(ticks, |known: i64| known.max(ticks)));
    }
    // Both on the same side of a wrap.
    let audio = last.1.map(|ticks| last.0.map_or(ticks, |video| unwrap(ticks, video)));
    (last.0.map(ns), audio.map(ns))
}

/// Of a clock of 90 kHz.
pub(super) fn ns(ticks: i64) -> i64 {
    ticks * 100_000 / 9
}

/// What to add to `time` (ns), so that it is next to `expected` although the clock has wrapped meanwhile.
pub(crate) fn wraps(time: i64, expected: i64) -> i64 {
    let wrap = ns(WRAP);
    (expected - time + wrap / 2).div_euclid(wrap) * wrap
}

/// `ticks` so that they are next to `near`.
fn unwrap(ticks: i64, near: i64) -> i64 {
    ticks + (near - ticks + WRAP / 2).div_euclid(WRAP) * WRAP
}

/// The track that GStreamer's caps speak of; none for what this player has no decoder list for.
fn track(caps: &gst::Caps) -> Option<Track> {
    let s = caps.structure(0)?;
    let number = |name: &str| s.get::<i32>(name).ok().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let (kind, codec, entry) = match s.name().as_str() {
        "video/x-h264" => (TrackKind::Video, Codec::Avc, *b"avc3"),
        "video/x-h265" => (TrackKind::Video, Codec::Hevc, *b"hev1"),
        "audio/mpeg" if number("mpegversion") != 1 => (TrackKind::Audio, Codec::Aac, *b"mp4a"),
        "audio/x-ac3" => (TrackKind::Audio, Codec::Ac3, *b"ac-3"),
        "audio/x-eac3" => (TrackKind::Audio, Codec::Eac3, *b"ec-3"),
        _ => return None,
    };
    let data = s.get::<gst::Buffer>("codec_data").ok();
    let config = data.and_then(|b| Some(b.map_readable().ok()?.to_vec())).unwrap_or_default();
    let (width, height) = (number("width"), number("height"));
    let (channels, sample_rate) = (number("channels"), number("rate"));
    Some(Track { kind, codec, sample_entry: FourCc(entry), config, width, height, channels, sample_rate, ..Track::default() })
}

/// What `tsdemux` makes of a whole segment.
fn demux(bytes: Vec<u8>) -> Result<Vec<Stream>, String> {
    let failed = |e: gst::glib::BoolError| e.to_string();
    let pipeline = gst::Pipeline::new();
    let caps = gst::Caps::builder("video/mpegts").field("systemstream", true).field("packetsize", PACKET as i32).build();
    let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Bytes).max_bytes(0).build();
    let demux = gst::ElementFactory::make("tsdemux").build().map_err(failed)?;
    pipeline.add_many([source.upcast_ref(), &demux]).map_err(failed)?;
    source.link(&demux).map_err(failed)?;
    let streams = Streams::default();
    let (into, within) = (streams.clone(), pipeline.downgrade());
    demux.connect_pad_added(move |_, pad| {
        let Some(pipeline) = within.upgrade() else { return };
        if let Err(error) = branch(&pipeline, pad, &into) {
            tracing::warn!(%error, "an elementary stream is left alone");
        }
    });
    let bus = pipeline.bus().ok_or("no bus")?;
    pipeline.set_state(gst::State::Playing).map_err(|e| e.to_string())?;
    let _ = source.push_buffer(gst::Buffer::from_mut_slice(bytes));
    let _ = source.end_of_stream();
    let end = bus.timed_pop_filtered(PATIENCE, &[gst::MessageType::Eos, gst::MessageType::Error]);
    let _ = pipeline.set_state(gst::State::Null);
    match end.as_ref().map(|m| m.view()) {
        Some(gst::MessageView::Eos(_)) => (),
        Some(gst::MessageView::Error(e)) => return Err(e.error().to_string()),
        _ => return Err("it takes too long to take apart".into()),
    }
    let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *streams))
}

/// `parser ! form ! appsink` behind a pad of the demultiplexer; what is not played ends in a sink.
fn branch(pipeline: &gst::Pipeline, pad: &gst::Pad, streams: &Streams) -> Result<(), String> {
    let name = pad.current_caps().or_else(|| Some(pad.query_caps(None))).and_then(|c| Some(c.structure(0)?.name().to_string()));
    let (parser, form) = match name.as_deref() {
        Some("video/x-h264") => ("h264parse", "video/x-h264,stream-format=avc3,alignment=au"),
        Some("video/x-h265") => ("h265parse", "video/x-h265,stream-format=hev1,alignment=au"),
        Some("audio/mpeg") => ("aacparse", "audio/mpeg,stream-format=raw"),
        Some("audio/x-ac3") => ("ac3parse", "audio/x-ac3,framed=true,alignment=frame"),
        Some("audio/x-eac3") => ("ac3parse", "audio/x-eac3,framed=true,alignment=frame"),
        _ => ("identity", "ANY"),
    };
    let index = {
        let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.push(Stream { caps: gst::Caps::new_empty(), buffers: Vec::new() });
        streams.len() - 1
    };
    let failed = |e: gst::glib::BoolError| e.to_string();
    let parser = gst::ElementFactory::make(parser).build().map_err(failed)?;
    let form: gst::Caps = form.parse().map_err(failed)?;
    let into = streams.clone();
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        let mut streams = into.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(stream), Some(buffer)) = (streams.get_mut(index), sample.buffer_owned()) {
            if stream.buffers.is_empty() {
                stream.caps = sample.caps_owned().unwrap_or_else(gst::Caps::new_empty);
            }
            stream.buffers.push(buffer);
        }
        Ok(gst::FlowSuccess::Ok)
    });
    let sink = gst_app::AppSink::builder().caps(&form).sync(false).async_(false).callbacks(callbacks.build()).build();
    pipeline.add_many([&parser, sink.upcast_ref()]).map_err(failed)?;
    parser.link(&sink).map_err(failed)?;
    for element in [sink.upcast_ref(), &parser] {
        element.sync_state_with_parent().map_err(failed)?;
    }
    let target = parser.static_pad("sink").ok_or("no sink pad")?;
    pad.link(&target).map(drop).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_from_pes_headers() {
        // One packet with a PES header; the time stamp's bits as §2.4.3.6 spreads them.
        let packet = |id: u8, ticks: i64| {
            let ticks = ticks.rem_euclid(WRAP) as u64;
            let mut p = vec![0x47, 0x41, 0, 0x10, 0, 0, 1, id, 0, 0, 0x80, 0x80, 5];
            p.extend([
                0x21 | (ticks >> 29) as u8 & 0x0e,
                (ticks >> 22) as u8,
                1 | (ticks >> 14) as u8 & 0xfe,
                (ticks >> 7) as u8,
                1 | (ticks << 1) as u8,
            ]);
            p.resize(PACKET, 0xff);
            p
        };
        let of = |packets: &[(u8, i64)]| last_times(&packets.iter().flat_map(|(id, t)| packet(*id, *t)).collect::<Vec<u8>>());
        let ns = |ticks: i64| Some(super::ns(ticks));
        assert_eq!(of(&[]), (None, None));
        assert_eq!(of(&[(0xe0, 0), (0xe0, 7200), (0xe0, 3600), (0xc0, 900)]), (ns(7200), ns(900)));
        assert_eq!(of(&[(0xe0, WRAP - 10), (0xe0, 20), (0xbd, 1 << 20)]), (ns(WRAP + 20), ns(WRAP + (1 << 20))));
        assert_eq!(of(&[(0xbf, 5)]), (None, None));
        let day = super::ns(WRAP);
        for (time, expected, add) in [(5, 7, 0), (5, day + 3, day), (day - 1, 3 * day + 1, 2 * day), (day, 10, -day)] {
            assert_eq!(wraps(time, expected), add, "{time} {expected}");
        }
    }
}
