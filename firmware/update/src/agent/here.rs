//! This box, as everything that installs on it sees it.
use super::disk::Disk;
use super::install::{Installed, Job};
use super::memory::{Memory, Trial};
use super::retry::{Pause, patiently};
use super::settings::{Alone, Folders, Word};
use super::source::Source;
use crate::signed::Keyring;
use crate::slot::{Running, SlotInfo};
use crate::{Error, Result};

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
    /// Over reboots.
    pub memory: Memory,
}

/// What an installation is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Order<'a> {
    /// Whose offer it is; none: somebody's own wish.
    pub server: Option<&'a str>,
    /// Also a build that the box fell back from.
    pub again: bool,
}

impl Here<'_> {
    /// Installs, and tells the launcher how far it is and how it ended.
    pub fn install(&mut self, _: &Alone, source: &mut dyn Source, order: Order<'_>, pause: &mut dyn Pause) -> Result<Installed> {
        let installed = self.install_untold(source, order, pause);
        if let Err(Error::FailedBefore { build }) = &installed {
            self.memory.avoid(build);
        }
        match &installed {
            Ok(installed) => self.word.ready(installed.progress),
            Err(e) => self.word.failed(e),
        }
        installed
    }

    fn install_untold(&mut self, source: &mut dyn Source, order: Order<'_>, pause: &mut dyn Pause) -> Result<Installed> {
        let bundle = patiently(pause, || source.bundle(&self.keys))?;
        self.word.checking(Some(&bundle.manifest));
        // Recovery has nothing better to do than to try what failed before.
        let again = order.again || self.running == Running::Recovery;
        let manifest = &bundle.manifest;
        if !again && self.memory.fell_back(&manifest.build_id) {
            return Err(Error::FailedBefore { build: manifest.build_id.clone() });
        }
        let job = Job { bundle: &bundle, running: self.running, info: &self.info, again };
        let (word, memory) = (&mut self.word, &mut self.memory);
        let on_trial = &mut |slot| {
            let (version, build_id) = (manifest.version.clone(), manifest.build_id.clone());
            memory.on_trial(Trial { server: order.server.map(str::to_owned), version, build_id, slot, outcome: None });
        };
        job.run(self.disk, source, pause, &mut |progress| word.progress(progress), on_trial)
    }
}
