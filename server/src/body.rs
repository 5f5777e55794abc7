//! Bodies of requests: JSON, or a refusal that says what is wrong with it.

use crate::{Error, Result};
use axum::body::Body;
use http::StatusCode;
use serde::de::DeserializeOwned;

/// Bytes that are read; no request of ours comes near.
const MAX: usize = 4 * 1024;

/// Reads a small JSON body.
pub async fn json<T: DeserializeOwned>(body: Body) -> Result<T> {
    json_within(body, MAX).await
}

/// Reads a JSON body of at most `most` bytes.
pub async fn json_within<T: DeserializeOwned>(body: Body, most: usize) -> Result<T> {
    let bytes = axum::body::to_bytes(body, most).await;
    let bytes = bytes.map_err(|_| bad_request(format!("the body is longer than {most} bytes, or broke off")))?;
    serde_json::from_slice(&bytes).map_err(|e| bad_request(format!("the body is not the JSON expected: {e}")))
}

/// 400.
pub fn bad_request(why: impl Into<String>) -> Error {
    Error::refused(StatusCode::BAD_REQUEST, "bad-request", why)
}
