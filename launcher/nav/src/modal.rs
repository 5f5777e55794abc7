//! An error or a question that has to be answered before anything else.

use crate::{Failure, FailureKind, Focus, Id, PlayFrom, Zone, button, zone};

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
        };
        let focus = Focus::new(vec![Zone::row(zone::BUTTONS, buttons.len(), buttons)], rtl);
        Self { origin, failure, focus }
    }

    /// Restart for the update now?
    pub(crate) fn update(rtl: bool) -> Self {
        let (code, message, action) = Default::default();
        let nothing = Failure { kind: FailureKind::Server, code, message, action, retryable: false };
        Self::new(Origin::Update, nothing, rtl)
    }
}
