//! HTTP: jobs and health.

use crate::db::{jobs, steps, titles};
use crate::state::State;
use crate::{Error, Result};
use axum::extract::{Path, State as FromState};
use axum::routing::{get, post};
use axum::{Json, Router};
use hearth_api::{Health, Job};
use std::sync::Arc;

/// `GET /v1/jobs`, `GET /v1/jobs/{id}`, `POST /v1/jobs/{id}/retry`, `GET /v1/health`.
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/jobs", get(list))
        .route("/v1/jobs/{id}", get(one))
        .route("/v1/jobs/{id}/retry", post(retry_over_http))
        .route("/v1/health", get(health))
        .with_state(state)
}

async fn list(FromState(state): FromState<Arc<State>>) -> Result<Json<Vec<Job>>> {
    let mut db = state.db.acquire().await?;
    Ok(Json(jobs::all(&mut db).await?.iter().map(jobs::JobRow::to_api).collect()))
}

async fn one(FromState(state): FromState<Arc<State>>, Path(id): Path<String>) -> Result<Json<Job>> {
    let mut db = state.db.acquire().await?;
    Ok(Json(jobs::get(&mut db, &id).await?.ok_or_else(|| Error::not_found("job"))?.to_api()))
}

async fn retry_over_http(FromState(state): FromState<Arc<State>>, Path(id): Path<String>) -> Result<Json<Job>> {
    Ok(Json(retry(&state, &id).await?))
}

/// Queues a failed job again; it begins anew.
pub async fn retry(state: &State, id: &str) -> Result<Job> {
    let mut tx = crate::db::begin(&state.db).await?;
    let job = jobs::get(&mut tx, id).await?.ok_or_else(|| Error::not_found("job"))?;
    if job.state == "failed" && !std::path::Path::new(&job.source).is_file() {
        return Err(Error::refused(
            http::StatusCode::GONE,
            "source-gone",
            format!("{} is no longer there: ingest the file again", job.source),
        ));
    }
    if !jobs::retry(&mut tx, id).await? {
        return Err(Error::refused(http::StatusCode::CONFLICT, "not-failed", format!("job {id} is {}, not failed", job.state)));
    }
    // Its work directory is gone since it failed.
    steps::forget(&mut tx, id).await?;
    let job = jobs::get(&mut tx, id).await?.ok_or_else(|| Error::not_found("job"))?;
    tx.commit().await?;
    state.job_queued.notify_one();
    Ok(job.to_api())
}

async fn health(FromState(state): FromState<Arc<State>>) -> Result<Json<Health>> {
    let mut db = state.db.acquire().await?;
    let titles = titles::count(&mut db).await?;
    Ok(Json(Health { service: "hearth-server".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), titles }))
}
