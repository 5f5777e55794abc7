//! What the box reaches its server by: the kernel's routes and cables, and the radio.

use super::network::default_routes;
use super::wifi::{BUS, Radio, Told};
use crate::app::Launcher;
use crate::platform::Waker;
use hearth_nav::{Event, Way, Wifi};
use std::path::{Path, PathBuf};

/// Tells the launcher what there is, and the radio what the viewer wants.
pub struct Links {
    radio: Option<Radio>,
    /// The kernel's: `/proc/net` and `/sys/class/net`.
    routes: PathBuf,
    interfaces: PathBuf,
    wifi: Option<Wifi>,
    told: Option<hearth_nav::Links>,
}

impl Links {
    /// `radio`: the board has one, and so the image has iwd and its bus.
    pub fn new(radio: bool, wake: Waker) -> Self {
        let started = radio.then(|| Radio::start(BUS, wake));
        let radio = started.and_then(|r| r.inspect_err(|e| tracing::error!("no thread for the radio: {e}")).ok());
        Self::of(radio, "/proc/net".into(), "/sys/class/net".into())
    }

    /// For tests.
    pub fn of(radio: Option<Radio>, routes: PathBuf, interfaces: PathBuf) -> Self {
        Self { radio, routes, interfaces, wifi: None, told: None }
    }

    /// Once a turn of the loop; `look`: routes and cables are looked at, too.
    pub fn turn(&mut self, launcher: &mut Launcher, look: bool) {
        for command in launcher.wifi_commands() {
            if let Some(radio) = &self.radio {
                radio.send(command);
            }
        }
        let mut news = look;
        for told in self.radio.iter().flat_map(Radio::poll).collect::<Vec<_>>() {
            match told {
                Told::Wifi(wifi) => {
                    self.wifi = wifi;
                    news = true;
                }
                Told::Joined(attempt, result) => {
                    // The list of networks says so first: the page that comes up shows it.
                    self.tell(launcher);
                    launcher.tell(Event::Joined { attempt, result });
                }
            }
        }
        if news {
            self.tell(launcher);
        }
    }

    fn tell(&mut self, launcher: &mut Launcher) {
        let links = hearth_nav::Links { way: self.way(), cable: cable(&self.interfaces), wifi: self.wifi.clone() };
        if self.told.as_ref() != Some(&links) {
            self.told = Some(links.clone());
            launcher.tell(Event::Links(Some(links)));
        }
    }

    fn way(&self) -> Way {
        let read = |name: &str| std::fs::read_to_string(self.routes.join(name)).unwrap_or_default();
        match way_out(&read("route"), &read("ipv6_route")) {
            None => Way::None,
            Some(interface) if radio(&self.interfaces, &interface) => Way::Wifi,
            Some(_) => Way::Cable,
        }
    }
}

/// The interface of the kernel's default route with the smallest metric: by IPv4, else by IPv6.
fn way_out(routes: &str, routes6: &str) -> Option<String> {
    let v4 = default_routes(routes).map(|(metric, interface, _)| (metric, interface.to_owned()));
    let v6 = routes6.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[to, "00", _, _, _, metric, .., interface] = words.as_slice() else { return None };
        let default = to.bytes().all(|b| b == b'0') && interface != "lo";
        Some((u32::from_str_radix(metric, 16).ok().filter(|_| default)?, interface.to_owned()))
    });
    v4.min().or_else(|| v6.min()).map(|(_, interface)| interface)
}

fn radio(interfaces: &Path, name: &str) -> bool {
    interfaces.join(name).join("phy80211").exists()
}

/// A real cable is plugged in: the interface belongs to a device, is no radio, and hears the other end.
fn cable(interfaces: &Path) -> bool {
    let Ok(folder) = std::fs::read_dir(interfaces) else { return false };
    folder.flatten().any(|entry| {
        let path = entry.path();
        let hears = || std::fs::read_to_string(path.join("carrier")).is_ok_and(|c| c.trim() == "1");
        path.join("device").exists() && !path.join("phy80211").exists() && hears()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_is_the_cheapest_default_route() {
        let cable = "eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";
        let wifi = "wlan0\t00000000\t0100000A\t0003\t0\t0\t600\t00000000\t0\t0\t0\n";
        let near = "eth0\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
        let zero = "00000000000000000000000000000000";
        let six = format!("{zero} 00 {zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth1\n");
        let none = format!("{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n");
        for (v4, v6, expected) in [
            (format!("{wifi}{cable}"), String::new(), Some("eth0")),
            (wifi.to_owned(), six.clone(), Some("wlan0")),
            (near.to_owned(), six, Some("eth1")),
            (near.to_owned(), none, None),
            (String::new(), String::new(), None),
        ] {
            assert_eq!(way_out(&v4, &v6).as_deref(), expected, "{v4} {v6}");
        }
    }

    #[test]
    fn a_cable_is_a_device_that_hears_something() {
        let place = tempfile::tempdir().unwrap();
        let interface = |name: &str, parts: &[&str], carrier: &str| {
            for part in parts {
                std::fs::create_dir_all(place.path().join(name).join(part)).unwrap();
            }
            std::fs::create_dir_all(place.path().join(name)).unwrap();
            std::fs::write(place.path().join(name).join("carrier"), carrier).unwrap();
        };
        interface("lo", &[], "1\n");
        interface("wlan0", &["device", "phy80211"], "1\n");
        interface("eth0", &["device"], "0\n");
        assert!(!cable(place.path()) && radio(place.path(), "wlan0") && !radio(place.path(), "eth0"));
        interface("eth0", &["device"], "1\n");
        assert!(cable(place.path()) && !cable(&place.path().join("nothing")));
    }
}
