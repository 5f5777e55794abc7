//! Playback: the overlay and the sign that one has to wait.

use super::{Preview, Round};
use crate::facts;
use crate::ui::{Choice, PlaybackAdapter};
use hearth_view::{OsdView, PlayingView};
use slint::{ComponentHandle, Image, Model, ModelRc, Rgb8Pixel, SharedPixelBuffer, VecModel};
use std::rc::Rc;

/// Tracks that are shown at once.
const MOST_CHOICES: usize = 6;
/// A wait shorter than this is not worth a sign.
const PATIENCE_MS: u64 = 400;

/// See `adapters/playback.slint`.
#[derive(Default)]
pub(super) struct Playback {
    waiting_since: Option<u64>,
    choices: Option<Rc<VecModel<Choice>>>,
    /// Which preview the interface has.
    preview: Option<u64>,
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
            self.preview(round.preview.filter(|_| osd.origin.is_some()), &adapter);
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
        let focus = osd.tracks.iter().position(|t| t.focused);
        // As many as fit side by side; what has the focus is among them.
        let first =
            focus.map_or(0, |at| (at + 2).saturating_sub(MOST_CHOICES)).min(osd.tracks.len().saturating_sub(MOST_CHOICES));
        let shown = osd.tracks.iter().skip(first).take(MOST_CHOICES);
        let mut kind = "";
        let choices = shown.map(|t| {
            // Said once for all of a kind.
            let name = if std::mem::replace(&mut kind, t.kind) == t.kind { "" } else { t.kind };
            let label = if t.active { format!("{name}  ✓") } else { name.to_owned() };
            Choice { label: label.trim().into(), value: t.label.as_str().into() }
        });
        let choices: Vec<Choice> = choices.collect();
        let model = self.choices.get_or_insert_with(|| {
            let model = Rc::new(VecModel::default());
            adapter.set_choices(ModelRc::from(model.clone()));
            model
        });
        if !choices.iter().cloned().eq(model.iter()) {
            model.set_vec(choices);
        }
        adapter.set_choice_focus(focus.map_or(-1, |at| at.saturating_sub(first) as i32));
    }

    fn preview(&mut self, preview: Option<&Preview>, adapter: &PlaybackAdapter<'_>) {
        adapter.set_preview_shown(preview.is_some());
        let Some(preview) = preview.filter(|p| self.preview != Some(p.at_us)) else { return };
        self.preview = Some(preview.at_us);
        let pixels = SharedPixelBuffer::<Rgb8Pixel>::clone_from_slice(&preview.rgb, preview.width, preview.height);
        adapter.set_preview(Image::from_rgb8(pixels));
    }

    /// No film is shown.
    pub fn leave(&mut self, round: &mut Round<'_>) {
        (self.waiting_since, self.preview) = (None, None);
        let adapter = round.window.global::<PlaybackAdapter<'_>>();
        adapter.set_shown(false);
        adapter.set_waiting(false);
    }
}
