//! The launcher: one step of it brings in what happened, asks for what is wished, and shows the result. It owns no thread and no
//! screen; [`crate::run`] and tests drive it.

mod film;
mod networks;

use crate::art::Art;
use crate::backend::{Cinema, Server};
use crate::platform::{Clock, Surface};
use crate::script::{Condition, Stage};
use crate::service::facts::Status;
use crate::service::network::Networks;
use crate::show::{Preview, Round, Show, Sizes};
use crate::ui::TvWindow;
use crate::words;
use hearth_nav::{
    App, Config, Effect, Event, Keys, Memory, Mode, Network, Osd, Page, PlayerEvent, Preferences, RemoteKey, WifiCommand,
};
use hearth_player::Summary;
use hearth_player::captions::Document;
use hearth_view::{About, Request, Store, View, view};
use slint::ComponentHandle;
use std::time::Duration;

/// What the launcher is given at start.
pub struct Parts {
    /// Where films are asked for.
    pub server: Box<dyn Server>,
    /// Where they are played.
    pub cinema: Box<dyn Cinema>,
    /// Posters and backdrops.
    pub art: Art,
    /// Time.
    pub clock: Clock,
    /// Completes the server's URLs.
    pub origin: String,
    /// Who watches.
    pub profile: String,
    /// Play DASH instead of HLS.
    pub dash: bool,
    /// The time of day as it is shown.
    pub time_of_day: Box<dyn Fn() -> String>,
    /// A box that starts looks for its network so long before it says that something is wrong.
    pub patience_ms: u64,
    /// Where the viewer was when the last launcher was cut off.
    pub memory: Memory,
    /// What the viewer chose before.
    pub preferences: Preferences,
    /// How fast networks were.
    pub networks: Networks,
    /// Names the network that films come through now.
    pub network: Box<dyn Fn() -> String>,
}

/// What the viewer wants of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Restart, for the update that waits.
    Restart,
    /// Sleep until a key wakes it.
    Standby,
}

/// What is worth remembering of a run, for the report.
#[derive(Debug, Default)]
pub struct Log {
    /// The home screen was shown with its titles.
    pub home: Option<Duration>,
    /// And with all its pictures.
    pub home_art: Option<Duration>,
    /// Playbacks begun: session, and when the key was pressed.
    pub begun: Vec<(u32, Duration)>,
    /// Playbacks given to the player.
    pub loaded: usize,
    /// The accounts of playbacks.
    pub summaries: Vec<Summary>,
    /// Errors that were shown.
    pub errors: Vec<String>,
}

/// The launcher.
pub struct Launcher {
    app: App,
    keys: Keys,
    store: Store,
    show: Show,
    parts: Parts,
    window: TvWindow,
    sizes: Sizes,
    last: Option<View>,
    /// Something happened since the last round.
    stale: bool,
    /// A film has ended, or was left, since one was last begun.
    ended: bool,
    /// Height and protection of the picture on the screen.
    picture: (u32, String),
    /// Switches that were decided: from where on, and to which height. They are seen later.
    switches: Vec<(u64, u32)>,
    wishes: Vec<Wish>,
    wifi: Vec<WifiCommand>,
    /// The place of the film that was asked for last, and the picture that came last.
    previewed: Option<u64>,
    preview: Option<Preview>,
    /// Of the player's last word: session, moment, cues.
    captions: Option<(u32, u64, Document)>,
    begun: bool,
    /// The film that was begun last, and in which network.
    network: Option<(u32, String)>,
    /// What happened.
    pub log: Log,
}

impl Launcher {
    /// Builds the interface on `surface` (the platform is installed). Nothing is asked for before [`Launcher::begin`].
    pub fn new(parts: Parts, surface: &Surface) -> Result<Self, slint::PlatformError> {
        let window = TvWindow::new()?;
        let sizes = Sizes::of(&window, surface.size(), surface.scale());
        let show = Show::new(&window, sizes, &parts.profile);
        window.show()?;
        let patience_ms = parts.patience_ms;
        let config = Config { shelf_tiles: 7, similar_tiles: 7, continue_tiles: 4, patience_ms, ..Config::default() };
        let mut launcher = Self {
            app: App::new(config),
            keys: Keys::new(),
            store: Store::new(&parts.origin),
            show,
            parts,
            window,
            sizes,
            last: None,
            stale: true,
            ended: false,
            picture: (0, String::new()),
            switches: Vec::new(),
            wishes: Vec::new(),
            wifi: Vec::new(),
            previewed: None,
            preview: None,
            captions: None,
            begun: false,
            network: None,
            log: Log::default(),
        };
        launcher.app.return_to(std::mem::take(&mut launcher.parts.memory));
        launcher.app.prefer(std::mem::take(&mut launcher.parts.preferences));
        launcher.parts.cinema.set_volume(launcher.app.volume());
        Ok(launcher)
    }

    /// Asks for the home screen: after the first frame, which does not wait for it.
    pub fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            let effects = self.app.start(self.now_ms());
            self.carry_out(effects);
        }
    }

    fn now_ms(&self) -> u64 {
        self.parts.clock.now_ms()
    }

    /// The state that keys act on.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// What is shown, as plain data.
    pub fn view(&self) -> View {
        view(&self.app, &self.store)
    }

    /// A key went down, or is repeated by its sender.
    pub fn key_down(&mut self, key: RemoteKey) {
        let events = self.keys.down(key, self.now_ms());
        self.key_events(events);
    }

    /// A key went up.
    pub fn key_up(&mut self, key: RemoteKey) {
        let events = self.keys.up(key, self.now_ms());
        self.key_events(events);
    }

    /// All keys are up.
    pub fn keys_released(&mut self) {
        let events = self.keys.release(self.now_ms());
        self.key_events(events);
    }

    fn key_events(&mut self, events: Vec<hearth_nav::KeyEvent>) {
        events.into_iter().for_each(|e| self.step(Event::Key(e)));
    }

    fn step(&mut self, event: Event) {
        let had_error = self.app.modal().is_some();
        let playing = self.app.playing().is_some();
        let offline = self.app.network() == Network::Offline;
        let effects = self.app.step(event);
        self.stale = true;
        if playing && self.app.playing().is_none() {
            self.ended = true;
        }
        if offline && self.app.network() == Network::Online {
            self.parts.art.retry_failed();
        }
        if let Some(modal) = self.app.modal().filter(|_| !had_error) {
            self.log.errors.push(format!("{}: {}", modal.failure.code, modal.failure.message));
        }
        self.carry_out(effects);
        self.look_ahead();
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Some(request) = Request::of(&effect) {
                self.parts.server.ask(request);
            }
            match effect {
                Effect::StartPlayback { session, .. } => {
                    self.ended = false;
                    self.log.begun.push((session, self.parts.clock.now()));
                }
                Effect::LoadPlayer { session, title, start_ms } => self.load(session, &title, start_ms),
                Effect::Player { session, command } => self.parts.cinema.send(session, words::command(command)),
                // Speech and box services are wired with the box; the words are there already. Which keys are pressed is not for logs
                // while a passphrase is typed.
                Effect::Speak(_) if self.app.secret() => {}
                Effect::Speak(say) => tracing::debug!("say {:?}", hearth_view::spoken(&self.view(), say)),
                Effect::Restart => self.wishes.push(Wish::Restart),
                Effect::Standby => self.wishes.push(Wish::Standby),
                Effect::Volume(volume) => self.parts.cinema.set_volume(volume),
                Effect::Wifi(command) => self.wifi.push(command),
                Effect::FetchHome | Effect::FetchTitle(_) | Effect::SaveProgress { .. } => {}
            }
        }
    }

    /// Brings in what server and player have to say, and the time.
    pub fn listen(&mut self) {
        if let Some(origin) = self.parts.server.origin() {
            self.store.set_origin(&origin);
        }
        for delivery in self.parts.server.poll() {
            let event = self.store.accept(delivery);
            self.step(event);
        }
        for (session, event) in self.parts.cinema.poll() {
            self.player_event(session, event);
        }
        let now_ms = self.now_ms();
        let repeats = self.keys.tick(now_ms);
        self.key_events(repeats);
        if self.app.wake_ms().is_some_and(|at| now_ms >= at) {
            self.step(Event::Tick { now_ms });
        }
    }

    fn player_event(&mut self, session: u32, event: hearth_player::Event) {
        use hearth_player::Event as From;
        let ms = |us: u64| us / 1000;
        let event = match event {
            From::Started { duration_us, height, protection, .. } => {
                self.picture = (height, protection);
                PlayerEvent::Started { duration_ms: duration_us.map(ms) }
            }
            From::Position { position_us, buffer_ms, paused, .. } => {
                if let Some((_, height)) = self.switches.iter().rev().find(|(from_us, _)| *from_us <= position_us) {
                    self.picture.0 = *height;
                }
                PlayerEvent::Position { position_ms: ms(position_us), buffer_ms, paused }
            }
            From::Tracks { tracks } => PlayerEvent::Tracks(tracks.into_iter().filter_map(words::track).collect()),
            From::Seeked { position_us, .. } => PlayerEvent::Seeked { position_ms: ms(position_us) },
            From::Error(error) => PlayerEvent::Failed(words::failure(error)),
            From::Ended => PlayerEvent::Ended,
            From::Switch { position_us, height, .. } => return self.switches.push((position_us, height)),
            From::Preview { at_us, width, height, rgb } => {
                self.stale = true;
                // One that does not hold what it says is none.
                let whole = rgb.len() as u64 == u64::from(width) * u64::from(height) * 3;
                return self.preview = whole.then_some(Preview { at_us, width, height, rgb });
            }
            From::Captions { position_us, document } => {
                return self.captions = Some((session, position_us, document)).filter(|(.., d)| !d.cues.is_empty());
            }
            From::Loading { .. } | From::State { .. } | From::Stall { .. } => return,
            From::Window { .. } | From::Decoder { .. } | From::Volume { .. } => return,
            From::Summary(summary) => {
                self.learn(session, summary.estimate_kbps);
                return self.log.summaries.push(summary);
            }
        };
        self.step(Event::Player { session, event });
    }

    /// Writes what changed to the interface. A mock clock may be moved between rounds.
    pub fn refresh(&mut self) {
        let now_ms = self.now_ms();
        let due = self.show.wake_ms().is_some_and(|at| now_ms >= at);
        // Pictures that arrived, and the time of day, change what is shown without an event.
        let pictures = self.parts.art.pending() > 0;
        if !self.stale && !due && !pictures {
            return self.show.tell_time(&self.window, &(self.parts.time_of_day)());
        }
        self.stale = false;
        let view = view(&self.app, &self.store);
        let picture = words::picture(&self.picture);
        let time = (self.parts.time_of_day)();
        let round = Round {
            window: &self.window,
            store: &self.store,
            art: &mut self.parts.art,
            sizes: self.sizes,
            now_ms,
            picture,
            preview: self.preview.as_ref(),
        };
        self.show.round(&view, &self.app, &time, round);
        self.last = Some(view);
        self.note_home();
    }

    fn note_home(&mut self) {
        let now = self.parts.clock.now();
        if self.log.home.is_none() && self.holds(Condition::Home) {
            self.log.home = Some(now);
        }
        if self.log.home_art.is_none() && self.log.home.is_some() && self.parts.art.pending() == 0 {
            self.log.home_art = Some(now);
            // Loading a player's plugins holds up every thread that starts meanwhile: not before the screen is complete.
            self.parts.cinema.warm();
        }
    }

    /// The session whose film is to be seen now.
    pub fn film(&self) -> Option<u32> {
        self.app.playing().filter(|p| p.phase == hearth_nav::Phase::Running).map(|p| p.session)
    }

    /// What it is called.
    pub fn film_title(&self) -> String {
        let title = self.app.playing().map(|p| p.title.to_string()).unwrap_or_default();
        self.store.card(&title).map_or(title, |card| card.name.clone())
    }

    /// The server that answers.
    pub fn reached(&self) -> Option<String> {
        (self.app.network() == Network::Online).then(|| self.parts.server.origin()).flatten()
    }

    /// Where the viewer is.
    pub fn memory(&self) -> Memory {
        self.app.memory()
    }

    /// Something happened on the box.
    pub fn tell(&mut self, event: Event) {
        // It happens now, not when a key was last pressed: a notice stays as long as it should.
        self.step(Event::Tick { now_ms: self.now_ms() });
        self.step(event);
    }

    /// What the top line says of the box.
    pub fn show_status(&self, status: Status) {
        self.show.status(&self.window, &status);
    }

    /// What the box says of itself.
    pub fn set_about(&mut self, about: About) {
        self.stale |= self.store.set_about(about);
    }

    /// What the viewer wants of the box, since.
    pub fn wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// Pictures that are still on their way.
    pub fn pending_art(&self) -> usize {
        self.parts.art.pending()
    }

    /// Until something is to be done though nothing happens; none: for ever.
    pub fn idle(&self) -> Option<Duration> {
        let wakes = [self.app.wake_ms(), self.keys.wake_ms(), self.show.wake_ms()];
        let next = wakes.into_iter().flatten().min();
        next.map(|at| Duration::from_millis(at.saturating_sub(self.now_ms())))
    }

    /// Ends playback, so that the position is kept and the account is closed.
    pub fn leave(&mut self) {
        if self.app.playing().is_some() {
            let now_ms = self.now_ms();
            let tap = self.keys.tap(RemoteKey::Stop, now_ms);
            self.key_events(tap);
        }
    }

    /// Playbacks whose account is not there yet.
    pub fn open_accounts(&self) -> usize {
        self.log.loaded.saturating_sub(self.log.summaries.len())
    }

    /// Waits until the server has what was to be kept.
    pub fn finish(self) {
        self.parts.server.finish();
    }
}

impl Stage for Launcher {
    fn holds(&self, condition: Condition) -> bool {
        let page = |wanted: fn(&Page) -> bool| {
            *self.app.mode() == Mode::Browse && wanted(&self.app.screen().page) && self.app.screen().ready
        };
        let running = |wanted: fn(&hearth_nav::Playing) -> bool| self.film().is_some() && self.app.playing().is_some_and(wanted);
        match condition {
            Condition::Home => page(|p| *p == Page::Home) && self.app.home().hero.is_some(),
            Condition::Detail => page(|p| matches!(p, Page::Detail(_))),
            Condition::Settings => page(|p| *p == Page::Settings),
            Condition::Playing => running(|p| !p.paused && !p.waiting()),
            Condition::Paused => running(|p| p.paused),
            Condition::Overlay => running(|p| p.osd == Osd::Shown),
            Condition::Clear => running(|p| p.osd == Osd::Hidden),
            Condition::Ended => self.ended && self.app.playing().is_none(),
            Condition::Error => self.app.modal().is_some(),
            Condition::Offline => self.app.network() == Network::Offline,
            Condition::Settled => self.pending_art() == 0,
        }
    }

    fn describe(&self) -> String {
        let place = match self.app.mode() {
            Mode::Boot => "still looking for the server".to_owned(),
            Mode::Playing(p) => {
                format!("a film is {:?}, paused {}, at {} ms, {} ms ahead", p.phase, p.paused, p.position_ms, p.buffer_ms)
            }
            Mode::Browse => format!("the page is {:?}", self.app.screen().page),
        };
        let error = self.app.modal().map(|m| format!("; error {}: {} {}", m.failure.code, m.failure.message, m.failure.action));
        let waiting = match self.pending_art() {
            0 => String::new(),
            n => format!("; {n} pictures are missing"),
        };
        format!("{place}{}{waiting}", error.unwrap_or_default())
    }
}
