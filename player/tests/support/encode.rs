//! Test patterns through GStreamer's own encoders.

use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use hearth_isobmff::{Codec, FourCc, SampleInfo, Track, TrackKind};

/// One encoding of one track.
pub struct Encoded {
    pub id: String,
    pub track: Track,
    pub samples: Vec<(SampleInfo, Vec<u8>)>,
}

impl Encoded {
    pub fn duration_us(&self) -> u64 {
        let ticks: u64 = self.samples.iter().map(|(i, _)| u64::from(i.duration)).sum();
        ticks * 1_000_000 / u64::from(self.track.timescale)
    }

    /// One second each; video is cut at its key frames.
    pub fn segments(&self) -> Vec<&[(SampleInfo, Vec<u8>)]> {
        let per = u64::from(self.track.timescale);
        let (mut cuts, mut ticks) = (vec![0], 0u64);
        for (i, (info, _)) in self.samples.iter().enumerate() {
            if i > 0 && info.sync && ticks / per >= cuts.len() as u64 {
                cuts.push(i);
            }
            ticks += u64::from(info.duration);
        }
        cuts.push(self.samples.len());
        cuts.windows(2).map(|w| &self.samples[w[0]..w[1]]).collect()
    }
}

/// Every encoded buffer of a pipeline that ends in `appsink name=out`, and its caps.
fn run(description: &str) -> (gst::Caps, Vec<gst::Buffer>) {
    gst::init().expect("gst");
    let pipeline = gst::parse::launch(description).expect(description).downcast::<gst::Pipeline>().expect("pipeline");
    let sink = pipeline.by_name("out").and_then(|e| e.downcast::<gst_app::AppSink>().ok()).expect("appsink");
    sink.set_property("sync", false);
    pipeline.set_state(gst::State::Playing).expect("playing");
    let (mut caps, mut buffers) = (None, Vec::new());
    while let Ok(sample) = sink.pull_sample() {
        caps = sample.caps_owned().or(caps);
        buffers.extend(sample.buffer_owned());
    }
    pipeline.set_state(gst::State::Null).expect("null");
    (caps.expect("caps"), buffers)
}

fn config(caps: &gst::Caps) -> Vec<u8> {
    let data = caps.structure(0).and_then(|s| s.get::<gst::Buffer>("codec_data").ok()).expect("codec_data");
    data.map_readable().expect("map").to_vec()
}

/// H.264 with B-frames, a key frame a second. Noise fills the rate, a ball moves over it.
pub fn video(id: &str, width: u32, height: u32, kbps: u32, fps: u32, seconds: u32) -> Encoded {
    let pattern = if kbps == 0 { "ball" } else { "snow" };
    let rate =
        if kbps == 0 { "pass=quant quantizer=28".to_owned() } else { format!("pass=cbr bitrate={kbps} vbv-buf-capacity=1000") };
    let (caps, buffers) = run(&format!(
        "videotestsrc pattern={pattern} num-buffers={} ! video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 \
         ! x264enc speed-preset=superfast key-int-max={fps} bframes=2 b-adapt=false threads=1 {rate} option-string=min-keyint={fps}:scenecut=0:open-gop=0 \
         ! video/x-h264,stream-format=avc,alignment=au,profile=main ! appsink name=out",
        fps * seconds
    ));
    let start = buffers.iter().filter_map(|b| b.pts()).min().expect("pts");
    let frame = |b: &gst::Buffer| ((b.pts().expect("pts") - start).nseconds() * u64::from(fps) + 500_000_000) / 1_000_000_000;
    // Composition times start as late as reordering needs; an edit list takes that back.
    let delay = buffers.iter().enumerate().map(|(i, b)| (i as i64 - frame(b) as i64).max(0)).max().unwrap_or(0);
    let samples = buffers.iter().enumerate().map(|(i, b)| {
        let data = b.map_readable().expect("map").to_vec();
        let cts_offset = ((frame(b) as i64 + delay - i as i64) * 1000) as i32;
        let sync = !b.flags().contains(gst::BufferFlags::DELTA_UNIT);
        (SampleInfo { size: data.len() as u32, duration: 1000, cts_offset, sync }, data)
    });
    let track = Track {
        kind: TrackKind::Video,
        timescale: fps * 1000,
        codec: Codec::Avc,
        sample_entry: FourCc(*b"avc1"),
        config: config(&caps),
        width,
        height,
        edit_offset: -delay * 1000,
        ..Track::default()
    };
    Encoded { id: id.into(), samples: samples.collect(), track }
}

/// AAC, a tone.
pub fn audio(id: &str, seconds: u32) -> Encoded {
    tone(id, seconds, 440)
}

/// AAC, a tone of so many hertz.
pub fn tone(id: &str, seconds: u32, hertz: u32) -> Encoded {
    let (caps, buffers) = run(&format!(
        "audiotestsrc wave=sine freq={hertz} samplesperbuffer=1024 num-buffers={} ! audio/x-raw,rate=48000,channels=2 ! avenc_aac bitrate=64000 \
         ! audio/mpeg,mpegversion=4,stream-format=raw ! appsink name=out",
        seconds * 48000 / 1024
    ));
    let samples = buffers.iter().map(|b| {
        let data = b.map_readable().expect("map").to_vec();
        (SampleInfo { size: data.len() as u32, duration: 1024, cts_offset: 0, sync: true }, data)
    });
    let track = Track {
        kind: TrackKind::Audio,
        timescale: 48000,
        codec: Codec::Aac,
        sample_entry: FourCc(*b"mp4a"),
        config: config(&caps),
        channels: 2,
        sample_rate: 48000,
        ..Track::default()
    };
    Encoded { id: id.into(), samples: samples.collect(), track }
}
