//! Can this image play? A second of film goes through the real engine and the board's decoder, into nothing. A slot on trial whose answer
//! is no is given up by init.

use crate::platform::Waker;
use hearth_player::{AudioOutput, Event, LoadRequest, NullVideo, Player, PlayerConfig, Summary};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Pictures in the clip.
const PICTURES: u64 = 25;
/// A box that starts does much else beside.
const LIMIT: Duration = Duration::from_secs(40);

/// The check, before, while and after it runs.
pub enum SelfCheck {
    /// Not begun: the first frame of the interface comes before it.
    Waiting(Box<Setup>),
    /// Under way.
    Running(Receiver<Result<(), String>>),
    /// Told.
    Done,
}

/// What it needs.
pub struct Setup {
    clip: PathBuf,
    config: PlayerConfig,
    wake: Waker,
}

impl SelfCheck {
    /// With `clip`, if that is there: images without one are checked by nobody.
    pub fn new(clip: &Path, config: &PlayerConfig, wake: Waker) -> Option<Self> {
        let config = PlayerConfig { audio: AudioOutput::None, ..config.clone() };
        clip.is_file().then(|| Self::Waiting(Box::new(Setup { clip: clip.to_owned(), config, wake })))
    }

    /// Begins once the interface `is_seen`. The result, once.
    pub fn turn(&mut self, is_seen: bool) -> Option<Result<(), String>> {
        match self {
            Self::Waiting(_) if is_seen => {
                let Self::Waiting(setup) = std::mem::replace(self, Self::Done) else { return None };
                let (sender, receiver) = channel();
                let work = move || {
                    let result = check(&setup.clip, setup.config);
                    tracing::info!("self-check: {result:?}");
                    // Nobody waits for it any more: the launcher has ended.
                    let _ = sender.send(result);
                    (setup.wake)();
                };
                match std::thread::Builder::new().name("self-check".into()).spawn(work) {
                    Ok(_) => *self = Self::Running(receiver),
                    Err(e) => return Some(Err(format!("no thread: {e}"))),
                }
                None
            }
            Self::Running(receiver) => {
                let result = match receiver.try_recv() {
                    Ok(result) => result,
                    Err(std::sync::mpsc::TryRecvError::Empty) => return None,
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => Err("the check itself broke off".to_owned()),
                };
                *self = Self::Done;
                Some(result)
            }
            Self::Waiting(_) | Self::Done => None,
        }
    }
}

/// Plays the clip to its end.
pub fn check(clip: &Path, config: PlayerConfig) -> Result<(), String> {
    let player = Player::new(config, Arc::new(NullVideo));
    let events = player.events();
    player.load(LoadRequest { url: clip.display().to_string(), ..LoadRequest::default() });
    let until = Instant::now() + LIMIT;
    loop {
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Error(e)) => return Err(format!("{}: {}", e.code, e.message)),
            Ok(Event::Ended) => player.send(hearth_player::Command::Stop),
            Ok(Event::Summary(summary)) => return verdict(&summary),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Err(format!("no end after {} s", LIMIT.as_secs())),
            Err(RecvTimeoutError::Disconnected) => return Err("the player broke off".to_owned()),
        }
    }
}

/// Late pictures are no fault of a box that is still starting; missing ones are.
fn verdict(summary: &Summary) -> Result<(), String> {
    let Summary { frames_presented: shown, frames_dropped: late, decode_errors: errors, decoder, .. } = summary;
    if *errors > 0 {
        return Err(format!("{errors} errors of {decoder}"));
    }
    // The last ones may be cut off with the end.
    if *shown == 0 || shown + late + 3 < PICTURES {
        return Err(format!("{shown} pictures and {late} late ones of {PICTURES} from {decoder}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_may_be_late_but_not_missing() {
        let check = |shown, late, errors, good| {
            let summary = Summary { frames_presented: shown, frames_dropped: late, decode_errors: errors, ..Summary::default() };
            assert_eq!(verdict(&summary).is_ok(), good, "{shown} {late} {errors}");
        };
        check(25, 0, 0, true);
        check(3, 22, 0, true);
        check(0, 25, 0, false);
        check(12, 0, 0, false);
        check(25, 0, 1, false);
    }

    #[test]
    fn the_clip_passes_and_another_file_does_not() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(check(&folder.join("selfcheck/selfcheck.mp4"), quiet()), Ok(()));
        assert!(check(&folder.join("Cargo.toml"), quiet()).is_err());
        let bare = hearth_player::Decoders { avc: vec!["nosuchdec".into()], ..Default::default() };
        let result = check(&folder.join("selfcheck/selfcheck.mp4"), PlayerConfig { decoders: bare, ..quiet() });
        assert!(result.is_err(), "no decoder, no film: {result:?}");
    }

    fn quiet() -> PlayerConfig {
        PlayerConfig { audio: AudioOutput::None, ..PlayerConfig::default() }
    }
}
