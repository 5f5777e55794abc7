//! Hands every title to the server by `hearth-server ingest`, then shows how its jobs get on.
use super::art::Art;
use super::catalog::Entry;
use super::children::{Running, pause};
use super::films::Film;
use super::server::{Server, tail};
use crate::shell::step;
use anyhow::{Context, Result, bail};
use hearth_api::{Job, JobState};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// No catalog of this size takes longer.
const LIMIT: Duration = Duration::from_secs(900);

/// How long it took.
#[derive(Debug, Default, Serialize)]
pub struct Timings {
    /// From the first upload to the last title published.
    pub total_ms: u64,
    /// All uploads.
    pub upload_ms: u64,
    /// By title, from the last upload to its publication.
    pub published_ms: BTreeMap<String, u64>,
    /// Running time of all films by the time that it took.
    pub times_real_time: f64,
}

/// All titles, until they are published.
pub fn all(server: &mut Server, entries: &[Entry], films: &[Film], art: &[Art]) -> Result<Timings> {
    let begun = Instant::now();
    for (i, entry) in entries.iter().enumerate() {
        let mut command = server.operator(&["ingest"]);
        command.arg(&films[i].file).arg("--json");
        command.args(["--title", &entry.name, "--tagline", &entry.tagline, "--synopsis", &entry.synopsis]);
        command.args(["--year", &entry.year.to_string(), "--rating", &entry.rating, "--credits", &entry.credits]);
        command.args(["--prominence", &(entries.len() - i).to_string(), "--protection", "cbcs"]);
        for genre in &entry.genres {
            command.args(["--genre", genre]);
        }
        command.arg("--poster").arg(&art[i].poster).arg("--backdrop").arg(&art[i].backdrop);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Running::start(&mut command)?.finish(Duration::from_secs(60)).with_context(|| format!("handing over {}", entry.name))?;
    }
    let upload_ms = begun.elapsed().as_millis() as u64;
    step(format_args!(
        "{} titles handed over in {:.1} s; the server makes renditions of them",
        entries.len(),
        upload_ms as f64 / 1000.0
    ));
    let published_ms = watch(server, entries.len())?;
    let total_ms = begun.elapsed().as_millis() as u64;
    let film_ms: u64 = server
        .home()?
        .shelves
        .iter()
        .flat_map(|s| &s.items)
        .map(|t| (t.id.clone(), t.duration_ms))
        .collect::<BTreeMap<_, _>>()
        .values()
        .sum();
    Ok(Timings { total_ms, upload_ms, published_ms, times_real_time: film_ms as f64 / total_ms.max(1) as f64 })
}

/// Until every job is done; an error when one fails.
fn watch(server: &mut Server, titles: usize) -> Result<BTreeMap<String, u64>> {
    let begun = Instant::now();
    let mut view = View::new();
    let mut done = BTreeMap::new();
    while begun.elapsed() < LIMIT {
        server.process.must_run().with_context(|| tail(&server.log))?;
        let jobs = server.jobs()?;
        for job in &jobs {
            view.show(job);
            match job.state {
                JobState::Done => {
                    done.entry(job.name.clone()).or_insert_with(|| begun.elapsed().as_millis() as u64);
                }
                JobState::Failed => {
                    let why = job.error.as_ref().map_or("no reason given", |e| e.message.as_str());
                    bail!("{} could not be ingested: {why}", job.name);
                }
                JobState::Queued | JobState::Running => {}
            }
        }
        if done.len() >= titles {
            return Ok(done);
        }
        pause(Duration::from_millis(250))?;
    }
    bail!("ingest did not end within {} s; the server's log: {}", LIMIT.as_secs(), server.log.display())
}

/// A bar a title on a terminal; elsewhere a line a title when it is done.
struct View {
    bars: Option<MultiProgress>,
    by_job: BTreeMap<String, ProgressBar>,
    said: u32,
}

impl View {
    fn new() -> Self {
        Self { bars: std::io::stderr().is_terminal().then(MultiProgress::new), by_job: BTreeMap::new(), said: 0 }
    }

    fn show(&mut self, job: &Job) {
        let over = matches!(job.state, JobState::Done | JobState::Failed);
        let Some(bars) = &self.bars else {
            if over && self.by_job.insert(job.id.clone(), ProgressBar::hidden()).is_none() {
                self.said += 1;
                println!("    {:2}  {}", self.said, job.name);
            }
            return;
        };
        if job.state == JobState::Queued {
            return;
        }
        let bar = self.by_job.entry(job.id.clone()).or_insert_with(|| {
            let style = ProgressStyle::with_template("    {prefix:28} {bar:32.yellow/black.bright} {msg}");
            let bar = bars.add(ProgressBar::new(1000).with_prefix(job.name.clone()));
            style.map_or(bar.clone(), |s| bar.clone().with_style(s.progress_chars("━━━")))
        });
        if bar.is_finished() {
            return;
        }
        bar.set_position((f64::from(job.progress) * 1000.0) as u64);
        if over {
            bar.set_position(1000);
            bar.finish_with_message("published");
        } else {
            bar.set_message(job.stage.clone());
        }
    }
}
