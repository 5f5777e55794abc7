//! Joining a Wi-Fi network: the list of networks, and the page on which a passphrase is typed.

use crate::{
    App, Effect, Focus, Id, JoinError, KeyPhase, Keyboard, Links, Modal, Mode, Origin, Page, Pressed, RemoteKey, Say, Screen,
    Security, ToastKind, Way, WifiCommand, WifiNetwork, Zone, browse::arrow, button, keyboard, zone,
};
use std::ops::RangeInclusive;

/// What a WPA passphrase may be long.
pub const PASSPHRASE: RangeInclusive<usize> = 8..=63;
/// While the list is on the screen, the radio listens anew so often.
const RESCAN_MS: u64 = 10_000;

/// Networks, as the application knows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Networks {
    links: Option<Links>,
    entry: Option<Entry>,
    join: Option<Join>,
    attempts: u32,
    rescan_ms: Option<u64>,
    /// A network was joined since the launcher started.
    joined: bool,
}

/// A passphrase that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Of this network.
    pub network: Id,
    /// What it is called.
    pub name: String,
    /// With what was typed.
    pub keyboard: Keyboard,
}

/// A network that is being joined, or was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Names the answer.
    pub attempt: u32,
    /// Which.
    pub network: Id,
    /// Why not; none: it is being tried.
    pub error: Option<JoinError>,
}

impl Join {
    /// It is being tried.
    pub fn busy(&self) -> bool {
        self.error.is_none()
    }
}

impl App {
    /// What the box reaches its server by; none: nobody says.
    pub fn links(&self) -> Option<&Links> {
        self.networks.links.as_ref()
    }

    /// The passphrase that is being typed.
    pub fn entry(&self) -> Option<&Entry> {
        self.networks.entry.as_ref()
    }

    /// The network that is being joined, or was not.
    pub fn join(&self) -> Option<&Join> {
        self.networks.join.as_ref()
    }

    /// What is on the screen is not for logs.
    pub fn secret(&self) -> bool {
        matches!(self.screen().page, Page::Passphrase(_))
    }

    /// The page of settings has a row that leads to the networks.
    pub(crate) fn has_wifi(&self) -> bool {
        self.links().is_some_and(|l| l.wifi.is_some())
    }

    /// A network in reach.
    pub fn wifi_network(&self, id: &str) -> Option<&WifiNetwork> {
        self.links()?.wifi.as_ref()?.networks.iter().find(|n| n.id == *id)
    }

    fn networks_zones(&self) -> Vec<Zone> {
        let networks = self.links().and_then(|l| l.wifi.as_ref()).map(|w| w.networks.as_slice()).unwrap_or_default();
        let row = |network: &WifiNetwork| {
            let items = if network.known { vec![button::JOIN.into(), button::FORGET.into()] } else { vec![button::JOIN.into()] };
            let zone = Zone::row(format!("{}{}", zone::WIFI, network.id), items.len(), items);
            Zone { entry: crate::Entry::First, ..zone }
        };
        let again = Zone::row(zone::BUTTONS, 1, vec![button::SCAN.into()]);
        networks.iter().map(row).chain([again]).collect()
    }

    /// The list of networks.
    pub(crate) fn open_networks(&mut self, out: &mut Vec<Effect>) {
        let focus = Focus::new(self.networks_zones(), self.config.rtl);
        self.pages.push(Screen { page: Page::Networks, focus, ready: true });
        self.scan(out);
        self.focus_moved();
        out.push(Effect::Speak(Say::Page));
    }

    fn scan(&mut self, out: &mut Vec<Effect>) {
        self.networks.rescan_ms = Some(self.now_ms + RESCAN_MS);
        out.push(Effect::Wifi(WifiCommand::Scan));
    }

    fn open_passphrase(&mut self, network: Id, name: String, out: &mut Vec<Effect>) {
        self.networks.entry = Some(Entry { network: network.clone(), name, keyboard: Keyboard::new(PASSPHRASE) });
        self.pages.push(Screen { page: Page::Passphrase(network), focus: Keyboard::focus(self.config.rtl), ready: true });
        self.focus_moved();
        out.push(Effect::Speak(Say::Page));
    }

    fn start_join(&mut self, network: Id, out: &mut Vec<Effect>) {
        self.networks.attempts = self.networks.attempts.wrapping_add(1);
        let attempt = self.networks.attempts;
        let typed = self.entry().filter(|e| e.network == network).map(|e| e.keyboard.text().clone());
        self.networks.join = Some(Join { attempt, network: network.clone(), error: None });
        out.push(Effect::Wifi(WifiCommand::Join { attempt, network, passphrase: typed }));
        out.push(Effect::Speak(Say::Joining));
    }

    fn cancel_join(&mut self, out: &mut Vec<Effect>) {
        self.networks.join = None;
        out.push(Effect::Wifi(WifiCommand::Cancel));
        out.push(Effect::Speak(Say::Page));
    }

    /// True if the key was about networks, and so about nothing else.
    pub(crate) fn networks_key(&mut self, key: RemoteKey, phase: KeyPhase, out: &mut Vec<Effect>) -> bool {
        match (self.screen().page.clone(), phase, key) {
            (Page::Networks, KeyPhase::Press, RemoteKey::Ok) => self.networks_ok(out),
            (Page::Passphrase(network), KeyPhase::Press | KeyPhase::Repeat(_), key) => {
                self.passphrase_key(network, key, phase != KeyPhase::Press, out)
            }
            _ => return false,
        }
        true
    }

    fn networks_ok(&mut self, out: &mut Vec<Effect>) {
        let Some((zone, item)) = self.screen().focus.at().map(|(zone, item)| (zone.clone(), item.clone())) else { return };
        let network = zone.strip_prefix(zone::WIFI).and_then(|id| self.wifi_network(id)).cloned();
        match network {
            None => {
                self.scan(out);
                out.push(Effect::Speak(Say::Page));
            }
            Some(network) if *item == *button::FORGET => {
                self.modal = Some(Modal::forget(network.id, network.name, self.config.rtl));
                out.push(Effect::Speak(Say::Modal));
            }
            Some(network) if self.join().is_some_and(|j| j.busy() && j.network == network.id) => self.cancel_join(out),
            Some(network) if network.connected => out.push(Effect::Speak(Say::Focus)),
            Some(network) => match network.security {
                Security::Other if !network.known => {
                    let (attempt, error) = (self.networks.attempts, Some(JoinError::Unsupported));
                    self.networks.join = Some(Join { attempt, network: network.id, error });
                    out.push(Effect::Speak(Say::Focus));
                }
                Security::Passphrase if !network.known => {
                    self.networks.join = None;
                    self.open_passphrase(network.id, network.name, out);
                }
                _ => self.start_join(network.id, out),
            },
        }
    }

    fn passphrase_key(&mut self, network: Id, key: RemoteKey, held: bool, out: &mut Vec<Effect>) {
        let busy = self.join().is_some_and(Join::busy);
        match key {
            RemoteKey::Back if held => {}
            // Back from the attempt to what was typed, and from there to the list.
            RemoteKey::Back if busy => self.cancel_join(out),
            RemoteKey::Back => self.back(out),
            RemoteKey::Ok if busy && !held => out.push(Effect::Speak(Say::Joining)),
            _ if busy => {}
            key if arrow(key).is_some() => {
                let Some(direction) = arrow(key) else { return };
                if keyboard::step(&mut self.screen_mut().focus, direction, held) {
                    self.focus_moved();
                    out.push(Effect::Speak(Say::Focus));
                }
            }
            RemoteKey::Ok | RemoteKey::Digit(_) => {
                let focus = self.screen().focus.clone();
                let Some(entry) = &mut self.networks.entry else { return };
                let pressed = match key {
                    RemoteKey::Digit(_) if held => Pressed::Nothing,
                    RemoteKey::Digit(digit) => entry.keyboard.type_character(char::from(b'0' + digit.min(9))),
                    _ => entry.keyboard.press(&focus, held),
                };
                match pressed {
                    Pressed::Done => return self.start_join(network, out),
                    // What was wrong is being put right.
                    Pressed::Typed => self.networks.join = None,
                    Pressed::Changed => {}
                    Pressed::Nothing if held => return,
                    Pressed::Nothing => {}
                }
                out.push(Effect::Speak(Say::Focus));
            }
            _ => {}
        }
    }

    /// OK on a button of the question whether to forget a network.
    pub(crate) fn forget(&mut self, network: Id, out: &mut Vec<Effect>) {
        if self.join().is_some_and(|j| j.network == network) {
            self.networks.join = None;
        }
        out.push(Effect::Wifi(WifiCommand::Forget(network)));
        out.push(Effect::Speak(Say::Page));
    }

    /// What the box says of its networks has changed.
    pub(crate) fn links_are(&mut self, links: Option<Links>, out: &mut Vec<Effect>) {
        let mut links = links;
        links.iter_mut().for_each(Links::sort);
        let way = links.as_ref().map_or(Way::None, |l| l.way);
        // There is a way out that was not there: no need to wait until the next try is due.
        if way != Way::None && self.links().is_some_and(|l| l.way == Way::None) && self.retry_ms.is_some() {
            self.retry_ms = self.retry_ms.map(|at| at.min(self.now_ms));
        }
        self.networks.links = links;
        self.settings_changed();
        if self.has_wifi() {
            let zones = self.networks_zones();
            for screen in self.pages.iter_mut().filter(|s| s.page == Page::Networks) {
                screen.focus.set_zones(zones.clone());
            }
        } else if self.pages.iter().any(|s| matches!(s.page, Page::Networks | Page::Passphrase(_))) {
            // The radio is gone, and with it all that was about it.
            self.pages.retain(|s| !matches!(s.page, Page::Networks | Page::Passphrase(_)));
            self.networks.join = None;
            self.focus_moved();
            out.push(Effect::Speak(Say::Page));
            self.left_boot_pages(out);
        }
        let gone = |m: &Modal| matches!(&m.origin, Origin::Forget { network, .. } if self.wifi_network(network).is_none_or(|n| !n.known));
        if self.modal.as_ref().is_some_and(gone) {
            self.modal = None;
        }
        self.offer_networks();
    }

    /// An attempt has ended.
    pub(crate) fn joined(&mut self, attempt: u32, result: Result<(), JoinError>, out: &mut Vec<Effect>) {
        let Some(join) = self.networks.join.clone().filter(|j| j.attempt == attempt && j.busy()) else { return };
        let on_list = self.pages.iter().any(|s| s.page == Page::Networks);
        match result {
            Ok(()) => {
                (self.networks.join, self.networks.joined) = (None, true);
                self.pages.retain(|s| s.page != Page::Passphrase(join.network.clone()));
                self.focus_moved();
                self.notice(ToastKind::Joined, out);
                // The address comes within a second or two.
                self.tries = 0;
                self.retry_ms = self.retry_ms.map(|at| at.min(self.now_ms + 1_000));
            }
            // The box thought that it knew.
            Err(JoinError::Needed | JoinError::Wrong) if self.screen().page == Page::Networks => {
                let name = self.wifi_network(&join.network).map(|n| n.name.clone()).unwrap_or_default();
                self.networks.join = Some(Join { error: Some(JoinError::Wrong), ..join.clone() });
                self.open_passphrase(join.network, name, out);
            }
            Err(error) if on_list => {
                self.networks.join = Some(Join { error: Some(error), ..join });
                out.push(Effect::Speak(Say::Joining));
            }
            Err(_) => {
                self.networks.join = None;
                self.notice(ToastKind::NotJoined, out);
            }
        }
    }

    /// Time goes on.
    pub(crate) fn networks_tick(&mut self, out: &mut Vec<Effect>) {
        if self.networks_wake_ms().is_some_and(|at| self.now_ms >= at) {
            self.scan(out);
        }
    }

    /// While networks are chosen from, and none is being joined.
    pub(crate) fn networks_wake_ms(&self) -> Option<u64> {
        let looked_at = self.screen().page == Page::Networks && self.playing().is_none() && self.has_wifi();
        self.networks.rescan_ms.filter(|_| looked_at && !self.join().is_some_and(Join::busy))
    }

    /// After every event: what was typed is wiped as soon as its page is gone, and an error with the list.
    pub(crate) fn networks_tidy(&mut self) {
        if self.networks.entry.is_some() && !self.pages.iter().any(|s| matches!(s.page, Page::Passphrase(_))) {
            self.networks.entry = None;
        }
        if !self.pages.iter().any(|s| s.page == Page::Networks) {
            self.networks.rescan_ms = None;
            if self.join().is_some_and(|j| !j.busy()) {
                self.networks.join = None;
            }
        }
    }

    /// A box without a server can be brought to a network, if it has a radio: its error has a button for it.
    pub(crate) fn offer_networks(&mut self) {
        let (wifi, lost) = (self.has_wifi(), self.links().is_some_and(Links::lost));
        let Some(modal) = self.modal.as_mut().filter(|m| m.origin == Origin::Home) else { return };
        let had = modal.focus.find(zone::BUTTONS).is_some_and(|z| z.items.iter().any(|i| *i == *button::NETWORKS));
        let buttons = if wifi { vec![button::RETRY.into(), button::NETWORKS.into()] } else { vec![button::RETRY.into()] };
        modal.focus.set_zones(vec![Zone::row(zone::BUTTONS, buttons.len(), buttons)]);
        if lost && !had {
            modal.focus.go(zone::BUTTONS, button::NETWORKS);
        }
    }

    /// A page that was opened before there was a home screen is closed: its error comes back, unless all is well by now.
    pub(crate) fn left_boot_pages(&mut self, out: &mut Vec<Effect>) {
        if self.mode == Mode::Boot && self.pages.is_empty() {
            self.fetch_home(out);
        }
    }

    /// The home screen is there for the first time. Who has just joined a network wanted it for that.
    pub(crate) fn leave_networks(&mut self) {
        if self.networks.joined && self.screen().page == Page::Networks {
            self.pages.clear();
        }
    }
}
