//! Where the viewer was, kept for this boot: a launcher that was cut off returns there. One that is cut off again and again does not.

use hearth_nav::Memory;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Positions are kept so often.
const EVERY: Duration = Duration::from_secs(1);
/// A launcher that has lived so long is well.
const WELL: Duration = Duration::from_secs(30);
/// Ends in a row after which the place itself is suspect.
const MOST: u32 = 3;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Kept {
    home: Option<(String, String)>,
    pages: Vec<String>,
    film: Option<(String, Option<u64>)>,
    /// Launchers that were started from this and were not well since.
    starts: u32,
}

/// Keeps the place in a file.
pub struct Keeper {
    path: Option<PathBuf>,
    kept: Kept,
    written: Option<Duration>,
}

impl Keeper {
    /// In `folder` of this boot; where there is none (off a box) nothing is kept. Also gives back where the last launcher was.
    pub fn open(folder: &Path) -> (Self, Memory) {
        if !folder.is_dir() {
            return (Self { path: None, kept: Kept::default(), written: None }, Memory::default());
        }
        let path = folder.join("launcher.json");
        let mut kept: Kept = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        if kept.starts >= MOST {
            tracing::warn!("{} launchers ended early; starting at the home screen", kept.starts);
            kept = Kept { starts: kept.starts, ..Kept::default() };
        }
        let memory = Memory {
            home: kept.home.clone().map(|(zone, item)| (zone.into(), item.into())),
            pages: kept.pages.iter().map(|p| p.as_str().into()).collect(),
            film: kept.film.clone().map(|(title, at)| (title.into(), at)),
        };
        kept.starts = kept.starts.saturating_add(1);
        let keeper = Self { path: Some(path), kept, written: None };
        keeper.write();
        (keeper, memory)
    }

    /// Keeps it, if it is time and something has changed.
    pub fn keep(&mut self, memory: &Memory, now: Duration) {
        if self.path.is_none() || self.written.is_some_and(|at| now.saturating_sub(at) < EVERY) {
            return;
        }
        let kept = Kept {
            home: memory.home.as_ref().map(|(zone, item)| (zone.to_string(), item.to_string())),
            pages: memory.pages.iter().map(ToString::to_string).collect(),
            film: memory.film.as_ref().map(|(title, at)| (title.to_string(), *at)),
            starts: if now >= WELL { 0 } else { self.kept.starts },
        };
        self.written = Some(now);
        if kept != self.kept {
            self.kept = kept;
            self.write();
        }
    }

    fn write(&self) {
        let Some(path) = &self.path else { return };
        let unfinished = path.with_extension("json.part");
        let text = serde_json::to_vec(&self.kept).unwrap_or_default();
        let done = std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, path));
        if let Err(e) = done {
            tracing::debug!("cannot keep the place in {}: {e}", path.display());
        }
    }

    /// The launcher ends because it is meant to.
    pub fn forget(&mut self) {
        if let Some(path) = self.path.take() {
            // Not there: nothing was kept.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Memory {
        Memory { home: Some(("shelf:new".into(), "b".into())), pages: vec!["b".into()], film: Some(("b".into(), Some(42_000))) }
    }

    #[test]
    fn the_place_survives_the_launcher() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut keeper, memory) = Keeper::open(folder.path());
        assert_eq!(memory, Memory::default());
        keeper.keep(&place(), Duration::ZERO);
        let (mut next, memory) = Keeper::open(folder.path());
        assert_eq!(memory, place());
        next.forget();
        assert_eq!(Keeper::open(folder.path()).1, Memory::default());
    }

    #[test]
    fn it_is_written_once_a_second_at_most() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut keeper, _) = Keeper::open(folder.path());
        keeper.keep(&Memory::default(), Duration::ZERO);
        keeper.keep(&place(), Duration::from_millis(900));
        assert_eq!(Keeper::open(folder.path()).1, Memory::default());
        keeper.keep(&place(), Duration::from_millis(1000));
        assert_eq!(Keeper::open(folder.path()).1, place());
    }

    #[test]
    fn a_place_that_kills_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        for n in 0..5 {
            let (mut keeper, memory) = Keeper::open(folder.path());
            assert_eq!(memory == place(), (1..3).contains(&n), "start {n}");
            keeper.keep(&place(), Duration::from_secs(5));
        }
        let (mut keeper, _) = Keeper::open(folder.path());
        keeper.keep(&place(), Duration::from_secs(31));
        assert_eq!(Keeper::open(folder.path()).1, place(), "it was well");
    }

    #[test]
    fn nothing_is_kept_off_a_box_and_rubbish_is_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut keeper, memory) = Keeper::open(&folder.path().join("none"));
        keeper.keep(&place(), Duration::ZERO);
        assert_eq!(memory, Memory::default());
        std::fs::write(folder.path().join("launcher.json"), b"\0{").expect("a file");
        assert_eq!(Keeper::open(folder.path()).1, Memory::default());
    }
}
