//! What belongs to the film beside its pictures: how it begins, captions, and a look at where a jump would lead.

use super::Launcher;
use crate::service::network::Networks;
use crate::words;
use hearth_nav::Osd;
use hearth_player::LoadRequest;
use hearth_player::captions::Document;
use hearth_typeset::Viewer;

impl Launcher {
    /// Gives it to the player.
    pub(super) fn load(&mut self, session: u32, title: &str, start_ms: u64) {
        let Some(grant) = self.store.grant(session) else { return };
        let network = (self.parts.network)();
        let request = LoadRequest {
            url: self.store.url(if self.parts.dash { &grant.dash } else { &grant.hls }),
            license_url: grant.license.as_deref().map(|l| self.store.url(l)),
            license_token: Some(grant.token.clone()),
            start_us: start_ms.saturating_mul(1000),
            max_height: None,
            audio_language: self.app.preferences().audio.clone(),
            text: words::captions(self.app.preferences()),
            session_id: None,
            estimate_kbps: self.parts.networks.kbps(&network),
            content_id: Some(title.to_owned()),
        };
        self.network = Some((session, network));
        self.log.loaded += 1;
        self.preview = None;
        self.switches.clear();
        self.parts.cinema.load(session, request);
    }

    /// It has ended. What it found of the network is that network's only if it is still the one it began in.
    pub(super) fn learn(&mut self, session: u32, estimate_kbps: Option<u64>) {
        let here = Some((session, (self.parts.network)()));
        if let (Some(kbps), Some((_, network))) = (estimate_kbps, self.network.take_if(|began| Some(&*began) == here.as_ref())) {
            self.parts.networks.learn(&network, kbps);
        }
    }

    /// How fast networks were.
    pub fn networks(&self) -> &Networks {
        &self.parts.networks
    }

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

    /// What the viewer wants them to look like.
    pub fn viewer(&self) -> Viewer {
        words::viewer(self.app.preferences().style)
    }

    /// The player's overlay is shown.
    pub fn overlay(&self) -> bool {
        self.app.playing().is_some_and(|p| p.osd == Osd::Shown)
    }
}
