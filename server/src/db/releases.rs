//! Tables `releases` and `release_devices`: what is published for boxes, and what became of it on them.

use crate::Result;
use crate::updates::rollout::ALL;
use hearth_api::{Release, ReleaseState, UpdateOutcome};
use sqlx::{FromRow, SqliteConnection};

/// One release.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct ReleaseRow {
    /// Of the release.
    pub id: String,
    /// For which boxes.
    pub board: String,
    /// `stable`, `beta`, …
    pub channel: String,
    /// As people call it.
    pub version: String,
    /// Hex.
    pub build_id: String,
    /// See the manifest of bundles.
    pub rollback_index: i64,
    /// Of the bundle, in bytes.
    pub size: i64,
    /// Of the bundle, hex.
    pub sha256: String,
    /// `live`, `paused`, `halted`, `withdrawn`.
    pub state: String,
    /// Of the boxes, in hundredths of a percent.
    pub share: i64,
    /// Only later reports count towards a halt.
    pub judged_from_ms: i64,
    /// Unix milliseconds.
    pub published_ms: i64,
}

/// What boxes said of a release, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Boxes that were offered it.
    pub offered: i64,
    /// Boxes that run it.
    pub installed: i64,
    /// Boxes on which it failed.
    pub failed: i64,
}

/// As the database and the wire call a state.
pub fn name(state: ReleaseState) -> &'static str {
    match state {
        ReleaseState::Live => "live",
        ReleaseState::Paused => "paused",
        ReleaseState::Halted => "halted",
        ReleaseState::Withdrawn => "withdrawn",
    }
}

impl ReleaseRow {
    /// May boxes have it? What does not read as a state is kept from them.
    pub fn state(&self) -> ReleaseState {
        match self.state.as_str() {
            "live" => ReleaseState::Live,
            "halted" => ReleaseState::Halted,
            "withdrawn" => ReleaseState::Withdrawn,
            _ => ReleaseState::Paused,
        }
    }

    /// The share, of [`ALL`].
    pub fn share(&self) -> u32 {
        u32::try_from(self.share).unwrap_or(0).min(ALL)
    }

    /// As it goes over the wire.
    pub async fn to_api(&self, db: &mut SqliteConnection) -> Result<Release> {
        let counts = counts(db, &self.id, 0).await?;
        Ok(Release {
            id: self.id.clone(),
            board: self.board.clone(),
            channel: self.channel.clone(),
            version: self.version.clone(),
            build_id: self.build_id.clone(),
            rollback_index: u32::try_from(self.rollback_index).unwrap_or(u32::MAX),
            size: self.size.unsigned_abs(),
            sha256: self.sha256.clone(),
            state: self.state(),
            percent: f64::from(self.share()) / 100.0,
            published_at_ms: self.published_ms.unsigned_abs(),
            offered: counts.offered.unsigned_abs(),
            installed: counts.installed.unsigned_abs(),
            failed: counts.failed.unsigned_abs(),
            last_error: last_error(db, &self.id).await?,
        })
    }
}

const COLUMNS: &str = "SELECT id, board, channel, version, build_id, rollback_index, size, sha256, state, share, judged_from_ms,
     published_ms FROM releases";

/// By its ID.
pub async fn get(db: &mut SqliteConnection, id: &str) -> Result<Option<ReleaseRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?"));
    Ok(sqlx::query_as(sql).bind(id).fetch_optional(db).await?)
}

/// All there are, newest first.
pub async fn all(db: &mut SqliteConnection) -> Result<Vec<ReleaseRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY published_ms DESC, rowid DESC"));
    Ok(sqlx::query_as(sql).fetch_all(db).await?)
}

/// Of one board, in all channels.
pub async fn of_board(db: &mut SqliteConnection, board: &str) -> Result<Vec<ReleaseRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE board = ?"));
    Ok(sqlx::query_as(sql).bind(board).fetch_all(db).await?)
}

/// What boxes of a board and a channel may be offered; what was paused is for those alone that run nothing.
pub async fn live_or_paused(db: &mut SqliteConnection, board: &str, channel: &str) -> Result<Vec<ReleaseRow>> {
    let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE board = ? AND channel = ? AND state IN ('live', 'paused')"));
    Ok(sqlx::query_as(sql).bind(board).bind(channel).fetch_all(db).await?)
}

/// Is there a release whose bundle this is and that is not withdrawn?
pub async fn needs_bundle(db: &mut SqliteConnection, sha256: &str) -> Result<bool> {
    let found = sqlx::query("SELECT 1 FROM releases WHERE sha256 = ? AND state <> 'withdrawn'").bind(sha256);
    Ok(found.fetch_optional(db).await?.is_some())
}

/// Publishes.
pub async fn insert(db: &mut SqliteConnection, row: &ReleaseRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO releases (id, board, channel, version, build_id, rollback_index, size, sha256, state, share, judged_from_ms,
         published_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&row.id)
    .bind(&row.board)
    .bind(&row.channel)
    .bind(&row.version)
    .bind(&row.build_id)
    .bind(row.rollback_index)
    .bind(row.size)
    .bind(&row.sha256)
    .bind(&row.state)
    .bind(row.share)
    .bind(row.judged_from_ms)
    .bind(row.published_ms)
    .execute(db)
    .await?;
    Ok(())
}

/// Writes state, share and where judging starts.
pub async fn change(db: &mut SqliteConnection, row: &ReleaseRow) -> Result<()> {
    sqlx::query("UPDATE releases SET state = ?, share = ?, judged_from_ms = ? WHERE id = ?")
        .bind(&row.state)
        .bind(row.share)
        .bind(row.judged_from_ms)
        .bind(&row.id)
        .execute(db)
        .await?;
    Ok(())
}

/// Was this box offered it before?
pub async fn was_offered(db: &mut SqliteConnection, release: &str, device: &str) -> Result<bool> {
    let found = sqlx::query("SELECT 1 FROM release_devices WHERE release_id = ? AND device = ?").bind(release).bind(device);
    Ok(found.fetch_optional(db).await?.is_some())
}

/// Notes that this box was offered it; the first time counts.
pub async fn offered(db: &mut SqliteConnection, release: &str, device: &str, now_ms: i64) -> Result<()> {
    sqlx::query("INSERT OR IGNORE INTO release_devices (release_id, device, offered_ms) VALUES (?, ?, ?)")
        .bind(release)
        .bind(device)
        .bind(now_ms)
        .execute(db)
        .await?;
    Ok(())
}

/// The release of this version that this box was offered, the latest offer first.
pub async fn of_offer(db: &mut SqliteConnection, device: &str, version: &str) -> Result<Option<ReleaseRow>> {
    let sql = sqlx::AssertSqlSafe(format!(
        "{COLUMNS} JOIN release_devices d ON d.release_id = id WHERE d.device = ? AND version = ? ORDER BY d.offered_ms DESC"
    ));
    Ok(sqlx::query_as(sql).bind(device).bind(version).fetch_optional(db).await?)
}

/// A box's last word on a release.
pub async fn report(
    db: &mut SqliteConnection,
    release: &str,
    device: &str,
    outcome: UpdateOutcome,
    error: Option<&str>,
    now_ms: i64,
) -> Result<()> {
    let outcome = match outcome {
        UpdateOutcome::Installed => "installed",
        UpdateOutcome::Failed => "failed",
    };
    sqlx::query("UPDATE release_devices SET outcome = ?, error = ?, reported_ms = ? WHERE release_id = ? AND device = ?")
        .bind(outcome)
        .bind(error)
        .bind(now_ms)
        .bind(release)
        .bind(device)
        .execute(db)
        .await?;
    Ok(())
}

/// What boxes said since `from_ms`.
pub async fn counts(db: &mut SqliteConnection, release: &str, from_ms: i64) -> Result<Counts> {
    Ok(sqlx::query_as(
        "SELECT COUNT(*) AS offered, COUNT(*) FILTER (WHERE outcome = 'installed' AND reported_ms >= ?1) AS installed,
         COUNT(*) FILTER (WHERE outcome = 'failed' AND reported_ms >= ?1) AS failed FROM release_devices WHERE release_id = ?2",
    )
    .bind(from_ms)
    .bind(release)
    .fetch_one(db)
    .await?)
}

async fn last_error(db: &mut SqliteConnection, release: &str) -> Result<Option<String>> {
    let row: Option<(Option<String>,)> = sqlx::query_as(
        "SELECT error FROM release_devices WHERE release_id = ? AND outcome = 'failed' ORDER BY reported_ms DESC LIMIT 1",
    )
    .bind(release)
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|(error,)| error))
}
