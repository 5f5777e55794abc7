//! Crash records of boxes: taken, kept within bounds, listed.

use super::{Caller, same_device};
use crate::body::{bad_request, json_within};
use crate::origin::path::is_id;
use crate::state::State;
use crate::{Result, db};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::{Extension, Json};
use hearth_api::{Crash, CrashQuery, CrashRecord, MAX_CRASH};
use http::StatusCode;
use std::sync::Arc;

/// `POST /v1/crashes`
pub(super) async fn take(
    Shared(state): Shared<Arc<State>>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<CrashQuery>, QueryRejection>,
    body: Body,
) -> Result<StatusCode> {
    let Query(CrashQuery { device }) = query.map_err(|e| bad_request(e.body_text()))?;
    if !is_id(&device) {
        return Err(bad_request("device is 1 to 64 of A-Z a-z 0-9 - _ and inner dots"));
    }
    same_device(&caller, &device)?;
    let record: CrashRecord = json_within(body, MAX_CRASH).await?;
    for (what, text) in
        [("service", &record.service), ("exit", &record.exit), ("version", &record.version), ("slot", &record.slot)]
    {
        if text.len() > 64 || text.chars().any(char::is_control) {
            return Err(bad_request(format!("{what} is up to 64 bytes of text")));
        }
    }
    let mut tx = db::begin(&state.db).await?;
    db::crashes::insert(&mut tx, &device, &record, db::now_ms()).await?;
    tx.commit().await?;
    tracing::info!(device, record.service, record.exit, record.version, "a box reports a crash");
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/crashes`
pub(super) async fn list(Shared(state): Shared<Arc<State>>) -> Result<Json<Vec<Crash>>> {
    Ok(Json(db::crashes::all(&mut *state.db.acquire().await?).await?))
}
