//! iwd's objects as it publishes them, and what they mean to a viewer. Names are those of its doc/*-api.txt.

use hearth_nav::{JoinError, Security, Wifi, WifiNetwork};
use std::collections::HashMap;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

pub(super) const NAME: &str = "net.connman.iwd";
pub(super) const MANAGER: &str = "/net/connman/iwd";
pub(super) const AGENT_MANAGER: &str = "net.connman.iwd.AgentManager";
pub(super) const AGENT: &str = "net.connman.iwd.Agent";
pub(super) const DEVICE: &str = "net.connman.iwd.Device";
pub(super) const STATION: &str = "net.connman.iwd.Station";
pub(super) const NETWORK: &str = "net.connman.iwd.Network";
pub(super) const KNOWN: &str = "net.connman.iwd.KnownNetwork";

/// Answer of `GetManagedObjects`: paths, interfaces, properties.
pub(super) type Objects = HashMap<OwnedObjectPath, HashMap<String, HashMap<String, OwnedValue>>>;
/// Answer of `GetOrderedNetworks`: paths, and strengths in hundredths of dBm.
pub(super) type Ordered = Vec<(OwnedObjectPath, i16)>;

/// A radio that joins networks, and where its parts are on the bus.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Station {
    pub path: OwnedObjectPath,
    pub wifi: Wifi,
    /// Of each network: its own path, and that of what iwd remembers of it.
    pub places: Vec<(OwnedObjectPath, Option<OwnedObjectPath>)>,
}

impl Station {
    /// The radio of the first name: a box has one, and a second one is somebody's experiment.
    pub fn find(objects: &Objects) -> Option<&OwnedObjectPath> {
        let stations = objects.iter().filter(|(_, interfaces)| interfaces.contains_key(STATION));
        let name =
            |interfaces: &HashMap<String, HashMap<String, OwnedValue>>| text(interfaces, DEVICE, "Name").unwrap_or_default();
        stations.min_by_key(|(path, interfaces)| (name(interfaces), path.as_str().to_owned())).map(|(path, _)| path)
    }

    pub fn read(path: &OwnedObjectPath, objects: &Objects, ordered: &Ordered) -> Self {
        let station = objects.get(path);
        let state = station.and_then(|s| text(s, STATION, "State")).unwrap_or_default();
        let connected =
            station.and_then(|s| place(s, STATION, "ConnectedNetwork")).filter(|_| matches!(&*state, "connected" | "roaming"));
        let mut networks = Vec::new();
        let mut places = Vec::new();
        for (at, strength) in ordered {
            let Some(interfaces) = objects.get(at) else { continue };
            let Some(name) = text(interfaces, NETWORK, "Name").filter(|n| !n.trim().is_empty()) else { continue };
            let known = place(interfaces, NETWORK, "KnownNetwork");
            let security = match text(interfaces, NETWORK, "Type").as_deref() {
                Some("open") => Security::Open,
                Some("psk") => Security::Passphrase,
                _ => Security::Other,
            };
            networks.push(WifiNetwork {
                id: id(at).into(),
                name,
                strength: bars(*strength),
                security,
                known: known.is_some(),
                connected: connected.as_ref() == Some(at),
            });
            places.push((at.clone(), known));
        }
        let scanning = matches!(station.and_then(|s| s.get(STATION)?.get("Scanning")).map(|v| &**v), Some(Value::Bool(true)));
        let knows = objects.values().any(|interfaces| interfaces.contains_key(KNOWN));
        Self { path: path.clone(), wifi: Wifi { scanning, knows, networks }, places }
    }

    /// Where a network is, and what iwd remembers of it.
    pub fn place(&self, network: &str) -> Option<&(OwnedObjectPath, Option<OwnedObjectPath>)> {
        self.places.iter().find(|(path, _)| id(path) == network)
    }

    /// The network in use.
    pub fn connected(&self) -> Option<&OwnedObjectPath> {
        let connected = self.wifi.networks.iter().find(|n| n.connected)?;
        self.place(&connected.id).map(|(path, _)| path)
    }
}

/// A network's path ends in its name in hexadecimal and its kind: `68656172 7468_psk`.
fn id(path: &OwnedObjectPath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

fn text(interfaces: &HashMap<String, HashMap<String, OwnedValue>>, interface: &str, property: &str) -> Option<String> {
    if let Value::Str(text) = &**interfaces.get(interface)?.get(property)? { Some(text.to_string()) } else { None }
}

fn place(interfaces: &HashMap<String, HashMap<String, OwnedValue>>, interface: &str, property: &str) -> Option<OwnedObjectPath> {
    if let Value::ObjectPath(path) = &**interfaces.get(interface)?.get(property)? { Some(path.clone().into()) } else { None }
}

/// What to draw of hundredths of dBm: where films play in every quality, well, in some, hardly, not at all.
fn bars(strength: i16) -> u8 {
    match strength / 100 {
        -55.. => 4,
        -65.. => 3,
        -73.. => 2,
        -82.. => 1,
        _ => 0,
    }
}

/// What an error of `Connect` means. `asked`: iwd had our passphrase by then; `there`: the network is still in reach.
pub(super) fn join_error(name: &str, asked: bool, there: bool) -> JoinError {
    match name.strip_prefix("net.connman.iwd.").unwrap_or_default() {
        // A handshake that fails is a wrong passphrase, or a router that has gone in this very moment.
        "Failed" | "InvalidFormat" if asked && there => JoinError::Wrong,
        "NoAgent" => JoinError::Needed,
        "NotSupported" | "NotConfigured" => JoinError::Unsupported,
        "NotFound" => JoinError::Gone,
        _ if !there => JoinError::Gone,
        _ => JoinError::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_are_bars() {
        for (strength, expected) in
            [(0, 4), (-5500, 4), (-5600, 3), (-6599, 3), (-7000, 2), (-8000, 1), (-9000, 0), (-10_000, 0), (i16::MIN, 0)]
        {
            assert_eq!(bars(strength), expected, "{strength}");
        }
    }

    #[test]
    fn errors_are_reasons() {
        for (name, asked, there, expected) in [
            ("net.connman.iwd.Failed", true, true, JoinError::Wrong),
            ("net.connman.iwd.Failed", true, false, JoinError::Gone),
            ("net.connman.iwd.Failed", false, true, JoinError::Refused),
            ("net.connman.iwd.InvalidFormat", true, true, JoinError::Wrong),
            ("net.connman.iwd.NotConfigured", false, true, JoinError::Unsupported),
            ("org.freedesktop.DBus.Error.UnknownObject", false, false, JoinError::Gone),
            ("net.connman.iwd.Timeout", true, true, JoinError::Refused),
        ] {
            assert_eq!(join_error(name, asked, there), expected, "{name}");
        }
    }
}
