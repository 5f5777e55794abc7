//! Table `uploads`: files on their way in.

use crate::{Error, Result};
use hearth_api::TitleMeta;
use sqlx::{FromRow, SqliteConnection};

/// One upload.
#[derive(Clone, Debug, FromRow)]
pub struct UploadRow {
    /// Of the upload.
    pub id: String,
    /// For messages.
    pub file_name: String,
    /// In bytes.
    pub size: i64,
    /// Bytes that are safe on the disc.
    pub received: i64,
    /// Of the whole file, hex.
    pub sha256: String,
    /// [`TitleMeta`] as JSON.
    pub meta: String,
    /// The ingest job, once all bytes are in.
    pub job_id: Option<String>,
}

impl UploadRow {
    /// The title's description.
    pub fn meta(&self) -> Result<TitleMeta> {
        serde_json::from_str(&self.meta).map_err(|e| Error::Damaged(format!("upload {}: {e}", self.id)))
    }
}

const COLUMNS: &str = "SELECT id, file_name, size, received, sha256, meta, job_id FROM uploads";

/// By its ID.
pub async fn get(db: &mut SqliteConnection, id: &str) -> Result<Option<UploadRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?"));
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(db).await?)
}

/// One that is not complete, of the same file: it can go on where it stopped.
pub async fn unfinished(db: &mut SqliteConnection, sha256: &str, size: i64) -> Result<Option<UploadRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE sha256 = ? AND size = ? AND job_id IS NULL ORDER BY received DESC"));
    Ok(sqlx::query_as(sql).bind(sha256).bind(size).fetch_optional(db).await?)
}

/// All there are.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<UploadRow>> {
    Ok(sqlx::query_as(COLUMNS).fetch_all(db).await?)
}

/// A new one.
pub async fn insert(db: &mut SqliteConnection, row: &UploadRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO uploads (id, file_name, size, received, sha256, meta, job_id, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&row.id)
    .bind(&row.file_name)
    .bind(row.size)
    .bind(row.received)
    .bind(&row.sha256)
    .bind(&row.meta)
    .bind(&row.job_id)
    .bind(super::now_ms())
    .execute(db)
    .await?;
    Ok(())
}

/// More bytes are safe on the disc.
pub async fn set_received(db: &mut SqliteConnection, id: &str, received: i64) -> Result<()> {
    sqlx::query("UPDATE uploads SET received = ? WHERE id = ?").bind(received).bind(id).execute(db).await?;
    Ok(())
}

/// Its client said anew what the title is.
pub async fn set_meta(db: &mut SqliteConnection, id: &str, meta: &str) -> Result<()> {
    sqlx::query("UPDATE uploads SET meta = ? WHERE id = ?").bind(meta).bind(id).execute(db).await?;
    Ok(())
}

/// All bytes are in and the job is made.
pub async fn set_job(db: &mut SqliteConnection, id: &str, job: &str) -> Result<()> {
    sqlx::query("UPDATE uploads SET job_id = ? WHERE id = ?").bind(job).bind(id).execute(db).await?;
    Ok(())
}

/// Forgets one.
pub async fn delete(db: &mut SqliteConnection, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM uploads WHERE id = ?").bind(id).execute(db).await?;
    Ok(())
}

/// The uploads whose film a job takes in; more than one if the same file came twice at a time.
pub async fn of_job(db: &mut SqliteConnection, job: &str) -> Result<Vec<UploadRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE job_id = ? ORDER BY created_ms"));
    Ok(sqlx::query_as(sql).bind(job).fetch_all(db).await?)
}
