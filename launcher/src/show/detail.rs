//! A title's page.

use super::Round;
use super::home::{feature, focused, show_actions};
use super::shelf::{Row, RowView};
use crate::facts;
use crate::ui::{Action, DetailAdapter, Feature, Shelf, TvWindow};
use hearth_view::DetailView;
use slint::{ComponentHandle, Model, ModelRc, VecModel};
use std::rc::Rc;

/// See `adapters/detail.slint`.
pub(super) struct Detail {
    shelves: Rc<VecModel<Shelf>>,
    actions: Rc<VecModel<Action>>,
    row: Row,
}

impl Detail {
    pub fn connect(window: &TvWindow) -> Self {
        let (shelves, actions) = (Rc::new(VecModel::default()), Rc::new(VecModel::default()));
        let detail = window.global::<DetailAdapter<'_>>();
        detail.set_shelves(ModelRc::from(shelves.clone()));
        detail.set_actions(ModelRc::from(actions.clone()));
        Self { shelves, actions, row: Row::new() }
    }

    pub fn show(&mut self, view: &DetailView, round: &mut Round<'_>) {
        let adapter = round.window.global::<DetailAdapter<'_>>();
        let card = round.store.card(&view.id).map(feature).unwrap_or_default();
        let protection = round.store.title(&view.id).map(facts::protection).unwrap_or_default();
        let (quality, credits) = (view.quality.as_str().into(), view.credits.as_str().into());
        adapter.set_feature(Feature { quality, credits, protection: protection.into(), ..card });
        show_actions(&self.actions, &view.buttons);
        adapter.set_action_focus(focused(&view.buttons));
        adapter.set_shelf_focused(!view.on_buttons);
        if view.similar_len == 0 {
            self.row = Row::new();
            if self.shelves.row_count() > 0 {
                self.shelves.set_vec(Vec::new());
            }
            return;
        }
        let row = RowView {
            title: "More like this",
            wide: false,
            y: 0.0,
            tiles: &view.similar,
            first: view.similar_first,
            away: if view.on_buttons { 4 } else { 0 },
        };
        if let Some(data) = self.row.update(&row, round) {
            if self.shelves.row_count() == 0 { self.shelves.push(data) } else { self.shelves.set_row_data(0, data) }
        }
    }
}
