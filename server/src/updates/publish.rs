//! Publishing: a bundle arrives as a stream, is checked whole, moves into the store, and only then there is a release.

use super::{bundle, rollout, version};
use crate::body::bad_request;
use crate::db::{self, releases};
use crate::ingest::hex;
use crate::state::State;
use crate::store::bundle_key;
use crate::{Error, Result};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use hearth_api::{NewRelease, Release, ReleaseChange, ReleaseState};
use hearth_update::bundle::Manifest;
use hearth_update::signed::Keyring;
use http::StatusCode;
use releases::ReleaseRow;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt;

/// Bundles up to this size, in bytes: both partitions of the largest slot; more is a mistake.
const MAX_BUNDLE_BYTES: u64 = 4 << 30;

/// Takes a bundle in and publishes it. The answer is the release, and whether it had been published before.
pub async fn publish<E: std::fmt::Display>(
    state: &State,
    new: &NewRelease,
    bytes: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    keys: Option<Keyring>,
) -> Result<(Release, bool)> {
    let share = check(new)?;
    state.data.require_room(new.size, &format!("this bundle ({})", crate::data::mib(new.size)))?;
    let file = Arriving(state.data.root().join("uploads").join(format!("{}.bundle", db::new_id())));
    receive(&file.0, new, bytes).await?;
    let path = file.0.clone();
    let checked = tokio::task::spawn_blocking(move || bundle::check(&path, keys.as_ref())).await;
    let manifest = checked.map_err(|e| Error::Damaged(format!("the check of a bundle stopped: {e}")))??;
    // From what is known to what is decided nobody else may publish or withdraw.
    let _alone = state.publishing.lock().await;
    let known = releases::of_board(&mut *state.db.acquire().await?, &manifest.board).await?;
    if let Some(row) = judge(&known, &manifest, new)? {
        return Ok((row.to_api(&mut *state.db.acquire().await?).await?, true));
    }
    state.store.adopt(&bundle_key(&new.sha256), &file.0).await?;
    let row = ReleaseRow {
        id: db::new_id(),
        board: manifest.board,
        channel: new.channel.clone(),
        version: manifest.version,
        build_id: manifest.build_id,
        rollback_index: manifest.rollback_index.into(),
        size: i64::try_from(new.size).unwrap_or(i64::MAX),
        sha256: new.sha256.clone(),
        state: releases::name(ReleaseState::Live).to_owned(),
        share: share.into(),
        judged_from_ms: 0,
        published_ms: db::now_ms(),
    };
    let mut tx = db::begin(&state.db).await?;
    releases::insert(&mut tx, &row).await?;
    tx.commit().await?;
    tracing::info!(board = row.board, channel = row.channel, version = row.version, percent = new.percent, "update published");
    Ok((row.to_api(&mut *state.db.acquire().await?).await?, false))
}

/// What no bundle is taken in for; the share otherwise.
fn check(new: &NewRelease) -> Result<u32> {
    if !super::is_name(&new.channel) {
        return Err(bad_request("a channel is 1 to 64 of A-Z a-z 0-9 . _ + ~ -"));
    }
    if new.sha256.len() != 64 || !new.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(bad_request("sha256 must be 64 lower-case hex digits"));
    }
    if new.size == 0 || new.size > MAX_BUNDLE_BYTES {
        return Err(bad_request(format!("a bundle has 1 to {MAX_BUNDLE_BYTES} bytes")));
    }
    share(new.percent)
}

fn share(percent: f64) -> Result<u32> {
    rollout::share(percent).ok_or_else(|| bad_request("percent is 0 to 100"))
}

/// A file on its way in; gone unless it was moved into the store.
struct Arriving(PathBuf);

impl Drop for Arriving {
    fn drop(&mut self) {
        // What is left after all is swept at the next start.
        let _ = crate::data::remove(&self.0);
    }
}

/// Writes a stream to `path`, durably, if it is what was announced.
async fn receive<E: std::fmt::Display>(
    path: &Path,
    new: &NewRelease,
    mut bytes: impl Stream<Item = std::result::Result<Bytes, E>> + Unpin,
) -> Result<()> {
    let mut file = tokio::fs::File::create(path).await.map_err(Error::io(path))?;
    let (mut digest, mut received) = (Sha256::new(), 0);
    let wrong = |code, why: String| Err(Error::refused(StatusCode::UNPROCESSABLE_ENTITY, code, why));
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk
            .map_err(|e| Error::refused(StatusCode::BAD_REQUEST, "connection-lost", format!("the bundle ended early: {e}")))?;
        received += chunk.len() as u64;
        if received > new.size {
            return wrong("too-long", format!("more bytes than the {} announced", new.size));
        }
        digest.update(&chunk);
        file.write_all(&chunk).await.map_err(Error::io(path))?;
    }
    file.flush().await.map_err(Error::io(path))?;
    file.sync_all().await.map_err(Error::io(path))?;
    let sum = hex(&digest.finalize());
    if received != new.size || sum != new.sha256 {
        return wrong(
            "checksum-mismatch",
            format!(
                "{received} bytes with SHA-256 {sum} arrived, announced were {} with {}: send it again",
                new.size, new.sha256
            ),
        );
    }
    Ok(())
}

/// May this bundle be published beside what is known of its board? The release, if it is published already.
fn judge<'a>(known: &'a [ReleaseRow], bundle: &Manifest, new: &NewRelease) -> Result<Option<&'a ReleaseRow>> {
    let refuse = |code, why: String| Err(Error::refused(StatusCode::UNPROCESSABLE_ENTITY, code, why));
    let (board, version) = (&bundle.board, &bundle.version);
    let same = || known.iter().filter(|r| version::compare(&r.version, version).is_eq());
    if let Some(other) = same().find(|r| r.build_id != bundle.build_id || r.version != *version) {
        return refuse(
            "version-taken",
            format!(
                "{} of {board} is published already, with build {:.12}; this is build {:.12}: give it a version of its own",
                other.version, other.build_id, bundle.build_id
            ),
        );
    }
    let channel: Vec<_> = known.iter().filter(|r| r.channel == new.channel).collect();
    if let Some(row) = same().find(|r| r.channel == new.channel) {
        if row.state() == ReleaseState::Withdrawn {
            return refuse(
                "withdrawn",
                format!("{version} of {board} was withdrawn: give what replaces it a version of its own"),
            );
        }
        if row.sha256 != new.sha256 {
            return refuse(
                "version-taken",
                format!(
                    "{version} of {board} is published already in {}, signed otherwise: withdraw it first and make a new version",
                    row.channel
                ),
            );
        }
        return Ok(Some(row));
    }
    // Withdrawn ones count, too: boxes that had them refuse what is lower.
    match channel.iter().max_by_key(|r| r.rollback_index) {
        Some(highest) if highest.rollback_index > i64::from(bundle.rollback_index) => refuse(
            "rollback-index",
            format!(
                "its rollback index is {}, and {} in {} has {}: boxes that have that one refuse it; build it with at least that index",
                bundle.rollback_index, highest.version, highest.channel, highest.rollback_index
            ),
        ),
        _ => Ok(None),
    }
}

/// Rolls out, pauses or withdraws.
pub async fn change(state: &State, id: &str, change: ReleaseChange) -> Result<Release> {
    let _alone = state.publishing.lock().await;
    let mut tx = db::begin(&state.db).await?;
    let mut row = releases::get(&mut tx, id).await?.ok_or_else(|| Error::not_found("release"))?;
    if row.state() == ReleaseState::Withdrawn {
        let why = format!("{} was withdrawn and its bundle is gone: publish a new version", row.version);
        return Err(Error::refused(StatusCode::CONFLICT, "withdrawn", why));
    }
    let next = match change {
        ReleaseChange::Rollout(percent) => {
            row.share = share(percent)?.into();
            if row.state() == ReleaseState::Halted {
                row.judged_from_ms = db::now_ms();
            }
            ReleaseState::Live
        }
        ReleaseChange::Pause => ReleaseState::Paused,
        ReleaseChange::Withdraw => ReleaseState::Withdrawn,
    };
    row.state = releases::name(next).to_owned();
    releases::change(&mut tx, &row).await?;
    let needed = releases::needs_bundle(&mut tx, &row.sha256).await?;
    tx.commit().await?;
    if !needed {
        state.store.remove(&bundle_key(&row.sha256)).await?;
    }
    tracing::info!(
        board = row.board,
        channel = row.channel,
        version = row.version,
        state = row.state,
        share = row.share,
        "update changed"
    );
    row.to_api(&mut *state.db.acquire().await?).await
}

/// At start: bundles that no release needs are removed; a crash left them.
pub async fn sweep(state: &State) -> Result<()> {
    for key in state.store.bundles().await? {
        let sha256 = key.trim_start_matches("updates/").trim_end_matches(".bundle");
        if !releases::needs_bundle(&mut *state.db.acquire().await?, sha256).await? {
            state.store.remove(&key).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "publish_tests.rs"]
mod tests;
