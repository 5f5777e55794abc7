//! `hearth-server jobs`: what is being taken in, what failed and why, and another try.

use super::place::{Open, Place};
use super::print_json;
use clap::Args;
use hearth_api::{Job, JobState};
use hearth_server::{Error, db};

/// Options of `jobs`.
#[derive(Debug, Args)]
pub struct Jobs {
    #[command(flatten)]
    place: Place,
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
        let jobs = self.jobs()?;
        for job in &jobs {
            if self.json { print_json(job) } else { print(job) }
        }
        if jobs.is_empty() && !self.json {
            println!("No jobs. Hand in a film with `hearth-server ingest FILE --title NAME`.");
        }
        Ok(())
    }

    fn jobs(&self) -> Result<Vec<Job>, Error> {
        match (self.place.open()?, &self.retry) {
            (Open::Server(client), Some(id)) => Ok(vec![client.post(&format!("/v1/jobs/{id}/retry"), &())?]),
            (Open::Server(client), None) => client.get("/v1/jobs"),
            (Open::Data(state, runtime), Some(id)) => Ok(vec![runtime.block_on(hearth_server::jobs::retry(&state, id))?]),
            (Open::Data(state, runtime), None) => runtime.block_on(async {
                Ok(db::jobs::all(&mut *state.db.acquire().await?).await?.iter().map(db::jobs::JobRow::to_api).collect())
            }),
        }
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
