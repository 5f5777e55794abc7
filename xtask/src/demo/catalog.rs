//! The demo's titles, from `catalog.toml`.
use super::art::poster::Lettering;
use anyhow::{Context, Result};
use serde::Deserialize;

/// A title of the demo.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Short and stable: names its files.
    pub id: String,
    /// For the viewer.
    pub name: String,
    /// One line.
    pub tagline: String,
    /// A short paragraph.
    pub synopsis: String,
    /// Year of release.
    pub year: u16,
    /// Main one first.
    pub genres: Vec<String>,
    /// Age rating.
    pub rating: String,
    /// Attribution and licence.
    pub credits: String,
    /// How its poster is lettered.
    pub lettering: Lettering,
    /// Where its pictures come from.
    pub source: Source,
}

/// Where a title's pictures come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Made by GStreamer.
    Pattern {
        /// Drawing on poster and backdrop.
        scene: String,
        /// `pattern` of videotestsrc.
        video: String,
        /// More properties of videotestsrc.
        motion: String,
        /// Running time.
        seconds: u32,
        /// Hz.
        tone: f64,
    },
    /// A clip of the repository, looped.
    Film {
        /// From the root of the repository.
        file: String,
        /// Running time at least.
        seconds: u32,
        /// Which moment poster and backdrop show.
        still_seconds: f64,
        /// Which part of it the poster shows, 0 to 1 each way.
        focus: (f32, f32),
    },
}

const MADE: &str = "An invented title. Pictures drawn and test pattern made by Hearth's demo.";

/// All titles, the most prominent first.
pub fn load() -> Result<Vec<Entry>> {
    let file: File = toml::from_str(include_str!("catalog.toml")).context("xtask/src/demo/catalog.toml")?;
    file.title.into_iter().map(Row::entry).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    tagline: String,
    synopsis: String,
    year: u16,
    genres: Vec<String>,
    rating: String,
    credits: Option<String>,
    lettering: Lettering,
    pattern: Option<Pattern>,
    film: Option<Film>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    scene: String,
    video: String,
    motion: String,
    seconds: u32,
    tone: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Film {
    file: String,
    seconds: u32,
    still_seconds: f64,
    focus: (f32, f32),
}

impl Row {
    fn entry(self) -> Result<Entry> {
        let source = match (self.pattern, self.film) {
            (Some(p), None) => {
                Source::Pattern { scene: p.scene, video: p.video, motion: p.motion, seconds: p.seconds, tone: p.tone }
            }
            (None, Some(f)) => Source::Film { file: f.file, seconds: f.seconds, still_seconds: f.still_seconds, focus: f.focus },
            _ => anyhow::bail!("{}: either a pattern or a film", self.id),
        };
        Ok(Entry {
            id: self.id,
            name: self.name,
            tagline: self.tagline,
            synopsis: self.synopsis,
            year: self.year,
            genres: self.genres,
            rating: self.rating,
            credits: self.credits.unwrap_or_else(|| MADE.to_owned()),
            lettering: self.lettering,
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::art::scenes;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_catalog_is_whole() {
        let all = load().unwrap();
        assert!(all.len() >= 12);
        assert_eq!(all.iter().map(|e| &e.id).collect::<BTreeSet<_>>().len(), all.len());
        let hex = |s: &str| s.len() == 6 && u32::from_str_radix(s, 16).is_ok();
        let mut drawn = BTreeSet::new();
        for e in &all {
            assert!(!e.genres.is_empty() && !e.tagline.is_empty() && e.synopsis.len() > 60, "{}", e.id);
            let l = &e.lettering;
            assert!(hex(&l.ink) && hex(&l.accent) && l.scrim.as_deref().is_none_or(hex), "{}: colours", e.id);
            match &e.source {
                Source::Pattern { scene, seconds, .. } => {
                    assert!(scenes::find(scene).is_some(), "{}: no scene {scene}", e.id);
                    assert!(drawn.insert(scene.clone()), "{}: {scene} is another title's", e.id);
                    assert!((20..=40).contains(seconds), "{}: 20 to 40 s", e.id);
                }
                Source::Film { file, .. } => assert!(crate::shell::root().join(file).is_file(), "{file}"),
            }
        }
    }

    #[test]
    fn every_main_genre_fills_a_shelf() {
        let mut count: BTreeMap<String, u32> = BTreeMap::new();
        for genre in load().unwrap().iter().flat_map(|e| e.genres.iter().cloned()) {
            *count.entry(genre).or_default() += 1;
        }
        for genre in ["Sci-Fi", "Drama", "Nature", "Comedy", "Thriller"] {
            assert!(count.get(genre).copied().unwrap_or(0) >= 3, "{genre}: {count:?}");
        }
    }
}
