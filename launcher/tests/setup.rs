//! A box that knows no network yet: its first screen leads to one.

mod support;

use hearth_nav::{Event, Links, Security, Way, Wifi, WifiNetwork};
use std::sync::Arc;
use std::time::Duration;
use support::catalog::Household;
use support::golden;
use support::tv::{Tv, away};

#[test]
fn a_new_box_asks_for_its_network() {
    let household = Arc::new(Household::new());
    household.fail(Some(away()));
    let mut tv = Tv::with_patience(household.clone(), 45_000);
    let mut failures = Vec::new();
    let network = WifiNetwork {
        id: "1".into(),
        name: "Lighthouse".into(),
        strength: 4,
        security: Security::Open,
        known: false,
        connected: false,
    };
    let links = |connected: bool| Links {
        way: if connected { Way::Wifi } else { Way::None },
        cable: false,
        wifi: Some(Wifi {
            scanning: false,
            knows: connected,
            networks: vec![WifiNetwork { known: connected, connected, ..network.clone() }],
        }),
    };
    tv.launcher.tell(Event::Links(Some(links(false))));
    tv.pass(Duration::from_millis(1_500));
    tv.settle();
    assert_eq!(tv.focus(), "buttons/networks");
    golden::check("setup", &tv.screen(), &mut failures);
    tv.press("ok");
    assert_eq!(tv.focus(), "wifi:1/join");
    tv.launcher.key_down("ok".parse().expect("a key"));
    tv.launcher.key_up("ok".parse().expect("a key"));
    household.fail(None);
    tv.launcher.tell(Event::Joined { attempt: 1, result: Ok(()) });
    tv.launcher.tell(Event::Links(Some(links(true))));
    tv.pass(Duration::from_secs(1));
    tv.settle();
    assert_eq!(tv.focus(), "hero/play", "and on to the films");
    assert!(failures.is_empty(), "{failures:#?}");
}
