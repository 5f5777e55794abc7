//! Bundles over HTTP: `/updates/{sha256}.bundle`, streamed from the store in whatever ranges a box asks for.

use crate::origin::answer::{About, IMMUTABLE, METHODS, begin, preflight, refuse, refuse_writing};
use crate::state::State;
use crate::store::bundle_key;
use crate::{Error, Result};
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use http::{HeaderMap, Method};
use std::sync::Arc;

/// `GET` and `HEAD` of a bundle.
pub(super) async fn bundle(
    Shared(state): Shared<Arc<State>>,
    method: Method,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    if method == Method::OPTIONS {
        return preflight(METHODS);
    }
    if let Some(refusal) = refuse_writing(&method) {
        return refusal;
    }
    let Some(sha256) = name.ok().and_then(|Path(name)| digest(&name).map(str::to_owned)) else {
        return refuse(Error::not_found("this address"));
    };
    match answer(&state, &method, &headers, &sha256).await {
        Ok(response) => response,
        Err(error) => refuse(error),
    }
}

async fn answer(state: &State, method: &Method, headers: &HeaderMap, sha256: &str) -> Result<Response> {
    let key = bundle_key(sha256);
    let len = state.store.size(&key).await?.ok_or_else(|| Error::not_found("this bundle"))?;
    let (mut response, wanted) = begin(method, headers, &About::new(sha256, "application/octet-stream", IMMUTABLE, len));
    if let Some(range) = wanted {
        *response.body_mut() = Body::from_stream(state.store.stream(&key, range).await?);
    }
    Ok(response)
}

fn digest(name: &str) -> Option<&str> {
    let hex = |text: &&str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    name.strip_suffix(".bundle").filter(hex)
}
