//! `/data/hearth/gave-up.json`: why init left a version that was on trial. The version that comes up instead tells the server.

use crate::files::{self, Kind};
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Result};
use std::path::Path;

/// The file's name in `/data/hearth`.
pub const FILE: &str = "gave-up.json";
/// Longest reason kept, in characters: it goes into a line of a report.
const MOST: usize = 200;

/// A version that was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GaveUp {
    build_id: String,
    why: String,
}

impl GaveUp {
    /// That build, because of this.
    pub fn new(build_id: &str, why: &str) -> Self {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        Self { build_id: build_id.to_owned(), why: why.chars().map(plain).take(MOST).collect() }
    }

    /// Replaces the file in that folder, for good.
    pub fn write(&self, folder: &Path) -> Result<()> {
        files::replace(folder.join(FILE), &serde_json::to_vec(self)?, Kind::DISC)
    }

    /// Why that build was left, where somebody wrote it down. Ruins are as good as nothing.
    pub fn why(folder: &Path, build_id: &str) -> Option<String> {
        let left: Self = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
        (left.build_id == build_id).then(|| Self::new(build_id, &left.why).why)
    }

    /// That build gets another trial.
    pub fn forget(folder: &Path) -> Result<()> {
        match std::fs::remove_file(folder.join(FILE)) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_of_one_build_and_fits_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let why = |build: &str| GaveUp::why(dir.path(), build);
        assert_eq!(why("two"), None);
        GaveUp::new("two", "self-check failed:\nno decoder").write(dir.path()).unwrap();
        assert_eq!((why("one"), why("two").as_deref()), (None, Some("self-check failed: no decoder")));
        GaveUp::new("two", &"é".repeat(4000)).write(dir.path()).unwrap();
        assert_eq!(why("two"), Some("é".repeat(MOST)));
        let by_hand = format!(r#"{{"build-id":"two","why":"{}"}}"#, "x".repeat(9999));
        for (text, expected) in [("", None), ("{}", None), (by_hand.as_str(), Some(MOST))] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            assert_eq!(why("two").map(|w| w.len()), expected);
        }
        GaveUp::forget(dir.path()).unwrap();
        GaveUp::forget(dir.path()).unwrap();
        assert_eq!(why("two"), None);
    }
}
