//! Wi-Fi: the networks in reach, the page on which a passphrase is typed, and the settings' row that leads there.

use hearth_nav::{App, Join, JoinError, Screen, Security, Way, WifiNetwork, button, zone};

use crate::KeyboardView;

/// Rows of the list that are shown at once.
pub const NETWORK_ROWS: usize = 8;

/// The settings' row about the network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkLine {
    /// `Cable`, a network's name, `Not connected`.
    pub value: String,
    /// 0 to 4, where that is a Wi-Fi network.
    pub strength: Option<u8>,
    /// It leads somewhere.
    pub button: bool,
    /// It has the focus.
    pub focused: bool,
}

/// What of a row has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFocus {
    /// The row itself.
    Row,
    /// Its button that forgets the network.
    Forget,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRow {
    /// Of the network; of the last row what it does.
    pub name: String,
    /// How it is with it; may be empty.
    pub state: String,
    /// That is bad news.
    pub warning: bool,
    /// It is being joined.
    pub busy: bool,
    /// 0 to 4; none: this is no network.
    pub strength: Option<u8>,
    /// It takes a passphrase.
    pub locked: bool,
    /// In use.
    pub connected: bool,
    /// It can be forgotten.
    pub known: bool,
    /// None: elsewhere.
    pub focus: Option<RowFocus>,
}

/// The list of networks.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworksView {
    /// The radio is listening.
    pub scanning: bool,
    /// Those that are shown, and the row that searches anew at the end.
    pub rows: Vec<NetworkRow>,
    /// There are more above, and below.
    pub more: (bool, bool),
    /// Networks in all.
    pub count: usize,
}

/// The page on which a passphrase is typed.
#[derive(Clone, Debug, PartialEq)]
pub struct PassphraseView {
    /// Of the network.
    pub name: String,
    /// Below the field: what is expected, or what went wrong.
    pub note: String,
    /// That is bad news.
    pub warning: bool,
    /// The network is being joined.
    pub busy: bool,
    /// The keys, and what was typed.
    pub keyboard: KeyboardView,
}

/// None where nobody says.
pub(crate) fn network_line(app: &App, focused: bool) -> Option<NetworkLine> {
    let links = app.links()?;
    let joined = links.joined();
    let (value, strength) = match (links.way, joined) {
        (Way::Cable, _) => ("Cable".to_owned(), None),
        (_, Some(network)) => (network.name.clone(), Some(network.strength)),
        (Way::Wifi, None) => ("Wi-Fi".to_owned(), None),
        (Way::None, None) => ("Not connected".to_owned(), None),
    };
    Some(NetworkLine { value, strength, button: links.wifi.is_some(), focused })
}

/// Paragraphs below it.
pub(crate) fn network_text(app: &App) -> Vec<String> {
    let Some(links) = app.links() else { return Vec::new() };
    let text = match (links.way, links.wifi.is_some(), links.joined().is_some()) {
        (Way::Cable, true, _) => {
            "The cable is used as long as it is plugged in. A Wi-Fi network can be set up for the time when it is not."
        }
        (Way::Cable, false, _) => "This box is connected by its cable.",
        (Way::None, true, true) => "The box is in this network and waits for an address from its router.",
        (Way::None, true, false) => "Choose a Wi-Fi network, or plug a network cable into the box.",
        (Way::None, false, _) => "Plug a network cable into the box.",
        (Way::Wifi, ..) => "A network cable takes over as soon as it is plugged in.",
    };
    vec![text.to_owned()]
}

pub(crate) fn networks_view(app: &App, screen: &Screen, active: bool) -> NetworksView {
    let wifi = app.links().and_then(|l| l.wifi.as_ref());
    let zones = screen.focus.zones();
    let at = screen.focus.zone_index();
    // The focus stays in the middle, so that there is always a row to be seen ahead of it.
    let first = at.saturating_sub(NETWORK_ROWS / 2).min(zones.len().saturating_sub(NETWORK_ROWS));
    let shown = zones.iter().enumerate().skip(first).take(NETWORK_ROWS);
    let rows = shown.map(|(n, z)| {
        let item = z.item().filter(|_| active && n == at);
        let focus = item.map(|i| if **i == *button::FORGET { RowFocus::Forget } else { RowFocus::Row });
        match z.id.strip_prefix(zone::WIFI).and_then(|id| app.wifi_network(id)) {
            Some(network) => row(network, app.join().filter(|j| j.network == network.id), focus),
            None => search(focus, zones.len() == 1, wifi.is_some_and(|w| w.scanning)),
        }
    });
    NetworksView {
        scanning: wifi.is_some_and(|w| w.scanning),
        rows: rows.collect(),
        more: (first > 0, first + NETWORK_ROWS < zones.len()),
        count: zones.len() - 1,
    }
}

fn row(network: &WifiNetwork, join: Option<&Join>, focus: Option<RowFocus>) -> NetworkRow {
    let busy = join.is_some_and(Join::busy);
    let error = join.and_then(|j| j.error);
    let state = match (error, busy) {
        (Some(error), _) => reason(error),
        (None, true) => "Joining",
        (None, false) if network.connected => "Connected",
        (None, false) if network.known => "Saved",
        (None, false) => "",
    };
    NetworkRow {
        name: network.name.clone(),
        state: state.to_owned(),
        warning: error.is_some(),
        busy,
        strength: Some(network.strength),
        locked: network.security != Security::Open,
        connected: network.connected && !busy,
        known: network.known,
        focus,
    }
}

fn search(focus: Option<RowFocus>, alone: bool, scanning: bool) -> NetworkRow {
    let state = if alone && !scanning { "No network is in reach" } else { "" };
    NetworkRow {
        name: "Search again".to_owned(),
        state: state.to_owned(),
        warning: false,
        busy: false,
        strength: None,
        locked: false,
        connected: false,
        known: false,
        focus,
    }
}

pub(crate) fn passphrase_view(app: &App, screen: &Screen, active: bool) -> Option<PassphraseView> {
    let entry = app.entry()?;
    let join = app.join().filter(|j| j.network == entry.network);
    let busy = join.is_some_and(Join::busy);
    let error = join.and_then(|j| j.error);
    let note = match (error, busy) {
        (Some(error), _) => advice(error).to_owned(),
        (None, true) => format!("Joining {}", entry.name),
        (None, false) if entry.keyboard.ready() => String::new(),
        (None, false) => "At least 8 characters".to_owned(),
    };
    Some(PassphraseView {
        name: entry.name.clone(),
        note,
        warning: error.is_some(),
        busy,
        keyboard: KeyboardView::new(&entry.keyboard, &screen.focus, active && !busy, "Join"),
    })
}

/// In a row.
fn reason(error: JoinError) -> &'static str {
    match error {
        JoinError::Wrong | JoinError::Needed => "The passphrase was not accepted",
        JoinError::Gone => "Out of reach now: move closer to the router",
        JoinError::Unsupported => "Needs a sign-in that this box does not have",
        JoinError::Refused => "No answer: try again, or restart the router",
    }
}

/// In full.
fn advice(error: JoinError) -> &'static str {
    match error {
        JoinError::Wrong | JoinError::Needed => "That passphrase was not accepted. Check it, then join again.",
        JoinError::Gone => "The network is out of reach now. Move the box closer to the router, then join again.",
        JoinError::Unsupported => "This network needs a sign-in that this box does not have.",
        JoinError::Refused => "The router did not answer. Join again, or restart the router.",
    }
}
