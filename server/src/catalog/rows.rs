//! The catalog's SQL: titles as [`Entry`], progress as [`Watched`].

use super::home::{Entry, Watched};
use crate::{Error, Result};
use hearth_api::{Progress, RenditionInfo, TitleCard};
use sqlx::{Connection, FromRow, SqliteConnection};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(FromRow)]
struct TitleRow {
    id: String,
    name: String,
    tagline: Option<String>,
    synopsis: String,
    year: Option<u16>,
    genres: String,
    rating: Option<String>,
    prominence: i64,
    duration_ms: i64,
    poster: bool,
    backdrop: bool,
    published_ms: i64,
}

impl TitleRow {
    fn entry(self) -> Result<Entry> {
        let genres = serde_json::from_str(&self.genres).map_err(|e| Error::Damaged(format!("title {}: genres: {e}", self.id)))?;
        let art = |has: bool, kind: &str| has.then(|| format!("/titles/{}/art/{kind}.jpg", self.id));
        let card = TitleCard {
            poster: art(self.poster, "poster"),
            backdrop: art(self.backdrop, "backdrop"),
            id: self.id,
            name: self.name,
            tagline: self.tagline,
            synopsis: self.synopsis,
            year: self.year,
            genres,
            rating: self.rating,
            duration_ms: self.duration_ms.unsigned_abs(),
            resume_ms: None,
        };
        Ok(Entry { card, prominence: self.prominence, published_ms: self.published_ms })
    }
}

/// Every published title, read again only after a publication. Made anew by a restart.
#[derive(Debug, Default)]
pub struct Titles(Mutex<Option<(Seen, Arc<Vec<Entry>>)>>);

/// How many titles there are, and the last one's place. Titles are added and never changed, so that a new one always shows here.
type Seen = (i64, Option<i64>);

impl Titles {
    /// As they are published now: one question to the database, which costs next to nothing however many there are.
    pub async fn get(&self, db: &mut SqliteConnection) -> Result<Arc<Vec<Entry>>> {
        // In one transaction, so that what was read is what was seen.
        let mut tx = db.begin().await?;
        let seen: Seen = sqlx::query_as("SELECT COUNT(*), MAX(rowid) FROM titles").fetch_one(&mut *tx).await?;
        if let Some((of, entries)) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner)
            && *of == seen
        {
            return Ok(entries.clone());
        }
        let entries = Arc::new(titles(&mut tx).await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((seen, entries.clone()));
        Ok(entries)
    }
}

async fn titles(db: &mut SqliteConnection) -> Result<Vec<Entry>> {
    let rows: Vec<TitleRow> = sqlx::query_as(
        "SELECT id, name, tagline, synopsis, year, genres, rating, prominence, duration_ms, poster, backdrop, published_ms FROM titles",
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(TitleRow::entry).collect()
}

/// What only a title's own page shows: credits and protection.
pub async fn details(db: &mut SqliteConnection, id: &str) -> Result<(Option<String>, String)> {
    let row = sqlx::query_as("SELECT credits, protection FROM titles WHERE id = ?").bind(id).fetch_optional(db).await?;
    row.ok_or_else(|| Error::not_found("this title"))
}

/// Duration and protection of a title.
pub async fn playable(db: &mut SqliteConnection, id: &str) -> Result<(u64, String)> {
    let row: Option<(i64, String)> =
        sqlx::query_as("SELECT duration_ms, protection FROM titles WHERE id = ?").bind(id).fetch_optional(db).await?;
    row.map(|(ms, protection)| (ms.unsigned_abs(), protection)).ok_or_else(|| Error::not_found("this title"))
}

/// Video renditions, highest last.
pub async fn renditions(db: &mut SqliteConnection, id: &str) -> Result<Vec<RenditionInfo>> {
    let rows = crate::db::titles::renditions(db, id).await?;
    let video = rows.into_iter().filter(|r| r.kind == "video");
    let mut infos: Vec<_> = video
        .map(|r| RenditionInfo { width: r.width.unwrap_or(0), height: r.height.unwrap_or(0), bandwidth: r.bandwidth })
        .collect();
    infos.sort_by_key(|r| (r.height, r.bandwidth));
    Ok(infos)
}

/// All that a profile has watched, by title.
pub async fn watched(db: &mut SqliteConnection, profile: &str) -> Result<HashMap<String, Watched>> {
    let rows: Vec<(String, i64, i64, i64)> =
        sqlx::query_as("SELECT title_id, position_ms, duration_ms, updated_ms FROM progress WHERE profile = ?")
            .bind(profile)
            .fetch_all(db)
            .await?;
    let watched =
        |p: i64, d: i64, updated_ms| Watched { position_ms: p.unsigned_abs(), duration_ms: d.unsigned_abs(), updated_ms };
    Ok(rows.into_iter().map(|(title, p, d, at)| (title, watched(p, d, at))).collect())
}

/// How far a profile is with a title.
pub async fn progress(db: &mut SqliteConnection, profile: &str, title: &str) -> Result<Option<Watched>> {
    let row: Option<(i64, i64, i64)> =
        sqlx::query_as("SELECT position_ms, duration_ms, updated_ms FROM progress WHERE profile = ? AND title_id = ?")
            .bind(profile)
            .bind(title)
            .fetch_optional(db)
            .await?;
    Ok(row.map(|(p, d, updated_ms)| Watched { position_ms: p.unsigned_abs(), duration_ms: d.unsigned_abs(), updated_ms }))
}

/// Notes it, durably.
pub async fn set_progress(db: &mut SqliteConnection, profile: &str, title: &str, progress: &Progress, now_ms: i64) -> Result<()> {
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO progress (profile, title_id, position_ms, duration_ms, updated_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (profile, title_id) DO UPDATE
         SET position_ms = excluded.position_ms, duration_ms = excluded.duration_ms, updated_ms = excluded.updated_ms",
    )
    .bind(profile)
    .bind(title)
    .bind(signed(progress.position_ms))
    .bind(signed(progress.duration_ms))
    .bind(now_ms)
    .execute(db)
    .await?;
    Ok(())
}
