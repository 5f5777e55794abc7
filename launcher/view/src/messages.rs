//! Errors and short notices.

use hearth_nav::{App, FailureKind, Modal, Origin, Toast, ToastKind, zone};

use crate::{
    Store,
    tile::{ButtonView, buttons},
};

/// An error over everything else.
#[derive(Clone, Debug, PartialEq)]
pub struct ModalView {
    /// A few words.
    pub title: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub action: String,
    /// For support: `Error 6003`.
    pub code: String,
    /// Try again, Back.
    pub buttons: Vec<ButtonView>,
    /// It is being tried again now.
    pub busy: bool,
    /// Nothing is wrong: it only asks.
    pub question: bool,
    /// It is about Wi-Fi.
    pub wifi: bool,
}

/// A short notice.
#[derive(Clone, Debug, PartialEq)]
pub struct ToastView {
    /// For the viewer.
    pub text: String,
    /// It is bad news.
    pub warning: bool,
}

pub(crate) fn modal_view(app: &App, store: &Store, modal: &Modal) -> ModalView {
    let name = |id: &str| store.card(id).map_or("This film", |c| c.name.as_str()).to_owned();
    let title = match (&modal.origin, modal.failure.kind) {
        (Origin::Home, FailureKind::Network) => "No connection".to_owned(),
        (Origin::Home, _) => "Your films cannot be shown".to_owned(),
        (Origin::Update, _) => "An update is ready".to_owned(),
        (Origin::Forget { name, .. }, _) => format!("Forget {name}?"),
        (Origin::Playback { title, .. }, _) => format!("{} cannot be played", name(title)),
    };
    let question = match &modal.origin {
        Origin::Update => Some(("Update", "A restart takes less than a minute.")),
        Origin::Forget { .. } => {
            Some(("Wi-Fi", "The box leaves this network, no longer joins it by itself, and deletes what it knew of it."))
        }
        Origin::Home | Origin::Playback { .. } => None,
    };
    if let Some((code, action)) = question {
        return ModalView {
            title,
            message: String::new(),
            action: action.to_owned(),
            code: code.to_owned(),
            buttons: buttons(modal.focus.find(zone::BUTTONS), true, None),
            busy: false,
            question: true,
            wifi: modal.origin != Origin::Update,
        };
    }
    ModalView {
        title,
        message: modal.failure.message.clone(),
        action: modal.failure.action.clone(),
        code: format!("Error {}", modal.failure.code),
        buttons: buttons(modal.focus.find(zone::BUTTONS), true, None),
        busy: modal.origin == Origin::Home && app.fetching_home(),
        question: false,
        wifi: false,
    }
}

pub(crate) fn toast_view(toast: Toast) -> ToastView {
    let (text, warning) = match toast.kind {
        ToastKind::Online => ("Connected again", false),
        ToastKind::HomeStale => ("The home screen could not be brought up to date", true),
        ToastKind::TitleIncomplete => ("Some of this page could not be loaded", true),
        ToastKind::Recovered => ("The last update did not work and was undone", true),
        ToastKind::NotKept => ("That could not be saved on this box", true),
        ToastKind::Joined => ("Wi-Fi is connected", false),
        ToastKind::NotJoined => ("The Wi-Fi network could not be joined", true),
        ToastKind::NotSaved => ("Your place in the film could not be saved", true),
    };
    ToastView { text: text.to_owned(), warning }
}
