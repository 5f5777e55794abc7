//! The resumable upload: begin (or take up again), send bytes at an offset, and with the last one the job is made.

use crate::db::{self, jobs, uploads};
use crate::state::State;
use crate::{Error, Result};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State as FromState};
use futures_util::StreamExt;
use hearth_api::{NewUpload, Upload};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// Films up to this size, in bytes: a plausible 4K master; more is a mistake.
const MAX_FILM_BYTES: u64 = 4 << 40;

/// One writer an upload, and the digest of what has been written so far (made anew from the file after a restart).
#[derive(Debug, Default)]
pub struct Locks(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Running>>>>);

#[derive(Debug, Default)]
struct Running {
    hashed: u64,
    digest: Sha256,
}

impl Locks {
    fn of(&self, id: &str) -> Arc<tokio::sync::Mutex<Running>> {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.entry(id.to_owned()).or_default().clone()
    }

    fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(id);
    }
}

/// `POST /v1/uploads`.
pub async fn post(FromState(state): FromState<Arc<State>>, Json(new): Json<NewUpload>) -> Result<(StatusCode, Json<Upload>)> {
    let upload = begin(&state, &new).await?;
    Ok((if upload.duplicate { StatusCode::OK } else { StatusCode::CREATED }, Json(upload)))
}

/// Begins an upload, or takes one up again. The same file again is answered with the job that there is (`duplicate`), or with the unfinished upload.
async fn begin(state: &State, new: &NewUpload) -> Result<Upload> {
    check(new)?;
    let meta = serde_json::to_string(&new.meta).map_err(|e| Error::Damaged(e.to_string()))?;
    let mut tx = db::begin(&state.db).await?;
    if let Some(job) = jobs::of_source(&mut tx, &new.sha256).await? {
        let waits =
            job.state == "failed" && crate::jobs::needs_source(&job) && tokio::fs::try_exists(&job.source).await.unwrap_or(false);
        if job.state != "failed" || waits {
            drop(tx);
            if waits {
                crate::jobs::retry(state, &job.id).await?;
            }
            return Ok(Upload { id: String::new(), received: new.size, size: new.size, job: Some(job.id), duplicate: true });
        }
    }
    if let Some(row) = uploads::unfinished(&mut tx, &new.sha256, size_i64(new.size)?).await? {
        uploads::set_meta(&mut tx, &row.id, &meta).await?;
        tx.commit().await?;
        return Ok(answer(&row));
    }
    state.data.require_room(new.size, &format!("{} ({})", new.file_name, crate::data::mib(new.size)))?;
    let row = uploads::UploadRow {
        id: db::new_id(),
        file_name: new.file_name.clone(),
        size: size_i64(new.size)?,
        received: 0,
        sha256: new.sha256.clone(),
        meta,
        job_id: None,
    };
    uploads::insert(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(answer(&row))
}

/// Queues a film that lies on this machine, without copying it; the job's ID, and whether there was one for this very file.
pub async fn take_in_place(
    state: &State,
    new: &NewUpload,
    source: &std::path::Path,
    pictures: &[(&str, Vec<u8>)],
) -> Result<(String, bool)> {
    check(new)?;
    let row = uploads::UploadRow {
        id: db::new_id(),
        file_name: new.file_name.clone(),
        size: size_i64(new.size)?,
        received: size_i64(new.size)?,
        sha256: new.sha256.clone(),
        meta: serde_json::to_string(&new.meta).map_err(|e| Error::Damaged(e.to_string()))?,
        job_id: None,
    };
    for (kind, jpeg) in pictures {
        super::art::save(state, &row.id, kind, jpeg)?;
    }
    let mut tx = db::begin(&state.db).await?;
    let (job, duplicate) = crate::jobs::enqueue(&mut tx, &new.sha256, &source.to_string_lossy(), &new.meta).await?;
    if !duplicate {
        uploads::insert(&mut tx, &row).await?;
        uploads::set_job(&mut tx, &row.id, &job).await?;
    }
    tx.commit().await?;
    Ok((job, duplicate))
}

/// What no upload may say.
fn check(new: &NewUpload) -> Result<()> {
    let bad = |code, message: String| Err(Error::refused(StatusCode::UNPROCESSABLE_ENTITY, code, message));
    if new.size == 0 {
        return bad("empty-file", format!("{} is empty", new.file_name));
    }
    if new.size > MAX_FILM_BYTES {
        return bad("unsupported-size", format!("{} is larger than {}", new.file_name, crate::data::mib(MAX_FILM_BYTES)));
    }
    if new.sha256.len() != 64 || !new.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return bad("bad-checksum", "sha256 must be 64 lower-case hex digits".to_owned());
    }
    if new.meta.name.trim().is_empty() || new.meta.name.len() > 500 {
        return bad("bad-title", "give the title a name (up to 500 bytes)".to_owned());
    }
    if !matches!(new.meta.protection.as_deref(), None | Some("cbcs" | "none")) {
        return bad("bad-protection", "protection is cbcs or none".to_owned());
    }
    Ok(())
}

fn size_i64(size: u64) -> Result<i64> {
    i64::try_from(size).map_err(|_| Error::Damaged("size".to_owned()))
}

fn answer(row: &uploads::UploadRow) -> Upload {
    Upload {
        id: row.id.clone(),
        received: row.received.unsigned_abs(),
        size: row.size.unsigned_abs(),
        job: row.job_id.clone(),
        duplicate: false,
    }
}

/// `GET /v1/uploads/{id}`.
pub async fn get(FromState(state): FromState<Arc<State>>, Path(id): Path<String>) -> Result<Json<Upload>> {
    let row = uploads::get(&mut *state.db.acquire().await?, &id).await?.ok_or_else(|| Error::not_found("upload"))?;
    Ok(Json(answer(&row)))
}

/// `PATCH /v1/uploads/{id}`: bytes at `Upload-Offset`. Whatever arrives before a connection breaks is kept.
pub async fn patch(
    FromState(state): FromState<Arc<State>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Upload>> {
    let offset: u64 = headers
        .get("upload-offset")
        .and_then(|v| v.to_str().ok()?.parse().ok())
        .ok_or_else(|| Error::refused(StatusCode::BAD_REQUEST, "no-offset", "say with Upload-Offset where these bytes belong"))?;
    // Finish what was begun even when the client goes away: its bytes then count.
    tokio::spawn(async move {
        let lock = state.upload_locks.of(&id);
        let mut running = lock.lock().await;
        let result = receive(&state, &id, offset, body, &mut running).await;
        if !matches!(&result, Ok(upload) if upload.job.is_none()) {
            state.upload_locks.forget(&id);
        }
        result.map(Json)
    })
    .await
    .map_err(|e| Error::Damaged(format!("upload: {e}")))?
}

async fn receive(state: &State, id: &str, offset: u64, body: Body, running: &mut Running) -> Result<Upload> {
    let mut row = uploads::get(&mut *state.db.acquire().await?, id).await?.ok_or_else(|| Error::not_found("upload"))?;
    let (received, size) = (row.received.unsigned_abs(), row.size.unsigned_abs());
    if row.job_id.is_some() {
        return Ok(answer(&row));
    }
    if offset != received {
        return Err(Error::refused(
            StatusCode::CONFLICT,
            "offset-mismatch",
            format!("{received} bytes are here; go on with Upload-Offset: {received}"),
        ));
    }
    let path = state.data.upload(id);
    let mut file =
        tokio::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).await.map_err(Error::io(&path))?;
    file.seek(std::io::SeekFrom::Start(received)).await.map_err(Error::io(&path))?;
    if running.hashed != received {
        *running = rehash(&path, received).await?;
    }
    let outcome = write_body(&mut file, &path, body, size, running).await;
    // Also after an error: what reached the disc whole is kept, and the client goes on behind it.
    file.flush().await.map_err(Error::io(&path))?;
    file.sync_all().await.map_err(Error::io(&path))?;
    if received == 0 {
        crate::data::sync_dir(path.parent().unwrap_or(&path))?;
    }
    let mut tx = db::begin(&state.db).await?;
    row.received = size_i64(running.hashed)?;
    uploads::set_received(&mut tx, id, row.received).await?;
    if running.hashed < size {
        tx.commit().await?;
        outcome?;
        return Ok(answer(&row));
    }
    let sum = hex(&running.digest.clone().finalize());
    if sum != row.sha256 {
        uploads::delete(&mut tx, id).await?;
        tx.commit().await?;
        crate::data::remove(&path)?;
        return Err(Error::media(
            "checksum-mismatch",
            format!(
                "{} did not arrive as it was announced (SHA-256 {sum}, announced {}): send it again",
                row.file_name, row.sha256
            ),
        ));
    }
    let (job, _) = crate::jobs::enqueue(&mut tx, &row.sha256, &path.to_string_lossy(), &row.meta()?).await?;
    uploads::set_job(&mut tx, id, &job).await?;
    tx.commit().await?;
    state.job_queued.notify_one();
    row.job_id = Some(job);
    Ok(answer(&row))
}

async fn write_body(
    file: &mut tokio::fs::File,
    path: &std::path::Path,
    body: Body,
    size: u64,
    running: &mut Running,
) -> Result<()> {
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Error::refused(StatusCode::BAD_REQUEST, "connection-lost", "the body ended early"))?;
        if running.hashed + chunk.len() as u64 > size {
            return Err(Error::refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-long",
                format!("more bytes than the {size} announced"),
            ));
        }
        file.write_all(&chunk).await.map_err(Error::io(path))?;
        // tokio's file answers before the write is done: only after a flush is an error known to belong to these bytes.
        file.flush().await.map_err(Error::io(path))?;
        running.digest.update(&chunk);
        running.hashed += chunk.len() as u64;
    }
    Ok(())
}

async fn rehash(path: &std::path::Path, upto: u64) -> Result<Running> {
    let mut file = tokio::fs::File::open(path).await.map_err(Error::io(path))?.take(upto);
    let (mut running, mut buffer) = (Running::default(), vec![0; 1 << 20]);
    loop {
        let n = file.read(&mut buffer).await.map_err(Error::io(path))?;
        if n == 0 {
            break;
        }
        running.digest.update(&buffer[..n]);
        running.hashed += n as u64;
    }
    if running.hashed == upto { Ok(running) } else { Err(Error::Damaged(format!("{} is shorter than it was", path.display()))) }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}
