//! What outlives this boot: what the viewer chose last, and how fast networks were. One small file on the disc, replaced as a whole a moment after it changed.

use super::network::Networks;
use hearth_box::files::{self, Kind};
use hearth_nav::{CaptionStyle, Preferences, TextBackground, TextColour, TextEdge, TextSize, Volume};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

/// A held key changes the volume many times a second; a disc is written when nothing has changed for so long.
const SETTLED: Duration = Duration::from_secs(1);

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Kept {
    volume: Loudness,
    /// Languages of sound and captions, see [`Preferences`].
    audio: Option<String>,
    captions: Option<Captions>,
    caption_style: Style,
    networks: Networks,
    /// What only another version knows. It stays as it is: this one may be what a newer fell back to.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// See [`Volume`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Loudness {
    percent: u8,
    muted: bool,
}

impl Default for Loudness {
    fn default() -> Self {
        let Volume { percent, muted } = Volume::default();
        Self { percent, muted }
    }
}

/// See [`CaptionStyle`]. A name that only another version knows counts as the default, and stays in the file until something is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Style {
    size: String,
    colour: String,
    background: String,
    edge: String,
}

impl Default for Style {
    fn default() -> Self {
        CaptionStyle::default().into()
    }
}

impl From<CaptionStyle> for Style {
    fn from(CaptionStyle { size, colour, background, edge }: CaptionStyle) -> Self {
        let [size, colour, background, edge] = [size.name(), colour.name(), background.name(), edge.name()].map(String::from);
        Self { size, colour, background, edge }
    }
}

impl Style {
    fn style(&self) -> CaptionStyle {
        CaptionStyle {
            size: TextSize::named(&self.size).unwrap_or_default(),
            colour: TextColour::named(&self.colour).unwrap_or_default(),
            background: TextBackground::named(&self.background).unwrap_or_default(),
            edge: TextEdge::named(&self.edge).unwrap_or_default(),
        }
    }
}

/// Captions chosen last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Captions {
    Off,
    Language(String),
}

impl Kept {
    fn new(preferences: &Preferences, networks: &Networks) -> Self {
        let Preferences { audio, captions, volume: Volume { percent, muted }, style } = preferences.clone();
        let captions = captions.map(|c| c.map_or(Captions::Off, Captions::Language));
        let (networks, rest) = (networks.clone(), Map::new());
        Self { volume: Loudness { percent, muted }, audio, captions, caption_style: style.into(), networks, rest }
    }

    fn preferences(&self) -> Preferences {
        let captions = self.captions.clone().map(|c| if let Captions::Language(l) = c { Some(l) } else { None });
        let volume = Volume { percent: self.volume.percent.min(100), muted: self.volume.muted };
        Preferences { audio: self.audio.clone(), captions, volume, style: self.caption_style.style() }
    }

    /// None where there is no such file yet, or only the ruins of one.
    fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read(path)
            .inspect_err(|e| {
                if e.kind() != ErrorKind::NotFound {
                    tracing::warn!("{}: {e}", path.display());
                }
            })
            .ok()?;
        let kept = serde_json::from_slice(&text);
        kept.inspect_err(|e| tracing::warn!("{}: {e}; beginning anew", path.display())).ok()
    }

    /// Writes what is not as it was in `before`. The rest stays as it is on the disc: after a repair of `/data` that is not what memory,
    /// which stood in for it, had when this launcher was started.
    fn write(self, before: &Self, path: &Path) {
        let on_disc = Self::read(path);
        let kept = on_disc.map_or(self.clone(), |disc| Self {
            volume: if self.volume == before.volume { disc.volume } else { self.volume },
            audio: if self.audio == before.audio { disc.audio } else { self.audio },
            captions: if self.captions == before.captions { disc.captions } else { self.captions },
            caption_style: if self.caption_style == before.caption_style { disc.caption_style } else { self.caption_style },
            rest: disc.rest,
            networks: if self.networks == before.networks { disc.networks } else { self.networks },
        });
        let written = serde_json::to_vec(&kept).map_err(Into::into).and_then(|text| files::replace(path, &text, Kind::DISC));
        if let Err(e) = written {
            tracing::warn!("cannot keep anything in {}: {e}", path.display());
        }
    }
}

/// The file, and what is to be in it.
pub struct KeptFile {
    /// None off a box.
    path: Option<PathBuf>,
    wanted: Kept,
    written: Kept,
    /// Since when it is wanted.
    since: Duration,
    /// A disc can take its time, which the screen has not.
    writing: Option<JoinHandle<()>>,
}

impl KeptFile {
    /// In `folder`, which a box makes if need be; elsewhere nothing is kept where there is none. Also gives back what was kept
    /// before.
    pub fn open(folder: &Path, on_box: bool) -> (Self, Preferences, Networks) {
        let path = (on_box || folder.is_dir()).then(|| folder.join("launcher-kept.json"));
        let kept = path.as_deref().and_then(Kept::read).unwrap_or_default();
        let (preferences, networks) = (kept.preferences(), kept.networks);
        let wanted = Kept::new(&preferences, &networks);
        (Self { path, written: wanted.clone(), wanted, since: Duration::ZERO, writing: None }, preferences, networks)
    }

    /// Keeps it, once it has settled.
    pub fn keep(&mut self, preferences: &Preferences, networks: &Networks, now: Duration) {
        let wanted = Kept::new(preferences, networks);
        if wanted != self.wanted {
            (self.wanted, self.since) = (wanted, now);
        }
        let busy = self.writing.as_ref().is_some_and(|thread| !thread.is_finished());
        if !busy && now.saturating_sub(self.since) >= SETTLED {
            self.write();
        }
    }

    fn write(&mut self) {
        let Some(path) = self.path.clone().filter(|_| self.wanted != self.written) else { return };
        let (kept, before) = (self.wanted.clone(), std::mem::replace(&mut self.written, self.wanted.clone()));
        let work = move || kept.write(&before, &path);
        self.writing = std::thread::Builder::new().name("keep".into()).spawn(work).inspect_err(|e| tracing::error!("{e}")).ok();
    }

    /// The launcher or the box ends: everything is on the disc when this returns.
    pub fn finish(&mut self) {
        self.wait();
        self.write();
        self.wait();
    }

    fn wait(&mut self) {
        if let Some(writing) = self.writing.take() {
            // It only writes a file; if that went wrong it has said so.
            let _ = writing.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen() -> Preferences {
        let style = CaptionStyle { size: TextSize::Large, edge: TextEdge::Outline, ..CaptionStyle::default() };
        Preferences { audio: Some("de".into()), captions: Some(None), volume: Volume { percent: 35, muted: true }, style }
    }

    fn none() -> Networks {
        Networks::default()
    }

    fn reopen(folder: &Path) -> Preferences {
        KeptFile::open(folder, true).1
    }

    #[test]
    fn what_was_chosen_survives_the_launcher_and_the_boot() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("data/hearth");
        let (mut file, before, _) = KeptFile::open(&folder, true);
        assert_eq!(before, Preferences::default());
        file.keep(&chosen(), &none(), Duration::ZERO);
        file.finish();
        assert_eq!(reopen(&folder), chosen());
        for captions in [None, Some(Some("sv".to_owned()))] {
            let other = Preferences { captions, ..chosen() };
            let (mut file, ..) = KeptFile::open(&folder, true);
            file.keep(&other, &none(), Duration::ZERO);
            file.finish();
            assert_eq!(reopen(&folder), other);
        }
    }

    #[test]
    fn what_was_learnt_of_networks_survives_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut file, preferences, mut networks) = KeptFile::open(folder.path(), true);
        networks.learn("eth0 192.168.1.1", 24_000);
        file.keep(&preferences, &networks, Duration::ZERO);
        file.finish();
        assert_eq!(KeptFile::open(folder.path(), true).2, networks);
        // Only the network is not as it was: the rest of the disc's stays.
        let volume = Volume { percent: 10, muted: false };
        let (mut other, ..) = KeptFile::open(folder.path(), true);
        other.keep(&Preferences { volume, ..preferences.clone() }, &networks, Duration::ZERO);
        other.finish();
        networks.learn("wlan0 192.168.1.1", 3_000);
        file.keep(&preferences, &networks, Duration::ZERO);
        file.finish();
        let (_, preferences, kept) = KeptFile::open(folder.path(), true);
        assert_eq!((preferences.volume, kept), (volume, networks));
    }

    #[test]
    fn a_held_key_writes_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut file, ..) = KeptFile::open(folder.path(), true);
        let volume = |percent| Preferences { volume: Volume { percent, muted: false }, ..Preferences::default() };
        let mut keep = |percent, ms| {
            file.keep(&volume(percent), &none(), Duration::from_millis(ms));
            file.wait();
            folder.path().join("launcher-kept.json").exists()
        };
        for n in 0..60 {
            assert!(!keep(n, u64::from(n) * 50));
        }
        assert!(!keep(59, 3_940));
        assert!(keep(59, 3_950), "it has settled");
        assert_eq!(reopen(folder.path()), volume(59));
        let written = std::fs::metadata(folder.path().join("launcher-kept.json")).and_then(|m| m.modified()).expect("a file");
        file.keep(&volume(59), &none(), Duration::from_secs(60));
        file.finish();
        let again = std::fs::metadata(folder.path().join("launcher-kept.json")).and_then(|m| m.modified()).expect("a file");
        assert_eq!(written, again, "nothing has changed, nothing is written");
    }

    #[test]
    fn ruins_and_older_and_newer_files_are_read_as_far_as_they_can_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let default = Preferences::default;
        for (text, expected) in [
            ("", default()),
            ("\0\0\0\0", default()),
            (r#"{"volume":{"percent":35,"#, default()),
            (r#"{"volume":{"percent":900,"muted":false}}"#, default()),
            (r#"{"volume":{"percent":200,"muted":false}}"#, default()),
            ("{}", default()),
            (r#"{"audio":"de","more":[1]}"#, Preferences { audio: Some("de".into()), ..default() }),
            (
                r#"{"volume":{"percent":35,"muted":true},"audio":"de","captions":"off","caption-style":{"size":"large","edge":"outline"}}"#,
                chosen(),
            ),
            (r#"{"caption-style":{"size":"huge","colour":"plaid"}}"#, default()),
        ] {
            let path = folder.path().join("launcher-kept.json");
            std::fs::write(&path, text).expect("a file");
            let (mut file, preferences, _) = KeptFile::open(folder.path(), true);
            assert_eq!(preferences, expected, "{text:?}");
            file.keep(&Preferences { volume: Volume { percent: 70, muted: false }, ..preferences }, &none(), Duration::ZERO);
            file.finish();
            assert_eq!(reopen(folder.path()).volume.percent, 70, "{text:?}");
        }
    }

    #[test]
    fn what_only_a_newer_version_knows_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("launcher-kept.json");
        std::fs::write(&path, r#"{"bedtime":"21:00","caption-style":{"size":"huge","edge":"glow"}}"#).expect("a file");
        let (mut file, preferences, networks) = KeptFile::open(folder.path(), true);
        let mut keep = |preferences: &Preferences| {
            file.keep(preferences, &networks, Duration::ZERO);
            file.finish();
            let value: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("JSON");
            (value["bedtime"].clone(), value["caption-style"]["size"].clone())
        };
        let quiet = Preferences { volume: Volume { percent: 5, muted: false }, ..preferences };
        assert_eq!(keep(&quiet), ("21:00".into(), "huge".into()));
        let style = CaptionStyle { size: TextSize::Small, ..CaptionStyle::default() };
        assert_eq!(keep(&Preferences { style, ..quiet }), ("21:00".into(), "small".into()), "the viewer chose anew");
    }

    #[test]
    fn a_disc_that_was_repaired_keeps_what_was_not_chosen_meanwhile() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("hearth");
        let (mut file, ..) = KeptFile::open(&folder, true);
        let (mut before_repair, ..) = KeptFile::open(&folder, true);
        before_repair.keep(&chosen(), &none(), Duration::ZERO);
        before_repair.finish();
        let volume = Volume { percent: 50, muted: false };
        file.keep(&Preferences { volume, ..Preferences::default() }, &none(), Duration::ZERO);
        file.finish();
        assert_eq!(reopen(&folder), Preferences { volume, ..chosen() });
    }

    #[test]
    fn nothing_is_kept_off_a_box() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("data/hearth");
        let (mut file, ..) = KeptFile::open(&folder, false);
        file.keep(&chosen(), &none(), Duration::ZERO);
        file.finish();
        assert!(!folder.exists());
    }
}
