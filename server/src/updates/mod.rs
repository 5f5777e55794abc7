//! Updates of boxes: what is offered to which box, what boxes report, what is published, and the bundles themselves.
//!
//! Start reading at [`rollout`] (which boxes, pure) and [`publish`] (what may be published).

mod bundle;
mod offer;
mod publish;
pub mod rollout;
mod serve;
pub mod version;

pub use bundle::check;
pub use publish::{change, publish, sweep};

use crate::body::{bad_request, json};
use crate::state::State;
use crate::{Result, db};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State as Shared};
use axum::routing::{any, get, patch, post};
use axum::{Json, Router};
use hearth_api::{NewRelease, Release};
use http::StatusCode;
use std::sync::Arc;

/// `/v1/updates…` and `/updates/{sha256}.bundle`.
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/updates", get(offer::ask))
        .route("/v1/updates/report", post(offer::report))
        .route("/v1/updates/releases", get(list).post(publish_over_http))
        .route("/v1/updates/releases/{id}", patch(change_over_http))
        .route("/updates/{file}", any(serve::bundle))
        .with_state(state)
}

/// All releases, newest first.
pub async fn releases(state: &State) -> Result<Vec<Release>> {
    let mut db = state.db.acquire().await?;
    let mut all = Vec::new();
    for row in db::releases::all(&mut db).await? {
        all.push(row.to_api(&mut db).await?);
    }
    Ok(all)
}

async fn list(Shared(state): Shared<Arc<State>>) -> Result<Json<Vec<Release>>> {
    Ok(Json(releases(&state).await?))
}

async fn publish_over_http(
    Shared(state): Shared<Arc<State>>,
    new: Result<Query<NewRelease>, QueryRejection>,
    body: Body,
) -> Result<(StatusCode, Json<Release>)> {
    let Query(new) = new.map_err(|e| bad_request(e.body_text()))?;
    let (release, known) = publish(&state, &new, body.into_data_stream(), None).await?;
    Ok((if known { StatusCode::OK } else { StatusCode::CREATED }, Json(release)))
}

async fn change_over_http(Shared(state): Shared<Arc<State>>, Path(id): Path<String>, body: Body) -> Result<Json<Release>> {
    Ok(Json(change(&state, &id, json(body).await?).await?))
}

/// Boards, versions and channels are named so, as in a bundle's manifest.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+~-".contains(&b))
}
