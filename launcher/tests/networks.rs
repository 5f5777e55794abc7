//! Wi-Fi on the screen: from the settings to a network that is joined, and to one that is forgotten.

mod support;

use hearth_launcher::snapshot;
use hearth_nav::{Event, JoinError, Links, Security, Way, Wifi, WifiCommand, WifiNetwork};
use std::sync::Arc;
use std::time::Duration;
use support::catalog::Household;
use support::golden;
use support::tv::Tv;

fn street(connected: Option<&str>) -> Links {
    let network = |(name, strength, security, known): &(&str, u8, Security, bool)| WifiNetwork {
        id: (*name).into(),
        name: (*name).into(),
        strength: *strength,
        security: *security,
        known: *known || connected == Some(*name),
        connected: connected == Some(*name),
    };
    let networks = [
        ("Lighthouse", 4, Security::Passphrase, false),
        ("Grandma's attic", 3, Security::Passphrase, true),
        ("Café Meridian", 2, Security::Open, false),
        ("FRITZ!Box 7590 WT", 4, Security::Passphrase, false),
        ("Harbour Office", 2, Security::Other, false),
        ("Upstairs", 1, Security::Passphrase, false),
        ("a name that somebody made long", 1, Security::Passphrase, false),
        ("printer-setup-4F", 0, Security::Open, false),
        ("Salt & Cedar", 3, Security::Passphrase, false),
    ];
    let networks = networks.iter().map(network).collect();
    let way = if connected.is_some() { Way::Wifi } else { Way::None };
    Links { way, cable: false, wifi: Some(Wifi { scanning: false, knows: true, networks }) }
}

/// A key, without waiting until nothing moves any more: something turns on these screens.
fn tap(tv: &mut Tv, keys: &str) {
    for name in keys.split_whitespace() {
        let key = name.parse().expect("a key");
        tv.launcher.key_down(key);
        tv.launcher.key_up(key);
        tv.pass(Duration::from_millis(300));
    }
}

/// For whoever looks: what turns looks different every time.
fn picture(tv: &Tv, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/snapshots");
    snapshot::write(&folder.join(format!("{name}.png")), 1280, 720, &tv.screen()).expect("a picture");
}

#[test]
fn networks() {
    let mut tv = Tv::new(Arc::new(Household::new()));
    let mut failures = Vec::new();
    tv.settle();
    tv.launcher.tell(Event::Links(Some(street(None))));
    tv.press("up ok right down");
    assert_eq!(tv.focus(), "network/networks");
    golden::check("settings-network", &tv.screen(), &mut failures);
    tv.press("ok");
    assert_eq!(tv.launcher.wifi_commands(), [WifiCommand::Scan]);
    golden::check("networks", &tv.screen(), &mut failures);
    tv.press("right");
    golden::check("networks-forget", &tv.screen(), &mut failures);
    tv.press("ok");
    golden::check("networks-forget-question", &tv.screen(), &mut failures);
    tv.press("back down down down down down ok");
    golden::check("networks-sign-in", &tv.screen(), &mut failures);
    tv.press("down down down down");
    golden::check("networks-end", &tv.screen(), &mut failures);

    // The passphrase: seen while it is typed, hidden on wish, not lost when it is wrong.
    tv.press("up up up up up up up up");
    assert_eq!(tv.focus(), "wifi:FRITZ!Box 7590 WT/join");
    tv.press("ok");
    golden::check("passphrase-empty", &tv.screen(), &mut failures);
    tv.press("1 9 ok right ok");
    golden::check("passphrase", &tv.screen(), &mut failures);
    tv.press("up left left down down down down ok");
    assert_eq!(tv.focus(), "key-actions/done");
    tv.press("right ok up up 4 4 4 4");
    golden::check("passphrase-shift", &tv.screen(), &mut failures);
    tv.press("down down right ok up up right");
    golden::check("passphrase-symbols", &tv.screen(), &mut failures);
    tv.press("down down right right ok");
    golden::check("passphrase-hidden", &tv.screen(), &mut failures);
    let debug = format!("{:?} {:?}", tv.launcher.view(), tv.launcher.app());
    assert!(!debug.contains("19qw"), "it is printed nowhere");
    tap(&mut tv, "ok right ok");
    let join = tv.launcher.wifi_commands();
    let Some(WifiCommand::Join { attempt, passphrase: Some(passphrase), .. }) = join.last() else { panic!("{join:?}") };
    assert!(passphrase.reveal().starts_with("19qw"));
    let attempt = *attempt;
    picture(&tv, "passphrase-joining");
    tv.launcher.tell(Event::Joined { attempt, result: Err(JoinError::Wrong) });
    tv.settle();
    golden::check("passphrase-wrong", &tv.screen(), &mut failures);
    tap(&mut tv, "ok");
    tv.launcher.tell(Event::Links(Some(street(Some("FRITZ!Box 7590 WT")))));
    tv.launcher.tell(Event::Joined { attempt: attempt + 1, result: Ok(()) });
    tv.settle();
    golden::check("networks-joined", &tv.screen(), &mut failures);
    tv.pass(Duration::from_secs(5));

    // Others are joined from the list.
    tap(&mut tv, "down ok");
    picture(&tv, "networks-joining");
    tv.launcher.tell(Event::Joined { attempt: attempt + 2, result: Err(JoinError::Gone) });
    tv.settle();
    golden::check("networks-failed", &tv.screen(), &mut failures);
    tv.press("back");
    golden::check("settings-network-joined", &tv.screen(), &mut failures);
    tv.launcher.tell(Event::Links(Some(Links { way: Way::Cable, cable: true, wifi: None })));
    tv.settle();
    golden::check("settings-network-cable", &tv.screen(), &mut failures);
    assert!(failures.is_empty(), "{failures:#?}");
}
