//! `/run/hearth/box.json`: who the box is, told by init to the programs it starts. It holds a secret: mode 0600.

use crate::files::{self, Kind};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use std::path::Path;

/// What `/data` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataState {
    /// The disc's, or on its way to be.
    #[default]
    Kept,
    /// Memory: the disc's is being repaired, and takes its place when that is done.
    Repairing,
    /// Memory: the disc's is beyond help.
    Memory,
}

/// The file. Programs go on with what an older init does not say.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct BoxFacts {
    /// `a`, `b` or `recovery`.
    pub slot: String,
    /// What runs, as people call it.
    pub version: String,
    /// Has a shell and an open port: says so on the screen.
    pub development: bool,
    /// The board's ID.
    pub board: String,
    /// In the wired network.
    pub address: Option<Ipv4Addr>,
    /// As printed on the box; none without a factory record.
    pub serial: Option<String>,
    /// UUID the servers know the box by; none without a factory record.
    pub device: Option<String>,
    /// What the box signs in with; none without a factory record.
    pub secret: Option<String>,
    /// Where the server may be, best first.
    pub servers: Vec<String>,
    /// The slot whose update did not work, until the next one is installed.
    pub recovered_from: Option<String>,
    /// The boot state's number at this boot: another one, and something was installed, tried or marked good in between.
    pub boot_generation: Option<u32>,
    /// Does the box remember what it is told?
    pub data: DataState,
}

/// All but the secret.
impl std::fmt::Debug for BoxFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { slot, version, board, device, servers, .. } = self;
        write!(f, "BoxFacts({slot}, {version}, {board}, {device:?}, {servers:?})")
    }
}

impl BoxFacts {
    /// Reads the file; none where there is no such file, or it cannot be read as one.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Replaces the file.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        files::replace(path, &serde_json::to_vec(self)?, Kind::SECRET_MEMORY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("box.json");
        assert_eq!(BoxFacts::read(&path), None);
        let facts =
            BoxFacts { slot: "b".into(), secret: Some("s3cret".into()), servers: vec!["http://a".into()], ..BoxFacts::default() };
        facts.write(&path).unwrap();
        assert_eq!(BoxFacts::read(&path), Some(facts.clone()));
        assert!(!format!("{facts:?}").contains("s3cret"));
        std::fs::write(&path, br#"{"slot":"a","more":1,"address":null}"#).unwrap();
        assert_eq!(BoxFacts::read(&path), Some(BoxFacts { slot: "a".into(), ..BoxFacts::default() }));
        std::fs::write(&path, b"{").unwrap();
        assert_eq!(BoxFacts::read(&path), None);
    }
}
