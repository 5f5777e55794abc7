//! The pages one browses, and the little that navigation needs to know of a catalog.

use crate::{Focus, Id, Scroll, Zone, ZoneKind};

/// Names of buttons: items of [`zone::TOP`], [`zone::HERO`], [`zone::ACTIONS`], [`zone::BUTTONS`] and [`zone::EMPTY`].
pub mod button {
    /// Play, from where the viewer stopped.
    pub const PLAY: &str = "play";
    /// Play from the beginning.
    pub const RESTART: &str = "restart";
    /// The title's page.
    pub const INFO: &str = "info";
    /// Try again.
    pub const RETRY: &str = "retry";
    /// Go back.
    pub const BACK: &str = "back";
    /// Restart for the update.
    pub const REBOOT: &str = "reboot";
    /// Not now.
    pub const LATER: &str = "later";
    /// The settings.
    pub const SETTINGS: &str = "settings";
    /// Choose a Wi-Fi network; what the page of settings has of it, too.
    pub const NETWORKS: &str = "networks";
    /// Join a network.
    pub const JOIN: &str = "join";
    /// Forget a network.
    pub const FORGET: &str = "forget";
    /// Listen for networks.
    pub const SCAN: &str = "scan";
    /// Progress bar of the player's overlay.
    pub const BAR: &str = "bar";
}

/// Names of zones.
pub mod zone {
    /// The line along the top of the home screen.
    pub const TOP: &str = "top";
    /// The hero's buttons.
    pub const HERO: &str = "hero";
    /// What a home screen without titles has.
    pub const EMPTY: &str = "empty";
    /// The detail page's buttons.
    pub const ACTIONS: &str = "actions";
    /// The detail page's row of alike titles.
    pub const SIMILAR: &str = "similar";
    /// The buttons of an error.
    pub const BUTTONS: &str = "buttons";
    /// The player overlay's progress bar.
    pub const BAR: &str = "bar";
    /// The player overlay's audio tracks.
    pub const TRACKS: &str = "tracks";
    /// The groups of settings.
    pub const GROUPS: &str = "groups";
    /// What can be chosen of a setting: this and its name.
    pub const SETTING: &str = "setting:";
    /// The settings' row that leads to the networks.
    pub const NETWORK: &str = "network";
    /// A Wi-Fi network: this and its ID.
    pub const WIFI: &str = "wifi:";
    /// A keyboard's characters.
    pub const KEYS: &str = "keys";
    /// A keyboard's keys below them.
    pub const ACTIONS_ROW: &str = "key-actions";
    /// A home shelf: this and the shelf's ID.
    pub const SHELF: &str = "shelf:";
}

/// A title as navigation knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleRef {
    /// Which.
    pub id: Id,
    /// There is a place to resume from.
    pub resumable: bool,
}

/// What pressing OK on a tile of a shelf does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShelfKind {
    /// Opens the title's page.
    Titles,
    /// Plays on at once (the page opens on a long press, on Info or on Menu): who comes back to a film wants the film.
    Continue,
}

/// A shelf of the home screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfData {
    /// Stable.
    pub id: Id,
    /// What OK does.
    pub kind: ShelfKind,
    /// Left to right.
    pub items: Vec<TitleRef>,
}

/// The home screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HomeData {
    /// What it opens with.
    pub hero: Option<TitleRef>,
    /// Top to bottom.
    pub shelves: Vec<ShelfData>,
}

/// A title's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitleData {
    /// The title.
    pub title: TitleRef,
    /// Alike ones.
    pub similar: Vec<TitleRef>,
}

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// The home screen.
    Home,
    /// A title's page.
    Detail(Id),
    /// The settings.
    Settings,
    /// The Wi-Fi networks in reach.
    Networks,
    /// The passphrase of one.
    Passphrase(Id),
}

/// A page and where the focus is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Which.
    pub page: Page,
    /// Where. Kept while other pages are above it, so that Back restores it exactly.
    pub focus: Focus,
    /// Its data has come. Until then the page shows what its tile knew.
    pub ready: bool,
}

impl Screen {
    pub(crate) fn home(rtl: bool) -> Self {
        Self { page: Page::Home, focus: Focus::new(Vec::new(), rtl), ready: false }
    }

    pub(crate) fn detail(id: Id, resumable: bool, rtl: bool) -> Self {
        Self { page: Page::Detail(id), focus: Focus::new(vec![actions(resumable)], rtl), ready: false }
    }

    pub(crate) fn settings(zones: Vec<Zone>, rtl: bool) -> Self {
        Self { page: Page::Settings, focus: Focus::new(zones, rtl), ready: true }
    }

    /// The title that the focused item stands for, if it is a tile.
    pub fn tile(&self) -> Option<&Id> {
        self.focus.at().filter(|(z, _)| z.starts_with(zone::SHELF) || **z == *zone::SIMILAR).map(|(_, item)| item)
    }
}

fn ids(items: &[TitleRef]) -> Vec<Id> {
    let mut seen = std::collections::HashSet::new();
    items.iter().filter(|t| seen.insert(&t.id)).map(|t| t.id.clone()).collect()
}

/// Zones of the home screen. A name that comes twice counts once: focus is by name.
pub(crate) fn home_zones(home: &HomeData, tiles: usize, continue_tiles: usize) -> Vec<Zone> {
    let mut zones = Vec::with_capacity(home.shelves.len() + 2);
    zones.push(Zone { aside: true, ..Zone::row(zone::TOP, 1, vec![button::SETTINGS.into()]) });
    if home.hero.is_some() {
        zones.push(Zone::row(zone::HERO, 2, vec![button::PLAY.into(), button::INFO.into()]));
    }
    for shelf in &home.shelves {
        let id = Id::from(format!("{}{}", zone::SHELF, shelf.id));
        if !shelf.items.is_empty() && zones.iter().all(|z| z.id != id) {
            let visible = if shelf.kind == ShelfKind::Continue { continue_tiles } else { tiles };
            zones.push(Zone::row(id, visible, ids(&shelf.items)));
        }
    }
    if zones.len() == 1 {
        zones.push(Zone::row(zone::EMPTY, 1, vec![button::RETRY.into()]));
    }
    zones
}

fn actions(resumable: bool) -> Zone {
    let buttons = if resumable { vec![button::PLAY.into(), button::RESTART.into()] } else { vec![button::PLAY.into()] };
    Zone { scroll: Scroll::Least, ..Zone::new(zone::ACTIONS, ZoneKind::Row, 4, buttons) }
}

pub(crate) fn detail_zones(title: &TitleData, tiles: usize) -> Vec<Zone> {
    vec![actions(title.title.resumable), Zone::row(zone::SIMILAR, tiles, ids(&title.similar))]
}
