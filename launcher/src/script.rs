//! Remote control scripts: what a person would press and wait for, written down. Drives the demo, tests and screenshots.

use hearth_nav::RemoteKey;
use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

/// What `--help` says about scripts.
pub const HELP: &str = "\
A script is a list of words:
  up down left right ok back home info menu stop play pause play-pause rewind fast-forward audio …   press and let go
  hold:KEY/TIME             keep a key down
  wait:TIME                 300ms, 2s
  wait:CONDITION[/TIME]     go on when it holds; fail after TIME (20s unless told, 120s for `ended`):
                              home detail settings playing paused overlay clear ended error offline settled
                            `playing` means that a picture of the film is on the screen and it runs, `clear` that the overlay is gone,
                            `ended` that a film has come to its end or was left, `settled` that nothing moves and all artwork is there
  shot:NAME                 a picture of the screen into --shots DIR, once it has settled
  quit                      end (a headless run also ends with its script)
Example: wait:home shot:home down right ok wait:detail shot:detail ok wait:playing wait:3s ok wait:overlay shot:overlay back quit";

/// Between two keys: a quick thumb.
const KEY_GAP: Duration = Duration::from_millis(120);
/// A picture is taken after so long even if something still moves.
const SETTLE: Duration = Duration::from_secs(5);

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The home screen is shown, with its titles.
    Home,
    /// A title's page is shown, with its data.
    Detail,
    /// The settings are shown.
    Settings,
    /// A picture of the film is on the screen, and it runs.
    Playing,
    /// The film is held.
    Paused,
    /// The player's overlay is shown.
    Overlay,
    /// A film is shown, and nothing over it.
    Clear,
    /// A film has ended, or was left.
    Ended,
    /// An error is shown.
    Error,
    /// The server is away.
    Offline,
    /// Nothing moves, all artwork is there.
    Settled,
}

const CONDITIONS: &[(&str, Condition)] = &[
    ("home", Condition::Home),
    ("detail", Condition::Detail),
    ("settings", Condition::Settings),
    ("playing", Condition::Playing),
    ("paused", Condition::Paused),
    ("overlay", Condition::Overlay),
    ("clear", Condition::Clear),
    ("ended", Condition::Ended),
    ("error", Condition::Error),
    ("offline", Condition::Offline),
    ("settled", Condition::Settled),
];

impl Condition {
    fn name(self) -> &'static str {
        CONDITIONS.iter().find(|(_, c)| *c == self).map_or("?", |(name, _)| name)
    }

    fn limit(self) -> Duration {
        Duration::from_secs(if self == Self::Ended { 120 } else { 20 })
    }
}

/// One word of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Press and let go.
    Tap(RemoteKey),
    /// Keep down.
    Hold(RemoteKey, Duration),
    /// Let time pass.
    Sleep(Duration),
    /// Until it holds, or fail.
    Wait(Condition, Duration),
    /// A picture.
    Shot(String),
    /// End.
    Quit,
}

/// A word that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot understand {word:?} in the script: {reason}")]
pub struct ScriptError {
    /// The word.
    pub word: String,
    /// Why not.
    pub reason: String,
}

impl FromStr for Step {
    type Err = ScriptError;

    fn from_str(word: &str) -> Result<Self, ScriptError> {
        let wrong = |reason: String| ScriptError { word: word.to_owned(), reason };
        let (verb, rest) = word.split_once(':').unwrap_or((word, ""));
        match verb {
            "quit" => Ok(Self::Quit),
            "shot" if file_name(rest) => Ok(Self::Shot(rest.to_owned())),
            "shot" => Err(wrong("a picture's name has letters, digits, - and _".into())),
            "wait" => wait(rest).map_err(wrong),
            "hold" => {
                let (key, time) = rest.split_once('/').ok_or_else(|| wrong("say hold:KEY/TIME".into()))?;
                Ok(Self::Hold(key_named(key).map_err(wrong)?, duration(time).map_err(wrong)?))
            }
            _ => key_named(word).map(Self::Tap).map_err(wrong),
        }
    }
}

fn file_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn key_named(name: &str) -> Result<RemoteKey, String> {
    if name.eq_ignore_ascii_case("playpause") {
        Ok(RemoteKey::PlayPause)
    } else {
        name.parse().map_err(|e: hearth_nav::UnknownKey| e.to_string())
    }
}

fn wait(text: &str) -> Result<Step, String> {
    if let Ok(time) = duration(text) {
        return Ok(Step::Sleep(time));
    }
    let (name, limit) = text.split_once('/').map_or((text, None), |(name, limit)| (name, Some(limit)));
    let names = || CONDITIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" ");
    let condition = CONDITIONS.iter().find(|(n, _)| *n == name).map(|(_, c)| *c);
    let condition = condition.ok_or_else(|| format!("wait for a time (2s, 300ms) or one of: {}", names()))?;
    Ok(Step::Wait(condition, limit.map_or(Ok(condition.limit()), duration)?))
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time; write 300ms or 2s");
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => number,
        "ms" => number / 1000.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// What a script can see of the screen.
pub trait Stage {
    /// Does it hold now?
    fn holds(&self, condition: Condition) -> bool;
    /// Where we are, for a person who reads why a wait failed.
    fn describe(&self) -> String;
}

/// What a script wants done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing before this much time has passed or something happens.
    Wait(Duration),
    /// A key goes down.
    Down(RemoteKey),
    /// A key goes up.
    Up(RemoteKey),
    /// Take a picture.
    Shot(String),
    /// End well.
    Quit,
    /// End badly.
    Fail(String),
    /// The script is over.
    Over,
}

/// A script being played. Ask [`Script::next`] once for every frame.
#[derive(Debug, Default)]
pub struct Script {
    steps: VecDeque<Step>,
    /// When the first step began, or may begin.
    since: Option<Duration>,
    not_before: Duration,
    held: Option<RemoteKey>,
    /// Taps so far.
    pub keys: u32,
}

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let steps = text.split([' ', '\n', '\t', ',']).filter(|w| !w.is_empty()).map(Step::from_str).collect::<Result<_, _>>()?;
        Ok(Self { steps, ..Self::default() })
    }
}

impl Script {
    /// The next thing to do at `now`.
    pub fn next(&mut self, now: Duration, stage: &dyn Stage) -> Action {
        if now < self.not_before {
            return Action::Wait(self.not_before - now);
        }
        let since = *self.since.get_or_insert(now);
        let waited = now.saturating_sub(since);
        let Some(step) = self.steps.front().cloned() else { return Action::Over };
        match step {
            Step::Tap(key) | Step::Hold(key, _) if self.held.is_none() => {
                self.held = Some(key);
                self.keys += 1;
                Action::Down(key)
            }
            Step::Tap(key) => self.up(key, now),
            Step::Hold(key, time) if waited >= time => self.up(key, now),
            Step::Hold(_, time) => Action::Wait(time - waited),
            Step::Sleep(time) if waited < time => Action::Wait(time - waited),
            Step::Sleep(_) => self.done(),
            Step::Wait(condition, _) if stage.holds(condition) => self.done(),
            Step::Wait(condition, limit) if waited >= limit => Action::Fail(format!(
                "waited {:.1} s for `{}` in vain: {}",
                limit.as_secs_f64(),
                condition.name(),
                stage.describe()
            )),
            Step::Wait(_, limit) => Action::Wait((limit - waited).min(Duration::from_millis(20))),
            Step::Shot(_) if waited < SETTLE && !stage.holds(Condition::Settled) => Action::Wait(Duration::from_millis(20)),
            Step::Shot(name) => {
                self.done();
                Action::Shot(name)
            }
            Step::Quit => Action::Quit,
        }
    }

    fn up(&mut self, key: RemoteKey, now: Duration) -> Action {
        self.held = None;
        self.done();
        self.not_before = now + KEY_GAP;
        Action::Up(key)
    }

    fn done(&mut self) -> Action {
        self.steps.pop_front();
        self.since = None;
        Action::Wait(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static [Condition]);

    impl Stage for Fixed {
        fn holds(&self, condition: Condition) -> bool {
            self.0.contains(&condition)
        }
        fn describe(&self) -> String {
            "the home screen is shown".into()
        }
    }

    #[test]
    fn words_are_steps() {
        let s = Duration::from_secs;
        for (word, step) in [
            ("ok", Some(Step::Tap(RemoteKey::Ok))),
            ("playpause", Some(Step::Tap(RemoteKey::PlayPause))),
            ("wait:1.5s", Some(Step::Sleep(Duration::from_millis(1500)))),
            ("wait:home", Some(Step::Wait(Condition::Home, s(20)))),
            ("wait:ended/60s", Some(Step::Wait(Condition::Ended, s(60)))),
            ("hold:right/800ms", Some(Step::Hold(RemoteKey::Right, Duration::from_millis(800)))),
            ("shot:home-1", Some(Step::Shot("home-1".into()))),
            ("quit", Some(Step::Quit)),
            ("shot:../x", None),
            ("shot:", None),
            ("wait:", None),
            ("wait:never", None),
            ("wait:-1s", None),
            ("hold:ok", None),
            ("okay", None),
        ] {
            assert_eq!(word.parse::<Step>().ok(), step, "{word}");
        }
    }

    #[test]
    fn a_script_is_played_in_order() {
        let mut script: Script = "ok wait:home shot:a".parse().expect("a script");
        let stage = Fixed(&[Condition::Home, Condition::Settled]);
        let (mut now, mut done) = (Duration::ZERO, Vec::new());
        loop {
            match script.next(now, &stage) {
                Action::Wait(time) => now += time.max(Duration::from_millis(1)),
                Action::Over => break,
                action => done.push(action),
            }
        }
        assert_eq!(done, [Action::Down(RemoteKey::Ok), Action::Up(RemoteKey::Ok), Action::Shot("a".into())]);
        assert_eq!(script.keys, 1);
    }

    #[test]
    fn a_wait_in_vain_says_where_we_are() {
        let mut script: Script = "wait:detail/2s ok".parse().expect("a script");
        let stage = Fixed(&[]);
        assert!(matches!(script.next(Duration::ZERO, &stage), Action::Wait(_)));
        assert!(matches!(script.next(Duration::from_millis(1999), &stage), Action::Wait(_)));
        let Action::Fail(reason) = script.next(Duration::from_secs(2), &stage) else { panic!("it should have failed") };
        assert_eq!(reason, "waited 2.0 s for `detail` in vain: the home screen is shown");
    }
}
