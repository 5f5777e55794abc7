//! What belongs to the film beside its pictures: captions, and a look at where a jump would lead.

use super::Launcher;
use hearth_nav::Osd;
use hearth_player::captions::Document;

impl Launcher {
    /// Asks for a picture of where the viewer is about to jump.
    pub(super) fn look_ahead(&mut self) {
        let choosing = |p: &hearth_nav::Playing| p.seek.filter(|s| s.committed_ms.is_none()).map(|s| (p.session, s.target_ms));
        let wanted = self.app.playing().and_then(choosing);
        if std::mem::replace(&mut self.previewed, wanted.map(|(_, ms)| ms)) != self.previewed
            && let Some((session, ms)) = wanted
        {
            let position_us = ms.saturating_mul(1000);
            self.parts.cinema.send(session, hearth_player::Command::Preview { position_us });
        }
    }

    /// What is written over the film now: the player's cues and the moment they are of.
    pub fn captions(&self) -> Option<(u64, &Document)> {
        let (session, at_us, document) = self.captions.as_ref()?;
        (self.film() == Some(*session)).then_some((*at_us, document))
    }

    /// The player's overlay is shown.
    pub fn overlay(&self) -> bool {
        self.app.playing().is_some_and(|p| p.osd == Osd::Shown)
    }
}
