//! Boxes that sign in: who they are, the tokens they show, and the gate that asks for them.
//!
//! A token is derived from the master key, the box's secret and the moment of its first sign-in: the same box always gets the same one,
//! and the database holds only its digest.

mod crashes;
mod gate;

pub use gate::{Caller, bearer, gate};

use crate::body::{bad_request, json};
use crate::db::{self, devices};
use crate::keys::{MasterKey, hmac_sha256};
use crate::origin::path::is_id;
use crate::state::State;
use crate::{Error, Result};
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hearth_api::{Device, SignIn, SignedIn};
use hmac::Mac;
use http::{StatusCode, header};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

/// `/v1/devices…`
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/devices", get(list).post(sign_in_over_http))
        .route("/v1/devices/{device}", axum::routing::delete(forget_over_http))
        .route("/v1/devices/{device}/revoke", post(revoke_over_http))
        .route("/v1/crashes", get(crashes::list).post(crashes::take))
        .with_state(state)
}

async fn list(Shared(state): Shared<Arc<State>>) -> Result<Json<Vec<Device>>> {
    let rows = devices::all(&mut *state.db.acquire().await?).await?;
    Ok(Json(rows.iter().map(devices::DeviceRow::to_api).collect()))
}

type NotKept = [(header::HeaderName, &'static str); 1];

async fn sign_in_over_http(Shared(state): Shared<Arc<State>>, body: Body) -> Result<(StatusCode, NotKept, Json<SignedIn>)> {
    let (signed_in, known) = sign_in(&state, &json(body).await?, db::now_ms()).await?;
    Ok((if known { StatusCode::OK } else { StatusCode::CREATED }, [(header::CACHE_CONTROL, "no-store")], Json(signed_in)))
}

async fn revoke_over_http(Shared(state): Shared<Arc<State>>, Path(device): Path<String>) -> Result<Json<Device>> {
    Ok(Json(revoke(&state, &device).await?))
}

async fn forget_over_http(Shared(state): Shared<Arc<State>>, Path(device): Path<String>) -> Result<StatusCode> {
    forget(&state, &device).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a box, and whether it was known before.
async fn sign_in(state: &State, new: &SignIn, now_ms: i64) -> Result<(SignedIn, bool)> {
    check(new)?;
    let secret = Sha256::digest(&new.secret);
    let mut tx = db::begin(&state.db).await?;
    let known = devices::get(&mut tx, &new.device).await?;
    let refuse = |code, why: String| Err(Error::refused(StatusCode::FORBIDDEN, code, why));
    match &known {
        Some(row) if row.revoked => return Err(revoked(&new.device)),
        // Digests: nothing is learnt from how far they agree.
        Some(row) if row.secret_hash[..] != secret[..] => {
            return refuse(
                "wrong-secret",
                format!(
                    "device {} signed in before with another secret; if that was this very box, its operator lets it in anew with: \
                     hearth-server devices forget {0}",
                    new.device
                ),
            );
        }
        _ => {}
    }
    let token = token(&state.keys, new, known.as_ref().map_or(now_ms, |row| row.created_ms));
    match &known {
        Some(_) => devices::update(&mut tx, new, now_ms).await?,
        None => devices::insert(&mut tx, new, &secret, &Sha256::digest(&token), now_ms).await?,
    }
    tx.commit().await?;
    Ok((SignedIn { device: new.device.clone(), token }, known.is_some()))
}

fn check(new: &SignIn) -> Result<()> {
    if !is_id(&new.device) {
        return Err(bad_request("device is 1 to 64 of A-Z a-z 0-9 - _ and inner dots"));
    }
    for (what, text) in [("serial", &new.serial), ("board", &new.board), ("version", &new.version)] {
        if text.len() > 64 || text.chars().any(char::is_control) {
            return Err(bad_request(format!("{what} is up to 64 bytes of text")));
        }
    }
    if !(32..=128).contains(&new.secret.len()) || !new.secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(bad_request("secret is 32 to 128 visible ASCII characters"));
    }
    Ok(())
}

fn token(keys: &MasterKey, new: &SignIn, created_ms: i64) -> String {
    let mut mac = hmac_sha256(&keys.derive(b"hearth device token v1"));
    // Neither an ID nor a secret holds a line feed.
    mac.update(format!("{}\n{created_ms}\n{}", new.device, new.secret).as_bytes());
    format!("hearth-box-{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn revoked(device: &str) -> Error {
    Error::refused(StatusCode::FORBIDDEN, "device-revoked", format!("device {device} was revoked by this server's operator"))
}

/// Refuses a box from now on.
pub async fn revoke(state: &State, device: &str) -> Result<Device> {
    let mut tx = db::begin(&state.db).await?;
    devices::revoke(&mut tx, device).await?;
    let row = devices::get(&mut tx, device).await?.ok_or_else(|| Error::not_found("device"))?;
    tx.commit().await?;
    Ok(row.to_api())
}

/// Lets a box sign in as if it never had: one that was revoked, or has lost its secret.
pub async fn forget(state: &State, device: &str) -> Result<()> {
    match devices::forget(&mut *state.db.acquire().await?, device).await? {
        true => Ok(()),
        false => Err(Error::not_found("device")),
    }
}

/// What the operator's commands show a server that asks who they are.
pub fn operator_token(keys: &MasterKey) -> String {
    format!("hearth-operator-{}", URL_SAFE_NO_PAD.encode(*keys.derive(b"hearth operator token v1")))
}

/// Writes the operator's token where only this user can read it.
pub fn write_operator_token(state: &State) -> Result<()> {
    let path = state.data.root().join("operator.token");
    crate::data::remove(&path)?;
    let write = || {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(operator_token(&state.keys).as_bytes())
    };
    write().map_err(Error::io(&path))
}

/// A box speaks for itself only.
pub(crate) fn same_device(caller: &Caller, device: &str) -> Result<()> {
    match caller {
        Caller::Device(id) if id != device => {
            Err(Error::refused(StatusCode::FORBIDDEN, "other-device", format!("this token is of device {id}: speak in its name")))
        }
        _ => Ok(()),
    }
}
