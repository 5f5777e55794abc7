//! Table `devices`: boxes that signed in. Secrets and tokens are here as digests only.

use crate::Result;
use hearth_api::{Device, SignIn};
use sqlx::{FromRow, SqliteConnection};

/// One box.
#[derive(Clone, Debug, FromRow)]
pub struct DeviceRow {
    /// The box's own ID.
    pub id: String,
    /// As printed on it.
    pub serial: String,
    /// Its board.
    pub board: String,
    /// What it ran when it last said so.
    pub version: String,
    /// SHA-256 of what only the box knows.
    pub secret_hash: Vec<u8>,
    /// Of the first sign-in.
    pub created_ms: i64,
    /// To the minute.
    pub last_seen_ms: i64,
    /// Refused.
    pub revoked: bool,
}

impl DeviceRow {
    /// As it goes over the wire.
    pub fn to_api(&self) -> Device {
        Device {
            device: self.id.clone(),
            serial: self.serial.clone(),
            board: self.board.clone(),
            version: self.version.clone(),
            created_at_ms: self.created_ms.unsigned_abs(),
            last_seen_at_ms: self.last_seen_ms.unsigned_abs(),
            revoked: self.revoked,
        }
    }
}

const COLUMNS: &str = "SELECT id, serial, board, version, secret_hash, created_ms, last_seen_ms, revoked FROM devices";

/// By its ID.
pub async fn get(db: &mut SqliteConnection, id: &str) -> Result<Option<DeviceRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?"));
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(db).await?)
}

/// By its token's digest.
pub async fn of_token(db: &mut SqliteConnection, token_hash: &[u8]) -> Result<Option<DeviceRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE token_hash = ?"));
    Ok(sqlx::query_as(sql).bind(token_hash).fetch_optional(db).await?)
}

/// Last seen first.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<DeviceRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY last_seen_ms DESC, id"));
    Ok(sqlx::query_as(sql).fetch_all(db).await?)
}

/// A box signs in for the first time.
pub async fn insert(db: &mut SqliteConnection, new: &SignIn, secret_hash: &[u8], token_hash: &[u8], now_ms: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO devices (id, serial, board, version, secret_hash, token_hash, created_ms, last_seen_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&new.device)
    .bind(&new.serial)
    .bind(&new.board)
    .bind(&new.version)
    .bind(secret_hash)
    .bind(token_hash)
    .bind(now_ms)
    .bind(now_ms)
    .execute(db)
    .await?;
    Ok(())
}

/// A known box signs in again.
pub async fn update(db: &mut SqliteConnection, new: &SignIn, now_ms: i64) -> Result<()> {
    sqlx::query("UPDATE devices SET serial = ?, board = ?, version = ?, last_seen_ms = ? WHERE id = ?")
        .bind(&new.serial)
        .bind(&new.board)
        .bind(&new.version)
        .bind(now_ms)
        .bind(&new.device)
        .execute(db)
        .await?;
    Ok(())
}

/// A box was heard of.
pub async fn seen(db: &mut SqliteConnection, id: &str, now_ms: i64) -> Result<()> {
    sqlx::query("UPDATE devices SET last_seen_ms = ? WHERE id = ?").bind(now_ms).bind(id).execute(db).await?;
    Ok(())
}

/// A box said what it runs.
pub async fn runs(db: &mut SqliteConnection, id: &str, version: &str) -> Result<()> {
    sqlx::query("UPDATE devices SET version = ? WHERE id = ? AND version <> ?")
        .bind(version)
        .bind(id)
        .bind(version)
        .execute(db)
        .await?;
    Ok(())
}

/// Its token and its sign-ins are refused from now on. False if there is no such box.
pub async fn revoke(db: &mut SqliteConnection, id: &str) -> Result<bool> {
    Ok(sqlx::query("UPDATE devices SET revoked = 1 WHERE id = ?").bind(id).execute(db).await?.rows_affected() == 1)
}

/// Its next sign-in is its first. False if there is no such box.
pub async fn forget(db: &mut SqliteConnection, id: &str) -> Result<bool> {
    Ok(sqlx::query("DELETE FROM devices WHERE id = ?").bind(id).execute(db).await?.rows_affected() == 1)
}
