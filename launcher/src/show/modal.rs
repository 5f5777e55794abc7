//! An error over everything else.

use super::Round;
use super::home::focused;
use crate::ui::ModalAdapter;
use hearth_view::{ScreenView, View};
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};

/// See `adapters/modal.slint`. At boot the error takes the whole screen instead.
pub(super) fn show(view: &View, round: &Round<'_>) {
    let adapter = round.window.global::<ModalAdapter<'_>>();
    let modal = view.modal.as_ref().filter(|_| !matches!(view.screen, ScreenView::Boot(_)));
    adapter.set_shown(modal.is_some());
    let Some(modal) = modal else { return };
    adapter.set_question(modal.question);
    adapter.set_wifi(modal.wifi);
    adapter.set_title(modal.title.as_str().into());
    adapter.set_text(modal.message.as_str().into());
    adapter.set_action(modal.action.as_str().into());
    adapter.set_code(modal.code.as_str().into());
    adapter.set_button_focus(focused(&modal.buttons));
    let labels: Vec<SharedString> = modal.buttons.iter().map(|b| b.label.as_str().into()).collect();
    if !labels.iter().cloned().eq(adapter.get_buttons().iter()) {
        adapter.set_buttons(ModelRc::new(VecModel::from(labels)));
    }
}
