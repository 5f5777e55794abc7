//! The front panel: its keys and its infrared are a remote control, its display shows what plays, its watchdog hears that we live, and it
//! keeps the power while the box sleeps.

use crate::app::Launcher;
use crate::platform::{Input, Waker};
use hearth_boards::Board;
use hearth_link::wire::{Depth, RemoteKey as Code, Show, ToPanel, WakeReason};
use hearth_link::{Event, Keymap, Panel, panel_key};
use hearth_nav::{RemoteKey, Volume};
use std::path::Path;
use std::time::Duration;

/// The panel restarts a box that is silent for 15 s.
const KICK: Duration = Duration::from_secs(4);
/// Clocks drift.
const TIME: Duration = Duration::from_secs(60);
/// A remote's key is up when it has not been repeated for so long; the slowest repeat every 130 ms.
const HELD: Duration = Duration::from_millis(250);
/// What Hearth's remote sends.
const REMOTE: &str = include_str!("remote.keymap");

/// The panel, where the board has one.
pub struct FrontPanel {
    panel: Panel,
    keymap: Keymap,
    shown: Option<Show>,
    /// The volume that was told last, and until when the screen shows it.
    volume: Option<(Volume, u64)>,
    kicked: Option<Duration>,
    timed: Option<Duration>,
    held: Option<(RemoteKey, Duration)>,
    deep: bool,
    woke: Option<WakeReason>,
}

impl FrontPanel {
    /// None where the board has no panel.
    pub fn open(board: Option<&Board>, wake: Waker) -> Option<Self> {
        let board = board?;
        let panel = board.panel.as_ref()?;
        let keymap = Keymap::parse(REMOTE).inspect_err(|e| tracing::error!("remote.keymap: {e}")).unwrap_or_default();
        let port = Path::new("/dev").join(&panel.device);
        let link = Panel::start(&port, panel.baud, move || wake()).inspect_err(|e| tracing::error!("the panel: {e}")).ok()?;
        let wakes = board.power.wake.iter().any(|way| way == "ir");
        link.say(ToPanel::WakeKey { slot: 0, key: keymap.code("power").filter(|_| wakes) });
        let deep = board.power.deep_sleep.as_deref() == Some("panel");
        Some(Self { panel: link, keymap, shown: None, volume: None, kicked: None, timed: None, held: None, deep, woke: None })
    }

    /// What was pressed since.
    pub fn inputs(&mut self, now: Duration) -> Vec<Input> {
        let events: Vec<Event> = self.panel.events().collect();
        let mut out = Vec::new();
        for event in events {
            match event {
                Event::Key { key, pressed } => {
                    let key = panel_key(key).parse().ok();
                    out.extend(key.map(if pressed { Input::Down } else { Input::Up }));
                }
                Event::Remote { key, repeat } => self.code(key, repeat, now, &mut out),
                Event::Lost => {
                    tracing::warn!("the front panel does not answer");
                    out.extend(self.held.take().map(|(key, _)| Input::Up(key)));
                }
                Event::Woke(reason, _) => self.woke = Some(reason),
                Event::Connected | Event::Restarted(_) => tracing::info!("front panel: {event:?}"),
            }
        }
        out.extend(self.held.take_if(|(_, heard)| now.saturating_sub(*heard) >= HELD).map(|(key, _)| Input::Up(key)));
        out
    }

    fn code(&mut self, code: Code, repeat: bool, now: Duration, out: &mut Vec<Input>) {
        let Some(key) = self.keymap.name(code).and_then(|name| name.parse::<RemoteKey>().ok()) else {
            tracing::info!("no key for {code:?}");
            return;
        };
        if repeat && self.held.is_some_and(|(held, _)| held == key) {
            self.held = Some((key, now));
            return;
        }
        out.extend(self.held.replace((key, now)).map(|(before, _)| Input::Up(before)));
        out.push(Input::Down(key));
    }

    /// Says what there is to say, after a turn of the loop.
    pub fn turn(&mut self, launcher: &Launcher, now: Duration) {
        let due = |last: Option<Duration>, every: Duration| last.is_none_or(|at| now.saturating_sub(at) >= every);
        if due(self.timed, TIME) {
            self.timed = Some(now);
            let time = chrono::Local::now();
            let offset_min = i16::try_from(time.offset().local_minus_utc() / 60).unwrap_or_default();
            self.panel.say(ToPanel::Time { unix_s: u64::try_from(time.timestamp()).unwrap_or_default(), offset_min });
        }
        let show = show(launcher);
        if self.shown.as_ref() != Some(&show) {
            self.shown = Some(show.clone());
            self.panel.say(ToPanel::Show(show));
        }
        // Like the screen, the panel says it at every press, and not at the start.
        let app = launcher.app();
        let volume = app.volume_until_ms().map(|until_ms| (app.volume(), until_ms));
        if let Some((Volume { percent, muted }, _)) = volume.filter(|_| self.volume != volume) {
            self.panel.say(ToPanel::Volume { percent, muted });
        }
        self.volume = volume;
        if due(self.kicked, KICK) {
            self.kicked = Some(now);
            self.panel.say(ToPanel::Kick);
        }
    }

    /// Asks for sleep without power; false where the board has nobody who would wake it.
    pub fn sleep(&self) -> bool {
        if self.deep {
            self.panel.say(ToPanel::Sleep { depth: Depth::Deep, wake_at_s: None });
        }
        self.deep
    }

    /// Why the box was woken, once.
    pub fn woke(&mut self) -> Option<&'static str> {
        self.woke.take().map(reason)
    }

    /// At the latest until the next turn.
    pub fn wake(&self) -> Duration {
        if self.held.is_some() { HELD } else { KICK }
    }
}

/// As boards' files name them.
const fn reason(reason: WakeReason) -> &'static str {
    match reason {
        WakeReason::ColdBoot => "cold-boot",
        WakeReason::Ir => "ir",
        WakeReason::FrontPanel => "front-panel",
        WakeReason::Timer => "timer",
        WakeReason::Cec => "cec",
        WakeReason::Watchdog => "watchdog",
        WakeReason::Gpio => "gpio",
        _ => "unknown",
    }
}

fn show(launcher: &Launcher) -> Show {
    let Some(playing) = launcher.app().playing() else { return Show::Clock };
    let seconds = |ms: u64| u32::try_from(ms / 1000).unwrap_or(u32::MAX);
    Show::Playing {
        title: text(&launcher.film_title()),
        position_s: seconds(playing.position_ms),
        duration_s: seconds(playing.duration_ms),
        paused: playing.paused,
    }
}

/// As much of it as the line takes, never part of a character.
fn text<const N: usize>(text: &str) -> hearth_link::Text<N> {
    let mut out = hearth_link::Text::new();
    for c in text.chars() {
        if out.push(c).is_err() {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_remote_is_a_key() {
        let map = Keymap::parse(REMOTE).expect("a keymap");
        for name in map.names() {
            assert!(name.parse::<RemoteKey>().is_ok(), "{name}");
        }
        assert!(map.names().count() > 30);
    }

    #[test]
    fn long_titles_are_cut_between_characters() {
        let long = "é".repeat(40);
        assert_eq!(text::<64>(&long).as_str(), "é".repeat(32));
    }
}
