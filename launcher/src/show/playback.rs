//! Playback: the overlay and the sign that one has to wait.

use super::Round;
use crate::facts;
use crate::ui::{Choice, PlaybackAdapter};
use hearth_view::{OsdView, PlayingView};
use slint::{ComponentHandle, Model, ModelRc, VecModel};
use std::rc::Rc;

/// A wait shorter than this is not worth a sign.
const PATIENCE_MS: u64 = 400;

/// See `adapters/playback.slint`.
#[derive(Default)]
pub(super) struct Playback {
    waiting_since: Option<u64>,
    choices: Option<Rc<VecModel<Choice>>>,
}

impl Playback {
    /// When to show it again though nothing happened.
    pub fn show(&mut self, view: &PlayingView, round: &mut Round<'_>) -> Option<u64> {
        let adapter = round.window.global::<PlaybackAdapter<'_>>();
        adapter.set_title(view.title.as_str().into());
        adapter.set_facts(round.store.card(&view.id).map(facts::line).unwrap_or_default().into());
        adapter.set_quality(round.picture.as_str().into());
        self.waiting_since = view.waiting.then(|| self.waiting_since.unwrap_or(round.now_ms));
        let sign_ms = self.waiting_since.map(|since| since + PATIENCE_MS);
        let waiting = sign_ms.is_some_and(|at| round.now_ms >= at);
        adapter.set_waiting(waiting);
        adapter.set_shown(view.osd.is_some());
        // Hidden, it keeps what it had while it fades.
        if let Some(osd) = &view.osd {
            self.osd(osd, &adapter);
        }
        sign_ms.filter(|_| !waiting)
    }

    fn osd(&mut self, osd: &OsdView, adapter: &PlaybackAdapter<'_>) {
        adapter.set_position(osd.position.as_str().into());
        adapter.set_duration(osd.duration.as_str().into());
        adapter.set_progress(osd.origin.unwrap_or(osd.progress));
        adapter.set_buffered(osd.buffered);
        adapter.set_seek_target(if osd.origin.is_some() { osd.progress } else { -1.0 });
        let offset = osd.seek.as_deref().unwrap_or_default();
        adapter.set_seek_label(format!("{}   {offset}", osd.position).trim().into());
        adapter.set_paused(osd.paused);
        adapter.set_bar_focused(osd.on_bar);
        adapter.set_hint(osd.hint.as_str().into());
        let label = |active| if active { "Audio  ✓" } else { "Audio" };
        let choices = osd.tracks.iter().map(|t| Choice { label: label(t.active).into(), value: t.label.as_str().into() });
        let choices: Vec<Choice> = choices.collect();
        let model = self.choices.get_or_insert_with(|| {
            let model = Rc::new(VecModel::default());
            adapter.set_choices(ModelRc::from(model.clone()));
            model
        });
        if !choices.iter().cloned().eq(model.iter()) {
            model.set_vec(choices);
        }
        adapter.set_choice_focus(osd.tracks.iter().position(|t| t.focused).map_or(-1, |n| n as i32));
    }

    /// No film is shown.
    pub fn leave(&mut self, round: &mut Round<'_>) {
        self.waiting_since = None;
        let adapter = round.window.global::<PlaybackAdapter<'_>>();
        adapter.set_shown(false);
        adapter.set_waiting(false);
    }
}
