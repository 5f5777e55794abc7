//! Posters (600x900) and backdrops (1920x1080) of the demo's catalog, drawn at set-up.
mod canvas;
mod colour;
mod noise;
pub mod poster;
pub mod scenes;
mod text;

use super::catalog::{Entry, Source};
use super::recipe;
use crate::shell::step;
use anyhow::{Context, Result};
use canvas::Canvas;
use std::path::{Path, PathBuf};

/// Raise it when a drawing changes, so that kept pictures are drawn anew.
const REVISION: u32 = 3;

/// A title's pictures.
pub struct Art {
    /// 2:3.
    pub poster: PathBuf,
    /// 16:9.
    pub backdrop: PathBuf,
}

/// Draws what is not there yet. `still` gives a frame of a film, for titles that are real.
pub fn draw(entries: &[Entry], dir: &Path, still: &dyn Fn(&Entry) -> Result<PathBuf>) -> Result<Vec<Art>> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let faces = text::Faces::load()?;
    let mut all = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let key = recipe::fingerprint(&format!("{REVISION} {entry:?}"));
        let file = |kind: &str| dir.join(format!("{}-{kind}-{key}.jpg", entry.id));
        let art = Art { poster: file("poster"), backdrop: file("backdrop") };
        if !art.poster.is_file() || !art.backdrop.is_file() {
            step(format_args!("drawing {} ({} of {})", entry.name, i + 1, entries.len()));
            recipe::forget_others(dir, &entry.id, &key)?;
            let seed = 100 + i as u32;
            paint(entry, &art, &faces, seed, still)?;
        }
        all.push(art);
    }
    Ok(all)
}

fn paint(entry: &Entry, art: &Art, faces: &text::Faces, seed: u32, still: &dyn Fn(&Entry) -> Result<PathBuf>) -> Result<()> {
    let mut poster = Canvas::new(600, 900)?;
    let mut backdrop = Canvas::new(1920, 1080)?;
    match &entry.source {
        Source::Pattern { scene, .. } => {
            let scene = scenes::find(scene).with_context(|| format!("{}: no scene is called {scene}", entry.id))?;
            scene(&mut poster);
            scene(&mut backdrop);
            poster.finish(0.05, 0.20, seed);
            backdrop.finish(0.045, 0.24, seed);
        }
        Source::Film { focus, .. } => {
            let file = still(entry)?;
            let picture = image::open(&file).with_context(|| format!("cannot read {}", file.display()))?.to_rgb8();
            // The subject stands where the launcher leaves room: on the right.
            let picture = image::imageops::flip_horizontal(&picture);
            poster.photograph(&picture, *focus);
            backdrop.photograph(&picture, (0.5, 0.5));
            poster.finish(0.0, 0.25, seed);
        }
    }
    poster::letter(&mut poster, faces, &entry.lettering);
    poster.save(&art.poster)?;
    backdrop.save(&art.backdrop)
}
