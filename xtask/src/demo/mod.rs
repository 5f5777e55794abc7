//! `cargo xtask demo`: the main job on a fresh machine, from films to an encrypted picture.
pub mod art;
pub mod catalog;
pub mod children;
pub mod films;
pub mod ingest;
mod recipe;
mod report;
pub mod server;

use crate::setup;
use crate::shell::{cargo, our_program, run, step, target};
use anyhow::{Context, Result, bail};
use children::Running;
use clap::Args;
use server::Server;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the remote control does in a headless run: the home screen, a look along the shelves, the hero's page, its film, the overlay,
/// pause, a jump ahead, stop, home again with something to continue, and on from there.
const SCRIPT: &str = "wait:home wait:settled shot:home \
    down right right right wait:settled shot:browse down right wait:settled home wait:settled \
    right ok wait:detail wait:settled shot:detail \
    ok wait:playing wait:4s wait:clear shot:playing \
    ok wait:overlay shot:overlay wait:1s \
    pause wait:paused shot:paused play wait:playing wait:1s \
    right ok wait:1s wait:playing wait:3s \
    stop wait:detail back wait:home wait:settled shot:continue \
    right left ok wait:playing wait:2s shot:resumed stop quit";

/// Options of `demo`.
#[derive(Args)]
pub struct Options {
    /// Open no window: drive the launcher by a script of remote keys, and leave report.json and pictures in target/demo. That is
    /// what happens anyway where there is no display.
    #[arg(long)]
    headless: bool,
    /// Leave the server running afterwards and say where. Its data is in target/demo/data until the next demo, which starts afresh.
    #[arg(long)]
    keep: bool,
}

/// Everything the demo makes is in here.
fn folder() -> PathBuf {
    target().join("demo")
}

/// `cargo xtask demo`.
pub fn demo(options: &Options) -> Result<()> {
    let headless = options.headless || setup::display().is_none();
    setup::ensure(if headless { setup::FOR_DEMO } else { setup::FOR_WINDOW })?;
    let begun = Instant::now();
    step("cargo build --workspace --bins");
    run(cargo().args(["build", "--workspace", "--bins"]))?;

    children::watch_for_interrupts()?;
    let entries = catalog::load()?;
    let (films, art) = make(&entries)?;

    let folder = folder();
    let mut server = Server::start(&folder, 0, false)?;
    step(format_args!("hearth-server answers at {}; its log is {}", server.url, server.log.display()));
    let timings = ingest::all(&mut server, &entries, &films, &art)?;
    step(format_args!("{} titles published in {:.1} s", entries.len(), timings.total_ms as f64 / 1000.0));

    let outcome = if headless { play_headless(&server, &folder, &timings, begun) } else { play_in_window(&server) };
    // A server that was asked for stays, whatever the launcher said; one that was interrupted is on its way out.
    children::check_interrupt()?;
    if options.keep {
        server.keep(&folder)?;
    }
    outcome
}

fn launcher(server: &Server) -> Command {
    let mut command = Command::new(our_program("hearth-launcher"));
    command.args(["--server", &server.url, "--profile", "demo", "--size", "1280x720"]).stdin(Stdio::null());
    command
}

fn play_in_window(server: &Server) -> Result<()> {
    step("the launcher opens a window: arrows, Enter, Backspace, Space; close it to end");
    Running::start(&mut launcher(server))?.finish(Duration::from_secs(24 * 3600))
}

fn play_headless(server: &Server, folder: &Path, timings: &ingest::Timings, begun: Instant) -> Result<()> {
    step("hearth-launcher, driven by remote keys");
    for name in report::PICTURES {
        let _ = std::fs::remove_file(folder.join(format!("{name}.png")));
    }
    let account = folder.join("launcher.json");
    let _ = std::fs::remove_file(&account);
    let log = folder.join("launcher.log");
    let mut command = launcher(server);
    command.args(["--headless", "--keys", SCRIPT, "--shots"]).arg(folder).arg("--report").arg(&account);
    command.stdout(Stdio::null()).stderr(std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?);
    let ended = Running::start(&mut command)?.finish(Duration::from_secs(170));
    children::check_interrupt()?;
    let to = folder.join("report.json");
    let report = report::write(&account, &to, timings, begun.elapsed().as_millis() as u64).with_context(|| {
        format!("{}\n{}", ended.as_ref().err().map_or(String::new(), ToString::to_string), server::tail(&log))
    })?;
    println!("{}\n    {}", report::summary(&report, folder), to.display());
    let mut faults = report::faults(&report, folder);
    faults.extend(ended.err().map(|e| format!("{e:#}; its log: {}", log.display())));
    if !faults.is_empty() {
        bail!("the demo ran, but not as it should:\n    {}", faults.join("\n    "));
    }
    println!("\nAll is well.");
    Ok(())
}

/// `cargo xtask samples`: films and artwork alone.
pub fn samples() -> Result<()> {
    setup::ensure(setup::FOR_DEMO)?;
    children::watch_for_interrupts()?;
    make(&catalog::load()?)?;
    println!("films: {}\nart:   {}", folder().join("films").display(), folder().join("art").display());
    Ok(())
}

fn make(entries: &[catalog::Entry]) -> Result<(Vec<films::Film>, Vec<art::Art>)> {
    let films = films::make(entries, &folder().join("films"))?;
    let art = art::draw(entries, &folder().join("art"), &|entry| films::still(entry, &folder().join("stills")))?;
    Ok((films, art))
}
