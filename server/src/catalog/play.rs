//! The right to play: playback grants and ClearKey licences over HTTP.

use super::{home::Watched, profile, rows};
use crate::body::json;
use crate::devices::bearer;
use crate::license::{self, Refusal};
use crate::origin::answer::{allow_origin, preflight};
use crate::package::protection::LICENSE_URL;
use crate::state::State;
use crate::tokens::Claims;
use crate::{Error, Result, db};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State as Shared};
use axum::response::{IntoResponse, Response};
use hearth_api::{PlaybackGrant, PlaybackRequest};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// `POST /v1/titles/{id}/playback`
pub(super) async fn playback(
    Shared(state): Shared<Arc<State>>,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<([(header::HeaderName, &'static str); 1], Json<PlaybackGrant>)> {
    let Path(id) = id.map_err(|_| Error::not_found("this title"))?;
    let request: PlaybackRequest = json(body).await?;
    let who = profile(&request.profile)?;
    let mut db = state.db.acquire().await?;
    let (duration_ms, protection) = rows::playable(&mut db, &id).await?;
    let resume_ms = rows::progress(&mut db, who, &id).await?.as_ref().and_then(Watched::resume_ms);
    let ttl = u64::try_from(state.origin.token_ttl.as_millis()).unwrap_or(u64::MAX);
    let expires_at_ms = now_ms().saturating_add(ttl);
    let token = state.origin.tokens.sign(&Claims { title: id.clone(), profile: who.to_owned(), expires_at_ms });
    let grant = PlaybackGrant {
        hls: format!("/titles/{id}/hls/master.m3u8"),
        dash: format!("/titles/{id}/dash/manifest.mpd"),
        license: (protection != "none").then(|| LICENSE_URL.to_owned()),
        token,
        expires_at_ms,
        resume_ms,
        duration_ms,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(grant)))
}

/// `POST /v1/license`
pub(super) async fn license(
    Shared(state): Shared<Arc<State>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut response = match answer(&state, query.as_deref(), &headers, body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    allow_origin(headers);
    response
}

/// A browser's preflight.
pub(super) async fn license_options() -> Response {
    preflight("POST, OPTIONS")
}

async fn answer(state: &State, query: Option<&str>, headers: &HeaderMap, body: Body) -> Result<Response> {
    let token = bearer(headers).or_else(|| query_token(query)).ok_or(Refusal::NoToken)?;
    let claims = state.origin.tokens.check(&token, now_ms()).map_err(Refusal::from)?;
    let body = axum::body::to_bytes(body, license::MAX_REQUEST).await.map_err(|_| Refusal::Malformed("too long"))?;
    let mut keys = Vec::new();
    let mut db = state.db.acquire().await?;
    for key_id in license::parse_request(&body)? {
        let found = db::keys::get(&mut db, key_id).await?;
        license::authorize(&claims, key_id, found.as_ref().map(|(title, _)| title.as_str()))?;
        let (_, stored) = found.ok_or(Refusal::UnknownKey(key_id))?;
        keys.push((key_id, state.keys.unwrap(key_id, &stored.wrapped)?));
    }
    let license = Bytes::from_owner(license::render(&keys));
    Ok(([(header::CONTENT_TYPE, "application/json")], license).into_response())
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = refusal.status_and_code();
        Error::refused(StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN), code, refusal.to_string())
    }
}

/// `?token=`, for players that cannot set headers.
fn query_token(query: Option<&str>) -> Option<String> {
    let value = query?.split('&').find_map(|pair| pair.strip_prefix("token="))?;
    percent_decode_str(value).decode_utf8().ok().map(|t| t.into_owned())
}

fn now_ms() -> u64 {
    db::now_ms().unsigned_abs()
}
