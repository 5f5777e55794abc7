//! `/data/consent.json`: what the viewer agreed to. The launcher writes it, the update agent reads it before it sends anything.

use crate::files::{self, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// The file's name in `/data`.
pub const FILE: &str = "consent.json";

/// What the viewer agreed to: nothing, unless the file says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Consent {
    /// Records of crashes may go to the server.
    pub crash_reports: bool,
    /// What only another version knows. It stays as it is: this one may be what a newer fell back to.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Consent {
    /// What the viewer agreed to. No file is no consent; one that cannot be read neither, and an error.
    pub fn read(path: &Path) -> Result<Self> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|e| Error::new(ErrorKind::InvalidData, e)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(e),
        }
    }

    /// Replaces the file, for good.
    pub fn write(&self, path: &Path) -> Result<()> {
        files::replace(path, &serde_json::to_vec(self)?, Kind::DISC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_and_ruins_are_no_consent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        assert_eq!(Consent::read(&path).unwrap(), Consent::default());
        for (text, agreed) in [
            ("", None),
            ("yes", None),
            (r#"{"crash-reports":1}"#, None),
            ("{}", Some(false)),
            (r#"{"crash-reports":false}"#, Some(false)),
            (r#"{"crash-reports":true}"#, Some(true)),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Consent::read(&path).ok().map(|c| c.crash_reports), agreed, "{text:?}");
        }
    }

    #[test]
    fn written_as_it_is_read_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        Consent { crash_reports: true, ..Consent::default() }.write(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), r#"{"crash-reports":true}"#);
        std::fs::write(&path, r#"{"later":{"a":1},"crash-reports":true}"#).unwrap();
        Consent { crash_reports: false, ..Consent::read(&path).unwrap() }.write(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), r#"{"crash-reports":false,"later":{"a":1}}"#);
    }
}
