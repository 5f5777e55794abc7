//! Memory stays where the configuration puts it, however long the film: five hundred segments at full speed.

mod support;

use gst::prelude::*;
use gstreamer as gst;
use hearth_player::{CopyPath, Error, Event, Player, PlayerConfig, Presented, Shown, VideoOutput};
use std::fmt::Write;
use std::sync::Arc;
use support::server::Server;
use support::{Film, encode, errors, load, wait};

const FILES: usize = 10;
const SEGMENTS: usize = 500;
const MEMORY: usize = 4 << 20;
/// Of the allocator, GStreamer's pools and the decoder, and a segment under way.
const SLACK: u64 = 24 << 20;

/// Shows pictures as fast as they come.
struct Unbridled;

impl VideoOutput for Unbridled {
    fn sink(&self, presented: Presented) -> Result<gst::Element, Error> {
        let sink = gst::ElementFactory::make("fakesink").property("sync", false).property("enable-last-sample", false);
        let sink = sink.build().map_err(|e| Error::Framework(e.to_string()))?;
        let pad = sink.static_pad("sink").ok_or_else(|| Error::Framework("no pad".into()))?;
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some((pts, duration)) = info.buffer().and_then(|b| Some((b.pts()?, b.duration()?))) {
                presented(Shown { pts_us: pts.useconds(), duration_us: duration.useconds() });
            }
            gst::PadProbeReturn::Ok
        });
        Ok(sink)
    }

    fn copy_path(&self) -> CopyPath {
        CopyPath::Cpu
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("VmRSS");
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).expect("a number") * 1024
}

#[test]
fn five_hundred_segments_in_four_mebibytes() {
    let film = Film { video: vec![encode::video("v", 160, 90, 1500, 10, FILES as u32)], audio: encode::audio("a", 1) };
    let mut text = String::from("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI=\"v/init.mp4\"\n");
    for i in 0..SEGMENTS {
        if i % FILES == 0 && i > 0 {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        let _ = write!(text, "#EXTINF:1,\nv/{}.m4s\n", i % FILES + 1);
    }
    text.push_str("#EXT-X-ENDLIST\n");
    let mut files = film.package(None, None);
    files.insert("long.m3u8".into(), text.into_bytes());
    let server = Server::start(files);
    let player =
        Player::new(PlayerConfig { memory_bytes: MEMORY, buffer_ms: 3_600_000, ..PlayerConfig::default() }, Arc::new(Unbridled));
    let events = player.events();
    let before = resident();
    player.load(load(server.url("long.m3u8")));
    let (mut seen, mut most) = (Vec::new(), 0);
    let summary = wait(&events, &mut seen, 120, |e| {
        if matches!(e, Event::Position { .. }) {
            most = most.max(resident());
        }
        if let Event::Summary(s) = e { Some(s.clone()) } else { None }
    });
    let grown = most.saturating_sub(before);
    println!("{} MB fetched, resident {} MiB and {} MiB more at most", summary.bytes / 1_000_000, most >> 20, grown >> 20);
    assert!(errors(&seen).is_empty() && seen.contains(&Event::Ended), "{summary:?}");
    assert!(summary.bytes > 60_000_000 && summary.frames_presented > 4_900, "{summary:?}");
    assert!(grown < MEMORY as u64 + SLACK, "{grown} bytes more");
}
