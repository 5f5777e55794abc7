//! Tables `titles`, `renditions` and (by [`super::keys`]) `content_keys`: what ingest writes when it publishes.

use crate::Result;
use hearth_api::TitleMeta;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

/// One rendition of a title, as published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, sqlx::FromRow)]
pub struct RenditionRow {
    /// `v360`, `a-und`.
    pub id: String,
    /// `video` or `audio`.
    pub kind: String,
    /// RFC 6381.
    pub codecs: String,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Pictures a second.
    pub frame_rate: Option<f64>,
    /// Of sound.
    pub channels: Option<u32>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// BCP 47, `und` if unknown.
    pub language: Option<String>,
    /// Peak segment, bit/s.
    pub bandwidth: u64,
    /// Bit/s.
    pub average_bandwidth: u64,
}

/// What is to be published.
#[derive(Clone, Debug)]
pub struct NewTitle<'a> {
    /// Of the title.
    pub id: &'a str,
    /// What its maker says of it.
    pub meta: &'a TitleMeta,
    /// Of the film.
    pub duration_ms: u64,
    /// `cbcs`, `cenc`, `none`.
    pub protection: &'a str,
    /// Is there a poster in the store?
    pub poster: bool,
    /// Is there a backdrop in the store?
    pub backdrop: bool,
    /// All of them.
    pub renditions: &'a [RenditionRow],
    /// From [`crate::keys::MasterKey::new_content_key`]; none where `protection` is `none`.
    pub key: Option<&'a crate::keys::StoredKey>,
}

/// Is it published?
pub async fn exists(db: &mut SqliteConnection, id: &str) -> Result<bool> {
    Ok(sqlx::query("SELECT 1 FROM titles WHERE id = ?").bind(id).fetch_optional(db).await?.is_some())
}

/// Titles published.
pub async fn count(db: &mut SqliteConnection) -> Result<u64> {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM titles").fetch_one(db).await?;
    Ok(n.unsigned_abs())
}

/// Writes a title and its renditions. Part of the publishing transaction.
pub async fn insert(db: &mut SqliteConnection, title: &NewTitle<'_>) -> Result<()> {
    let meta = title.meta;
    let genres = serde_json::to_string(&meta.genres).unwrap_or_else(|_| "[]".to_owned());
    sqlx::query(
        "INSERT INTO titles (id, name, tagline, synopsis, year, genres, rating, credits, prominence, duration_ms, protection, poster,
         backdrop, revision, published_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(title.id)
    .bind(&meta.name)
    .bind(&meta.tagline)
    .bind(&meta.synopsis)
    .bind(meta.year)
    .bind(genres)
    .bind(&meta.rating)
    .bind(&meta.credits)
    .bind(meta.prominence)
    .bind(title.duration_ms as i64)
    .bind(title.protection)
    .bind(title.poster)
    .bind(title.backdrop)
    .bind(super::new_id())
    .bind(super::now_ms())
    .execute(&mut *db)
    .await?;
    if let Some(key) = title.key {
        super::keys::insert(&mut *db, title.id, key).await?;
    }
    for r in title.renditions {
        sqlx::query(
            "INSERT INTO renditions (title_id, id, kind, codecs, width, height, frame_rate, channels, sample_rate, language, bandwidth,
             average_bandwidth) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(title.id)
        .bind(&r.id)
        .bind(&r.kind)
        .bind(&r.codecs)
        .bind(r.width)
        .bind(r.height)
        .bind(r.frame_rate)
        .bind(r.channels)
        .bind(r.sample_rate)
        .bind(&r.language)
        .bind(r.bandwidth as i64)
        .bind(r.average_bandwidth as i64)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// The renditions of a title, video from small to large, then audio.
pub async fn renditions(db: &mut SqliteConnection, title: &str) -> Result<Vec<RenditionRow>> {
    Ok(sqlx::query_as(
        "SELECT id, kind, codecs, width, height, frame_rate, channels, sample_rate, language, bandwidth, average_bandwidth
         FROM renditions WHERE title_id = ? ORDER BY kind <> 'video', bandwidth, id",
    )
    .bind(title)
    .fetch_all(db)
    .await?)
}
