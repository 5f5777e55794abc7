//! Table `content_keys`: keys of titles, wrapped under the master key.

use crate::keys::StoredKey;
use crate::{Error, Result};
use hearth_isobmff::KeyId;
use sqlx::SqliteConnection;

/// Stores a title's key, for all of its tracks. Part of the publishing transaction.
pub async fn insert(db: &mut SqliteConnection, title: &str, key: &StoredKey) -> Result<()> {
    sqlx::query("INSERT INTO content_keys (title_id, key_id, wrapped_key, iv, use) VALUES (?, ?, ?, ?, 'all')")
        .bind(title)
        .bind(key.key_id.to_string())
        .bind(&key.wrapped)
        .bind(&key.iv[..])
        .execute(db)
        .await?;
    Ok(())
}

/// The key of a title's tracks of one kind (`video`, `audio`), if it has one.
pub async fn of_title(db: &mut SqliteConnection, title: &str, kind: &str) -> Result<Option<StoredKey>> {
    let row: Option<(String, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT key_id, wrapped_key, iv FROM content_keys WHERE title_id = ? AND use IN ('all', ?) ORDER BY use = 'all' LIMIT 1",
    )
    .bind(title)
    .bind(kind)
    .fetch_optional(db)
    .await?;
    row.map(|(id, wrapped, iv)| stored(&id, wrapped, &iv)).transpose()
}

/// A key by its ID, and the title that it belongs to.
pub async fn get(db: &mut SqliteConnection, key_id: KeyId) -> Result<Option<(String, StoredKey)>> {
    let row: Option<(String, Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT title_id, wrapped_key, iv FROM content_keys WHERE key_id = ?")
            .bind(key_id.to_string())
            .fetch_optional(db)
            .await?;
    row.map(|(title, wrapped, iv)| Ok((title, stored(&key_id.to_string(), wrapped, &iv)?))).transpose()
}

/// Is any key stored? Then the master key must be there.
pub async fn any(db: &mut SqliteConnection) -> Result<bool> {
    Ok(sqlx::query("SELECT 1 FROM content_keys LIMIT 1").fetch_optional(db).await?.is_some())
}

fn stored(id: &str, wrapped: Vec<u8>, iv: &[u8]) -> Result<StoredKey> {
    let damaged = || Error::Damaged(format!("content key {id}"));
    let key_id = crate::keys::parse_hex16(id).map(KeyId).ok_or_else(damaged)?;
    Ok(StoredKey { key_id, wrapped, iv: iv.try_into().map_err(|_| damaged())? })
}
