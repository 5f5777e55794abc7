//! The smallest things on a page: tiles and buttons.

use hearth_api::TitleCard;
use hearth_nav::{Id, Zone, button};

use crate::{
    Store,
    format::{clock, hue, meta_line, monogram, ratio},
    ring::ring,
};

/// A title in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct TileView {
    /// Place in its row: x is `(index - first) * pitch`.
    pub index: usize,
    /// Of the title.
    pub id: Id,
    /// For the viewer.
    pub name: String,
    /// `2008 · Animation · PG · 10 min`.
    pub meta: String,
    /// Full URL.
    pub poster: Option<String>,
    /// Watched so far, 0 to 1; none: not begun.
    pub progress: Option<f32>,
    /// For a tile without a picture: one or two letters.
    pub monogram: String,
    /// For a tile without a picture: its hue, 0 to 359.
    pub hue: u16,
    /// It has the focus, and nothing lies over the page.
    pub focused: bool,
    /// It would have the focus if its row had.
    pub current: bool,
}

/// Slots of a row: see [`crate::ring`].
pub(crate) fn tiles(store: &Store, zone: &Zone, focused: bool) -> Vec<Option<TileView>> {
    let slots = ring(zone.first, zone.visible, zone.items.len());
    let tile = |index: usize| {
        let id = zone.items.get(index)?;
        let current = index == zone.index;
        Some(tile(store, store.card(id), index, id, current, focused && current))
    };
    slots.into_iter().map(|slot| slot.and_then(tile)).collect()
}

fn tile(store: &Store, card: Option<&TitleCard>, index: usize, id: &Id, current: bool, focused: bool) -> TileView {
    let name = card.map(|c| c.name.clone()).unwrap_or_default();
    TileView {
        index,
        id: id.clone(),
        monogram: monogram(&name),
        name,
        meta: card.map(meta_line).unwrap_or_default(),
        poster: card.and_then(|c| c.poster.as_deref()).map(|p| store.url(p)),
        progress: card.and_then(progress),
        hue: hue(id),
        focused,
        current,
    }
}

/// How much of it was watched.
pub(crate) fn progress(card: &TitleCard) -> Option<f32> {
    card.resume_ms.filter(|ms| *ms > 0 && card.duration_ms > 0).map(|ms| ratio(ms, card.duration_ms))
}

/// A button.
#[derive(Clone, Debug, PartialEq)]
pub struct ButtonView {
    /// One of [`hearth_nav::button`].
    pub id: Id,
    /// For the viewer.
    pub label: String,
    /// It has the focus.
    pub focused: bool,
}

/// A zone's buttons; `resume_ms` is where Play goes on.
pub(crate) fn buttons(zone: Option<&Zone>, focused: bool, resume_ms: Option<u64>) -> Vec<ButtonView> {
    let Some(zone) = zone else { return Vec::new() };
    let label = |id: &Id| match (id.as_str(), resume_ms.filter(|ms| *ms > 0)) {
        (button::PLAY, Some(ms)) => format!("Resume at {}", clock(ms)),
        (button::PLAY, None) => "Play".to_owned(),
        (button::RESTART, _) => "Play from start".to_owned(),
        (button::INFO, _) => "More info".to_owned(),
        (button::RETRY, _) => "Try again".to_owned(),
        (button::BACK, _) => "Back".to_owned(),
        (button::REBOOT, _) => "Restart now".to_owned(),
        (button::NETWORKS, _) => "Set up Wi-Fi".to_owned(),
        (button::FORGET, _) => "Forget".to_owned(),
        (button::LATER, _) => "Later".to_owned(),
        (other, _) => other.to_owned(),
    };
    let button = |(n, id): (usize, &Id)| ButtonView { id: id.clone(), label: label(id), focused: focused && n == zone.index };
    zone.items.iter().enumerate().map(button).collect()
}
