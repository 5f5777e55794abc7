//! Table `crashes`: what boxes said of programs that crashed on them. The last few of each box, and of all, are kept.

use crate::{Error, Result};
use hearth_api::{Crash, CrashRecord};
use sqlx::{FromRow, SqliteConnection};

/// Of one box.
const MOST_OF_ONE: i64 = 20;
/// Of all boxes.
const MOST: i64 = 5_000;

#[derive(FromRow)]
struct Row {
    device: String,
    received_ms: i64,
    service: String,
    exit: String,
    version: String,
    slot: String,
    time_s: i64,
    uptime_s: i64,
    lines: String,
}

impl Row {
    fn into_api(self) -> Result<Crash> {
        let lines = serde_json::from_str(&self.lines).map_err(|e| Error::Damaged(format!("a crash of {}: {e}", self.device)))?;
        let (time, uptime) = (self.time_s.unsigned_abs(), self.uptime_s.unsigned_abs());
        let Self { device, service, exit, version, slot, .. } = self;
        let record = CrashRecord { schema: 1, service, exit, version, slot, time, uptime, lines };
        Ok(Crash { device, received_at_ms: self.received_ms.unsigned_abs(), record })
    }
}

/// Takes one; one that is known already is one.
pub async fn insert(db: &mut SqliteConnection, device: &str, record: &CrashRecord, now_ms: i64) -> Result<()> {
    let lines = serde_json::to_string(&record.lines).map_err(|e| Error::Damaged(e.to_string()))?;
    sqlx::query(
        "INSERT OR IGNORE INTO crashes (device, received_ms, service, exit, version, slot, time_s, uptime_s, lines)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(device)
    .bind(now_ms)
    .bind(&record.service)
    .bind(&record.exit)
    .bind(&record.version)
    .bind(&record.slot)
    .bind(i64::try_from(record.time).unwrap_or(i64::MAX))
    .bind(i64::try_from(record.uptime).unwrap_or(i64::MAX))
    .bind(lines)
    .execute(&mut *db)
    .await?;
    sqlx::query("DELETE FROM crashes WHERE device = ?1 AND id NOT IN (SELECT id FROM crashes WHERE device = ?1 ORDER BY id DESC LIMIT ?2)")
        .bind(device)
        .bind(MOST_OF_ONE)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM crashes WHERE id <= (SELECT MAX(id) FROM crashes) - ?").bind(MOST).execute(db).await?;
    Ok(())
}

/// Newest first.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<Crash>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT device, received_ms, service, exit, version, slot, time_s, uptime_s, lines FROM crashes ORDER BY id DESC",
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Row::into_api).collect()
}
