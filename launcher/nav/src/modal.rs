//! An error or a question that has to be answered before anything else.

use crate::{
    App, Effect, Failure, FailureKind, Focus, Id, KeyPhase, Moved, PlayFrom, RemoteKey, Say, Zone, browse::arrow, button, zone,
};

/// What failed, and so what Retry does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The first home screen.
    Home,
    /// Playback.
    Playback {
        /// Of.
        title: Id,
        /// Where a retry begins.
        from: PlayFrom,
    },
    /// Nothing: an update is ready, and the question is when to restart.
    Update,
    /// Nothing: the question is whether to forget a Wi-Fi network.
    Forget {
        /// Which.
        network: Id,
        /// What it is called.
        name: String,
    },
}

/// An error, or a question, on top of everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modal {
    /// What failed.
    pub origin: Origin,
    /// Why, and what to do.
    pub failure: Failure,
    /// On its buttons: [`button::RETRY`], [`button::BACK`]; [`button::REBOOT`], [`button::LATER`].
    pub focus: Focus,
}

impl Modal {
    pub(crate) fn new(origin: Origin, failure: Failure, rtl: bool) -> Self {
        let buttons = match &origin {
            Origin::Home => vec![button::RETRY.into()],
            Origin::Playback { .. } if failure.retryable => vec![button::RETRY.into(), button::BACK.into()],
            Origin::Playback { .. } => vec![button::BACK.into()],
            Origin::Update => vec![button::REBOOT.into(), button::LATER.into()],
            Origin::Forget { .. } => vec![button::FORGET.into(), button::BACK.into()],
        };
        let focus = Focus::new(vec![Zone::row(zone::BUTTONS, buttons.len(), buttons)], rtl);
        Self { origin, failure, focus }
    }

    /// Restart for the update now?
    pub(crate) fn update(rtl: bool) -> Self {
        Self::question(Origin::Update, rtl)
    }

    /// Forget this network? The focus is on the answer that changes nothing.
    pub(crate) fn forget(network: Id, name: String, rtl: bool) -> Self {
        let mut modal = Self::question(Origin::Forget { network, name }, rtl);
        modal.focus.go(zone::BUTTONS, button::BACK);
        modal
    }

    fn question(origin: Origin, rtl: bool) -> Self {
        let (code, message, action) = Default::default();
        let nothing = Failure { kind: FailureKind::Server, code, message, action, retryable: false };
        Self::new(origin, nothing, rtl)
    }
}

impl App {
    pub(crate) fn modal_key(&mut self, key: RemoteKey, phase: KeyPhase, out: &mut Vec<Effect>) {
        let Some(modal) = self.modal.as_mut().filter(|_| matches!(phase, KeyPhase::Press | KeyPhase::Repeat(_))) else { return };
        if let Some(direction) = arrow(key) {
            if modal.focus.step(direction) != Moved::Edge {
                out.push(Effect::Speak(Say::Focus));
            }
            return;
        }
        let retry = modal.focus.at().is_some_and(|(_, item)| *item == button::RETRY);
        let reboot = modal.focus.at().is_some_and(|(_, item)| *item == button::REBOOT);
        let networks = modal.focus.at().is_some_and(|(_, item)| *item == button::NETWORKS);
        let forget = modal.focus.at().is_some_and(|(_, item)| *item == button::FORGET);
        let origin = modal.origin.clone();
        match (key, origin) {
            _ if phase != KeyPhase::Press => {}
            (RemoteKey::Ok, Origin::Home) if networks => {
                self.modal = None;
                self.open_networks(out);
            }
            (RemoteKey::Ok, Origin::Home) => self.fetch_home(out),
            (RemoteKey::Ok, Origin::Playback { title, from }) if retry => {
                self.modal = None;
                self.play(title, from, out);
            }
            (RemoteKey::Ok, Origin::Update) if reboot => {
                self.modal = None;
                out.push(Effect::Restart);
            }
            (RemoteKey::Ok, Origin::Forget { network, .. }) if forget => {
                self.modal = None;
                self.forget(network, out);
            }
            (
                RemoteKey::Ok | RemoteKey::Back | RemoteKey::Stop,
                Origin::Playback { .. } | Origin::Update | Origin::Forget { .. },
            ) => {
                self.modal = None;
                self.focus_moved();
                out.push(Effect::Speak(Say::Page));
            }
            _ => {}
        }
    }
}
