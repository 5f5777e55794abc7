//! What a running server holds: the locked data directory, the database, the store. Nothing here that a restart would lose.

use crate::catalog::Titles;
use crate::data::DataDir;
use crate::db::{self, Db};
use crate::ingest::UploadLocks;
use crate::keys::MasterKey;
use crate::origin::{self, Origin};
use crate::store::Store;
use crate::transcode::Transcoder;
use crate::{Result, jobs, updates};
use std::path::Path;
use std::sync::Arc;

/// Shared by every request and every job.
#[derive(Debug)]
pub struct State {
    /// Database.
    pub db: Db,
    /// Published media.
    pub store: Store,
    /// The data directory, locked for as long as this lives.
    pub data: DataDir,
    /// The root of all keys.
    pub keys: MasterKey,
    /// Caches of the data path, and the tokens.
    pub origin: Origin,
    /// Wakes a worker: a job was queued.
    pub job_queued: tokio::sync::Notify,
    /// How films are encoded.
    pub transcoder: Transcoder,
    /// What the catalog shows.
    pub titles: Titles,
    /// One at a time publishes or withdraws an update.
    pub publishing: tokio::sync::Mutex<()>,
    /// Are boxes that did not sign in refused?
    pub require_sign_in: bool,
    /// One writer an upload.
    pub upload_locks: UploadLocks,
}

impl State {
    /// Locks and opens a data directory, and tidies up what a crash left behind.
    pub async fn open(data: &Path) -> Result<Arc<Self>> {
        Self::open_with(data, &origin::Options::default(), Transcoder::find(), false).await
    }

    /// Like [`State::open`], with settings of the origin, of the workers and of the gate.
    pub async fn open_with(
        data: &Path,
        origin: &origin::Options,
        transcoder: Transcoder,
        require_sign_in: bool,
    ) -> Result<Arc<Self>> {
        let data = DataDir::open(data)?;
        let db = db::open(&data.database()).await?;
        let store = Store::local(&data.store())?;
        let needed = db::keys::any(&mut *db.acquire().await?).await?;
        let keys = MasterKey::load_or_create(&data.master_key(), needed)?;
        let origin = Origin::new(&keys, origin);
        let (job_queued, upload_locks) = (tokio::sync::Notify::new(), UploadLocks::default());
        let (titles, publishing) = (Titles::default(), tokio::sync::Mutex::new(()));
        let state =
            Self { db, store, data, keys, origin, job_queued, transcoder, titles, publishing, require_sign_in, upload_locks };
        jobs::sweep(&state).await?;
        updates::sweep(&state).await?;
        Ok(Arc::new(state))
    }
}
