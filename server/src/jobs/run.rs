//! What becomes of a film: probe, transcode, index, publish. Each step is idempotent and recorded; publication is one transaction
//! after every object is durable.

use crate::data::{RESERVE_BYTES, mib, remove, sync_dir};
use crate::db::jobs::JobRow;
use crate::db::titles::{self, NewTitle, RenditionRow};
use crate::db::{self, jobs, steps, uploads};
use crate::mezzanine::TrackIndex;
use crate::state::State;
use crate::store::{art_key, index_key, mezzanine_key};
use crate::transcode::{Made, Probe, plan};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Mutex;

/// Where a job is; shared with the one who renews its lease.
pub struct Progress(Mutex<(&'static str, f64)>);

impl Progress {
    /// At the start.
    pub fn new() -> Self {
        Self(Mutex::new(("probe", 0.0)))
    }

    /// Stage and fraction of the whole.
    pub fn get(&self) -> (&'static str, f64) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn set(&self, stage: &'static str, done: f64) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = (stage, done);
    }
}

/// What the step `index` found out.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    renditions: Vec<RenditionRow>,
    duration_ms: u64,
    poster: bool,
    backdrop: bool,
}

/// The directory, inside the job's own, of what the step `transcode` has finished.
const FINISHED: &str = "finished";

/// Runs a job from wherever it was.
pub async fn run(state: &State, owner: &str, job: &JobRow, progress: &Progress) -> Result<()> {
    let stored: Option<Stored> = step_output(state, job, "index").await?;
    let stored = match stored {
        Some(stored) => stored,
        None => {
            let probe = probe(state, job).await?;
            progress.set("transcode", 0.02);
            let made = transcode(state, job, &probe, progress).await?;
            progress.set("index", 0.96);
            index(state, job, &made).await?
        }
    };
    progress.set("publish", 0.99);
    publish(state, owner, job, &stored).await?;
    let uploads = uploads::of_job(&mut *state.db.acquire().await?, &job.id).await?;
    // The title is out: what is left behind now is swept at the next start.
    if let Err(e) = remove(&state.data.work(&job.id)).and_then(|()| remove_uploads(state, &uploads)) {
        tracing::warn!(job = job.id, "cannot clean up: {e}");
    }
    Ok(())
}

async fn probe(state: &State, job: &JobRow) -> Result<Probe> {
    if let Some(probe) = step_output(state, job, "probe").await? {
        return Ok(probe);
    }
    let probe = state.transcoder.probe(Path::new(&job.source)).await?;
    finish_step(state, job, "probe", &probe).await?;
    Ok(probe)
}

async fn transcode(state: &State, job: &JobRow, probe: &Probe, progress: &Progress) -> Result<Vec<Made>> {
    let work = state.data.work(&job.id);
    let finished = work.join(FINISHED);
    if let Some(made) = step_output::<Vec<Made>>(state, job, "transcode").await? {
        return Ok(made);
    }
    let plan = plan(probe);
    state.data.require_room(plan.max_bytes(), "encoding this film")?;
    // Each attempt in a directory of its own: a worker of a server that was killed may still be writing into an earlier one.
    remove(&work)?;
    let attempt = work.join(format!("{}.tmp", db::new_id()));
    std::fs::create_dir_all(&attempt).map_err(Error::io(&attempt))?;
    let mut heard = |done: f64| progress.set("transcode", 0.02 + 0.94 * done);
    let made = state.transcoder.transcode(Path::new(&job.source), &attempt, &plan, &mut heard).await.map_err(|e| {
        // The worker knows the file it was writing; a person wants to know how much room to make, and where.
        let need = || format!("encoding this film needs up to {}", mib(plan.max_bytes() + RESERVE_BYTES));
        if e.is_disk_full() { Error::disk_full(state.data.root(), &need()) } else { e }
    })?;
    sync_dir(&attempt)?;
    std::fs::rename(&attempt, &finished).map_err(Error::io(&finished))?;
    sync_dir(&work)?;
    sync_dir(work.parent().unwrap_or(&work))?;
    finish_step(state, job, "transcode", &made).await?;
    Ok(made)
}

/// Checks what was made and moves it into the store. Again after a crash in the middle: what is there already stays.
async fn index(state: &State, job: &JobRow, made: &[Made]) -> Result<Stored> {
    let finished = state.data.work(&job.id).join(FINISHED);
    for m in made {
        let (id, title) = (&m.rendition.id, &job.title_id);
        state.store.adopt(&index_key(title, id), &finished.join(m.index())).await?;
        state.store.adopt(&mezzanine_key(title, id), &finished.join(m.mezzanine())).await?;
        let index = state.store.index(title, id).await?;
        let size = state.store.size(&mezzanine_key(title, id)).await?.unwrap_or(0);
        check_index(&index, size).map_err(|why| Error::Damaged(format!("{title}/{id}: {why}")))?;
    }
    let uploads = uploads::of_job(&mut *state.db.acquire().await?, &job.id).await?;
    let mut has = [false; 2];
    for (kind, has) in ["poster", "backdrop"].into_iter().zip(&mut has) {
        for upload in &uploads {
            let path = state.data.art(&upload.id, kind);
            if let Ok(picture) = tokio::fs::read(&path).await {
                state.store.put(&art_key(&job.title_id, kind), picture.into()).await?;
                *has = true;
            }
        }
    }
    let video = made.iter().filter(|m| m.rendition.kind == "video").map(|m| m.duration_ms).max();
    let stored = Stored {
        renditions: made.iter().map(|m| m.rendition.clone()).collect(),
        duration_ms: video.unwrap_or(0),
        poster: has[0],
        backdrop: has[1],
    };
    finish_step(state, job, "index", &stored).await?;
    Ok(stored)
}

/// Does an index fit its mezzanine?
fn check_index(index: &TrackIndex, size: u64) -> std::result::Result<(), &'static str> {
    let mut next = 0;
    for segment in &index.segments {
        let first = segment.first_sample as usize;
        let samples = index.samples.get(first..first + segment.sample_count as usize).ok_or("samples are missing")?;
        if first != next || !samples.first().is_some_and(|s| s.sync) {
            return Err("a segment does not begin with a sync sample");
        }
        if samples.iter().map(|s| u64::from(s.size)).sum::<u64>() != u64::from(segment.size) {
            return Err("sizes do not add up");
        }
        if segment.offset + u64::from(segment.size) > size {
            return Err("the mezzanine is shorter than its index");
        }
        next = first + samples.len();
    }
    if next == 0 || next != index.samples.len() { Err("samples outside any segment") } else { Ok(()) }
}

/// The title appears, whole, and the job is done: in one transaction.
async fn publish(state: &State, owner: &str, job: &JobRow, stored: &Stored) -> Result<()> {
    let meta = job.meta()?;
    let protection = meta.protection.as_deref().unwrap_or("cbcs");
    let key = if protection == "none" { None } else { Some(state.keys.new_content_key()?) };
    let mut tx = db::begin(&state.db).await?;
    let title = NewTitle {
        id: &job.title_id,
        meta: &meta,
        duration_ms: stored.duration_ms,
        protection,
        key: key.as_ref(),
        poster: stored.poster,
        backdrop: stored.backdrop,
        renditions: &stored.renditions,
    };
    titles::insert(&mut tx, &title).await?;
    if !jobs::done(&mut tx, &job.id, owner).await? {
        return Err(Error::Damaged(format!("job {}: the lease was lost before publication", job.id)));
    }
    Ok(tx.commit().await?)
}

/// Removes the files of uploads; a source outside the data directory is its owner's.
pub fn remove_uploads(state: &State, uploads: &[uploads::UploadRow]) -> Result<()> {
    for upload in uploads {
        remove(&state.data.upload(&upload.id))?;
        for kind in ["poster", "backdrop"] {
            remove(&state.data.art(&upload.id, kind))?;
        }
    }
    Ok(())
}

/// Removes from a job's directory what no finished step made.
pub fn sweep_work(path: &Path) -> Result<()> {
    let entries = std::fs::read_dir(path).map_err(Error::io(path))?;
    for entry in entries {
        let entry = entry.map_err(Error::io(path))?;
        if entry.file_name() != FINISHED {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

async fn step_output<T: serde::de::DeserializeOwned>(state: &State, job: &JobRow, step: &str) -> Result<Option<T>> {
    steps::output(&mut *state.db.acquire().await?, &job.id, step).await
}

/// Records a step; what it made is durable by now. From here on earlier attempts do not count against the job.
async fn finish_step<T: Serialize>(state: &State, job: &JobRow, step: &str, output: &T) -> Result<()> {
    let mut tx = db::begin(&state.db).await?;
    steps::finish(&mut tx, &job.id, step, output).await?;
    jobs::got_on(&mut tx, &job.id).await?;
    Ok(tx.commit().await?)
}
