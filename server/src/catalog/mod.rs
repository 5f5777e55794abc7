//! The catalog API: home screen, titles, the right to play, licences, progress. See `hearth_api` for the routes.
//!
//! Start reading at [`home`] (what is shown, pure) and `routes`; `rows` is the SQL.

pub mod home;
mod play;
mod routes;
mod rows;

pub use rows::Titles;

use crate::state::State;
use crate::{Error, Result};
use axum::Router;
use axum::routing::{get, post, put};
use http::StatusCode;
use std::sync::Arc;

/// The catalog's routes.
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/home", get(routes::home))
        .route("/v1/titles/{id}", get(routes::title))
        .route("/v1/titles/{id}/playback", post(play::playback))
        .route("/v1/license", post(play::license).options(play::license_options))
        .route("/v1/profiles/{profile}/progress/{title}", put(routes::put_progress).get(routes::get_progress))
        .with_state(state)
}

/// Profiles are named by the box; a name that could not be one is refused.
fn profile(name: &str) -> Result<&str> {
    if crate::origin::path::is_id(name) {
        return Ok(name);
    }
    Err(Error::refused(StatusCode::BAD_REQUEST, "bad-profile", "a profile ID is 1 to 64 of A-Z a-z 0-9 - _ and inner dots"))
}
