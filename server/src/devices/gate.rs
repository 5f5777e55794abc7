//! Who calls, and may they? Every request to the API passes here.

use crate::db::{self, devices};
use crate::state::State;
use crate::{Error, Result};
use axum::extract::{Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A box that was seen so long ago is noted anew, in milliseconds: not every request is worth a write.
const SEEN_MS: i64 = 60_000;

/// Who makes a request; in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Showed no token of ours.
    Anyone,
    /// This box.
    Device(String),
    /// Whoever runs the server.
    Operator,
}

/// Whom a request is for, where sign-in is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Anyone,
    Boxes,
    Operator,
}

/// A box must be able to sign in, and to get the update that mends whatever keeps it from doing so. A licence has a token of its own. Media and
/// bundles are kept by caches on the way, and useless without keys.
fn audience(method: &Method, path: &str) -> For {
    let Some(path) = path.strip_prefix("/v1/") else { return For::Anyone };
    let first = path.split('/').next().unwrap_or_default();
    match (method, first) {
        (&Method::OPTIONS, _) | (_, "health" | "license") => For::Anyone,
        (&Method::POST, "devices") if path == "devices" => For::Anyone,
        (_, "devices" | "uploads" | "jobs") | (&Method::GET, "crashes") => For::Operator,
        (&Method::GET, "updates") if path == "updates" => For::Anyone,
        (_, "updates") if path.starts_with("updates/releases") => For::Operator,
        _ => For::Boxes,
    }
}

/// Finds out who calls, notes that a box was seen, and refuses whom the server is not for.
pub async fn gate(Shared(state): Shared<Arc<State>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let mends = (request.method(), path) == (&Method::GET, "/v1/updates");
    // Licences are asked for with playback tokens: those are not ours to judge.
    let caller = if path.starts_with("/v1/") && path != "/v1/license" {
        match caller(&state, request.headers()).await {
            Ok(caller) => caller,
            // A box that may see no film any more still gets what mends it.
            Err(e) if mends && e.code() == "device-revoked" => Caller::Anyone,
            Err(e) => return e.into_response(),
        }
    } else {
        Caller::Anyone
    };
    let audience = if state.require_sign_in { audience(request.method(), path) } else { For::Anyone };
    match (audience, &caller) {
        (For::Anyone, _) | (_, Caller::Operator) | (For::Boxes, Caller::Device(_)) => {}
        (For::Boxes, Caller::Anyone) => {
            return unauthorised(
                "sign-in-required",
                "this server serves boxes that signed in: POST /v1/devices, then show the token as Authorization: Bearer TOKEN",
            );
        }
        (For::Operator, _) => {
            return unauthorised(
                "operator-required",
                "this is for the server's operator: set HEARTH_TOKEN to what is in the file operator.token of its data directory",
            );
        }
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

async fn caller(state: &State, headers: &HeaderMap) -> Result<Caller> {
    let Some(token) = bearer(headers) else { return Ok(Caller::Anyone) };
    let digest = Sha256::digest(&token);
    // Digests: nothing is learnt from how far they agree.
    if digest == Sha256::digest(super::operator_token(&state.keys)) {
        return Ok(Caller::Operator);
    }
    let mut db = state.db.acquire().await?;
    // A token of another server's, or of before this one was set up anew, is as good as none.
    let Some(row) = devices::of_token(&mut db, &digest).await? else { return Ok(Caller::Anyone) };
    if row.revoked {
        return Err(super::revoked(&row.id));
    }
    let now_ms = db::now_ms();
    if now_ms.saturating_sub(row.last_seen_ms) >= SEEN_MS {
        devices::seen(&mut db, &row.id, now_ms).await?;
    }
    Ok(Caller::Device(row.id))
}

/// RFC 6750 §2.1; the scheme's name in any case.
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn unauthorised(code: &'static str, why: &str) -> Response {
    let mut response = Error::refused(StatusCode::UNAUTHORIZED, code, why).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_what_is_for() {
        for (method, path, want) in [
            (Method::GET, "/v1/home", For::Boxes),
            (Method::POST, "/v1/titles/t/playback", For::Boxes),
            (Method::PUT, "/v1/profiles/p/progress/t", For::Boxes),
            (Method::POST, "/v1/updates/report", For::Boxes),
            (Method::GET, "/v1/updates", For::Anyone),
            (Method::GET, "/v1/updates/", For::Boxes),
            (Method::GET, "/v1/updates/releases", For::Operator),
            (Method::POST, "/v1/updates/releases", For::Operator),
            (Method::PATCH, "/v1/updates/releases/1", For::Operator),
            (Method::POST, "/v1/devices", For::Anyone),
            (Method::GET, "/v1/devices", For::Operator),
            (Method::POST, "/v1/devices/", For::Operator),
            (Method::POST, "/v1/devices/d/revoke", For::Operator),
            (Method::DELETE, "/v1/devices/d", For::Operator),
            (Method::POST, "/v1/crashes", For::Boxes),
            (Method::GET, "/v1/crashes", For::Operator),
            (Method::POST, "/v1/uploads", For::Operator),
            (Method::PATCH, "/v1/uploads/u", For::Operator),
            (Method::GET, "/v1/jobs", For::Operator),
            (Method::POST, "/v1/license", For::Anyone),
            (Method::GET, "/v1/health", For::Anyone),
            (Method::OPTIONS, "/v1/home", For::Anyone),
            (Method::GET, "/v1/what-comes-later", For::Boxes),
            (Method::GET, "/titles/t/hls/master.m3u8", For::Anyone),
            (Method::GET, "/updates/x.bundle", For::Anyone),
            (Method::GET, "/v1", For::Anyone),
        ] {
            assert_eq!(audience(&method, path), want, "{method} {path}");
        }
    }
}
