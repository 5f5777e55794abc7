//! From view models to what the `.slint` files show: one file per adapter. Only what changed is written, so that only it is drawn.

mod detail;
mod home;
mod modal;
mod networks;
mod playback;
mod sample;
mod settings;
mod shelf;
mod stage;
mod volume;

use crate::art::Art;
use crate::ui::TvWindow;
use hearth_pixels::{Colour, Key, Recipe};
use hearth_view::{ScreenView, Store, View};
use slint::ComponentHandle;

pub use stage::Stage;

/// What a round of showing needs.
pub(crate) struct Round<'a> {
    pub window: &'a TvWindow,
    pub store: &'a Store,
    pub art: &'a mut Art,
    pub sizes: Sizes,
    pub now_ms: u64,
    /// Height and protection of what plays, as shown.
    pub picture: String,
    /// Of where the viewer is about to jump.
    pub preview: Option<&'a Preview>,
}

/// A small picture of the film.
pub(crate) struct Preview {
    /// Where in the film, µs.
    pub at_us: u64,
    pub width: u32,
    pub height: u32,
    /// Red, green, blue.
    pub rgb: Vec<u8>,
}

/// Sizes of artwork in pixels of the screen, from the tokens of the interface and the screen's scale.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    poster: (u32, u32),
    poster_focus: (u32, u32),
    wide: (u32, u32),
    wide_focus: (u32, u32),
    radius: u32,
    halo: u32,
    screen: (u32, u32),
    page: Colour,
}

impl Sizes {
    /// Reads the tokens.
    pub fn of(window: &TvWindow, screen: (u32, u32), scale: f32) -> Self {
        let space = window.global::<crate::ui::Space<'_>>();
        let px = |v: f32| (v * scale).round() as u32;
        let page = window.global::<crate::ui::Palette<'_>>().get_page();
        Self {
            poster: (px(space.get_poster_width()), px(space.get_poster_height())),
            poster_focus: (px(space.get_poster_focus_width()), px(space.get_poster_focus_height())),
            wide: (px(space.get_wide_width()), px(space.get_wide_height())),
            wide_focus: (px(space.get_wide_focus_width()), px(space.get_wide_focus_height())),
            radius: px(space.get_radius()),
            halo: px(space.get_halo()),
            screen,
            page: Colour(page.red(), page.green(), page.blue()),
        }
    }

    fn tile(&self, url: String, wide: bool) -> Key {
        let (width, height) = if wide { self.wide } else { self.poster };
        Key::new(url, Recipe::Cutout { width, height, radius: self.radius })
    }

    fn focused(&self, url: String, wide: bool) -> Key {
        let (width, height) = if wide { self.wide_focus } else { self.poster_focus };
        Key::new(url, Recipe::Cutout { width, height, radius: self.radius + 1 })
    }

    fn backdrop(&self, url: String) -> Key {
        Key::new(url, Recipe::Backdrop { width: self.screen.0, height: self.screen.1, page: self.page })
    }
}

/// What is shown, remembered between rounds.
pub struct Show {
    stage: Stage,
    home: home::Home,
    detail: detail::Detail,
    settings: settings::Settings,
    networks: networks::Networks,
    playback: playback::Playback,
    /// When something is to change by itself, though no event comes.
    wake_ms: Option<u64>,
}

impl Show {
    /// Connects the adapters of `window`.
    pub fn new(window: &TvWindow, sizes: Sizes, profile: &str) -> Self {
        Self {
            stage: Stage::connect(window, sizes, profile),
            home: home::Home::connect(window),
            detail: detail::Detail::connect(window),
            settings: settings::Settings::connect(window),
            networks: networks::Networks::connect(window),
            playback: playback::Playback::default(),
            wake_ms: None,
        }
    }

    /// Shows a view.
    pub(crate) fn round(&mut self, view: &View, app: &hearth_nav::App, clock: &str, mut round: Round<'_>) {
        round.art.begin();
        self.stage.show(view, clock, &mut round);
        self.wake_ms = None;
        match &view.screen {
            ScreenView::Boot(_) => {}
            ScreenView::Home(home) => self.home.show(home, app, &mut round),
            ScreenView::Detail(detail) => self.detail.show(detail, &mut round),
            ScreenView::Settings(settings) => self.settings.show(settings, app, &round),
            ScreenView::Networks(networks) => self.networks.list(networks, &round),
            ScreenView::Passphrase(passphrase) => self.networks.passphrase(passphrase, &round),
            ScreenView::Playing(playing) => self.wake_ms = self.playback.show(playing, &mut round),
        }
        if !matches!(view.screen, ScreenView::Playing(_)) {
            self.playback.leave(&mut round);
        }
        if !matches!(view.screen, ScreenView::Settings(_)) {
            self.settings.leave(&round);
        }
        if !matches!(view.screen, ScreenView::Passphrase(_)) {
            self.networks.leave(&round);
        }
        modal::show(view, &round);
        volume::show(view.volume, &round);
        round.art.end();
    }

    /// Nothing but the time of day may have changed.
    pub fn tell_time(&self, window: &TvWindow, clock: &str) {
        window.global::<crate::ui::StageAdapter<'_>>().set_clock(clock.into());
    }

    /// What the top line says of the box.
    pub fn status(&self, window: &TvWindow, status: &crate::service::facts::Status) {
        stage::status(window, status);
    }

    /// When to make the next round at the latest.
    pub fn wake_ms(&self) -> Option<u64> {
        self.wake_ms
    }
}
