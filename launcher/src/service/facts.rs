//! Files that others on the box leave for the launcher: who the box is (init), and how its update goes (the agent).

use hearth_box::facts::{BoxFacts, DataState};
use hearth_box::files::{self, Kind};
use hearth_view::About;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// In `/data/hearth`: which going back the viewer has been told of.
const TOLD: &str = "told-recovered";

/// Where those files are.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Of the image: `/etc/hearth`.
    pub image: PathBuf,
    /// Of this boot: `/run/hearth`.
    pub run: PathBuf,
    /// Of this box: `/data/hearth`.
    pub data: PathBuf,
}

impl Default for Folders {
    fn default() -> Self {
        Self { image: "/etc/hearth".into(), run: "/run/hearth".into(), data: "/data/hearth".into() }
    }
}

/// `product.json` of the image; `box.json` says the same and more.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Product {
    servers: Vec<String>,
    development: bool,
}

/// What init says of the box before it starts the launcher, else what the image says.
pub fn read(folders: &Folders) -> BoxFacts {
    if let Some(facts) = BoxFacts::read(&folders.run.join("box.json")) {
        return facts;
    }
    let product: Product = json(&folders.image.join("product.json")).unwrap_or_default();
    BoxFacts { development: product.development, servers: product.servers, ..BoxFacts::default() }
}

/// How an update goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateState {
    /// There is none.
    #[default]
    Idle,
    /// Asking for one.
    Checking,
    /// Fetching it.
    Downloading,
    /// Reading it back.
    Verifying,
    /// A restart away.
    Ready,
    /// It did not work.
    Failed,
}

/// `update.json`: written by the update agent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Update {
    /// How it goes.
    pub state: UpdateState,
    /// Bytes fetched.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What the screen's top line says of the box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Not for viewers.
    pub development: bool,
    /// Of the update; empty: nothing.
    pub line: String,
    /// Something is to be done.
    pub ready: bool,
    /// Something did not work.
    pub warning: bool,
}

impl Status {
    fn of(facts: &BoxFacts, update: &Update) -> Self {
        let line = match update.state {
            // An update is over soon, and then this is still to be seen.
            UpdateState::Idle | UpdateState::Checking => match facts.data {
                DataState::Kept => String::new(),
                DataState::Repairing => "Repairing storage, changes are not kept".to_owned(),
                DataState::Memory => "Storage failed, changes are not kept".to_owned(),
            },
            UpdateState::Downloading if update.total > 0 => {
                format!("Downloading update  {} %", update.done.min(update.total).saturating_mul(100) / update.total)
            }
            UpdateState::Downloading => "Downloading update".to_owned(),
            UpdateState::Verifying => "Checking update".to_owned(),
            UpdateState::Ready => "Update ready  ·  Menu".to_owned(),
            UpdateState::Failed => "Update failed, trying again later".to_owned(),
        };
        let idle = matches!(update.state, UpdateState::Idle | UpdateState::Checking);
        let ready = update.state == UpdateState::Ready;
        let warning = update.state == UpdateState::Failed || (idle && facts.data != DataState::Kept);
        Self { development: facts.development, line, ready, warning }
    }
}

/// The files, and what was last read from them.
pub struct Watched {
    folders: Folders,
    changed: [Option<SystemTime>; 2],
    facts: BoxFacts,
    update: Update,
    told_ready: bool,
    told_recovered: bool,
}

impl Watched {
    /// Nothing read yet.
    pub fn new(folders: &Folders) -> Self {
        let (facts, update) = (BoxFacts::default(), Update::default());
        Self { folders: folders.clone(), changed: [None; 2], facts, update, told_ready: false, told_recovered: false }
    }

    /// Reads what has changed.
    pub fn look(&mut self) {
        let changed =
            ["box.json", "update.json"].map(|n| std::fs::metadata(self.folders.run.join(n)).and_then(|m| m.modified()).ok());
        if changed[0] != self.changed[0] || self.changed[0].is_none() {
            self.facts = read(&self.folders);
        }
        if changed[1] != self.changed[1] {
            self.update = json(&self.folders.run.join("update.json")).unwrap_or_default();
        }
        self.changed = changed;
    }

    /// For the page that says what the box is; `server` is the one that answers.
    pub fn about(&self, server: Option<String>) -> About {
        let BoxFacts { slot, version, development, board, address, serial, device, data, .. } = self.facts.clone();
        // What memory has left while it stands in for the disc is nothing to rely on.
        let disc = self.folders.data.parent().filter(|_| !slot.is_empty() && data == DataState::Kept);
        let room = disc.and_then(|path| rustix::fs::statvfs(path).ok());
        About {
            version: if version.is_empty() { env!("CARGO_PKG_VERSION").to_owned() } else { version },
            development,
            slot,
            board,
            serial,
            device,
            address: address.map(|a| a.to_string()),
            free_bytes: room.map(|r| r.f_bavail.saturating_mul(r.f_frsize)),
            server,
        }
    }

    /// For the screen.
    pub fn status(&self) -> Status {
        Status::of(&self.facts, &self.update)
    }

    /// An update has become ready, or is not any more.
    pub fn ready_changed(&mut self) -> Option<bool> {
        let ready = self.update.state == UpdateState::Ready;
        (std::mem::replace(&mut self.told_ready, ready) != ready).then_some(ready)
    }

    /// True once if the box went back to what it ran before an update: once for each time it did, not at every boot after it.
    pub fn recovered_once(&mut self) -> bool {
        let Some(slot) = self.facts.recovered_from.as_deref().filter(|slot| !slot.is_empty()) else { return false };
        if std::mem::replace(&mut self.told_recovered, true) {
            return false;
        }
        let this = format!("{slot} {}\n", self.facts.boot_generation.unwrap_or_default());
        let note = self.folders.data.join(TOLD);
        if std::fs::read_to_string(&note).is_ok_and(|told| told == this) {
            return false;
        }
        if let Err(e) = files::replace(&note, this.as_bytes(), Kind::DISC) {
            // Told again at the next boot, then.
            tracing::warn!("{}: {e}", note.display());
        }
        true
    }
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    let text = std::fs::read(path).ok()?;
    serde_json::from_slice(&text).inspect_err(|e| tracing::warn!("{}: {e}", path.display())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_told_in_a_few_words() {
        let check = |text: &str, line: &str, ready, warning| {
            let update = serde_json::from_str(text).expect("an update");
            let status = Status::of(&BoxFacts::default(), &update);
            assert_eq!(status, Status { development: false, line: line.into(), ready, warning }, "{text}");
        };
        check(r#"{"state":"idle"}"#, "", false, false);
        check(
            r#"{"state":"downloading","version":"0.2.0","done":40,"total":160,"reused":9}"#,
            "Downloading update  25 %",
            false,
            false,
        );
        check(r#"{"state":"downloading","done":7,"total":0}"#, "Downloading update", false, false);
        check(r#"{"state":"ready"}"#, "Update ready  ·  Menu", true, false);
        check(r#"{"state":"failed","error":"no space"}"#, "Update failed, trying again later", false, true);
    }

    #[test]
    fn storage_that_forgets_is_told() {
        let check = |data: &str, state, line: &str| {
            let facts = serde_json::from_str(&format!(r#"{{"slot":"a","data":"{data}"}}"#)).expect("facts");
            let status = Status::of(&facts, &Update { state, ..Update::default() });
            assert_eq!((status.line.as_str(), status.warning), (line, !line.is_empty() && state == UpdateState::Idle), "{data}");
        };
        check("kept", UpdateState::Idle, "");
        check("repairing", UpdateState::Idle, "Repairing storage, changes are not kept");
        check("memory", UpdateState::Idle, "Storage failed, changes are not kept");
        check("repairing", UpdateState::Ready, "Update ready  ·  Menu");
    }

    #[test]
    fn files_are_read_as_they_come() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders =
            Folders { image: folder.path().join("etc"), run: folder.path().join("run"), data: folder.path().join("data") };
        let write = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        let mut watched = Watched::new(&folders);
        watched.look();
        assert_eq!((watched.status(), watched.ready_changed()), (Status::default(), None));
        write(folders.image.join("product.json"), r#"{"schema":1,"servers":["http://a"],"channel":"x","development":true}"#);
        watched.look();
        assert!(watched.status().development);
        assert_eq!(read(&folders).servers, ["http://a"]);
        write(
            folders.run.join("box.json"),
            r#"{"slot":"a","servers":["http://b","http://c"],"recovered-from":"b","serial":"1"}"#,
        );
        write(folders.run.join("update.json"), r#"{"state":"ready","version":"0.2.0"}"#);
        watched.look();
        assert_eq!(read(&folders).servers, ["http://b", "http://c"]);
        assert_eq!((watched.ready_changed(), watched.ready_changed()), (Some(true), None));
        assert_eq!((watched.recovered_once(), watched.recovered_once()), (true, false));
        let next_boot = |generation: u32| {
            let facts = format!(r#"{{"slot":"a","recovered-from":"b","boot-generation":{generation}}}"#);
            std::fs::write(folders.run.join("box.json"), facts).expect("a file");
            let mut watched = Watched::new(&folders);
            watched.look();
            watched.recovered_once()
        };
        assert_eq!([7, 7, 9].map(next_boot), [true, false, true], "once for each time");
        write(folders.run.join("box.json"), "{ not JSON");
        watched.look();
        assert!(!watched.recovered_once());
    }
}
