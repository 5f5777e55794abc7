//! The home screen.

use hearth_api::TitleCard;
use hearth_nav::{App, Id, zone};

use crate::{
    Store,
    format::meta_line,
    ring::ring,
    tile::{ButtonView, TileView, buttons, progress, tiles},
};

/// Before anything is known.
#[derive(Clone, Debug, PartialEq)]
pub struct BootView {
    /// For the viewer.
    pub message: String,
    /// Below it, smaller; may be empty.
    pub hint: String,
}

/// The large picture on top.
#[derive(Clone, Debug, PartialEq)]
pub struct HeroView {
    /// The title that it shows.
    pub id: Id,
    /// For the viewer.
    pub name: String,
    /// One line; may be empty.
    pub tagline: String,
    /// `2008 · Animation · PG · 10 min`.
    pub meta: String,
    /// A paragraph.
    pub synopsis: String,
    /// Full URL.
    pub backdrop: Option<String>,
    /// Watched so far, 0 to 1.
    pub progress: Option<f32>,
    /// Empty while it shows a tile of a shelf: its buttons are about its own title.
    pub buttons: Vec<ButtonView>,
}

/// A shelf.
#[derive(Clone, Debug, PartialEq)]
pub struct ShelfView {
    /// Place among the shelves, from 0.
    pub index: usize,
    /// Of the server.
    pub id: Id,
    /// For the viewer.
    pub title: String,
    /// Constantly [`crate::ring_len`] of the visible tiles.
    pub tiles: Vec<Option<TileView>>,
    /// First visible tile: scroll so that it is at the left edge.
    pub first: usize,
    /// Tiles in all.
    pub len: usize,
    /// The focused, or last focused, tile.
    pub current: usize,
    /// It has the focus.
    pub focused: bool,
}

/// A home screen without a title.
#[derive(Clone, Debug, PartialEq)]
pub struct EmptyView {
    /// What is wrong and what to do.
    pub message: String,
    /// Look again.
    pub buttons: Vec<ButtonView>,
}

/// The home screen.
#[derive(Clone, Debug, PartialEq)]
pub struct HomeView {
    /// None only on an empty home screen.
    pub hero: Option<HeroView>,
    /// The page stands at its top: the focus is on the hero's buttons or above them.
    pub on_hero: bool,
    /// The button of the settings has the focus.
    pub on_settings: bool,
    /// Constantly [`HomeView::SHELVES`] plus its margins, as [`crate::ring`]: shelf `i` in slot `i mod slots`.
    pub shelves: Vec<Option<ShelfView>>,
    /// The shelf that stands at the top of the shelves' area; the focused one, or 0 while the focus is in the hero.
    pub first_shelf: usize,
    /// Shelves in all.
    pub shelf_count: usize,
    /// In place of everything.
    pub empty: Option<EmptyView>,
}

impl HomeView {
    /// Shelves that can be seen at once.
    pub const SHELVES: usize = 2;
}

pub(crate) fn home_view(app: &App, store: &Store, active: bool) -> HomeView {
    let focus = &app.home_screen().focus;
    let at = focus.at().map(|(zone, _)| zone.as_str());
    let on_hero = matches!(at, Some(zone::HERO | zone::TOP));
    let zones: Vec<_> = focus.zones().iter().filter(|z| z.id.starts_with(zone::SHELF)).collect();
    let first_shelf = zones.iter().position(|z| at == Some(z.id.as_str())).unwrap_or(0);
    let shelf = |index: usize| {
        let zone = zones.get(index)?;
        let id = zone.id.strip_prefix(zone::SHELF).unwrap_or_default();
        let title = store.home().and_then(|h| h.shelves.iter().find(|s| s.id == id)).map(|s| s.title.clone());
        let focused = active && at == Some(zone.id.as_str());
        let (first, len, current) = (zone.first, zone.items.len(), zone.index);
        let tiles = tiles(store, zone, focused);
        Some(ShelfView { index, id: id.into(), title: title.unwrap_or_default(), tiles, first, len, current, focused })
    };
    let shelves = ring(first_shelf, HomeView::SHELVES, zones.len()).into_iter().map(|slot| slot.and_then(shelf)).collect();
    let hero = app.spotlight().and_then(|id| store.card(id)).map(|card| {
        let own = app.home().hero.as_ref().is_some_and(|h| *h.id == *card.id);
        let buttons =
            if own { buttons(focus.find(zone::HERO), active && at == Some(zone::HERO), card.resume_ms) } else { Vec::new() };
        hero_view(store, card, buttons)
    });
    let empty = focus.find(zone::EMPTY).map(|z| EmptyView {
        message: "There are no films yet. Add one on the server (hearth-server ingest FILE), then look again.".to_owned(),
        buttons: buttons(Some(z), active && at == Some(zone::EMPTY), None),
    });
    let on_settings = active && at == Some(zone::TOP);
    HomeView { hero, on_hero, on_settings, shelves, first_shelf, shelf_count: zones.len(), empty }
}

fn hero_view(store: &Store, card: &TitleCard, buttons: Vec<ButtonView>) -> HeroView {
    HeroView {
        id: card.id.as_str().into(),
        name: card.name.clone(),
        tagline: card.tagline.clone().unwrap_or_default(),
        meta: meta_line(card),
        synopsis: card.synopsis.clone(),
        backdrop: card.backdrop.as_deref().or(card.poster.as_deref()).map(|b| store.url(b)),
        progress: progress(card),
        buttons,
    }
}
