//! What the agent must not forget over a reboot: the update that was put on trial and by whose offer, how it ended as long as its server has
//! not heard of it, and the builds that the box fell back from. `/data/hearth/update.json`; a box that lost it still gets its updates.
use super::offer::Asker;
use crate::bootstate::BootState;
use crate::slot::{Running, Slot};
use crate::{Error, signed};
use hearth_api::UpdateOutcome;
use hearth_box::files::{self, Kind};
use hearth_box::gave_up::{self, GaveUp};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Of what servers have not heard, and of builds that fell back, the last few are kept.
const MOST: usize = 8;

/// The update that was last put on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trial {
    /// Whose offer it was; none: it was installed by hand.
    pub server: Option<String>,
    /// As people call it.
    pub version: String,
    /// Of what went in.
    pub build_id: String,
    /// Where it is.
    pub slot: Slot,
    /// How it ended, once that is known.
    pub outcome: Option<UpdateOutcome>,
}

/// What a server has not heard yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unheard {
    /// Who is to hear it.
    pub server: String,
    /// Of which version.
    pub version: String,
    /// How it ended.
    pub outcome: UpdateOutcome,
    /// Number and text of what went wrong.
    pub error: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Kept {
    trial: Option<Trial>,
    unheard: Vec<Unheard>,
    failed: Vec<String>,
}

/// The file and what it holds.
#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    kept: Kept,
}

impl Memory {
    /// Of that folder; nothing where it cannot be read.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("update.json");
        let text = std::fs::read(&path).unwrap_or_default();
        let kept = serde_json::from_slice(&text).unwrap_or_else(|e| {
            if !text.is_empty() {
                eprintln!("hearth-update: {}: {e}; going on without it", path.display());
            }
            Kept::default()
        });
        Self { path, kept }
    }

    /// Changes it. Trouble with the file is no reason not to update.
    fn change(&mut self, change: impl FnOnce(&mut Kept)) {
        let before = self.kept.clone();
        change(&mut self.kept);
        let forget = |len: usize| ..len.saturating_sub(MOST);
        self.kept.unheard.drain(forget(self.kept.unheard.len()));
        self.kept.failed.drain(forget(self.kept.failed.len()));
        if self.kept != before
            && let Err(e) = files::replace(&self.path, &signed::json(&self.kept), Kind::DISC)
        {
            eprintln!("hearth-update: {}: {e}", self.path.display());
        }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// An update is whole on its slot and about to be put on trial.
    pub fn on_trial(&mut self, trial: Trial) {
        if let Err(e) = GaveUp::forget(self.folder()) {
            eprintln!("hearth-update: {}: {e}", gave_up::FILE);
        }
        self.change(|kept| kept.trial = Some(trial));
    }

    /// The box does not install this build by itself again.
    pub fn fell_back(&self, build_id: &str) -> bool {
        self.kept.failed.iter().any(|failed| failed == build_id)
    }

    /// So it shall be from now on.
    pub fn avoid(&mut self, build_id: &str) {
        self.change(|kept| kept.avoid(build_id));
    }

    /// Was what runs put on trial here?
    pub fn tried(&self, build_id: &str) -> bool {
        self.kept.trial.as_ref().is_some_and(|trial| trial.build_id == build_id)
    }

    /// Learns how the last trial ended from what runs: `build_id` on `running`.
    pub fn settle(&mut self, running: Running, build_id: &str, state: &BootState) {
        let trial = self.kept.trial.as_ref();
        let why = trial.and_then(|trial| GaveUp::why(self.folder(), &trial.build_id));
        self.change(|kept| kept.settle(running, build_id, state, why));
    }

    /// A server is to hear of this, as soon as it can be reached.
    pub fn tell(&mut self, news: Unheard) {
        self.change(|kept| kept.tell(news));
    }

    /// Tells servers what they have not heard.
    pub fn report(&mut self, asker: &Asker) {
        let waiting = self.kept.unheard.iter();
        let left: Vec<_> = waiting.filter(|news| !asker.report(news)).cloned().collect();
        self.change(|kept| kept.unheard = left);
    }
}

impl Kept {
    /// `why`: what init said of the trial when it left it.
    fn settle(&mut self, running: Running, build_id: &str, state: &BootState, why: Option<String>) {
        let Some(trial) = &mut self.trial else { return };
        let Some(outcome) = outcome(trial, running, build_id, state) else { return };
        if trial.outcome.replace(outcome) == Some(outcome) {
            return;
        }
        let trial = trial.clone();
        let error = (outcome == UpdateOutcome::Failed).then(|| {
            let e = Error::FellBack { version: trial.version.clone(), slot: trial.slot, why };
            format!("{}: {e}", e.code())
        });
        match outcome {
            UpdateOutcome::Installed => self.failed.retain(|failed| *failed != trial.build_id),
            // One that had been marked good is mended by installing it again.
            UpdateOutcome::Failed if state.chances(trial.slot).good => {}
            UpdateOutcome::Failed => self.avoid(&trial.build_id),
        }
        if let Some(server) = trial.server {
            self.tell(Unheard { server, version: trial.version, outcome, error });
        }
    }

    fn avoid(&mut self, build_id: &str) {
        self.failed.retain(|failed| failed != build_id);
        self.failed.push(build_id.to_owned());
    }

    fn tell(&mut self, news: Unheard) {
        // The last word on a version is the one that counts.
        self.unheard.retain(|old| (&old.server, &old.version) != (&news.server, &news.version));
        self.unheard.push(news);
    }
}

/// It runs and is marked good, or it would be first but for its tries, and the other slot runs.
fn outcome(trial: &Trial, running: Running, build_id: &str, state: &BootState) -> Option<UpdateOutcome> {
    let Running::Slot(slot) = running else { return None };
    if trial.build_id == build_id {
        return state.chances(slot).good.then_some(UpdateOutcome::Installed);
    }
    let fell_back = slot != trial.slot && state.first == trial.slot && state.chances(trial.slot).left == 0;
    fell_back.then_some(UpdateOutcome::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstate::Chances;

    fn trial(outcome: Option<UpdateOutcome>) -> Trial {
        Trial { server: Some("http://s".into()), version: "2".into(), build_id: "two".into(), slot: Slot::B, outcome }
    }

    #[test]
    fn how_a_trial_ended() {
        let worn = Chances { left: 0, good: true };
        let (a, b) = (Running::Slot(Slot::A), Running::Slot(Slot::B));
        let check = |running, build: &str, first, b, known, expected: Option<UpdateOutcome>, avoided| {
            let state = BootState { first, a: Chances::GOOD, b, ..BootState::default() };
            let mut kept = Kept { trial: Some(trial(known)), ..Kept::default() };
            kept.settle(running, build, &state, None);
            let said = kept.unheard.first().map(|news| news.outcome);
            assert_eq!((said, kept.failed.len()), (expected, avoided), "{running} {build} {state:?}");
            let error = kept.unheard.first().and_then(|news| news.error.clone());
            assert_eq!(error.is_some_and(|e| e.starts_with("107: ")), expected == Some(UpdateOutcome::Failed));
        };
        let (installed, failed) = (Some(UpdateOutcome::Installed), Some(UpdateOutcome::Failed));
        check(a, "one", Slot::B, Chances::TRIAL, None, None, 0);
        check(b, "two", Slot::B, Chances { left: 2, good: false }, None, None, 0);
        check(b, "two", Slot::B, Chances::GOOD, None, installed, 0);
        check(b, "two", Slot::B, Chances::GOOD, installed, None, 0);
        check(a, "one", Slot::B, Chances::NONE, None, failed, 1);
        check(a, "one", Slot::B, Chances::NONE, failed, None, 0);
        // It is being filled anew: nothing has been tried.
        check(a, "one", Slot::A, Chances::NONE, None, None, 0);
        // It was good for a time, and may be mended.
        check(a, "one", Slot::B, worn, installed, failed, 0);
        // Another build is in its slot by now; or nothing but recovery comes up.
        check(b, "three", Slot::B, Chances::NONE, None, None, 0);
        check(Running::Recovery, "two", Slot::B, Chances::NONE, None, None, 0);
    }

    #[test]
    fn it_is_kept_and_stays_small() {
        let dir = tempfile::tempdir().unwrap();
        let mut memory = Memory::open(dir.path());
        for n in 0..20 {
            memory.avoid(&n.to_string());
            let (server, version) = ("http://s".to_owned(), (n / 2).to_string());
            memory.tell(Unheard { server, version, outcome: UpdateOutcome::Installed, error: None });
        }
        memory.on_trial(trial(None));
        let mut memory = Memory::open(dir.path());
        assert!(memory.tried("two") && !memory.tried("one"));
        assert!(memory.fell_back("19") && memory.fell_back("12") && !memory.fell_back("11"));
        let versions: Vec<_> = memory.kept.unheard.iter().map(|news| news.version.as_str()).collect();
        assert_eq!(versions, ["2", "3", "4", "5", "6", "7", "8", "9"], "one word a version, the last ones");
        // A build that did come up in the end is not avoided any more.
        memory.avoid("two");
        let state = BootState { first: Slot::B, b: Chances::GOOD, ..BootState::default() };
        memory.settle(Running::Slot(Slot::B), "two", &state);
        assert!(!memory.fell_back("two"));
        std::fs::write(dir.path().join("update.json"), b"{\"trial\":7}").unwrap();
        assert_eq!(Memory::open(dir.path()).kept, Kept::default());
    }
}
