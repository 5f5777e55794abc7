//! Records of crashes: small, few, kept on `/data/crash`. The update agent sends them where the viewer agreed.

use crate::supervise::Exit;
use crate::{Error, Result};
use hearth_api::CrashRecord as Record;
use hearth_box::files::{self, Kind};
use std::path::Path;

/// Where they are.
pub const FOLDER: &str = "/data/crash";
/// So many are kept.
const MOST: usize = 20;
/// So many of the last lines.
pub const LINES: usize = 100;
/// No record is larger.
const MAX_BYTES: usize = 48 << 10;

/// A crash is an end by a signal or an error; being killed on the way down is none.
pub fn is_crash(exit: Exit) -> bool {
    exit != Exit::Status(0)
}

/// Drops the oldest lines until the record is small.
pub fn bound(record: &mut Record) {
    let mut size: usize = record.lines.iter().map(|line| line.len() + 4).sum();
    let mut drop = record.lines.len().saturating_sub(LINES);
    for line in &record.lines {
        if size <= MAX_BYTES {
            break;
        }
        size -= line.len() + 4;
        drop += 1;
    }
    record.lines.drain(..drop.min(record.lines.len()));
}

/// Names of the records that must go so that one more fits. Names sort by time.
pub fn surplus(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| name.ends_with(".json"));
    names.sort();
    names.truncate(names.len().saturating_sub(MOST - 1));
    names
}

/// Keeps a record.
pub fn keep(mut record: Record, folder: &Path) -> Result<()> {
    bound(&mut record);
    std::fs::create_dir_all(folder).map_err(Error::path("make", folder))?;
    let entries = std::fs::read_dir(folder).map_err(Error::path("list", folder))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    for name in surplus(names) {
        let _ = std::fs::remove_file(folder.join(name)); // at worst one record too many
    }
    let name = format!("{:012}-{:06}-{}", record.time, record.uptime, record.service);
    let json = serde_json::to_vec(&record).map_err(|error| Error::Refused(error.to_string()))?;
    let path = folder.join(format!("{name}.json"));
    files::replace(&path, &json, Kind::SECRET_DISC).map_err(Error::path("replace", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(time: u64, lines: Vec<String>) -> Record {
        let (service, exit) = ("launcher".to_owned(), Exit::Signal(11).to_string());
        Record { schema: 1, service, exit, version: "0.1.0".into(), slot: "a".into(), time, uptime: 7, lines }
    }

    #[test]
    fn small() {
        let check = |count: usize, length: usize, expected: usize| {
            let mut record = record(0, (0..count).map(|i| format!("{i:>length$}")).collect());
            bound(&mut record);
            assert_eq!(record.lines.len(), expected);
            assert!(record.lines.last().is_none_or(|line| line.trim() == (count - 1).to_string()), "the newest stay");
        };
        check(0, 10, 0);
        check(100, 10, 100);
        check(150, 10, 100);
        check(100, 4096, 11);
    }

    #[test]
    fn few() {
        let folder = tempfile::tempdir().unwrap();
        for time in 0..30 {
            keep(record(time, vec!["why".into()]), folder.path()).unwrap();
        }
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names.len(), MOST);
        assert_eq!(names[0], "000000000010-000007-launcher.json");
        let newest: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.path().join(&names[19])).unwrap()).unwrap();
        assert_eq!((&newest["exit"], &newest["lines"][0]), (&"signal=11".into(), &"why".into()));
    }
}
