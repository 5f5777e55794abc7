//! Whether the viewer lets the box send crash reports: `/data/consent.json`, which the update agent reads before it sends any.

use super::facts::Folders;
use crate::app::Launcher;
use hearth_box::consent::{self, Consent};
use hearth_nav::Event;
use std::path::PathBuf;

/// The file, and what it said last.
pub struct ConsentFile {
    /// None off a box: nobody would read it.
    path: Option<PathBuf>,
    known: Option<bool>,
}

impl ConsentFile {
    /// Of a box: of what init has said who it is.
    pub fn open(folders: &Folders) -> Self {
        let on_box = folders.run.join("box.json").is_file();
        let path = folders.data.parent().filter(|_| on_box).map(|data| data.join(consent::FILE));
        Self { path, known: None }
    }

    /// Tells the launcher what the file says: at the start, and when a repaired disc has taken the place of memory.
    pub fn look(&mut self, launcher: &mut Launcher) {
        let Some(path) = &self.path else { return };
        let consent = Consent::read(path).inspect_err(|e| {
            // Said once, not every time it is looked at.
            if self.known.is_none() {
                tracing::warn!("{}: {e}; no crash reports are sent", path.display());
            }
        });
        let agreed = consent.unwrap_or_default().crash_reports;
        if self.known.replace(agreed) != Some(agreed) {
            launcher.tell(Event::CrashReports(Some(agreed)));
        }
    }

    /// Writes down what the viewer chose. It is rare and small, so the screen waits for the disc: what it shows is so.
    pub fn keep(&mut self, launcher: &mut Launcher) {
        let (Some(path), Some(known), Some(wanted)) = (&self.path, self.known, launcher.app().crash_reports()) else { return };
        if wanted == known {
            return;
        }
        let mut consent = Consent::read(path).unwrap_or_default();
        consent.crash_reports = wanted;
        match consent.write(path) {
            Ok(()) => self.known = Some(wanted),
            Err(e) => {
                tracing::warn!("{}: {e}", path.display());
                launcher.tell(Event::CrashReports(Some(known)));
                launcher.tell(Event::NotKept);
            }
        }
    }
}
