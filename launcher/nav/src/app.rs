//! The application's state and what an event does to it.

use std::collections::HashSet;

use crate::{
    Effect, Event, Focus, HomeData, Id, KeyEvent, KeyPhase, Memory, Modal, Phase, PlayFrom, PlayerCommand, Playing, Preferences,
    RemoteKey, Say, Screen, networks::Networks,
};

/// Pages on top of each other at most; beyond it the oldest but the home screen is forgotten.
pub(crate) const MAX_DEPTH: usize = 32;

/// Sizes and times. The default suits a 16:9 screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Right-to-left script: Left and Right are mirrored.
    pub rtl: bool,
    /// Tiles wholly visible in a home shelf.
    pub shelf_tiles: usize,
    /// Likewise in the shelf of begun films, whose tiles are wide.
    pub continue_tiles: usize,
    /// Tiles wholly visible in the row of alike titles.
    pub similar_tiles: usize,
    /// The focus has to rest so long before the hero follows it.
    pub rest_ms: u64,
    /// The player's overlay goes away after so long without a key.
    pub osd_hide_ms: u64,
    /// A jump is made so long after its last press.
    pub seek_commit_ms: u64,
    /// A jump that the player never answers is forgotten.
    pub seek_lost_ms: u64,
    /// The position is saved so often.
    pub save_every_ms: u64,
    /// A short notice stays so long.
    pub toast_ms: u64,
    /// The volume stays so long on the screen after its last key.
    pub volume_ms: u64,
    /// A box that starts looks for its network so long before it says that something is wrong.
    pub patience_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rtl: false,
            shelf_tiles: 6,
            continue_tiles: 4,
            similar_tiles: 6,
            rest_ms: 150,
            osd_hide_ms: 5_000,
            seek_commit_ms: 500,
            seek_lost_ms: 8_000,
            save_every_ms: 10_000,
            toast_ms: 4_000,
            volume_ms: 2_000,
            patience_ms: 0,
        }
    }
}

/// What fills the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// Nothing is known yet.
    Boot,
    /// [`App::screen`].
    Browse,
    /// A film; the page it came from is below, as it was left.
    Playing(Box<Playing>),
}

/// Is the server there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Not tried yet.
    Unknown,
    /// The last request was answered.
    Online,
    /// The last request was not.
    Offline,
}

/// What a short notice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    /// The server is there again.
    Online,
    /// The home screen could not be brought up to date.
    HomeStale,
    /// A title's page is incomplete.
    TitleIncomplete,
    /// The place in the film was not kept.
    NotSaved,
    /// The last update did not work; the box runs what it ran before.
    Recovered,
    /// What was set could not be kept.
    NotKept,
    /// The box is in the Wi-Fi network that was chosen.
    Joined,
    /// It is not.
    NotJoined,
}

/// A short notice that goes away by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub kind: ToastKind,
    /// When it goes.
    pub until_ms: u64,
}

/// The application. [`App::start`], then [`App::step`] with everything that happens.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) config: Config,
    pub(crate) mode: Mode,
    /// The home screen: always there, below everything.
    pub(crate) base: Screen,
    /// Pages on top of it.
    pub(crate) pages: Vec<Screen>,
    pub(crate) home: HomeData,
    /// Titles with a place to resume from, as the server last said.
    pub(crate) resumable: HashSet<Id>,
    /// OK is down on this title and a long press would mean something else.
    pub(crate) armed: Option<Id>,
    pub(crate) modal: Option<Modal>,
    pub(crate) network: Network,
    pub(crate) toast: Option<Toast>,
    pub(crate) now_ms: u64,
    pub(crate) moved_ms: u64,
    pub(crate) spotlight: Option<Id>,
    pub(crate) session: u32,
    pub(crate) fetching_home: bool,
    pub(crate) retry_ms: Option<u64>,
    pub(crate) tries: u32,
    pub(crate) update_ready: bool,
    /// Said once there is a page to say it on.
    pub(crate) recovered: bool,
    pub(crate) memory: Option<Memory>,
    /// Sound and captions chosen last.
    pub(crate) preferences: Preferences,
    pub(crate) volume_until_ms: Option<u64>,
    /// See [`Event::CrashReports`].
    pub(crate) crash_reports: Option<bool>,
    pub(crate) networks: Networks,
}

impl App {
    /// Nothing shown, nothing asked for.
    pub fn new(config: Config) -> Self {
        let base = Screen::home(config.rtl);
        Self {
            config,
            mode: Mode::Boot,
            base,
            pages: Vec::new(),
            home: HomeData::default(),
            resumable: HashSet::new(),
            armed: None,
            modal: None,
            network: Network::Unknown,
            toast: None,
            now_ms: 0,
            moved_ms: 0,
            spotlight: None,
            session: 0,
            fetching_home: false,
            retry_ms: None,
            tries: 0,
            update_ready: false,
            recovered: false,
            memory: None,
            preferences: Preferences::default(),
            volume_until_ms: None,
            crash_reports: None,
            networks: Networks::default(),
        }
    }

    /// The first effects.
    pub fn start(&mut self, now_ms: u64) -> Vec<Effect> {
        self.now_ms = now_ms;
        let mut out = Vec::new();
        self.fetch_home(&mut out);
        out
    }

    /// Sizes and times.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What fills the screen.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// The playback, if there is one.
    pub fn playing(&self) -> Option<&Playing> {
        if let Mode::Playing(playing) = &self.mode { Some(playing) } else { None }
    }

    /// The page on top; in playback the one to come back to.
    pub fn screen(&self) -> &Screen {
        self.pages.last().unwrap_or(&self.base)
    }

    pub(crate) fn screen_mut(&mut self) -> &mut Screen {
        self.pages.last_mut().unwrap_or(&mut self.base)
    }

    /// The home screen, also while pages lie on it.
    pub fn home_screen(&self) -> &Screen {
        &self.base
    }

    /// Pages from the home screen up, [`App::screen`] last.
    pub fn screens(&self) -> impl Iterator<Item = &Screen> {
        std::iter::once(&self.base).chain(&self.pages)
    }

    /// The error on top, if any.
    pub fn modal(&self) -> Option<&Modal> {
        self.modal.as_ref()
    }

    /// Requests for the home screen that failed, one after the other.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Is the server there?
    pub fn network(&self) -> Network {
        self.network
    }

    /// The short notice on the screen.
    pub fn toast(&self) -> Option<Toast> {
        self.toast
    }

    /// Shelves, hero and what OK does in them.
    pub fn home(&self) -> &HomeData {
        &self.home
    }

    /// A home screen is on its way.
    pub fn fetching_home(&self) -> bool {
        self.fetching_home
    }

    /// The title that the home screen's hero shows: its own while the focus is in the hero, else the tile on which the focus rests.
    pub fn spotlight(&self) -> Option<&Id> {
        self.spotlight.as_ref()
    }

    /// The focus that keys act on: of the error, the player's overlay or the page.
    pub fn focus(&self) -> &Focus {
        match (&self.modal, &self.mode) {
            (Some(modal), _) => &modal.focus,
            (None, Mode::Playing(playing)) => &playing.focus,
            (None, Mode::Boot | Mode::Browse) => &self.screen().focus,
        }
    }

    /// The latest time seen.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// When the next [`Event::Tick`] matters; none: not before something else happens.
    pub fn wake_ms(&self) -> Option<u64> {
        let playing = self.playing().and_then(|p| p.wake_ms(&self.config));
        let rest = (self.spotlight.as_ref() != self.wanted_spotlight()).then_some(self.moved_ms + self.config.rest_ms);
        let retry = if self.fetching_home { None } else { self.retry_ms };
        let scan = self.networks_wake_ms();
        [playing, rest, self.toast.map(|t| t.until_ms), self.volume_until_ms, retry, scan].into_iter().flatten().min()
    }

    /// One event in, wishes out. Never fails; what has no meaning in a state changes nothing.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        let mut out = Vec::new();
        match event {
            Event::Key(key) => self.key(key, &mut out),
            Event::Tick { now_ms } => self.tick(now_ms, &mut out),
            Event::Home(result) => self.home_came(result, &mut out),
            Event::Title { id, result } => self.title_came(&id, result, &mut out),
            Event::Granted { session, result } => self.granted(session, result, &mut out),
            Event::Saved { title, last, result } => self.saved(title, last, result, &mut out),
            Event::Update { ready } => self.update(ready),
            Event::Recovered => {
                self.recovered = true;
                self.recovered(&mut out);
            }
            Event::CrashReports(agreed) => self.crash_reports_are(agreed),
            Event::NotKept => self.notice(ToastKind::NotKept, &mut out),
            Event::Links(links) => self.links_are(links, &mut out),
            Event::Joined { attempt, result } => self.joined(attempt, result, &mut out),
            Event::Player { session, event } => self.player(session, event, &mut out),
        }
        self.networks_tidy();
        out
    }

    fn key(&mut self, KeyEvent { key, phase, at_ms }: KeyEvent, out: &mut Vec<Effect>) {
        self.now_ms = self.now_ms.max(at_ms);
        if self.volume_key(key, phase, out) {
            return;
        }
        let press = phase == KeyPhase::Press;
        match key {
            RemoteKey::Power if press => {
                self.leave(out);
                return out.push(Effect::Standby);
            }
            RemoteKey::Home if press && self.mode != Mode::Boot => {
                self.modal = None;
                self.leave(out);
                return self.go_home(out);
            }
            _ => {}
        }
        if self.modal.is_some() {
            return self.modal_key(key, phase, out);
        }
        match &mut self.mode {
            // Before there is a home screen, networks can be chosen.
            Mode::Boot if self.pages.is_empty() => {}
            Mode::Boot | Mode::Browse => self.browse_key(key, phase, out),
            Mode::Playing(_) if press && matches!(key, RemoteKey::Back | RemoteKey::Stop) => {
                self.leave(out);
                out.push(Effect::Speak(Say::Page));
            }
            Mode::Playing(playing) => {
                let before = out.len();
                match phase {
                    KeyPhase::Press => playing.key(key, 0, self.now_ms, out),
                    KeyPhase::Repeat(n) => playing.key(key, n, self.now_ms, out),
                    KeyPhase::LongPress | KeyPhase::Release { .. } => playing.released(phase, self.now_ms, out),
                }
                self.learn(&out[before..]);
            }
        }
    }

    fn tick(&mut self, now_ms: u64, out: &mut Vec<Effect>) {
        self.now_ms = self.now_ms.max(now_ms);
        let now_ms = self.now_ms;
        if let Mode::Playing(playing) = &mut self.mode {
            playing.tick(now_ms, &self.config, out);
        }
        if now_ms >= self.moved_ms + self.config.rest_ms {
            self.spotlight = self.wanted_spotlight().cloned();
        }
        self.toast = self.toast.filter(|t| now_ms < t.until_ms);
        self.volume_until_ms = self.volume_until_ms.filter(|until_ms| now_ms < *until_ms);
        self.networks_tick(out);
        if !self.fetching_home && self.retry_ms.is_some_and(|at| now_ms >= at) {
            self.fetch_home(out);
        }
    }

    fn wanted_spotlight(&self) -> Option<&Id> {
        self.base.tile().or(self.home.hero.as_ref().map(|h| &h.id))
    }

    /// The focus is somewhere else. In the hero its own title is shown at once: its buttons are about it.
    pub(crate) fn focus_moved(&mut self) {
        self.armed = None;
        self.moved_ms = self.now_ms;
        if self.base.tile().is_none() {
            self.spotlight = self.wanted_spotlight().cloned();
        }
    }

    pub(crate) fn fetch_home(&mut self, out: &mut Vec<Effect>) {
        if !self.fetching_home {
            (self.fetching_home, self.retry_ms) = (true, None);
            out.push(Effect::FetchHome);
        }
    }

    pub(crate) fn play(&mut self, title: Id, from: PlayFrom, out: &mut Vec<Effect>) {
        self.armed = None;
        self.session = self.session.wrapping_add(1);
        let playing = Playing::new(self.session, title.clone(), from, self.now_ms, self.config.rtl);
        self.mode = Mode::Playing(Box::new(playing));
        out.push(Effect::StartPlayback { session: self.session, title, from });
    }

    /// Ends playback, if there is one: stops the player and keeps the position.
    pub(crate) fn leave(&mut self, out: &mut Vec<Effect>) {
        if let Some(mut playing) = self.take_playing() {
            if playing.phase != Phase::Granting {
                playing.command(PlayerCommand::Stop, out);
            }
            playing.save(true, self.now_ms, out);
        }
    }

    pub(crate) fn take_playing(&mut self) -> Option<Box<Playing>> {
        match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Playing(playing) => {
                self.focus_moved();
                Some(playing)
            }
            other => {
                self.mode = other;
                None
            }
        }
    }
}
