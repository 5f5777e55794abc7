//! `hearth-launcher`: the TV interface in a window, or without a screen, driven by a script.

use anyhow::Context;
use clap::Parser;
use hearth_boards::Board;
use hearth_box::facts::BoxFacts;
use hearth_box::tokens::Tokens;
use hearth_launcher::app::{Launcher, Parts};
use hearth_launcher::art::Art;
use hearth_launcher::backend::EngineCinema;
use hearth_launcher::captions::Captions;
use hearth_launcher::outputs::Outputs;
use hearth_launcher::platform::{self, Clock, HeadlessScreen, Screen};
use hearth_launcher::report::Report;
use hearth_launcher::run::Loop;
use hearth_launcher::script::Script;
use hearth_launcher::service::facts::{self, Folders};
use hearth_launcher::service::links::Links;
use hearth_launcher::service::servers::{Household, Servers};
use hearth_launcher::service::{FrontPanel, Keeper, KeptFile, SelfCheck, Service, board, network};
use hearth_launcher::{keys, script};
use hearth_pixels::HttpFetch;
use hearth_player::{AudioOutput, PlayerConfig};
use hearth_view::Loader;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// A box's network comes up after its launcher; so long nobody is told that there is none.
const PATIENCE_MS: u64 = 45_000;

/// The Hearth TV interface.
#[derive(Parser)]
#[command(version, after_long_help = help())]
struct Args {
    /// Where hearth-server is; several: the first that answers. On a box what init and the image say, else http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    server: Vec<String>,
    /// Who watches: positions and rows are kept for each profile.
    #[arg(long, value_name = "ID", default_value = "home")]
    profile: String,
    /// No window: the interface is drawn into memory. Needs --keys.
    #[arg(long)]
    headless: bool,
    /// The kernel's own display and input devices, as on a box; the only screen of a build without windows.
    #[cfg(feature = "display")]
    #[arg(long, conflicts_with = "headless")]
    kms: bool,
    /// Size of the screen in pixels. The design scales with its height.
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = size)]
    size: (u32, u32),
    /// Keys to press and things to wait for; see below.
    #[arg(long, value_name = "SCRIPT")]
    keys: Option<String>,
    /// Where `shot:NAME` puts its pictures.
    #[arg(long, value_name = "DIR", default_value = ".")]
    shots: PathBuf,
    /// Writes figures of the run as JSON: times, frames, stalls, switches, errors.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Play DASH instead of HLS.
    #[arg(long)]
    dash: bool,
    /// No sound.
    #[arg(long)]
    mute: bool,
    /// The box's files: who it is (`box.json`), how its update goes, where the viewer was.
    #[arg(long, value_name = "DIR", default_value = "/run/hearth", hide = true)]
    run_dir: PathBuf,
    /// What outlives this boot.
    #[arg(long, value_name = "DIR", default_value = "/data/hearth", hide = true)]
    data_dir: PathBuf,
    /// The image's files: `board.json`, `product.json`, `ir-keymap.json`.
    #[arg(long, value_name = "DIR", default_value = "/etc/hearth", hide = true)]
    etc_dir: PathBuf,
    /// Play this clip into nothing once the interface is shown, and tell init whether it could.
    #[arg(long, value_name = "FILE", default_value = "/usr/share/hearth/selfcheck.mp4", hide = true)]
    selfcheck: PathBuf,
}

fn help() -> String {
    format!("Keyboard: {}.\n\n{}", keys::HELP, script::HELP)
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let side = |t: &str| t.parse().ok().filter(|n| (180..=8192).contains(n));
    let parsed = text.split_once('x').and_then(|(w, h)| Some((side(w)?, side(h)?)));
    parsed.ok_or_else(|| format!("{text:?} is no size; write 1280x720 or 1920x1080"))
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("HEARTH_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match start(Args::parse()) {
        Ok(Report { failure: None, .. }) => ExitCode::SUCCESS,
        Ok(Report { failure: Some(reason), .. }) => {
            eprintln!("hearth-launcher: {reason}");
            ExitCode::FAILURE
        }
        Err(e) => {
            eprintln!("hearth-launcher: {e:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> anyhow::Result<Report> {
    let clock = Clock::real();
    let script: Option<Script> = args.keys.as_deref().map(str::parse).transpose()?;
    let folders = Folders { image: args.etc_dir.clone(), run: args.run_dir.clone(), data: args.data_dir.clone() };
    let board = board::read(&folders.image.join("board.json"));
    let screen = open_screen(&args, board.as_ref(), script.is_some())?;
    let headless = screen.blind();
    let (width, height) = screen.size();
    let surface = platform::install(&clock, width, height)?;
    let wake = screen.waker();

    let facts = facts::read(&folders);
    let tokens = Tokens::open(&facts, &folders.data.join("launcher-tokens.json"));
    let servers = Arc::new(Servers::new(&addresses(&args, facts), &args.profile, &tokens)?);
    let origin = servers.address().unwrap_or_default().to_owned();
    let woken = wake.clone();
    let loader = Loader::new(servers.clone(), move || woken()).context("cannot start the catalog's threads")?;
    let woken = wake.clone();
    let art = Art::new(Arc::new(HttpFetch::default()), height, move || woken()).context("cannot start the picture workers")?;
    let config = player_config(&args, board.as_ref(), headless);
    // A box's screen scales the film itself, cheaper; a window looks better with the player's own scaling.
    let picture = (!on_display(&args)).then_some((width, height));
    let outputs = Outputs::new(picture, screen.seat(), wake.clone());
    let cinema = EngineCinema::new(outputs, config.clone(), wake.clone());
    let latest = cinema.latest();
    let captions = Captions::new();
    let (keeper, memory) = Keeper::open(&folders.run);
    let (kept, preferences, networks) = KeptFile::open(&folders.data, board.is_some());
    let parts = Parts {
        server: Box::new(Household { loader, servers }),
        cinema: Box::new(cinema),
        art,
        clock: clock.clone(),
        origin,
        profile: args.profile,
        dash: args.dash,
        time_of_day: Box::new(|| chrono::Local::now().format("%H:%M").to_string()),
        patience_ms: if board.is_some() { PATIENCE_MS } else { 0 },
        memory,
        preferences,
        networks,
        network: Box::new(network::here),
    };
    let launcher = Launcher::new(parts, &surface)?;
    let service = Service::new(&folders, keeper, kept, SelfCheck::new(&args.selfcheck, &config, wake.clone()), tokens)
        .with_panel(FrontPanel::open(board.as_ref(), wake.clone()))
        .with_links(Links::new(board.as_ref().is_some_and(|b| b.radio.wifi.is_some()), wake));
    let shots = Some(args.shots);
    let report =
        Loop { launcher, surface, screen, latest, captions, clock, script, ends_with_script: headless, shots, service }.run();
    if let Some(path) = &args.report {
        write(path, &report).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(report)
}

/// What was said, else what the box says, else a server on this machine.
fn addresses(args: &Args, facts: BoxFacts) -> Vec<String> {
    let told = if args.server.is_empty() { facts.servers } else { args.server.clone() };
    if told.is_empty() { vec!["http://127.0.0.1:8080".to_owned()] } else { told }
}

fn player_config(args: &Args, board: Option<&Board>, headless: bool) -> PlayerConfig {
    let config = board.map_or_else(PlayerConfig::default, |b| board::player(b, PlayerConfig::default()));
    if args.mute || headless { PlayerConfig { audio: AudioOutput::None, ..config } } else { config }
}

/// The kernel's own display is the screen.
fn on_display(args: &Args) -> bool {
    #[cfg(feature = "display")]
    let asked = args.kms;
    #[cfg(not(feature = "display"))]
    let asked = false;
    !args.headless && (asked || cfg!(not(feature = "window")))
}

/// A window or a box's display; without either nothing, if a script can do without one.
fn open_screen(args: &Args, board: Option<&Board>, scripted: bool) -> anyhow::Result<Box<dyn Screen>> {
    let (width, height) = args.size;
    if args.headless {
        anyhow::ensure!(scripted, "--headless shows nothing to nobody without --keys SCRIPT (see --help)");
        return Ok(Box::new(HeadlessScreen::new(width, height)));
    }
    #[cfg(feature = "display")]
    if on_display(args) {
        let wanted = board.map(board::display).unwrap_or_default();
        let infrared = board.and_then(|b| board::infrared(b, &args.etc_dir.join("ir-keymap.json")));
        return Ok(Box::new(platform::kms::KmsScreen::open(wanted, infrared)?));
    }
    #[cfg(feature = "window")]
    match platform::WindowScreen::open(width, height) {
        Ok(window) => return Ok(Box::new(window)),
        Err(e) if scripted => eprintln!("hearth-launcher: {e}; going on without a screen"),
        Err(e) => return Err(e.into()),
    }
    Ok(Box::new(HeadlessScreen::new(width, height)))
}

fn write(path: &std::path::Path, report: &Report) -> anyhow::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    Ok(std::fs::write(path, serde_json::to_string_pretty(report)? + "\n")?)
}
