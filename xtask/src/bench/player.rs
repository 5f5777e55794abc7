//! The player beside `playbin3` with `hlsdemux2` and `dashdemux2`: the same film from the same origin, each session in a process of its own, in
//! turns, medians. And how fast the player decrypts.

use super::origin::Origin;
use crate::demo::films;
use crate::shell;
use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How much to measure.
#[derive(Args)]
pub struct Options {
    /// Sessions of each engine and format.
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: usize,
}

/// Height and kbit/s of the renditions.
const LADDER: [(u32, u32); 3] = [(360, 700), (540, 1600), (720, 3200)];
const ENGINES: [&str; 2] = ["hearth", "playbin3"];
/// Nobody's secret: what is encrypted is measured and thrown away.
const KEY: &str = "00112233445566778899aabbccddeeff:0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// One session, as `measure` prints it.
#[derive(Debug, Deserialize)]
struct Session {
    first_ms: f64,
    next_ms: f64,
    seeks_ms: Vec<f64>,
    peak_kib: f64,
}

/// As `measure decrypt` prints it.
#[derive(Deserialize)]
struct Decryption {
    gb_per_s: f64,
}

/// Builds, makes the film, measures and prints the tables.
pub fn run(options: &Options) -> Result<()> {
    shell::step("Building what measures, as it ships");
    shell::run(shell::cargo().args(["build", "-q", "-p", "hearth-server"]))?;
    shell::run(shell::cargo().args(["build", "-q", "--release", "-p", "hearth-player", "--example", "measure"]))?;
    let measure = shell::target().join("release/examples/measure");
    let dir = shell::target().join("bench/player");
    let inputs = films::ladder(&LADDER, &dir.join("inputs"))?;
    let clear = dir.join("clear");
    package(&inputs, &clear, None)?;
    let origin = Origin::start(&clear)?;
    println!(
        "| | first picture, ms | of the next film, ms | jump to a key frame, ms | most memory, MiB |\n|---|---:|---:|---:|---:|"
    );
    for (name, manifest) in [("HLS", "master.m3u8"), ("DASH", "manifest.mpd")] {
        let mut sessions = [Vec::new(), Vec::new()];
        for _ in 0..options.rounds.max(1) {
            for (engine, out) in ENGINES.iter().zip(&mut sessions) {
                let session = ask::<Session>(Command::new(&measure).args([engine, origin.url(manifest).as_str()]))?;
                eprintln!("{name}, {engine}: {session:?}");
                out.push(session);
            }
        }
        let [ours, theirs] = sessions.map(|s| medians(&s));
        let row = |who: &str, f: [f64; 4], unit: &str| {
            let cell = |f: f64| if f.is_nan() { "none came".to_owned() } else { format!("{f:.2}{unit}") };
            println!("| {name}, {who} | {} |", f.map(cell).join(" | "));
        };
        row("Hearth", ours, "");
        row("playbin3", theirs, "");
        row("ratio", [0, 1, 2, 3].map(|i| ours[i] / theirs[i]), "x");
    }
    println!("\n| decryption | GB/s of one core |\n|---|---:|");
    for scheme in ["cenc", "cbcs"] {
        println!("| {scheme} | {:.1} |", decryption(&measure, &inputs, &dir.join(scheme), scheme)?);
    }
    Ok(())
}

fn package(inputs: &[PathBuf], out: &Path, scheme: Option<&str>) -> Result<()> {
    let _ = std::fs::remove_dir_all(out);
    let mut command = Command::new(shell::our_program("hearth-server"));
    command.arg("package").args(inputs).arg("--out").arg(out).args(["--segment-seconds", "2"]).stdout(Stdio::null());
    if let Some(scheme) = scheme {
        command.args(["--scheme", scheme, "--key", KEY]);
    }
    shell::run(&mut command)
}

/// The highest rendition's segments under `scheme`.
fn decryption(measure: &Path, inputs: &[PathBuf], dir: &Path, scheme: &str) -> Result<f64> {
    let top = inputs.get(LADDER.len() - 1).context("no rendition")?;
    package(std::slice::from_ref(top), dir, Some(scheme))?;
    let mut files = Vec::new();
    walk(dir, &mut files)?;
    let (init, segments): (Vec<_>, Vec<_>) = files
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "mp4" || e == "m4s"))
        .partition(|f| f.file_name().is_some_and(|n| n.to_string_lossy().starts_with("init")));
    let init = init.first().with_context(|| format!("no init segment in {}", dir.display()))?;
    let mut command = Command::new(measure);
    command.args(["decrypt", KEY]).arg(init).args(&segments);
    Ok(ask::<Decryption>(&mut command)?.gb_per_s)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    files.sort();
    Ok(())
}

/// What a program prints, as JSON.
fn ask<T: serde::de::DeserializeOwned>(command: &mut Command) -> Result<T> {
    let out = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", shell::show(command)))?;
    let said = String::from_utf8_lossy(&out.stderr);
    anyhow::ensure!(out.status.success(), "{} failed: {}", shell::show(command), said.trim());
    serde_json::from_slice(&out.stdout).with_context(|| shell::show(command))
}

/// First picture, jump, memory in MiB.
fn medians(sessions: &[Session]) -> [f64; 4] {
    let first = sessions.iter().map(|s| s.first_ms).collect();
    let next = sessions.iter().map(|s| s.next_ms).collect();
    let seeks = sessions.iter().flat_map(|s| s.seeks_ms.iter().copied()).collect();
    let peak = sessions.iter().map(|s| s.peak_kib / 1024.0).collect();
    [median(first), median(next), median(seeks), median(peak)]
}

/// The middle one, or the mean of the two in the middle; not a number where there is none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (middle, 0) => f64::midpoint(values[middle - 1], values[middle]),
        (middle, _) => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_sessions() {
        assert!(median(Vec::new()).is_nan());
        assert!((median(vec![9.0, 1.0, 4.0]) - 4.0).abs() < 1e-9);
        assert!((median(vec![9.0, 1.0, 4.0, 6.0]) - 5.0).abs() < 1e-9);
        let session =
            |first_ms, seek, peak_kib| Session { first_ms, next_ms: first_ms / 2.0, seeks_ms: vec![seek, seek + 2.0], peak_kib };
        let got = medians(&[session(10.0, 1.0, 1024.0), session(30.0, 1.0, 3072.0), session(20.0, 3.0, 2048.0)]);
        assert!(got.iter().zip([20.0, 10.0, 3.0, 2.0]).all(|(g, w)| (g - w).abs() < 1e-9), "{got:?}");
    }
}
