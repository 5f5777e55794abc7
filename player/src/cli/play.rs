//! `play`: one title, events as lines.

use super::KeyArguments;
use super::device::DeviceArguments;
use super::output::Wanted;
use clap::Args;
use hearth_player::{AudioOutput, Command, Error, Event, LoadRequest, Player, PlayerConfig, TextPreference};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use ureq::tls::PemItem;

/// Arguments of `play`.
#[derive(Args)]
pub(super) struct PlayArguments {
    /// Playlist or MPD
    #[arg(value_name = "URL")]
    location: String,
    /// One JSON object a line instead of text
    #[arg(long)]
    json: bool,
    /// No window and no sound: at the right speed to nobody
    #[arg(long, conflicts_with = "output")]
    headless: bool,
    /// Report what happens there, by POST (CMCD events, CTA-5004-B)
    #[arg(long, value_name = "URL")]
    report: Option<String>,
    /// Believe servers whose certificates lead to one of these (PEM), and no others
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Where pictures go: auto, none, window, wayland, kms[:PLANE], gl
    ///
    /// auto: a window where there is a desktop, else none. window: whatever shows one here. wayland: a
    /// window on the compositor that WAYLAND_DISPLAY names. kms: the display itself, without a desktop,
    /// on the plane of that number or the first that fits; `modetest -p` lists them. gl: textures that
    /// nobody draws, to see whether the GPU takes the decoder's pictures. The line `decoder …, pictures
    /// by …` tells how they come there: zero (scanned out where they are), gl (drawn once by the GPU)
    /// or cpu (copied).
    #[arg(long, value_name = "OUTPUT", default_value = "auto", hide_default_value = true)]
    output: Wanted,
    #[command(flatten)]
    keys: KeyArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Stop after so many seconds of the film [default: at its end]
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Start there, in seconds
    #[arg(long, value_name = "S", default_value_t = 0.0)]
    start: f64,
    /// Choose no rendition higher than this, in pixels
    #[arg(long, value_name = "H")]
    max_height: Option<u32>,
    /// Preferred audio language, such as en or de-CH
    #[arg(long, value_name = "LANG")]
    language: Option<String>,
    /// Captions of this language, or `off` [default: what the title asks for]
    #[arg(long, value_name = "LANG")]
    captions: Option<String>,
}

/// Plays to the end; success where no error came.
pub(super) fn play(arguments: PlayArguments) -> ExitCode {
    let audio = if arguments.headless { AudioOutput::None } else { AudioOutput::Auto };
    let wanted = if arguments.headless { Wanted::None } else { arguments.output };
    let roots = arguments.ca.as_deref().map(authorities).transpose();
    let (roots, (device, cdms), video) =
        match roots.and_then(|roots| Ok((roots.unwrap_or_default(), arguments.device.open()?, wanted.open()?))) {
            Ok(ready) => ready,
            Err(error) => {
                eprintln!("{}", error.for_terminal());
                return ExitCode::FAILURE;
            }
        };
    let (keys, reports) = (arguments.keys.keys, arguments.report);
    let config = PlayerConfig { keys, audio, reports, roots, device, cdms, ..PlayerConfig::default() };
    let player = Player::new(config, video);
    let events = player.events();
    let start_us = (arguments.start.max(0.0) * 1e6) as u64;
    player.load(LoadRequest {
        url: arguments.location,
        license_url: arguments.keys.license,
        license_token: arguments.keys.token,
        start_us,
        max_height: arguments.max_height,
        audio_language: arguments.language,
        text: match arguments.captions.as_deref() {
            None => TextPreference::Auto,
            Some("off") => TextPreference::Off,
            Some(language) => TextPreference::Language { language: language.into() },
        },
        ..LoadRequest::default()
    });
    let until_us = arguments.seconds.map(|s| start_us + (s.max(0.0) * 1e6) as u64);
    let mut code = ExitCode::SUCCESS;
    for event in events {
        match &event {
            Event::Position { position_us, .. } => {
                if until_us.is_some_and(|until| *position_us >= until) {
                    player.send(Command::Stop);
                }
                continue;
            }
            Event::Error(_) => code = ExitCode::FAILURE,
            _ => (),
        }
        if arguments.json {
            println!("{}", serde_json::to_string(&event).unwrap_or_default());
        } else {
            print(&event);
        }
        if matches!(event, Event::Summary(_)) {
            break;
        }
    }
    code
}

/// The certificates of a PEM file.
fn authorities(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let wrong = |what: &dyn std::fmt::Display| Error::File(format!("{}: {what}", path.display()));
    let text = std::fs::read(path).map_err(|e| wrong(&e))?;
    let items = ureq::tls::parse_pem(&text).collect::<Result<Vec<_>, _>>().map_err(|e| wrong(&e))?;
    let certificates = items.iter().filter_map(|i| if let PemItem::Certificate(c) = i { Some(c.der().to_vec()) } else { None });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() { Err(wrong(&"no certificate in it")) } else { Ok(certificates) }
}

/// For a person.
fn print(event: &Event) {
    let seconds = |us: u64| us as f64 / 1e6;
    match event {
        Event::Started { first_frame_ms, duration_us, width, height, protection, .. } => {
            let long = duration_us.map_or(String::new(), |d| format!(", {:.1} s", seconds(d)));
            println!("started after {first_frame_ms} ms: {width}x{height}{long}, protection: {protection}");
        }
        Event::Tracks { tracks } => {
            for t in tracks {
                println!("track {} ({}{}){}", t.id, t.kind, language(t), if t.active { " *" } else { "" });
            }
        }
        Event::Switch { position_us, to, bandwidth, height, estimate_kbps, buffer_ms, .. } => println!(
            "{:8.2} s  switch to {to}: {height}p, {} kbit/s (network {estimate_kbps} kbit/s, buffer {buffer_ms} ms)",
            seconds(*position_us),
            bandwidth / 1000
        ),
        Event::Stall { position_us, duration_ms } => println!("{:8.2} s  stalled for {duration_ms} ms", seconds(*position_us)),
        Event::Seeked { position_us, took_ms } => println!("{:8.2} s  after a seek of {took_ms} ms", seconds(*position_us)),
        Event::Error(error) => eprintln!("error {}: {}\n  {}", error.code, error.message, error.action),
        Event::Ended => println!("ended"),
        Event::Summary(s) => {
            println!(
                "{} frames shown, {} dropped, {} stalls ({} ms), {} switches, {:.1} s played, {} kB, decoder {}, {}",
                s.frames_presented,
                s.frames_dropped,
                s.stalls,
                s.stalled_ms,
                s.switches,
                s.played_ms as f64 / 1000.0,
                s.bytes / 1000,
                s.decoder,
                s.protection
            );
        }
        Event::Captions { position_us, document } => {
            let lines = document.cues.iter().flat_map(|c| &c.paragraphs).map(|p| p.text().replace('\n', " / "));
            println!("captions at {:.3} s: {}", *position_us as f64 / 1e6, lines.collect::<Vec<_>>().join(" | "));
        }
        Event::Preview { at_us, width, height, .. } => println!("preview of {:.3} s, {width}x{height}", *at_us as f64 / 1e6),
        Event::Decoder { element, copy_path } => println!("decoder {element}, pictures by {copy_path}"),
        Event::Volume { percent, muted } => println!("volume {percent}{}", if *muted { ", muted" } else { "" }),
        Event::Loading { .. } | Event::State { .. } | Event::Position { .. } | Event::Window { .. } => (),
    }
}

fn language(track: &hearth_player::TrackInfo) -> String {
    track.language.as_ref().map_or(String::new(), |l| format!(", {l}"))
}
