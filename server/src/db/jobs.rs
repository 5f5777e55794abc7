//! Table `jobs`: the durable queue. A claim is one short transaction; a worker holds a job by a lease that it renews.

use crate::{Error, Result};
use hearth_api::{ApiError, Job, JobState, TitleMeta};
use sqlx::{FromRow, SqliteConnection};

/// How long a worker may be silent before its job is taken from it, in milliseconds.
pub const LEASE_MS: i64 = 30_000;
/// So many times a job is begun before it is given up: the machine may die, but a file that kills each worker must not block the queue.
pub const MAX_ATTEMPTS: i64 = 8;

/// One job.
#[derive(Clone, Debug, FromRow)]
pub struct JobRow {
    /// Of the job.
    pub id: String,
    /// The title it makes.
    pub title_id: String,
    /// Of the source file, hex.
    pub sha256: String,
    /// Path of the source file.
    pub source: String,
    /// [`TitleMeta`] as JSON.
    pub meta: String,
    /// `queued`, `running`, `done`, `failed`.
    pub state: String,
    /// `probe`, `transcode`, `index`, `publish`.
    pub stage: String,
    /// 0 to 1.
    pub progress: f64,
    /// Of the failure.
    pub error_code: Option<String>,
    /// Of the failure, for a person.
    pub error: Option<String>,
    /// Times it was begun since it last got on.
    pub attempts: i64,
}

impl JobRow {
    /// The title's description.
    pub fn meta(&self) -> Result<TitleMeta> {
        serde_json::from_str(&self.meta).map_err(|e| Error::Damaged(format!("job {}: {e}", self.id)))
    }

    /// As it goes over the wire.
    pub fn to_api(&self) -> Job {
        let error =
            self.error_code.as_ref().map(|code| ApiError { code: code.clone(), message: self.error.clone().unwrap_or_default() });
        Job {
            id: self.id.clone(),
            title_id: self.title_id.clone(),
            name: self.meta().map(|m| m.name).unwrap_or_default(),
            state: match self.state.as_str() {
                "queued" => JobState::Queued,
                "running" => JobState::Running,
                "done" => JobState::Done,
                _ => JobState::Failed,
            },
            stage: self.stage.clone(),
            progress: self.progress as f32,
            error,
        }
    }
}

const COLUMNS: &str = "id, title_id, sha256, source, meta, state, stage, progress, error_code, error, attempts";

/// By its ID.
pub async fn get(db: &mut SqliteConnection, id: &str) -> Result<Option<JobRow>> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM jobs WHERE id = ?"));
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(db).await?)
}

/// The newest job for a source file, whatever became of it.
pub async fn of_source(db: &mut SqliteConnection, sha256: &str) -> Result<Option<JobRow>> {
    let sql = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM jobs WHERE sha256 = ? ORDER BY state = 'failed', created_ms DESC LIMIT 1"
    ));
    Ok(sqlx::query_as(sql).bind(sha256).fetch_optional(db).await?)
}

/// All, newest first.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<JobRow>> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM jobs ORDER BY created_ms DESC, id"));
    Ok(sqlx::query_as(sql).fetch_all(db).await?)
}

/// A new job, queued.
pub async fn insert(db: &mut SqliteConnection, id: &str, title_id: &str, sha256: &str, source: &str, meta: &str) -> Result<()> {
    let now = super::now_ms();
    sqlx::query(
        "INSERT INTO jobs (id, title_id, sha256, source, meta, state, stage, created_ms, updated_ms)
         VALUES (?, ?, ?, ?, ?, 'queued', 'probe', ?, ?)",
    )
    .bind(id)
    .bind(title_id)
    .bind(sha256)
    .bind(source)
    .bind(meta)
    .bind(now)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the oldest job that waits, or whose worker fell silent.
pub async fn claim(db: &mut SqliteConnection, owner: &str) -> Result<Option<JobRow>> {
    let now = super::now_ms();
    let sql = sqlx::AssertSqlSafe(format!(
        "UPDATE jobs SET state = 'running', lease_owner = ?, lease_until_ms = ?, attempts = attempts + 1, updated_ms = ?
         WHERE id = (SELECT id FROM jobs WHERE state = 'queued' OR (state = 'running' AND lease_until_ms < ?)
                     ORDER BY created_ms, id LIMIT 1)
         RETURNING {COLUMNS}"
    ));
    Ok(sqlx::query_as(sql).bind(owner).bind(now + LEASE_MS).bind(now).bind(now).fetch_optional(db).await?)
}

/// Renews the lease and notes how far the job is; false if another has it by now.
pub async fn heartbeat(db: &mut SqliteConnection, id: &str, owner: &str, stage: &str, progress: f64) -> Result<bool> {
    let now = super::now_ms();
    let done = sqlx::query(
        "UPDATE jobs SET lease_until_ms = ?, stage = ?, progress = MAX(progress, ?), updated_ms = ?
         WHERE id = ? AND lease_owner = ? AND state = 'running'",
    )
    .bind(now + LEASE_MS)
    .bind(stage)
    .bind(progress)
    .bind(now)
    .bind(id)
    .bind(owner)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A step is done: the job gets on, so earlier attempts no longer count.
pub async fn got_on(db: &mut SqliteConnection, id: &str) -> Result<()> {
    sqlx::query("UPDATE jobs SET attempts = 1 WHERE id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// Published; false if another worker has the job by now.
pub async fn done(db: &mut SqliteConnection, id: &str, owner: &str) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE jobs SET state = 'done', stage = 'publish', progress = 1, error_code = NULL, error = NULL, lease_owner = NULL,
         updated_ms = ? WHERE id = ? AND lease_owner = ? AND state = 'running'",
    )
    .bind(super::now_ms())
    .bind(id)
    .bind(owner)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ended without a title.
pub async fn fail(db: &mut SqliteConnection, id: &str, owner: &str, code: &str, message: &str) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE jobs SET state = 'failed', error_code = ?, error = ?, lease_owner = NULL, updated_ms = ?
         WHERE id = ? AND lease_owner = ? AND state = 'running'",
    )
    .bind(code)
    .bind(message)
    .bind(super::now_ms())
    .bind(id)
    .bind(owner)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Back to the queue, as if this attempt had not been: an orderly shut-down is not the job's fault.
pub async fn requeue(db: &mut SqliteConnection, id: &str, owner: &str) -> Result<()> {
    sqlx::query(
        "UPDATE jobs SET state = 'queued', lease_owner = NULL, attempts = MAX(attempts - 1, 0), updated_ms = ?
         WHERE id = ? AND lease_owner = ? AND state = 'running'",
    )
    .bind(super::now_ms())
    .bind(id)
    .bind(owner)
    .execute(db)
    .await?;
    Ok(())
}

/// A failed job is to be tried again; false if it has not failed.
pub async fn retry(db: &mut SqliteConnection, id: &str) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE jobs SET state = 'queued', error_code = NULL, error = NULL, attempts = 0, progress = 0, updated_ms = ?
         WHERE id = ? AND state = 'failed'",
    )
    .bind(super::now_ms())
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Frees the leases of workers whose names begin with `prefix`: they died with the process that had the directory before.
pub async fn release(db: &mut SqliteConnection, prefix: &str) -> Result<u64> {
    let done =
        sqlx::query("UPDATE jobs SET state = 'queued', lease_owner = NULL WHERE state = 'running' AND lease_owner LIKE ? || '%'")
            .bind(prefix)
            .execute(db)
            .await?;
    Ok(done.rows_affected())
}
