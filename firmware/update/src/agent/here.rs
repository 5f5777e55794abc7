//! This box, as everything that installs on it sees it.
use super::disk::Disk;
use super::install::{Installed, Job};
use super::retry::{Pause, patiently};
use super::settings::{Alone, Folders, Word};
use super::source::Source;
use crate::Result;
use crate::signed::Keyring;
use crate::slot::{Running, SlotInfo};

/// The box.
pub struct Here<'a> {
    /// Its disc.
    pub disk: &'a mut dyn Disk,
    /// Where the lock is.
    pub folders: &'a Folders,
    /// Who may sign.
    pub keys: Keyring,
    /// What runs.
    pub running: Running,
    /// What runs, by its own word.
    pub info: SlotInfo,
    /// For the launcher.
    pub word: Word,
}

impl Here<'_> {
    /// Installs, and tells the launcher how far it is and how it ended.
    pub fn install(&mut self, _: &Alone, source: &mut dyn Source, again: bool, pause: &mut dyn Pause) -> Result<Installed> {
        let installed = self.install_untold(source, again, pause);
        match &installed {
            Ok(installed) => self.word.ready(installed.progress),
            Err(e) => self.word.failed(e),
        }
        installed
    }

    fn install_untold(&mut self, source: &mut dyn Source, again: bool, pause: &mut dyn Pause) -> Result<Installed> {
        let bundle = patiently(pause, || source.bundle(&self.keys))?;
        self.word.checking(Some(&bundle.manifest));
        // Recovery has nothing better to do than to try what failed before.
        let again = again || self.running == Running::Recovery;
        let job = Job { bundle: &bundle, running: self.running, info: &self.info, again };
        let word = &mut self.word;
        job.run(self.disk, source, pause, &mut |progress| word.progress(progress))
    }
}
