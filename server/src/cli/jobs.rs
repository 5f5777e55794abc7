//! `hearth-server jobs`: what is being taken in, what failed and why, and another try.

use super::client::Client;
use super::print_json;
use clap::{ArgGroup, Args};
use hearth_api::{Job, JobState};
use hearth_server::state::State;
use hearth_server::{Error, db};
use std::path::PathBuf;

/// Options of `jobs`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("where").required(true).args(["server", "data"])))]
pub struct Jobs {
    /// A running server, as `serve` prints it.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A data directory that no server is using.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Queue a failed job again, for instance after making room on the disc.
    #[arg(long, value_name = "JOB")]
    retry: Option<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Jobs {
    /// Lists, or retries.
    pub fn run(self) -> Result<(), Error> {
        let jobs = match (&self.server, &self.data) {
            (Some(server), _) => over_http(&Client::new(server), self.retry.as_deref())?,
            (None, Some(data)) => super::block_on(in_place(data.clone(), self.retry.clone()))?,
            (None, None) => Vec::new(),
        };
        for job in &jobs {
            if self.json { print_json(job) } else { print(job) }
        }
        if jobs.is_empty() && !self.json {
            println!("No jobs. Hand in a film with `hearth-server ingest FILE --title NAME`.");
        }
        Ok(())
    }
}

fn over_http(client: &Client, retry: Option<&str>) -> Result<Vec<Job>, Error> {
    match retry {
        Some(id) => Ok(vec![client.post(&format!("/v1/jobs/{id}/retry"), &())?]),
        None => client.get("/v1/jobs"),
    }
}

async fn in_place(data: PathBuf, retry: Option<String>) -> Result<Vec<Job>, Error> {
    let state = State::open(&data).await?;
    match retry {
        Some(id) => Ok(vec![hearth_server::jobs::retry(&state, &id).await?]),
        None => Ok(db::jobs::all(&mut *state.db.acquire().await?).await?.iter().map(db::jobs::JobRow::to_api).collect()),
    }
}

fn print(job: &Job) {
    let state = match job.state {
        JobState::Queued => "queued".to_owned(),
        JobState::Running => format!("{} {:.0} %", job.stage, job.progress * 100.0),
        JobState::Done => "done".to_owned(),
        JobState::Failed => "failed".to_owned(),
    };
    println!("{}  {state:<16}  {}  ({})", job.id, job.name, job.title_id);
    if let Some(e) = &job.error {
        println!("    {}: {}", e.code, e.message);
    }
}
