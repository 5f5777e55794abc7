//! `hearth-launcher`: the TV interface in a window, or without a screen, driven by a script.

use anyhow::Context;
use clap::Parser;
use hearth_launcher::app::{Launcher, Parts};
use hearth_launcher::art::Art;
use hearth_launcher::backend::EngineCinema;
use hearth_launcher::platform::{self, Clock, HeadlessScreen, Screen};
use hearth_launcher::report::Report;
use hearth_launcher::run::Loop;
use hearth_launcher::script::Script;
use hearth_launcher::{keys, script};
use hearth_pixels::HttpFetch;
use hearth_view::{HttpCatalog, Loader};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// The Hearth TV interface.
#[derive(Parser)]
#[command(version, after_long_help = help())]
struct Args {
    /// Where hearth-server is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
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
    let screen = open_screen(&args, script.is_some())?;
    let headless = screen.blind();
    let (width, height) = screen.size();
    let surface = platform::install(&clock, width, height)?;
    let wake = screen.waker();

    let catalog = Arc::new(HttpCatalog::new(&args.server, &args.profile)?);
    let woken = wake.clone();
    let loader = Loader::new(catalog, move || woken()).context("cannot start the catalog's threads")?;
    let woken = wake.clone();
    let art = Art::new(Arc::new(HttpFetch::default()), height, move || woken()).context("cannot start the picture workers")?;
    let cinema = EngineCinema::new((width, height), !(args.mute || headless), wake);
    let latest = cinema.latest();
    let parts = Parts {
        server: Box::new(loader),
        cinema: Box::new(cinema),
        art,
        clock: clock.clone(),
        origin: args.server.trim().to_owned(),
        profile: args.profile,
        dash: args.dash,
        time_of_day: Box::new(|| chrono::Local::now().format("%H:%M").to_string()),
    };
    let launcher = Launcher::new(parts, &surface)?;
    let report =
        Loop { launcher, surface, screen, latest, clock, script, ends_with_script: headless, shots: Some(args.shots) }.run();
    if let Some(path) = &args.report {
        write(path, &report).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(report)
}

/// A window or a box's display; without either nothing, if a script can do without one.
fn open_screen(args: &Args, scripted: bool) -> anyhow::Result<Box<dyn Screen>> {
    let (width, height) = args.size;
    if args.headless {
        anyhow::ensure!(scripted, "--headless shows nothing to nobody without --keys SCRIPT (see --help)");
        return Ok(Box::new(HeadlessScreen::new(width, height)));
    }
    #[cfg(feature = "display")]
    if args.kms || cfg!(not(feature = "window")) {
        return Ok(Box::new(platform::kms::KmsScreen::open(platform::kms::Wanted::default())?));
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
