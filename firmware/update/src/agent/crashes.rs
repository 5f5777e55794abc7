//! Crash records for the server, where the viewer agreed to that: `/data/consent.json`. What was taken is deleted here.
use super::offer::Asker;
use super::settings::Folders;
use hearth_api::{CrashRecord, MAX_CRASH};
use hearth_box::consent::{self, Consent};
use std::fs;
use std::path::PathBuf;

/// So many are sent at a time.
const MOST: usize = 20;

/// Sends what there is, oldest first, until something does not get through.
pub fn send(folders: &Folders, asker: &Asker, server: &str) {
    let consent = Consent::read(&folders.viewer().join(consent::FILE));
    let consent = consent.inspect_err(|e| eprintln!("hearth-update: {}: {e}; no crash reports", consent::FILE));
    if !consent.unwrap_or_default().crash_reports {
        return;
    }
    for path in records(folders).into_iter().take(MOST) {
        let record = fs::read(&path).ok().filter(|text| text.len() <= MAX_CRASH);
        let heard = match record.and_then(|text| serde_json::from_slice::<CrashRecord>(&text).ok()) {
            Some(record) => asker.crash(server, &record),
            // Cut off by a loss of power: nobody can make anything of it.
            None => true,
        };
        if !heard {
            return;
        }
        if let Err(e) = fs::remove_file(&path) {
            eprintln!("hearth-update: {}: {e}", path.display());
        }
    }
}

/// Their names sort by time.
fn records(folders: &Folders) -> Vec<PathBuf> {
    let entries = fs::read_dir(folders.viewer().join("crash")).into_iter().flatten().flatten();
    let mut all: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    all.sort();
    all
}
