//! A box asks for a newer version, and says what became of it.

use super::is_name;
use super::rollout::{Candidate, choose, choose_for_recovery, halts};
use crate::body::{bad_request, json};
use crate::db::releases::{self, ReleaseRow};
use crate::devices::{Caller, same_device};
use crate::origin::path::is_id;
use crate::state::State;
use crate::{Error, Result, db};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use hearth_api::{ReleaseState, UpdateOffer, UpdateOutcome, UpdateQuery, UpdateReport};
use http::{StatusCode, header};
use std::sync::Arc;

/// Bytes kept of what a box says went wrong.
const MAX_ERROR: usize = 500;

/// `GET /v1/updates`
pub(super) async fn ask(
    Shared(state): Shared<Arc<State>>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<UpdateQuery>, QueryRejection>,
) -> Result<Response> {
    let Query(query) = query.map_err(|e| bad_request(e.body_text()))?;
    for (what, name) in [("board", &query.board), ("version", &query.version), ("channel", &query.channel)] {
        if !is_name(name) {
            return Err(bad_request(format!("{what} is 1 to 64 of A-Z a-z 0-9 . _ + ~ - (a + is written %2B)")));
        }
    }
    if !query.device.is_empty() && !is_id(&query.device) {
        return Err(bad_request("device is 1 to 64 of A-Z a-z 0-9 - _ and inner dots"));
    }
    same_device(&caller, &query.device)?;
    let offer = find(&state, &query, &caller).await?;
    // What is right for one box at one moment is nothing to be kept on the way.
    let head = [(header::CACHE_CONTROL, "no-store")];
    Ok(match offer {
        Some(offer) => (head, Json(offer)).into_response(),
        None => (StatusCode::NO_CONTENT, head).into_response(),
    })
}

async fn find(state: &State, query: &UpdateQuery, caller: &Caller) -> Result<Option<UpdateOffer>> {
    let mut db = state.db.acquire().await?;
    if let Caller::Device(id) = caller {
        db::devices::runs(&mut db, id, &query.version).await?;
    }
    let Some(release) = pick(releases::live_or_paused(&mut db, &query.board, &query.channel).await?, query) else {
        return Ok(None);
    };
    if !query.device.is_empty() && !releases::was_offered(&mut db, &release.id, &query.device).await? {
        releases::offered(&mut db, &release.id, &query.device, db::now_ms()).await?;
    }
    Ok(Some(UpdateOffer {
        url: format!("/updates/{}.bundle", release.sha256),
        version: release.version,
        build_id: release.build_id,
        size: release.size.unsigned_abs(),
        sha256: release.sha256,
    }))
}

fn pick(mut releases: Vec<ReleaseRow>, query: &UpdateQuery) -> Option<ReleaseRow> {
    let all = releases.iter().map(|r| (Candidate { version: &r.version, share: r.share() }, r.state() == ReleaseState::Live));
    let all: Vec<_> = all.collect();
    // Share 0 is nobody's.
    let live: Vec<_> = all.iter().map(|(c, live)| if *live { *c } else { Candidate { share: 0, ..*c } }).collect();
    let recovery = || if query.runs_nothing() { choose_for_recovery(&all) } else { None };
    let at = choose(&live, &query.device, &query.version).or_else(recovery)?;
    Some(releases.swap_remove(at))
}

/// `POST /v1/updates/report`
pub(super) async fn report(
    Shared(state): Shared<Arc<State>>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<StatusCode> {
    let report: UpdateReport = json(body).await?;
    same_device(&caller, &report.device)?;
    let error = report.error.as_deref().map(|e| e[..e.floor_char_boundary(MAX_ERROR)].trim()).filter(|e| !e.is_empty());
    let mut tx = db::begin(&state.db).await?;
    let release = releases::of_offer(&mut tx, &report.device, &report.version).await?.ok_or_else(|| {
        let why = format!("{} was never offered to device {}: nothing to report", report.version, report.device);
        Error::refused(StatusCode::NOT_FOUND, "not-offered", why)
    })?;
    releases::report(&mut tx, &release.id, &report.device, report.outcome, error, db::now_ms()).await?;
    let halted = report.outcome == UpdateOutcome::Failed && halt(&mut tx, &release).await?;
    tx.commit().await?;
    tracing::info!(report.device, report.version, outcome = ?report.outcome, error, "update reported");
    if halted {
        tracing::error!(
            "update {} for {} ({}) HALTED: too many boxes report that it fails, the last one: {}; look into it, then \
             `hearth-server updates withdraw {0}`, or `updates rollout {0} --percent N` to go on",
            release.version,
            release.board,
            release.channel,
            error.unwrap_or("no reason given"),
        );
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Stops a rollout that fails on too many boxes.
async fn halt(db: &mut sqlx::SqliteConnection, release: &ReleaseRow) -> Result<bool> {
    let counts = releases::counts(&mut *db, &release.id, release.judged_from_ms).await?;
    let halt = release.state() == ReleaseState::Live && halts(counts.installed.unsigned_abs(), counts.failed.unsigned_abs());
    if halt {
        let state = releases::name(ReleaseState::Halted).to_owned();
        releases::change(db, &ReleaseRow { state, ..release.clone() }).await?;
    }
    Ok(halt)
}
