//! The whole screen.

use hearth_nav::{App, Mode, Network, Page, Volume};

use crate::{
    BootView, DetailView, HomeView, ModalView, NetworksView, PassphraseView, PlayingView, SettingsView, Store, TileView,
    ToastView,
    detail::detail_view,
    home::home_view,
    messages::{modal_view, toast_view},
    networks::{networks_view, passphrase_view},
    playing::playing_view,
    settings::settings_view,
};

/// What fills the screen.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // there is one of it
pub enum ScreenView {
    /// Nothing is known yet.
    Boot(BootView),
    /// The home screen.
    Home(HomeView),
    /// A title's page.
    Detail(DetailView),
    /// The settings.
    Settings(SettingsView),
    /// Wi-Fi networks.
    Networks(NetworksView),
    /// A passphrase is typed.
    Passphrase(PassphraseView),
    /// A film.
    Playing(PlayingView),
}

/// The whole screen.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// What fills it.
    pub screen: ScreenView,
    /// Over it.
    pub modal: Option<ModalView>,
    /// At its edge, for a while.
    pub toast: Option<ToastView>,
    /// The server does not answer: show a small sign.
    pub offline: bool,
    /// Over everything, for a moment after it was changed: how loud it is.
    pub volume: Option<Volume>,
}

/// Makes the screen.
pub fn view(app: &App, store: &Store) -> View {
    let active = app.modal().is_none();
    let screen = match app.mode() {
        Mode::Boot if app.screen().page == Page::Home => ScreenView::Boot(boot_view(app)),
        Mode::Playing(playing) => ScreenView::Playing(playing_view(store, playing)),
        Mode::Boot | Mode::Browse => match &app.screen().page {
            Page::Home => ScreenView::Home(home_view(app, store, active)),
            Page::Detail(id) => ScreenView::Detail(detail_view(store, app.screen(), id, active)),
            Page::Settings => ScreenView::Settings(settings_view(app, store, app.screen(), active)),
            Page::Networks => ScreenView::Networks(networks_view(app, app.screen(), active)),
            // What is typed is there as long as its page.
            Page::Passphrase(_) => passphrase_view(app, app.screen(), active)
                .map_or_else(|| ScreenView::Networks(networks_view(app, app.screen(), active)), ScreenView::Passphrase),
        },
    };
    View {
        screen,
        modal: app.modal().map(|m| modal_view(app, store, m)),
        toast: app.toast().map(toast_view),
        offline: app.network() == Network::Offline,
        volume: app.volume_until_ms().map(|_| app.volume()),
    }
}

fn boot_view(app: &App) -> BootView {
    let (message, hint) = match app.tries() {
        0 => ("Looking for your films", ""),
        1..5 => ("Connecting", ""),
        _ => ("Connecting", "Your films appear by themselves as soon as the network is there"),
    };
    BootView { message: message.to_owned(), hint: hint.to_owned() }
}

/// In which shape a picture is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A tile at rest.
    Tile,
    /// The tile with the focus, or one that may have it next.
    Focused,
    /// Behind a whole page.
    Backdrop,
}

/// A picture that a screen needs, now or with the next press.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Full URL.
    pub url: String,
    /// How it is shown.
    pub shape: Shape,
    /// How soon: 0 first.
    pub priority: u32,
}

/// Pictures that the screen needs, most urgent first. Everything that was wanted before and is not in here can be cancelled.
pub fn pictures(view: &View) -> Vec<Picture> {
    let mut out = Vec::new();
    let backdrop =
        |url: &Option<String>| url.iter().map(|u| Picture { url: u.clone(), shape: Shape::Backdrop, priority: 2 }).collect();
    match &view.screen {
        ScreenView::Boot(_) | ScreenView::Settings(_) | ScreenView::Networks(_) | ScreenView::Passphrase(_) => {}
        ScreenView::Home(home) => {
            out = home.hero.as_ref().map_or_else(Vec::new, |h| backdrop(&h.backdrop));
            for shelf in home.shelves.iter().flatten() {
                let away = shelf.index.abs_diff(home.first_shelf) as u32 * 8;
                row(&shelf.tiles, shelf.current, if home.on_hero { away + 4 } else { away }, &mut out);
            }
        }
        ScreenView::Detail(detail) => {
            out = backdrop(&detail.backdrop);
            let current = detail.similar.iter().flatten().find(|t| t.current).map_or(0, |t| t.index);
            row(&detail.similar, current, if detail.on_buttons { 4 } else { 0 }, &mut out);
        }
        ScreenView::Playing(playing) if playing.loading => out = backdrop(&playing.backdrop),
        ScreenView::Playing(_) => {}
    }
    out.sort_by_key(|p| p.priority);
    out
}

/// Tiles of a row; those next to the focus also in the shape that they would have with it.
fn row(tiles: &[Option<TileView>], current: usize, away: u32, out: &mut Vec<Picture>) {
    for tile in tiles.iter().flatten() {
        let Some(url) = &tile.poster else { continue };
        let distance = tile.index.abs_diff(current) as u32;
        out.push(Picture { url: url.clone(), shape: Shape::Tile, priority: away + distance });
        if distance <= 1 && away < 16 {
            out.push(Picture { url: url.clone(), shape: Shape::Focused, priority: away + distance });
        }
    }
}
