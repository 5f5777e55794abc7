//! What all screens share: which one it is, the backdrop, the clock, short notices.

use super::home::focused;
use super::{Round, Sizes};
use crate::bake;
use crate::ui::{Screen, StageAdapter, TvWindow};
use hearth_pixels::Key;
use hearth_view::{BootView, ButtonView, ScreenView, View};
use slint::{ComponentHandle, Image, Model, ModelRc, SharedString, VecModel};

/// See `adapters/stage.slint`.
pub struct Stage {
    /// The backdrop in front.
    shown: Option<Key>,
    b_in_front: bool,
}

impl Stage {
    pub(super) fn connect(window: &TvWindow, sizes: Sizes, profile: &str) -> Self {
        let stage = window.global::<StageAdapter<'_>>();
        let initial = profile.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        stage.set_profile(initial.into());
        let radius = (sizes.radius + 1) as f32;
        let halo = |(width, height): (u32, u32)| bake::halo(width, height, radius, sizes.halo);
        stage.set_halo_poster(halo(sizes.poster_focus));
        stage.set_halo_wide(halo(sizes.wide_focus));
        stage.set_glow(bake::glow(sizes.screen.0 / 2, sizes.screen.1 * 5 / 9));
        Self { shown: None, b_in_front: false }
    }

    pub(super) fn show(&mut self, view: &View, clock: &str, round: &mut Round<'_>) {
        let stage = round.window.global::<StageAdapter<'_>>();
        stage.set_clock(clock.into());
        stage.set_offline(view.offline);
        stage.set_toast(view.toast.as_ref().map(|t| t.text.as_str()).unwrap_or_default().into());
        stage.set_toast_warning(view.toast.as_ref().is_some_and(|t| t.warning));
        let (screen, backdrop) = match &view.screen {
            ScreenView::Boot(boot) => (boot_screen(view, boot, &stage), None),
            ScreenView::Home(home) => match &home.empty {
                Some(empty) => {
                    notice(&stage, "Nothing to watch yet", &empty.message, "", &empty.buttons);
                    (Screen::Empty, None)
                }
                None => (Screen::Home, home.hero.as_ref().and_then(|h| h.backdrop.clone())),
            },
            ScreenView::Detail(detail) => (Screen::Detail, detail.backdrop.clone()),
            ScreenView::Settings(_) => (Screen::Settings, None),
            ScreenView::Networks(_) => (Screen::Networks, None),
            ScreenView::Passphrase(_) => (Screen::Keyboard, None),
            ScreenView::Playing(playing) => (Screen::Playing, playing.backdrop.clone().filter(|_| playing.loading)),
        };
        let loading = matches!(&view.screen, ScreenView::Playing(p) if p.loading);
        stage.set_loading(loading);
        if let Some(url) = backdrop {
            self.backdrop(round.sizes.backdrop(url), round);
        }
        stage.set_screen(screen);
    }

    /// Puts a backdrop in front once it is there; until then the old one stays.
    fn backdrop(&mut self, key: Key, round: &mut Round<'_>) {
        // Also the one that is shown is asked for, so that it is kept.
        let Some(image) = round.art.get(&key, 1) else { return };
        if self.shown.as_ref() == Some(&key) {
            return;
        }
        let stage = round.window.global::<StageAdapter<'_>>();
        let first = self.shown.is_none();
        if first || self.b_in_front {
            stage.set_backdrop_a(image);
        } else {
            stage.set_backdrop_b(image);
        }
        self.b_in_front = !first && !self.b_in_front;
        stage.set_backdrop_b_shown(self.b_in_front);
        self.shown = Some(key);
    }

    /// The film has the screen: the pictures behind the pages are not needed.
    pub fn forget_backdrops(&mut self, window: &TvWindow) {
        let stage = window.global::<StageAdapter<'_>>();
        (self.shown, self.b_in_front) = (None, false);
        stage.set_backdrop_a(Image::default());
        stage.set_backdrop_b(Image::default());
        stage.set_backdrop_b_shown(false);
    }
}

/// At boot an error takes the whole screen: there is nothing to lie over.
fn boot_screen(view: &View, boot: &BootView, stage: &StageAdapter<'_>) -> Screen {
    match &view.modal {
        Some(modal) => {
            let text = format!("{} {}", modal.message, modal.action);
            let hint =
                if modal.busy { "Trying again now".to_owned() } else { format!("Trying again by itself  ·  {}", modal.code) };
            notice(stage, &modal.title, &text, &hint, &modal.buttons);
            Screen::Offline
        }
        None => {
            stage.set_boot_message(boot.message.as_str().into());
            stage.set_notice_hint(boot.hint.as_str().into());
            Screen::Boot
        }
    }
}

/// What the top line says of the box.
pub(super) fn status(window: &crate::ui::TvWindow, status: &crate::service::facts::Status) {
    let stage = window.global::<StageAdapter<'_>>();
    stage.set_development(status.development);
    stage.set_status(status.line.as_str().into());
    stage.set_status_ready(status.ready);
    stage.set_status_warning(status.warning);
}

fn notice(stage: &StageAdapter<'_>, title: &str, text: &str, hint: &str, buttons: &[ButtonView]) {
    stage.set_notice_title(title.into());
    stage.set_notice_text(text.into());
    stage.set_notice_hint(hint.into());
    let labels: Vec<SharedString> = buttons.iter().map(|b| b.label.as_str().into()).collect();
    if !labels.iter().cloned().eq(stage.get_notice_actions().iter()) {
        stage.set_notice_actions(ModelRc::new(VecModel::from(labels)));
    }
    // Of the only one, the page says whether something else has it.
    stage.set_notice_focus(focused(buttons).max(0));
}
