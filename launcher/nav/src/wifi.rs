//! What the box says of its networks, and what the viewer wants of them.

use crate::{Id, Secret};

/// What the box has to reach its server by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// What is in use.
    pub way: Way,
    /// A cable is plugged in, wherever it leads.
    pub cable: bool,
    /// None: no radio, or nobody who could turn its knobs.
    pub wifi: Option<Wifi>,
}

/// How data leave the box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Not at all.
    #[default]
    None,
    /// By cable.
    Cable,
    /// By Wi-Fi.
    Wifi,
}

/// The box's radio.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wifi {
    /// It is listening for networks now.
    pub scanning: bool,
    /// The box knows a network, in reach or not.
    pub knows: bool,
    /// In reach.
    pub networks: Vec<WifiNetwork>,
}

/// A network in reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WifiNetwork {
    /// Stable while the box runs.
    pub id: Id,
    /// For the viewer.
    pub name: String,
    /// 0 to 4.
    pub strength: u8,
    /// Who may join.
    pub security: Security,
    /// It was joined before: no passphrase is needed.
    pub known: bool,
    /// In use.
    pub connected: bool,
}

/// Who may join a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Everybody.
    Open,
    /// Who knows the passphrase.
    Passphrase,
    /// Who has more than that, an account or an old key: not to be typed here.
    Other,
}

impl Links {
    /// The network in use.
    pub fn joined(&self) -> Option<&WifiNetwork> {
        self.wifi.as_ref()?.networks.iter().find(|n| n.connected)
    }

    /// There is nothing to reach a server by before the viewer has chosen a network.
    pub fn lost(&self) -> bool {
        self.way == Way::None && !self.cable && self.wifi.as_ref().is_some_and(|w| !w.knows)
    }

    /// Sorts networks as they are shown: what is in use, what is known, then the strongest; by name where that says nothing. One name is
    /// there once.
    pub fn sort(&mut self) {
        let Some(wifi) = &mut self.wifi else { return };
        wifi.networks.sort_by(|a, b| {
            let key = |n: &WifiNetwork| (!n.connected, !n.known, u8::MAX - n.strength);
            key(a).cmp(&key(b)).then_with(|| a.name.to_lowercase().cmp(&b.name.to_lowercase())).then_with(|| a.id.cmp(&b.id))
        });
        let mut seen = std::collections::HashSet::new();
        wifi.networks.retain(|n| seen.insert(n.id.clone()));
    }
}

/// A wish to the radio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WifiCommand {
    /// Listen for networks.
    Scan,
    /// Join a network; answer with [`crate::Event::Joined`].
    Join {
        /// Names the answer.
        attempt: u32,
        /// Which.
        network: Id,
        /// None: it is open or known.
        passphrase: Option<Secret>,
    },
    /// Do not join it after all. No answer.
    Cancel,
    /// Leave it if it is in use, and forget its passphrase.
    Forget(Id),
}

/// Why a network was not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinError {
    /// The passphrase is not the network's.
    Wrong,
    /// It takes a passphrase, and none was given.
    Needed,
    /// It is not in reach any more.
    Gone,
    /// It takes more than a passphrase.
    Unsupported,
    /// It did not let the box in, or did not answer.
    Refused,
}
