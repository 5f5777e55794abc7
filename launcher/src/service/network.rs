//! Which network this is, and how fast each was: a film begins as good as the network was the last time.

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// Networks that are remembered. A box is seldom carried about.
const MOST: usize = 8;

/// How fast networks were, the one used last at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Networks(Vec<Network>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Network {
    name: String,
    kbps: u64,
}

impl Networks {
    /// What it gave when it was last used, kbit/s.
    pub fn kbps(&self, name: &str) -> Option<u64> {
        self.0.iter().find(|n| n.name == name).map(|n| n.kbps)
    }

    /// A film has ended, and this was learnt.
    pub fn learn(&mut self, name: &str, kbps: u64) {
        self.0.retain(|n| n.name != name);
        self.0.push(Network { name: name.to_owned(), kbps });
        let forgotten = self.0.len().saturating_sub(MOST);
        self.0.drain(..forgotten);
    }
}

/// The network that films come through now.
pub fn here() -> String {
    name(&std::fs::read_to_string("/proc/net/route").unwrap_or_default())
}

/// `eth0 192.168.1.1`: by which interface and which gateway the kernel's routes lead out; cable and Wi-Fi at home are two. All that have
/// no IPv4 gateway are one.
fn name(routes: &str) -> String {
    let named = |(metric, interface, gateway): (u32, &str, &str)| {
        // As the kernel has it in memory.
        let gateway = Ipv4Addr::from(u32::from_str_radix(gateway, 16).ok()?.to_ne_bytes());
        Some((metric, format!("{interface} {gateway}")))
    };
    default_routes(routes).filter_map(named).min().map_or_else(|| "no gateway".to_owned(), |(_, name)| name)
}

/// Of the kernel's table (`/proc/net/route`) the routes that lead out: metric, interface, and gateway in hexadecimal.
pub(super) fn default_routes(routes: &str) -> impl Iterator<Item = (u32, &str, &str)> {
    routes.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[interface, "00000000", gateway, _, _, _, metric, "00000000", ..] = words.as_slice() else { return None };
        Some((metric.parse().ok()?, interface, gateway))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    #[test]
    fn routes_name_the_network() {
        let cable = "eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";
        let wifi = "wlan0\t00000000\t0100000A\t0003\t0\t0\t600\t00000000\t0\t0\t0\n";
        let near = "eth0\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
        let half = "tun0\t00000000\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n";
        for (routes, expected) in [
            (vec![cable, near], "eth0 192.168.2.1"),
            (vec![wifi], "wlan0 10.0.0.1"),
            (vec![wifi, cable], "eth0 192.168.2.1"),
            (vec![near], "no gateway"),
            (vec![half, wifi], "wlan0 10.0.0.1"),
            (vec!["eth0\t00000000\tnonsense"], "no gateway"),
            (vec![], "no gateway"),
        ] {
            assert_eq!(name(&(HEAD.to_owned() + &routes.concat())), expected, "{routes:?}");
        }
    }

    #[test]
    fn the_last_of_each_and_not_too_many_are_remembered() {
        let mut networks = Networks::default();
        assert_eq!(networks.kbps("a"), None);
        networks.learn("a", 5_000);
        networks.learn("b", 900);
        networks.learn("a", 7_000);
        assert_eq!((networks.kbps("a"), networks.kbps("b")), (Some(7_000), Some(900)));
        for n in 0..MOST - 1 {
            networks.learn(&format!("hotel {n}"), 100);
        }
        assert_eq!(
            (networks.kbps("a"), networks.kbps("b"), networks.0.len()),
            (Some(7_000), None, MOST),
            "b was used longest ago"
        );
    }
}
