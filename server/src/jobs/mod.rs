//! Durable jobs: workers claim them, run them step by step, and a crash at any moment loses at most the step under way.

mod api;
mod run;
mod worker;

pub use api::{retry, router};
pub use worker::{work, work_on};

use crate::Result;
use crate::codes::{Fault, fault};
use crate::data::remove;
use crate::db::{jobs, steps, titles, uploads};
use crate::state::State;
use std::collections::HashSet;

/// Workers inside the process that holds the data directory bear names that begin so; they die with it.
pub(crate) const LOCAL_WORKER: &str = "local-";

/// At start: leases of dead workers are freed, and files that belong to nothing any more are removed.
pub async fn sweep(state: &State) -> Result<()> {
    let mut db = state.db.acquire().await?;
    let released = jobs::release(&mut db, LOCAL_WORKER).await?;
    if released > 0 {
        tracing::info!(released, "jobs interrupted by the last stop go on");
    }
    for (job, path) in state.data.all_work()? {
        match jobs::get(&mut db, &job).await? {
            Some(row) if matches!(row.state.as_str(), "queued" | "running") => run::sweep_work(&path)?,
            _ => remove(&path)?,
        }
    }
    // An upload is kept while it may go on or while its job may still need it.
    let mut keep = HashSet::new();
    for upload in uploads::all(&mut db).await? {
        let needed = match &upload.job_id {
            None => true,
            Some(job) => jobs::get(&mut db, job).await?.is_some_and(|j| needs_source(&j)),
        };
        if needed {
            keep.insert(upload.id);
        }
    }
    for (name, path) in state.data.all_uploads()? {
        if !name.split('.').next().is_some_and(|id| keep.contains(id)) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// May this job still read its source?
pub(crate) fn needs_source(job: &jobs::JobRow) -> bool {
    match job.state.as_str() {
        "done" => false,
        "failed" => may_succeed_later(job.error_code.as_deref().unwrap_or_default()),
        _ => true,
    }
}

/// Failures that are not the file's fault keep the upload, so that a retry needs no second one.
pub(crate) fn may_succeed_later(code: &str) -> bool {
    fault(code) != Fault::Film
}

/// Queues a job for a source file unless there is one that has not failed: then that one is the answer, and `true` says so.
/// A failed job whose source is still here is tried again.
pub(crate) async fn enqueue(
    db: &mut sqlx::SqliteConnection,
    sha256: &str,
    source: &str,
    meta: &hearth_api::TitleMeta,
) -> Result<(String, bool)> {
    if let Some(job) = jobs::of_source(db, sha256).await? {
        if job.state != "failed" {
            return Ok((job.id, true));
        }
        debug_assert!(!titles::exists(db, &job.title_id).await?, "a failed job leaves no title");
        steps::forget(db, &job.id).await?;
        sqlx::query("DELETE FROM jobs WHERE id = ?").bind(&job.id).execute(&mut *db).await?;
    }
    let id = crate::db::new_id();
    let text = serde_json::to_string(meta).map_err(|e| crate::Error::Damaged(e.to_string()))?;
    jobs::insert(db, &id, &title_id(&meta.name, sha256), sha256, source, &text).await?;
    Ok((id, false))
}

/// A title's ID: readable, and the same for the same film, so that no second title can come of it.
pub(crate) fn title_id(name: &str, sha256: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 40 {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    let digest = &sha256[..sha256.len().min(10)];
    if slug.is_empty() { digest.to_owned() } else { format!("{slug}-{digest}") }
}

#[cfg(test)]
mod tests {
    use super::title_id;

    #[test]
    fn title_ids() {
        let sha = "0123456789abcdef";
        let long = "x".repeat(60);
        for (name, expected) in [
            ("Big Buck Bunny", "big-buck-bunny-0123456789"),
            ("  Amélie: le film!  ", "am-lie-le-film-0123456789"),
            ("七人の侍", "0123456789"),
            ("../../etc/passwd", "etc-passwd-0123456789"),
            (long.as_str(), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-0123456789"),
        ] {
            assert_eq!(title_id(name, sha), expected, "{name}");
        }
    }
}
