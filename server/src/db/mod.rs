//! The database: SQLite in WAL mode, every commit synced before it is acknowledged. One module a table, plain functions.

pub mod crashes;
pub mod devices;
pub mod jobs;
pub mod keys;
pub mod releases;
pub mod steps;
pub mod titles;
pub mod uploads;

use crate::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Sqlite, SqlitePool, Transaction};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The pool of connections.
pub type Db = SqlitePool;

/// Opens the database, makes it where it is missing, and brings its schema up to date.
pub async fn open(path: &Path) -> Result<Db> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(20));
    // On a full disc SQLite ends a transaction by itself, and sqlx goes on believing in it: such a connection is of no more use.
    let db = SqlitePoolOptions::new()
        .max_connections(8)
        .before_acquire(|connection, _| {
            let usable = !connection.is_in_transaction();
            Box::pin(async move { Ok(usable) })
        })
        .connect_with(options)
        .await?;
    sqlx::migrate!("./migrations").run(&db).await?;
    Ok(db)
}

/// A transaction that holds the write lock from its start: what it has read stays true until it commits.
pub async fn begin(db: &Db) -> Result<Transaction<'static, Sqlite>> {
    Ok(db.begin_with("BEGIN IMMEDIATE").await?)
}

/// Unix time in milliseconds.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A fresh random ID.
pub fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
