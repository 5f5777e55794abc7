//! Home, title pages and progress over HTTP.

use super::{home, profile, rows};
use crate::body::{bad_request, json};
use crate::state::State;
use crate::{Error, Result, db};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State as Shared};
use hearth_api::{Home, Progress, Title};
use http::StatusCode;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Longest film, in milliseconds: what is longer is a mistake.
const MAX_DURATION_MS: u64 = 7 * 24 * 3600 * 1000;

/// `?profile=P`
#[derive(Deserialize)]
pub(super) struct Viewer {
    profile: Option<String>,
}

impl Viewer {
    async fn watched(query: Result<Query<Self>, QueryRejection>, state: &State) -> Result<HashMap<String, home::Watched>> {
        let Some(name) = query.map_err(|e| bad_request(e.body_text()))?.0.profile else { return Ok(HashMap::new()) };
        rows::watched(&mut *state.db.acquire().await?, profile(&name)?).await
    }
}

/// `GET /v1/home?profile=P`
pub(super) async fn home(Shared(state): Shared<Arc<State>>, query: Result<Query<Viewer>, QueryRejection>) -> Result<Json<Home>> {
    let watched = Viewer::watched(query, &state).await?;
    let entries = state.titles.get(&mut *state.db.acquire().await?).await?;
    Ok(Json(home::home(&entries, &watched)))
}

/// `GET /v1/titles/{id}?profile=P`
pub(super) async fn title(
    Shared(state): Shared<Arc<State>>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<Viewer>, QueryRejection>,
) -> Result<Json<Title>> {
    let Path(id) = id.map_err(|_| Error::not_found("this title"))?;
    let watched = Viewer::watched(query, &state).await?;
    let mut db = state.db.acquire().await?;
    let entries = state.titles.get(&mut db).await?;
    let entry = entries.iter().find(|e| e.card.id == id).ok_or_else(|| Error::not_found("this title"))?;
    let (credits, protection) = rows::details(&mut db, &id).await?;
    Ok(Json(Title {
        card: home::card(entry, &watched),
        credits,
        renditions: rows::renditions(&mut db, &id).await?,
        protection,
        similar: home::similar(entry, &entries, &watched),
    }))
}

type Names = Result<Path<(String, String)>, PathRejection>;

/// `PUT /v1/profiles/{profile}/progress/{title}`
pub(super) async fn put_progress(Shared(state): Shared<Arc<State>>, names: Names, body: Body) -> Result<StatusCode> {
    let Path((who, title)) = names.map_err(|_| Error::not_found("this profile"))?;
    let who = profile(&who)?;
    let mut progress: Progress = json(body).await?;
    if progress.duration_ms == 0 || progress.duration_ms > MAX_DURATION_MS {
        return Err(bad_request(format!("duration_ms must be 1 to {MAX_DURATION_MS}")));
    }
    // Players overshoot the end by a frame.
    progress.position_ms = progress.position_ms.min(progress.duration_ms);
    let mut db = state.db.acquire().await?;
    if !db::titles::exists(&mut db, &title).await? {
        return Err(Error::not_found("this title"));
    }
    rows::set_progress(&mut db, who, &title, &progress, db::now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/profiles/{profile}/progress/{title}`
pub(super) async fn get_progress(Shared(state): Shared<Arc<State>>, names: Names) -> Result<Json<Progress>> {
    let Path((who, title)) = names.map_err(|_| Error::not_found("this profile"))?;
    let watched = rows::progress(&mut *state.db.acquire().await?, profile(&who)?, &title).await?;
    let watched = watched.ok_or_else(|| Error::not_found("progress of this profile with this title"))?;
    Ok(Json(Progress { position_ms: watched.position_ms, duration_ms: watched.duration_ms }))
}
