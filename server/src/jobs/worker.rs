//! A worker: claims a job, keeps its lease while it runs, and writes down how it ended.

use super::run::{self, Progress};
use super::{LOCAL_WORKER, may_succeed_later};
use crate::db::jobs::{self, JobRow, MAX_ATTEMPTS};
use crate::db::{self, steps, titles, uploads};
use crate::serve::until_true;
use crate::state::State;
use crate::{Error, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Progress is written down so often; every time, the lease is renewed.
const BEAT: Duration = Duration::from_millis(500);
/// A worker looks for work so often even when nobody woke it.
const IDLE: Duration = Duration::from_secs(5);

/// Works until told to stop.
pub async fn work(state: Arc<State>, stop: watch::Receiver<bool>) {
    let owner = format!("{LOCAL_WORKER}{}", db::new_id());
    while !*stop.borrow() {
        let queued = state.job_queued.notified();
        match claim(&state, &owner).await {
            Ok(Some(job)) => {
                // There may be more for another worker.
                state.job_queued.notify_one();
                run_one(&state, &owner, &job, stop.clone()).await;
                continue;
            }
            Ok(None) => {}
            Err(e) => tracing::error!("cannot look for work: {e}"),
        }
        tokio::select! {
            () = queued => {}
            () = tokio::time::sleep(IDLE) => {}
            () = until_true(stop.clone()) => {}
        }
    }
}

/// Works until one job has ended (as done or as failed), on that and whatever is queued before it.
pub async fn work_on(state: &Arc<State>, job: &str, stop: watch::Receiver<bool>) -> Result<()> {
    let owner = format!("{LOCAL_WORKER}{}", db::new_id());
    while !*stop.borrow() {
        let row = jobs::get(&mut *state.db.acquire().await?, job).await?.ok_or_else(|| Error::not_found("job"))?;
        if matches!(row.state.as_str(), "done" | "failed") {
            return Ok(());
        }
        match claim(state, &owner).await? {
            Some(job) => run_one(state, &owner, &job, stop.clone()).await,
            None => return Err(Error::Damaged(format!("job {job} is held by another worker"))),
        }
    }
    Ok(())
}

async fn claim(state: &State, owner: &str) -> Result<Option<JobRow>> {
    jobs::claim(&mut *state.db.acquire().await?, owner).await
}

async fn run_one(state: &Arc<State>, owner: &str, job: &JobRow, stop: watch::Receiver<bool>) {
    tracing::info!(job = job.id, title = job.title_id, attempt = job.attempts, "job begins");
    let progress = Progress::new();
    let result = tokio::select! {
        result = attempt(state, owner, job, &progress) => Some(result),
        () = keep_lease(state, owner, job, &progress) => {
            tracing::warn!(job = job.id, "another worker has this job by now");
            return;
        }
        () = until_true(stop.clone()) => None,
    };
    match result {
        Some(Ok(())) => tracing::info!(job = job.id, title = job.title_id, "published"),
        Some(Err(e)) => record_failure(state, owner, job, &e, stop).await,
        // Whatever was under way has been dropped and its child process ended with it; finished steps stay.
        None => {
            if let Err(e) = requeue(state, owner, job).await {
                tracing::warn!(job = job.id, "could not be put back ({e}): it goes on when its lease ends");
            }
        }
    }
}

async fn attempt(state: &Arc<State>, owner: &str, job: &JobRow, progress: &Progress) -> Result<()> {
    if job.attempts > MAX_ATTEMPTS {
        return Err(Error::refused(
            http::StatusCode::INTERNAL_SERVER_ERROR,
            "worker-crashed",
            format!("begun {MAX_ATTEMPTS} times and never ended: convert the master to another format and ingest that"),
        ));
    }
    state.data.keep_ballast();
    run::run(state, owner, job, progress).await
}

/// Renews the lease until it is lost.
async fn keep_lease(state: &State, owner: &str, job: &JobRow, progress: &Progress) {
    loop {
        tokio::time::sleep(BEAT).await;
        let (stage, done) = progress.get();
        let beat = async { jobs::heartbeat(&mut *state.db.acquire().await?, &job.id, owner, stage, done).await };
        match beat.await {
            Ok(true) => {}
            Ok(false) => return,
            // A full disc, say. The lease is long; the next beat may come through.
            Err(e) => tracing::warn!(job = job.id, "cannot renew the lease: {e}"),
        }
    }
}

async fn requeue(state: &State, owner: &str, job: &JobRow) -> Result<()> {
    jobs::requeue(&mut *state.db.acquire().await?, &job.id, owner).await
}

/// A failed job leaves no title and no files; then, with the room that makes, the failure is written down.
async fn record_failure(state: &State, owner: &str, job: &JobRow, e: &Error, stop: watch::Receiver<bool>) {
    tracing::warn!(job = job.id, title = job.title_id, code = e.code(), "job failed: {e}");
    if let Err(e) = clean_up(state, job, may_succeed_later(e.code())).await {
        tracing::error!(job = job.id, "cannot clean up: {e}");
    }
    while let Err(again) = write_failure(state, owner, job, e).await {
        tracing::error!(job = job.id, "cannot write down the failure, trying again: {again}");
        if let Err(e) = state.data.drop_ballast() {
            tracing::error!("{e}");
        }
        tokio::select! {
            () = tokio::time::sleep(BEAT) => {}
            () = until_true(stop.clone()) => return,
        }
    }
}

async fn write_failure(state: &State, owner: &str, job: &JobRow, e: &Error) -> Result<()> {
    let mut tx = db::begin(&state.db).await?;
    if jobs::fail(&mut tx, &job.id, owner, e.code(), &e.to_string()).await? {
        steps::forget(&mut tx, &job.id).await?;
    }
    Ok(tx.commit().await?)
}

async fn clean_up(state: &State, job: &JobRow, keep_source: bool) -> Result<()> {
    crate::data::remove(&state.data.work(&job.id))?;
    let (published, uploads) = {
        let mut db = state.db.acquire().await?;
        (titles::exists(&mut db, &job.title_id).await?, uploads::of_job(&mut db, &job.id).await?)
    };
    if !published {
        state.store.remove_title(&job.title_id).await?;
    }
    if !keep_source {
        run::remove_uploads(state, &uploads)?;
    }
    Ok(())
}
