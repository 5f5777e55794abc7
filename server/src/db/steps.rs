//! Table `job_steps`: units of work inside a job. What is recorded here is done for good, and its output is kept.

use crate::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::SqliteConnection;

/// The output of a step, if it is done.
pub async fn output<T: DeserializeOwned>(db: &mut SqliteConnection, job: &str, step: &str) -> Result<Option<T>> {
    let found: Option<(Option<String>,)> =
        sqlx::query_as("SELECT output FROM job_steps WHERE job_id = ? AND step = ? AND done_ms IS NOT NULL")
            .bind(job)
            .bind(step)
            .fetch_optional(db)
            .await?;
    let Some((text,)) = found else { return Ok(None) };
    let text = text.unwrap_or_else(|| "null".to_owned());
    serde_json::from_str(&text).map(Some).map_err(|e| Error::Damaged(format!("job {job}, step {step}: {e}")))
}

/// Records that a step is done.
pub async fn finish<T: Serialize>(db: &mut SqliteConnection, job: &str, step: &str, output: &T) -> Result<()> {
    let text = serde_json::to_string(output).map_err(|e| Error::Damaged(e.to_string()))?;
    sqlx::query("INSERT OR REPLACE INTO job_steps (job_id, step, output, done_ms) VALUES (?, ?, ?, ?)")
        .bind(job)
        .bind(step)
        .bind(text)
        .bind(super::now_ms())
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets all steps of a job: what they made is gone.
pub async fn forget(db: &mut SqliteConnection, job: &str) -> Result<()> {
    sqlx::query("DELETE FROM job_steps WHERE job_id = ?").bind(job).execute(db).await?;
    Ok(())
}
