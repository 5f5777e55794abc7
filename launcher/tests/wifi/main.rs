//! The thread that speaks to iwd, against an iwd of the test's own on a real bus.

mod fake;

use fake::{Bus, Fake, Net};
use hearth_launcher::service::wifi::{Radio, Told};
use hearth_nav::{JoinError, Security, Wifi, WifiCommand};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

struct Ear {
    radio: Radio,
    bell: Receiver<()>,
    /// How attempts ended.
    ended: Vec<(u32, Result<(), JoinError>)>,
    /// What was said last of the radio.
    wifi: Option<Option<Wifi>>,
    attempt: u32,
}

impl Ear {
    fn on(bus: &Bus) -> Self {
        let (ring, bell) = channel();
        let wake = Arc::new(move || ring.send(()).unwrap_or_default());
        Self { radio: Radio::start(&bus.address, wake).expect("a thread"), bell, ended: Vec::new(), wifi: None, attempt: 0 }
    }

    /// Until it is so.
    fn hear<T>(&mut self, what: &str, so: impl Fn(&Self) -> Option<T>) -> T {
        loop {
            for told in self.radio.poll() {
                match told {
                    Told::Wifi(wifi) => self.wifi = Some(wifi),
                    Told::Joined(attempt, result) => self.ended.push((attempt, result)),
                }
            }
            if let Some(found) = so(self) {
                return found;
            }
            assert!(self.bell.recv_timeout(PATIENCE).is_ok(), "never heard: {what}; only {:?} {:?}", self.wifi, self.ended);
        }
    }

    fn wifi(&mut self, what: &str, holds: impl Fn(&Wifi) -> bool) -> Wifi {
        self.hear(what, |ear| ear.wifi.clone().flatten().filter(|w| holds(w)))
    }

    fn none(&mut self, what: &str) {
        self.hear(what, |ear| (ear.wifi == Some(None)).then_some(()));
    }

    fn begin(&mut self, net: &Net, passphrase: Option<&str>) -> u32 {
        self.attempt += 1;
        let (attempt, passphrase) = (self.attempt, passphrase.map(Into::into));
        self.radio.send(WifiCommand::Join { attempt, network: net.id().into(), passphrase });
        attempt
    }

    fn outcome(&mut self, wanted: u32) -> Result<(), JoinError> {
        self.hear("how it ended", |ear| ear.ended.iter().find(|(attempt, _)| *attempt == wanted).map(|(_, result)| *result))
    }

    fn join(&mut self, net: &Net, passphrase: Option<&str>) -> Result<(), JoinError> {
        let attempt = self.begin(net, passphrase);
        self.outcome(attempt)
    }
}

fn street() -> Vec<Net> {
    vec![
        Net::new("Home", "psk", -4500, "correct horse"),
        Net::new("Café", "open", -7800, ""),
        Net::new("Office", "8021x", -6000, ""),
        Net { kept: Some("battery staple".into()), ..Net::new("Barn", "psk", -7000, "battery staple") },
    ]
}

fn connected(wifi: &Wifi) -> Option<&str> {
    wifi.networks.iter().find(|n| n.connected).map(|n| &*n.name)
}

#[test]
fn networks_are_listed_joined_and_forgotten() {
    let place = tempfile::tempdir().expect("a folder");
    let bus = Bus::start(place.path());
    let nets = street();
    let iwd = Fake::start(&bus, nets.clone());
    let mut ear = Ear::on(&bus);
    let wifi = ear.wifi("the list", |w| w.networks.len() == 4);
    let seen: Vec<_> = wifi.networks.iter().map(|n| (&*n.name, n.strength, n.security, n.known)).collect();
    assert_eq!(
        seen,
        [
            ("Home", 4, Security::Passphrase, false),
            ("Café", 1, Security::Open, false),
            ("Office", 3, Security::Other, false),
            ("Barn", 2, Security::Passphrase, true)
        ]
    );
    assert!(wifi.knows && connected(&wifi).is_none());

    assert_eq!(ear.join(&nets[0], Some("wrong horse")), Err(JoinError::Wrong));
    assert_eq!(ear.join(&nets[0], Some("correct horse")), Ok(()));
    ear.wifi("Home is in use", |w| connected(w) == Some("Home") && w.networks[0].known);
    assert_eq!(ear.join(&nets[1], None), Ok(()));
    assert_eq!(ear.join(&nets[0], None), Ok(()), "it is known now");
    assert_eq!(ear.join(&nets[2], None), Err(JoinError::Unsupported));
    assert_eq!(ear.join(&Net::new("Far", "psk", 0, ""), Some("whatever it is")), Err(JoinError::Gone));
    // Its router has another passphrase now.
    iwd.change(|s| s.networks[3].passphrase = "another staple");
    assert_eq!(ear.join(&nets[3], None), Err(JoinError::Needed));
    assert_eq!(ear.join(&nets[3], Some("another staple")), Ok(()));
    ear.radio.send(WifiCommand::Forget(nets[3].id().into()));
    ear.wifi("Barn is forgotten", |w| connected(w).is_none() && !w.networks[3].known);
    ear.radio.send(WifiCommand::Scan);
    // A scan has no answer; the next one says that it was heard.
    assert_eq!(ear.join(&nets[0], None), Ok(()));
    assert!(iwd.lock().calls.iter().any(|c| c == "Scan"));
}

#[test]
fn what_is_cancelled_leaves_things_as_they_were() {
    let place = tempfile::tempdir().expect("a folder");
    let bus = Bus::start(place.path());
    let nets = street();
    let iwd = Fake::start(&bus, nets.clone());
    iwd.change(|s| s.silent = Some("Home"));
    let mut ear = Ear::on(&bus);
    ear.wifi("the list", |w| w.networks.len() == 4);
    assert_eq!(ear.join(&nets[3], None), Ok(()));
    ear.wifi("Barn is in use", |w| connected(w) == Some("Barn"));
    let late = ear.begin(&nets[0], Some("correct horse"));
    ear.radio.send(WifiCommand::Cancel);
    // The next answer says that what was asked before it is done.
    assert_eq!(ear.join(&nets[1], None), Ok(()));
    assert!(!ear.ended.iter().any(|(attempt, _)| *attempt == late), "nobody waits for it");
    let connects: Vec<_> = iwd.lock().calls.iter().filter(|c| c.starts_with("Connect")).cloned().collect();
    assert_eq!(connects, ["Connect Barn", "Connect Home", "Connect Barn", "Connect Café"]);
    iwd.change(|s| (s.networks[1].kept, s.connected) = (None, None));

    // With nothing to go back to, the device starts anew: else iwd would join nothing by itself any more.
    ear.radio.send(WifiCommand::Forget(nets[3].id().into()));
    ear.wifi("Barn is forgotten", |w| connected(w).is_none());
    iwd.change(|s| s.networks[1].kept = Some(String::new()));
    ear.wifi("Café is known", |w| w.networks[1].known);
    iwd.lock().calls.clear();
    ear.begin(&nets[0], Some("correct horse"));
    ear.radio.send(WifiCommand::Cancel);
    assert_eq!(ear.join(&nets[1], None), Ok(()));
    assert_eq!(iwd.lock().calls, ["Connect Home", "Disconnect", "Set", "Set", "Connect Café"]);
    // A second choice takes the first one's place.
    ear.begin(&nets[0], Some("correct horse"));
    assert_eq!(ear.join(&nets[1], None), Ok(()));
}

#[test]
fn radio_iwd_and_bus_come_and_go() {
    let place = tempfile::tempdir().expect("a folder");
    let bus = Bus::start(place.path());
    let nets = street();
    let mut ear = Ear::on(&bus);
    ear.none("that there is no iwd");
    assert_eq!(ear.join(&nets[0], None), Err(JoinError::Gone));
    let iwd = Fake::start(&bus, nets.clone());
    ear.wifi("the list", |w| w.networks.len() == 4);
    iwd.change(|s| s.radio = false);
    ear.none("that the radio is gone");
    iwd.change(|s| s.radio = true);
    ear.wifi("the list again", |w| w.networks.len() == 4);

    // iwd dies while it joins.
    iwd.change(|s| s.silent = Some("Home"));
    let attempt = ear.begin(&nets[0], Some("correct horse"));
    ear.radio.send(WifiCommand::Scan);
    let left = iwd.stop();
    assert_eq!(ear.outcome(attempt), Err(JoinError::Refused));
    ear.none("that iwd is gone");
    left.lock().expect("state").silent = None;
    let iwd = Fake::with(&bus, left);
    ear.wifi("the new iwd's list", |w| w.networks.len() == 4);
    assert_eq!(ear.join(&nets[0], Some("correct horse")), Ok(()), "the agent is known to the new one");

    // The bus itself.
    drop(iwd);
    drop(bus);
    ear.none("that the bus is gone");
    let bus = Bus::start(place.path());
    let _iwd = Fake::start(&bus, nets.clone());
    ear.wifi("the new bus's list", |w| w.networks.len() == 4);
    assert_eq!(ear.join(&nets[0], Some("correct horse")), Ok(()));
}

#[test]
fn only_iwd_is_told_and_only_of_the_network_that_is_joined() {
    let place = tempfile::tempdir().expect("a folder");
    let bus = Bus::start(place.path());
    let nets = street();
    let iwd = Fake::start(&bus, nets.clone());
    iwd.change(|s| s.silent = Some("Home"));
    let mut ear = Ear::on(&bus);
    ear.wifi("the list", |w| w.networks.len() == 4);
    ear.begin(&nets[0], Some("correct horse"));
    // The silent network is being joined by the time that iwd has heard of it.
    ear.radio.send(WifiCommand::Scan);
    iwd.heard("Scan");
    let stranger = fake::connect_to(&bus);
    let refused =
        |answer: Result<String, String>, why: &str| assert!(answer.as_ref().is_err_and(|e| e.contains(why)), "{answer:?}");
    refused(iwd.ask(&stranger, &nets[0]), "UnknownMethod");
    refused(iwd.ask(iwd.bus(), &nets[3]), "Canceled");
    assert_eq!(iwd.ask(iwd.bus(), &nets[0]), Ok("correct horse".to_owned()));
    refused(iwd.ask(iwd.bus(), &nets[0]), "Canceled");
}
