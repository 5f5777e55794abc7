//! For `cargo xtask bench player`. `measure hearth|playbin3 URL`: two films in a process of its own: how long until the first picture of each,
//! how long jumps to a key frame take, how much memory was used at most. `measure decrypt KIDHEX:KEYHEX INIT SEGMENT...`: how many bytes of
//! samples one core decrypts in a second. Each prints one JSON object.
//!
//! Both engines do the same: fetch and parse the manifest, choose renditions by their own rule, play at the right speed into a sink that shows
//! nothing, jump, play on. Before the clock starts GStreamer is initialised and the player is there, as in an interface that waits for its
//! viewer: ours has loaded its plugins by then, `playbin3` loads most of them when it sees what it plays. For the next film both have them.

use gstreamer as gst;
use gstreamer::prelude::*;
use hearth_cdm::KeyPair;
use hearth_isobmff::{cenc, parse_init, parse_segment};
use hearth_player::{AudioOutput, Command, Event, LoadRequest, NullVideo, Player, PlayerConfig};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Played before the first jump and between the others.
const PLAY: Duration = Duration::from_secs(3);
/// Jumps, in seconds, each to a key frame: ahead and back.
const JUMPS: [u64; 3] = [22, 8, 18];
const LIMIT: Duration = Duration::from_secs(15);

/// What is measured, in milliseconds.
struct Figures {
    first_ms: f64,
    next_ms: f64,
    seeks_ms: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let figures = match &arguments[..] {
        [what, key, init, segments @ ..] if what == "decrypt" => return decrypt(key, init, segments),
        [engine, url] if engine == "hearth" => gst::init().map_err(Into::into).and_then(|()| hearth(url))?,
        [engine, url] if engine == "playbin3" => gst::init().map_err(Into::into).and_then(|()| playbin(url))?,
        _ => return Err("measure hearth|playbin3 URL, or measure decrypt KIDHEX:KEYHEX INIT SEGMENT...".into()),
    };
    let seeks: Vec<String> = figures.seeks_ms.iter().map(|ms| format!("{ms:.1}")).collect();
    let Figures { first_ms, next_ms, .. } = figures;
    let (seeks, peak_kib) = (seeks.join(","), peak_kib()?);
    println!("{{\"first_ms\":{first_ms:.1},\"next_ms\":{next_ms:.1},\"seeks_ms\":[{seeks}],\"peak_kib\":{peak_kib}}}");
    Ok(())
}

/// The most memory this process ever had (`VmHWM`).
fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

fn hearth(url: &str) -> Result<Figures, Box<dyn Error>> {
    let player = Player::new(PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() }, Arc::new(NullVideo));
    let events = player.events();
    // As the launcher does it: the player is there, with its plugins, before the viewer chooses.
    play_on(&events);
    let begin = || {
        let started = Instant::now();
        player.load(LoadRequest { url: url.into(), ..LoadRequest::default() });
        wait_for(&events, |e| matches!(e, Event::Started { .. })).map(|()| ms(started))
    };
    let first_ms = begin()?;
    play_on(&events);
    player.send(Command::Stop);
    wait_for(&events, |e| matches!(e, Event::Summary { .. }))?;
    let next_ms = begin()?;
    let mut seeks_ms = Vec::new();
    for to in JUMPS {
        play_on(&events);
        let asked = Instant::now();
        player.send(Command::Seek { position_us: to * 1_000_000, exact: false });
        wait_for(&events, |e| matches!(e, Event::Seeked { .. }))?;
        seeks_ms.push(ms(asked));
    }
    play_on(&events);
    Ok(Figures { first_ms, next_ms, seeks_ms })
}

fn wait_for(events: &Receiver<Event>, wanted: impl Fn(&Event) -> bool) -> Result<(), String> {
    let until = Instant::now() + LIMIT;
    loop {
        let event = events.recv_timeout(until.saturating_duration_since(Instant::now())).map_err(|e| e.to_string())?;
        match event {
            Event::Error(error) => return Err(format!("{}: {}", error.code, error.message)),
            event if wanted(&event) => return Ok(()),
            _ => (),
        }
    }
}

/// Lets it play.
fn play_on<T>(events: &Receiver<T>) {
    let until = Instant::now() + PLAY;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        if matches!(events.recv_timeout(left), Err(RecvTimeoutError::Disconnected)) {
            return;
        }
    }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// `playbin3` with `hlsdemux2` or `dashdemux2`, which it chooses itself.
fn playbin(url: &str) -> Result<Figures, Box<dyn Error>> {
    let (peer, first_ms) = Peer::start(url)?;
    play_on(&peer.shown);
    peer.playbin.set_state(gst::State::Null)?;
    let (peer, next_ms) = Peer::start(url)?;
    let mut seeks_ms = Vec::new();
    for to in JUMPS {
        play_on(&peer.shown);
        let asked = Instant::now();
        // Where a key frame is, exact is the same; with KEY_UNIT hlsdemux2 1.22 fetches one segment for ever and shows nothing.
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
        peer.playbin.seek_simple(flags, gst::ClockTime::from_seconds(to))?;
        match peer.first_picture(asked) {
            Ok(ms) => seeks_ms.push(ms),
            Err(error) => {
                // Some jumps of hlsdemux2 1.22 never end, nor can it be stopped then: the figures are what there is so far.
                eprintln!("jump to {to} s: {error}");
                std::mem::forget(peer);
                return Ok(Figures { first_ms, next_ms, seeks_ms });
            }
        }
    }
    play_on(&peer.shown);
    peer.playbin.set_state(gst::State::Null)?;
    Ok(Figures { first_ms, next_ms, seeks_ms })
}

/// A `playbin3` and when it shows a first picture.
struct Peer {
    playbin: gst::Element,
    bus: gst::Bus,
    shown: Receiver<Instant>,
}

impl Peer {
    /// Plays `url`; the milliseconds until the first picture.
    fn start(url: &str) -> Result<(Self, f64), Box<dyn Error>> {
        let (say, shown) = channel();
        let sink = gst::ElementFactory::make("fakesink").property("sync", true).property("signal-handoffs", true).build()?;
        // The first picture after the start or a flush; that of a paused pipeline counts.
        let fresh = Arc::new(AtomicBool::new(true));
        for signal in ["preroll-handoff", "handoff"] {
            let (say, fresh) = (say.clone(), fresh.clone());
            sink.connect(signal, false, move |_| {
                if fresh.swap(false, Ordering::SeqCst) {
                    let _ = say.send(Instant::now());
                }
                None
            });
        }
        let pad = sink.static_pad("sink").ok_or("no pad")?;
        pad.add_probe(gst::PadProbeType::EVENT_FLUSH, move |_, info| {
            if info.event().is_some_and(|e| e.type_() == gst::EventType::FlushStop) {
                fresh.store(true, Ordering::SeqCst);
            }
            gst::PadProbeReturn::Ok
        });
        let sound = gst::ElementFactory::make("fakesink").property("sync", true).build()?;
        let playbin = gst::ElementFactory::make("playbin3").property("uri", url).build()?;
        playbin.set_property("video-sink", &sink);
        playbin.set_property("audio-sink", &sound);
        // Pictures and sound only; no conversion to what a screen takes, as on the other side.
        playbin.set_property_from_str("flags", "video+audio+native-video+native-audio");
        let bus = playbin.bus().ok_or("no bus")?;
        let peer = Self { playbin, bus, shown };
        let started = Instant::now();
        peer.playbin.set_state(gst::State::Playing)?;
        let first = peer.first_picture(started)?;
        Ok((peer, first))
    }

    /// Milliseconds from `since` to the first picture after it.
    fn first_picture(&self, since: Instant) -> Result<f64, String> {
        let until = Instant::now() + LIMIT;
        loop {
            match self.shown.recv_timeout(Duration::from_millis(20)) {
                Ok(at) if at >= since => return Ok((at - since).as_secs_f64() * 1000.0),
                Err(_) if Instant::now() > until => return Err(format!("no picture for {} s", LIMIT.as_secs())),
                _ => (),
            }
            if let Some(message) = self.bus.pop_filtered(&[gst::MessageType::Error])
                && let gst::MessageView::Error(e) = message.view()
            {
                return Err(format!("{} ({})", e.error(), e.debug().unwrap_or_default()));
            }
        }
    }
}

/// Decrypts the samples of real segments in place, again and again, for two seconds of processor time.
fn decrypt(key: &str, init: &str, segments: &[String]) -> Result<(), Box<dyn Error>> {
    let pair: KeyPair = key.parse()?;
    let init = parse_init(&std::fs::read(init)?)?;
    let mut parsed = Vec::new();
    for path in segments {
        let bytes = std::fs::read(path)?;
        let samples = parse_segment(&init, &bytes)?;
        parsed.push((bytes, samples));
    }
    let (mut done, started) = (0u64, processor_ns()?);
    let ns = loop {
        for (bytes, samples) in &mut parsed {
            for sample in samples.iter() {
                let Some(crypto) = &sample.crypto else { return Err("a sample in the clear".into()) };
                let data = bytes.get_mut(sample.data.clone()).ok_or("a sample outside its segment")?;
                cenc::decrypt(&pair.key, crypto, data)?;
                done += sample.data.len() as u64;
            }
        }
        let ns = processor_ns()? - started;
        if ns > 2_000_000_000 || done == 0 {
            break ns;
        }
    };
    println!("{{\"gb_per_s\":{:.2}}}", done as f64 / ns.max(1) as f64);
    Ok(())
}

/// Time that this thread has had on a processor, in ns.
fn processor_ns() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("no schedstat")?.parse()?)
}
