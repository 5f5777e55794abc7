//! The list of Wi-Fi networks, and the page with the keyboard.

use super::Round;
use crate::ui::{KeyboardAdapter, NetworkEntry, NetworksAdapter, TvWindow};
use hearth_nav::Shift;
use hearth_view::{NetworkRow, NetworksView, PassphraseView, RowFocus};
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};
use std::rc::Rc;

/// See `adapters/networks.slint` and `adapters/keyboard.slint`.
pub(super) struct Networks {
    rows: Rc<VecModel<NetworkEntry>>,
    keys: Rc<VecModel<SharedString>>,
    typed: bool,
}

impl Networks {
    pub fn connect(window: &TvWindow) -> Self {
        let (rows, keys) = (Rc::new(VecModel::default()), Rc::new(VecModel::default()));
        window.global::<NetworksAdapter<'_>>().set_rows(ModelRc::from(rows.clone()));
        window.global::<KeyboardAdapter<'_>>().set_keys(ModelRc::from(keys.clone()));
        Self { rows, keys, typed: false }
    }

    pub fn list(&mut self, view: &NetworksView, round: &Round<'_>) {
        let adapter = round.window.global::<NetworksAdapter<'_>>();
        update(&self.rows, view.rows.iter().map(entry));
        adapter.set_focus(view.rows.iter().position(|r| r.focus.is_some()).map_or(-1, |n| n as i32));
        adapter.set_on_forget(view.rows.iter().any(|r| r.focus == Some(RowFocus::Forget)));
        adapter.set_scanning(view.scanning);
        adapter.set_more_above(view.more.0);
        adapter.set_more_below(view.more.1);
    }

    pub fn passphrase(&mut self, view: &PassphraseView, round: &Round<'_>) {
        let adapter = round.window.global::<KeyboardAdapter<'_>>();
        let keyboard = &view.keyboard;
        self.typed = true;
        adapter.set_title(format!("Passphrase for {}", view.name).into());
        adapter.set_text(keyboard.text.reveal().into());
        adapter.set_note(view.note.as_str().into());
        adapter.set_warning(view.warning);
        adapter.set_busy(view.busy);
        adapter.set_hidden(keyboard.hidden);
        adapter.set_symbols(keyboard.symbols);
        adapter.set_shift(match keyboard.shift {
            Shift::Off => 0,
            Shift::Once => 1,
            Shift::Lock => 2,
        });
        adapter.set_ready(keyboard.ready);
        adapter.set_done(keyboard.done.as_str().into());
        adapter.set_focus(keyboard.focus.map_or(-1, |n| n as i32));
        update(&self.keys, keyboard.keys.iter().map(|key| SharedString::from(*key)));
    }

    /// The page is gone, and what was typed on it.
    pub fn leave(&mut self, round: &Round<'_>) {
        if std::mem::take(&mut self.typed) {
            round.window.global::<KeyboardAdapter<'_>>().set_text(SharedString::default());
        }
    }
}

/// Writes only what changed, so that only it is drawn.
fn update<T: Clone + PartialEq + 'static>(model: &VecModel<T>, new: impl Iterator<Item = T>) {
    let mut count = 0;
    for (n, item) in new.enumerate() {
        count = n + 1;
        match model.row_data(n) {
            None => model.push(item),
            Some(old) if old != item => model.set_row_data(n, item),
            Some(_) => {}
        }
    }
    while model.row_count() > count {
        model.remove(model.row_count() - 1);
    }
}

fn entry(row: &NetworkRow) -> NetworkEntry {
    NetworkEntry {
        name: row.name.as_str().into(),
        state: row.state.as_str().into(),
        warning: row.warning,
        busy: row.busy,
        strength: row.strength.map_or(-1, i32::from),
        locked: row.locked,
        connected: row.connected,
        known: row.known,
    }
}
