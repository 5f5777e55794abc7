//! The rule that the player uses, on network traces in a simulator that is not part of Hearth: it speaks the line protocol of
//! `hearth-player abr-sim`.

use super::plot::{self, Dot};
use crate::shell;
use anyhow::{Context, Result};
use clap::Args;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the simulator and the traces are.
#[derive(Args)]
pub struct Options {
    /// Source of the simulator.
    #[arg(long, value_name = "DIR", default_value = "../shared/tools/abrsim")]
    sim: PathBuf,
    /// Traces, videos, the offline optimum and other rules' results.
    #[arg(long, value_name = "DIR", default_value = "../shared/data/abr")]
    data: PathBuf,
    /// The playback buffer, in seconds. Other rules' results are of 30.
    #[arg(long, value_name = "S", default_value_t = 30)]
    max_buffer: u32,
    /// The offline optimum to divide by, if not that of 30 seconds: what the simulator's `opt` writes.
    #[arg(long, value_name = "FILE")]
    optimum: Option<PathBuf>,
    /// Where the plot goes.
    #[arg(long, value_name = "FILE", default_value = "target/bench/abr.svg")]
    plot: PathBuf,
}

/// One session's result.
struct Row {
    id: String,
    family: String,
    rule: String,
    /// Per segment, in units of the top rendition.
    quality: f64,
    stall_s: f64,
    play_s: f64,
    switches: f64,
}

/// A rule over all sessions.
struct Total {
    rule: String,
    /// Mean over the families of the share of the offline optimum, in %.
    of_optimum: f64,
    /// Of the time, in %.
    stalled: f64,
    /// Of the sessions, in %.
    with_stall: f64,
    switches_a_minute: f64,
}

/// Builds, simulates, prints the table and draws the plot.
pub fn run(options: &Options) -> Result<()> {
    let traces = options.data.join("traces.jsonl");
    for needed in [&options.sim.join("Cargo.toml"), &traces] {
        anyhow::ensure!(needed.exists(), "{} is not there; give --sim and --data", needed.display());
    }
    let build = shell::target().join("abrsim");
    shell::step("Building the simulator and the player");
    // A copy: the build leaves a lock file beside the source, which may be read-only.
    let source = build.join("source");
    let _ = std::fs::remove_dir_all(&source);
    std::fs::create_dir_all(&source)?;
    shell::run(Command::new("cp").arg("-r").arg(options.sim.join("Cargo.toml")).arg(options.sim.join("src")).arg(&source))?;
    let manifest = source.join("Cargo.toml");
    // It lies within this workspace and is not of it.
    let text = std::fs::read_to_string(&manifest)?;
    if !text.contains("[workspace]") {
        std::fs::write(&manifest, text + "\n[workspace]\n")?;
    }
    shell::run(shell::cargo().args(["build", "--release", "--manifest-path"]).arg(&manifest).arg("--target-dir").arg(&build))?;
    shell::run(shell::cargo().args(["build", "-p", "hearth-player"]))?;
    let results = shell::target().join("bench");
    std::fs::create_dir_all(&results)?;
    let own = results.join("abr.csv");
    shell::step("Simulating");
    let rule = format!("{} abr-sim", shell::our_program("hearth-player").display());
    let mut sim = Command::new(build.join("release/abrsim"));
    sim.arg("run").arg("--traces").arg(&traces).arg("--videos").arg(options.data.join("videos"));
    sim.args(["--ext", &rule, "--max-buffer", &options.max_buffer.to_string()]).arg("--csv").arg(&own);
    let optimum = options.optimum.clone().unwrap_or_else(|| options.data.join("optimum_dev_30s.csv"));
    let others = options.data.join("baselines_dev_30s.csv");
    sim.arg("--opt").arg(&optimum);
    shell::run(&mut sim)?;
    let mut rows = read(&own)?;
    if options.max_buffer == 30 && others.exists() {
        rows.extend(read(&others)?);
    }
    let mut totals = totals(&rows, &read(&optimum)?);
    totals.sort_by(|a, b| b.of_optimum.total_cmp(&a.of_optimum));
    println!(
        "| rule | % of the offline optimum | stalled, % of time | sessions with a stall, % | switches a minute |\n|---|---:|---:|---:|---:|"
    );
    for t in &totals {
        println!("| {} | {:.1} | {:.3} | {:.0} | {:.2} |", t.rule, t.of_optimum, t.stalled, t.with_stall, t.switches_a_minute);
    }
    let dots: Vec<Dot<'_>> =
        totals.iter().map(|t| Dot { name: &t.rule, x: t.with_stall, y: t.of_optimum, ours: t.rule == OURS }).collect();
    if let Some(folder) = options.plot.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&options.plot, plot::svg(&dots, "sessions with a stall, %", "quality, % of the offline optimum"))?;
    println!("plot: {}", options.plot.display());
    Ok(())
}

/// What the simulator calls `external`.
const OURS: &str = "Hearth";

fn read(path: &Path) -> Result<Vec<Row>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut lines = text.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let head = lines.next().unwrap_or_default();
    let column =
        |name: &str| head.iter().position(|h| *h == name).with_context(|| format!("{}: no column {name}", path.display()));
    let [id, family, rule] = [column("id")?, column("family")?, column("abr")?];
    let numbers = ["qoe_total", "segs", "mu", "stall_s", "play_s", "switches"].map(column);
    let mut rows = Vec::new();
    for line in lines {
        let text = |at: usize| line.get(at).copied().unwrap_or_default().to_owned();
        let mut of = [0f64; 6];
        for (out, at) in of.iter_mut().zip(&numbers) {
            let at = *at.as_ref().map_err(|e| anyhow::anyhow!("{e}"))?;
            *out = text(at).parse().with_context(|| format!("{}: {}", path.display(), text(at)))?;
        }
        let [qoe, segments, top, stall_s, play_s, switches] = of;
        let rule = if text(rule) == "external" { OURS.to_owned() } else { text(rule) };
        rows.push(Row { id: text(id), family: text(family), rule, quality: qoe / segments / top, stall_s, play_s, switches });
    }
    Ok(rows)
}

fn totals(rows: &[Row], optimum: &[Row]) -> Vec<Total> {
    let best: HashMap<&str, f64> = optimum.iter().map(|r| (r.id.as_str(), r.quality)).collect();
    let mut by_rule: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|r| by_rule.entry(&r.rule).or_default().push(r));
    let total = |(rule, rows): (&str, Vec<&Row>)| {
        // Own and possible quality of each family.
        let mut families: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for row in &rows {
            let sum = families.entry(&row.family).or_default();
            *sum = (sum.0 + row.quality, sum.1 + best.get(row.id.as_str()).copied().unwrap_or(f64::NAN));
        }
        let sum = |of: fn(&Row) -> f64| rows.iter().map(|r| of(r)).sum::<f64>();
        let (stalled, played) = (sum(|r| r.stall_s), sum(|r| r.play_s));
        Total {
            rule: rule.to_owned(),
            of_optimum: 100.0 * families.values().map(|(own, best)| own / best).sum::<f64>() / families.len() as f64,
            stalled: 100.0 * stalled / (stalled + played),
            with_stall: 100.0 * sum(|r| f64::from(r.stall_s > 0.05)) / rows.len() as f64,
            switches_a_minute: 60.0 * sum(|r| r.switches) / played,
        }
    };
    by_rule.into_iter().map(total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, family: &str, rule: &str, quality: f64, stall_s: f64) -> Row {
        Row { id: id.into(), family: family.into(), rule: rule.into(), quality, stall_s, play_s: 60.0 - stall_s, switches: 3.0 }
    }

    #[test]
    fn families_count_alike_however_many_sessions_they_have() {
        let optimum = [row("1", "a", "opt", 1.0, 0.0), row("2", "a", "opt", 1.0, 0.0), row("3", "b", "opt", 0.5, 0.0)];
        let rows = [row("1", "a", "x", 1.0, 0.0), row("2", "a", "x", 0.0, 6.0), row("3", "b", "x", 0.5, 0.0)];
        let [total] = &totals(&rows, &optimum)[..] else { panic!("one rule") };
        assert!((total.of_optimum - 75.0).abs() < 1e-9, "{}", total.of_optimum);
        assert!((total.stalled - 100.0 * 6.0 / 180.0).abs() < 1e-9 && (total.with_stall - 100.0 / 3.0).abs() < 1e-9);
        assert!((total.switches_a_minute - 60.0 * 9.0 / 174.0).abs() < 1e-9);
    }
}
