//! The home screen.

use super::Round;
use super::shelf::{Row, RowView};
use crate::facts;
use crate::ui::{Action, Feature, HomeAdapter, Shelf, Space, TvWindow};
use hearth_api::TitleCard;
use hearth_nav::{App, ShelfKind, button, zone};
use hearth_view::{ButtonView, HomeView, ShelfView};
use slint::{ComponentHandle, Model, ModelRc, VecModel};
use std::rc::Rc;

/// See `adapters/home.slint`.
pub(super) struct Home {
    shelves: Rc<VecModel<Shelf>>,
    rows: Vec<Row>,
    actions: Rc<VecModel<Action>>,
}

impl Home {
    pub fn connect(window: &TvWindow) -> Self {
        let (shelves, actions) = (Rc::new(VecModel::default()), Rc::new(VecModel::default()));
        let home = window.global::<HomeAdapter<'_>>();
        home.set_shelves(ModelRc::from(shelves.clone()));
        home.set_actions(ModelRc::from(actions.clone()));
        Self { shelves, rows: Vec::new(), actions }
    }

    pub fn show(&mut self, view: &HomeView, app: &App, round: &mut Round<'_>) {
        let adapter = round.window.global::<HomeAdapter<'_>>();
        let places = Places::of(app, round.window);
        adapter.set_hero_focused(view.on_hero);
        adapter.set_settings_focused(view.on_settings);
        adapter.set_scroll(if view.on_hero { 0.0 } else { places.lift + places.y(view.first_shelf) });
        if let Some(card) = view.hero.as_ref().and_then(|h| round.store.card(&h.id)) {
            adapter.set_feature(feature(card));
        }
        // A tile's title has no buttons; the hero's stay as they are while they fade.
        if let Some(hero) = view.hero.as_ref().filter(|h| !h.buttons.is_empty()) {
            show_actions(&self.actions, &hero.buttons);
            adapter.set_action_focus(focused(&hero.buttons));
        }
        self.show_shelves(view, &places, round);
    }

    fn show_shelves(&mut self, view: &HomeView, places: &Places, round: &mut Round<'_>) {
        if self.rows.len() != view.shelves.len() {
            self.rows = view.shelves.iter().map(|_| Row::new()).collect();
            self.shelves.set_vec(vec![Shelf::default(); view.shelves.len()]);
        }
        for (slot, shelf) in view.shelves.iter().enumerate() {
            match shelf {
                Some(shelf) => {
                    let away = shelf.index.abs_diff(view.first_shelf) as u32 * 8;
                    if let Some(data) = self.rows[slot].update(&row(shelf, places, away), round) {
                        self.shelves.set_row_data(slot, data);
                    }
                }
                None => {
                    self.rows[slot] = Row::new();
                    if self.shelves.row_data(slot).is_some_and(|s| s.tiles.row_count() > 0) {
                        self.shelves.set_row_data(slot, Shelf { focus: -1, ..Shelf::default() });
                    }
                }
            }
        }
    }
}

fn row<'a>(shelf: &'a ShelfView, places: &Places, away: u32) -> RowView<'a> {
    RowView {
        title: &shelf.title,
        wide: places.wide(shelf.index),
        y: places.y(shelf.index),
        tiles: &shelf.tiles,
        first: shelf.first,
        away,
    }
}

/// Where shelves stand: their heights differ.
struct Places {
    /// How far the shelves rise when one of them has the focus.
    lift: f32,
    wide: Vec<bool>,
    poster_height: f32,
    wide_height: f32,
}

impl Places {
    fn of(app: &App, window: &TvWindow) -> Self {
        let space = window.global::<Space<'_>>();
        let around = space.get_heading_height() + space.get_caption_height();
        let begun = |id: &str| app.home().shelves.iter().any(|s| *s.id == *id && s.kind == ShelfKind::Continue);
        let zones = app.home_screen().focus.zones().iter().filter_map(|z| z.id.strip_prefix(zone::SHELF));
        Self {
            lift: space.get_shelf_peek() - space.get_shelf_line(),
            wide: zones.map(begun).collect(),
            poster_height: space.get_poster_height() + around,
            wide_height: space.get_wide_height() + around,
        }
    }

    fn wide(&self, index: usize) -> bool {
        self.wide.get(index).copied().unwrap_or(false)
    }

    fn y(&self, index: usize) -> f32 {
        self.wide.iter().take(index).map(|wide| if *wide { self.wide_height } else { self.poster_height }).sum()
    }
}

/// A title told in large.
pub(super) fn feature(card: &TitleCard) -> Feature {
    Feature {
        name: card.name.as_str().into(),
        tagline: card.tagline.as_deref().unwrap_or_default().into(),
        facts: facts::line(card).into(),
        rating: card.rating.as_deref().unwrap_or_default().trim().into(),
        synopsis: card.synopsis.as_str().into(),
        remaining: facts::remaining(card).into(),
        progress: card
            .resume_ms
            .filter(|ms| *ms > 0 && card.duration_ms > 0)
            .map_or(-1.0, |ms| ms as f32 / card.duration_ms as f32),
        ..Feature::default()
    }
}

/// Shows buttons, leaving those alone that are as they were.
pub(super) fn show_actions(model: &VecModel<Action>, buttons: &[ButtonView]) {
    let glyph = |b: &ButtonView| match b.id.as_str() {
        button::PLAY => "play",
        button::RESTART | button::RETRY => "restart",
        button::INFO => "info",
        button::BACK => "back",
        _ => "",
    };
    let wanted: Vec<Action> = buttons.iter().map(|b| Action { label: b.label.as_str().into(), glyph: glyph(b).into() }).collect();
    if !wanted.iter().cloned().eq(model.iter()) {
        model.set_vec(wanted);
    }
}

/// Index of the focused button; -1 if none is.
pub(super) fn focused(buttons: &[ButtonView]) -> i32 {
    buttons.iter().position(|b| b.focused).map_or(-1, |n| n as i32)
}
