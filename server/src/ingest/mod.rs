//! Films on their way in: the resumable upload API, artwork, and the hand-over to a job.
//!
//! A byte is acknowledged when it is on the disc (synced) and the database says so. The database is the truth: after a crash a
//! file may be longer than it says, and the bytes beyond are written again.

mod art;
mod upload;

pub use art::{MAX_ART_BYTES, to_jpeg};
pub(crate) use upload::hex;
pub use upload::{Locks as UploadLocks, take_in_place};

use crate::state::State;
use axum::Router;
use axum::routing::{get, post, put};
use std::sync::Arc;

/// `POST /v1/uploads`, `GET` and `PATCH /v1/uploads/{id}`, `PUT /v1/uploads/{id}/art/{kind}`.
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/uploads", post(upload::post))
        .route("/v1/uploads/{id}", get(upload::get).patch(upload::patch))
        .route("/v1/uploads/{id}/art/{kind}", put(art::put))
        .with_state(state)
}
