//! A row of tiles: a constant number of slots, rewritten one by one as they change.

use super::Round;
use crate::facts;
use crate::ui::{Shelf, Tile};
use hearth_view::TileView;
use slint::{Model, ModelRc, SharedString, VecModel};
use std::rc::Rc;

/// What a slot shows, in what can be compared cheaply.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    view: TileView,
    caption: String,
    kicker: String,
    art: bool,
    art_focused: bool,
}

/// The slots of one row.
pub(super) struct Row {
    tiles: Rc<VecModel<Tile>>,
    shown: Vec<Option<Shown>>,
    /// All of it, as last shown: title, wide, y, focus, first.
    head: Option<(SharedString, bool, f32, i32, i32)>,
}

/// A row to be shown.
pub(super) struct RowView<'a> {
    pub title: &'a str,
    pub wide: bool,
    pub y: f32,
    pub tiles: &'a [Option<TileView>],
    pub first: usize,
    /// Distance of the row from the focused one, for the order in which pictures come.
    pub away: u32,
}

impl Row {
    pub fn new() -> Self {
        Self { tiles: Rc::new(VecModel::default()), shown: Vec::new(), head: None }
    }

    /// Brings the slots up to date. The row's own data, if that changed.
    pub fn update(&mut self, row: &RowView<'_>, round: &mut Round<'_>) -> Option<Shelf> {
        if self.shown.len() != row.tiles.len() {
            self.shown = vec![None; row.tiles.len()];
            self.tiles.set_vec(vec![empty(); row.tiles.len()]);
        }
        for (slot, view) in row.tiles.iter().enumerate() {
            self.slot(slot, view.as_ref(), row, round);
        }
        let focus = row.tiles.iter().flatten().find(|t| t.focused).map_or(-1, |t| t.index as i32);
        let head = (SharedString::from(row.title), row.wide, row.y, focus, row.first as i32);
        if self.head.as_ref() == Some(&head) {
            return None;
        }
        self.head = Some(head);
        let tiles = ModelRc::from(self.tiles.clone());
        Some(Shelf { title: row.title.into(), wide: row.wide, y: row.y, tiles, focus, first: row.first as i32 })
    }

    fn slot(&mut self, slot: usize, view: Option<&TileView>, row: &RowView<'_>, round: &mut Round<'_>) {
        let Some(view) = view else {
            if self.shown[slot].take().is_some() {
                self.tiles.set_row_data(slot, empty());
            }
            return;
        };
        let card = round.store.card(&view.id);
        // A wide tile shows the backdrop; either shape does with the other's picture.
        let url = card.and_then(|c| if row.wide { c.backdrop.as_ref().or(c.poster.as_ref()) } else { c.poster.as_ref() });
        let url = url.map(|u| round.store.url(u));
        let caption = card.map(|c| if row.wide { facts::remaining(c) } else { facts::caption(c) }).unwrap_or_default();
        let kicker = card.and_then(|c| c.genres.first().cloned()).unwrap_or_default();
        let priority = row.away + view.index.abs_diff(row.first) as u32;
        let near =
            view.current || view.focused || row.tiles.iter().flatten().any(|t| t.current && t.index.abs_diff(view.index) <= 1);
        let art = url.clone().and_then(|u| round.art.get(&round.sizes.tile(u, row.wide), priority));
        let art_focused = url.filter(|_| near).and_then(|u| round.art.get(&round.sizes.focused(u, row.wide), priority));
        // Whether a slot has the focus is the row's affair, and so is what would have it.
        let view = TileView { focused: false, current: false, ..view.clone() };
        let shown = Shown { view, caption, kicker, art: art.is_some(), art_focused: art_focused.is_some() };
        if self.shown[slot].as_ref() == Some(&shown) {
            return;
        }
        let tile = Tile {
            item_index: shown.view.index as i32,
            name: shown.view.name.as_str().into(),
            caption: shown.caption.as_str().into(),
            kicker: shown.kicker.as_str().into(),
            ready: shown.art,
            // The picture at rest stretches where the larger one is not there yet.
            art_focused: art_focused.or_else(|| art.clone()).unwrap_or_default(),
            art: art.unwrap_or_default(),
            progress: shown.view.progress.unwrap_or(-1.0),
            tint: i32::from(shown.view.hue) * 6 / 360,
        };
        self.tiles.set_row_data(slot, tile);
        self.shown[slot] = Some(shown);
    }
}

fn empty() -> Tile {
    Tile { item_index: -1, progress: -1.0, ..Tile::default() }
}
