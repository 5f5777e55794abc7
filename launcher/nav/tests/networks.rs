//! Wi-Fi: from the settings, or from the error of a box without a network, to a network that is joined.

use hearth_nav::*;

fn network(id: &str, security: Security, strength: u8, known: bool, connected: bool) -> WifiNetwork {
    WifiNetwork { id: id.into(), name: id.to_uppercase(), strength, security, known, connected }
}

/// A box without a cable.
fn links(networks: Vec<WifiNetwork>) -> Links {
    let connected = networks.iter().any(|n| n.connected);
    let knows = networks.iter().any(|n| n.known);
    Links {
        way: if connected { Way::Wifi } else { Way::None },
        cable: false,
        wifi: Some(Wifi { scanning: false, knows, networks }),
    }
}

fn street() -> Vec<WifiNetwork> {
    vec![
        network("cafe", Security::Open, 1, false, false),
        network("home", Security::Passphrase, 4, false, false),
        network("office", Security::Other, 3, false, false),
        network("barn", Security::Passphrase, 2, true, false),
    ]
}

fn browsing() -> App {
    let mut app = App::new(Config::default());
    app.start(0);
    app.step(Event::Home(Ok(HomeData { hero: Some(TitleRef { id: "a".into(), resumable: false }), shelves: vec![] })));
    app.step(Event::Links(Some(links(street()))));
    app
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut events = Keys::new();
    let keys = keys.split_whitespace().map(|k| k.parse().unwrap());
    let now = app.now_ms();
    keys.flat_map(|k| events.tap(k, now)).collect::<Vec<_>>().into_iter().flat_map(|e| app.step(Event::Key(e))).collect()
}

fn at(app: &App) -> String {
    app.focus().at().map(|(z, i)| format!("{z}/{i}")).unwrap_or_default()
}

fn commands(effects: Vec<Effect>) -> Vec<WifiCommand> {
    effects.into_iter().filter_map(|e| if let Effect::Wifi(command) = e { Some(command) } else { None }).collect()
}

/// Types by arrows, as a viewer does.
fn enter(app: &mut App, text: &str) {
    for wanted in text.chars() {
        let keyboard = app.entry().expect("a keyboard").keyboard.clone();
        let place = keyboard.characters().position(|c| c == wanted).expect("a key for it");
        let from: usize = app.focus().at().and_then(|(z, i)| (*z == *zone::KEYS).then(|| i.parse().ok())?).expect("a character");
        let (up, down) = ((from / 10).saturating_sub(place / 10), (place / 10).saturating_sub(from / 10));
        let right = (place % 10 + 10 - from % 10) % 10;
        press(app, &format!("{}{}{}ok", "up ".repeat(up), "down ".repeat(down), "right ".repeat(right)));
    }
}

/// OK on "Join".
fn done(app: &mut App) -> Vec<Effect> {
    press(app, "down down down down down");
    while at(app) != "key-actions/done" {
        press(app, "right");
    }
    press(app, "ok")
}

fn to_list(app: &mut App) -> Vec<Effect> {
    press(app, "up ok right down");
    assert_eq!(at(app), "network/networks");
    press(app, "ok")
}

#[test]
fn a_network_is_chosen_its_passphrase_typed_and_it_is_joined() {
    let mut app = browsing();
    assert_eq!(commands(to_list(&mut app)), [WifiCommand::Scan]);
    // Known first, then the strongest.
    assert_eq!(at(&app), "wifi:barn/join");
    press(&mut app, "down");
    assert_eq!(at(&app), "wifi:home/join");
    press(&mut app, "ok");
    assert_eq!((&app.screen().page, at(&app).as_str()), (&Page::Passphrase("home".into()), "keys/10"));
    enter(&mut app, "hunter2");
    app.step(Event::Key(KeyEvent::press(RemoteKey::Digit(9), 0)));
    assert_eq!(app.entry().unwrap().keyboard.text().reveal(), "hunter29");
    assert!(app.secret());
    let effects = commands(done(&mut app));
    let [WifiCommand::Join { attempt, network, passphrase: Some(passphrase) }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((&**network, passphrase.reveal()), ("home", "hunter29"));
    assert!(app.join().unwrap().busy());
    assert!(!format!("{app:?} {effects:?}").contains("hunter"), "it is printed nowhere");

    // Wrong: what was typed is still there, and the first new letter ends the complaint.
    app.step(Event::Joined { attempt: *attempt, result: Err(JoinError::Wrong) });
    assert_eq!(app.join().unwrap().error, Some(JoinError::Wrong));
    assert_eq!(app.entry().unwrap().keyboard.text().reveal(), "hunter29");
    press(&mut app, "left left ok");
    assert_eq!((app.entry().unwrap().keyboard.text().reveal(), app.join()), ("hunter2", None));
    press(&mut app, "right right");
    assert_eq!(commands(press(&mut app, "ok")), [], "seven characters are too few");
    app.step(Event::Key(KeyEvent::press(RemoteKey::Digit(3), 0)));
    let effects = commands(press(&mut app, "ok"));
    let [WifiCommand::Join { attempt, .. }] = &effects[..] else { panic!("{effects:?}") };
    // Back ends the attempt, and its late answer means nothing.
    assert_eq!(commands(press(&mut app, "back")), [WifiCommand::Cancel]);
    app.step(Event::Joined { attempt: *attempt, result: Ok(()) });
    assert!(app.secret());
    let effects = commands(press(&mut app, "ok"));
    let [WifiCommand::Join { attempt, .. }] = &effects[..] else { panic!("{effects:?}") };
    app.step(Event::Joined { attempt: *attempt, result: Ok(()) });
    assert_eq!((&app.screen().page, app.toast().map(|t| t.kind)), (&Page::Networks, Some(ToastKind::Joined)));
    assert_eq!((app.entry(), app.join()), (None, None), "what was typed is gone");
    for expected in ["network/networks", "top/settings", "hero/play"] {
        press(&mut app, "back");
        assert_eq!(at(&app), expected);
    }
}

#[test]
fn open_and_known_networks_are_joined_at_once() {
    let mut app = browsing();
    to_list(&mut app);
    let join = |attempt, network: &str| vec![WifiCommand::Join { attempt, network: network.into(), passphrase: None }];
    assert_eq!(commands(press(&mut app, "ok")), join(1, "barn"));
    assert_eq!(commands(press(&mut app, "ok")), [WifiCommand::Cancel], "once more is to think better of it");
    assert_eq!(commands(press(&mut app, "down down down ok")), join(2, "cafe"));
    app.step(Event::Joined { attempt: 2, result: Err(JoinError::Refused) });
    assert_eq!(app.join(), Some(&Join { attempt: 2, network: "cafe".into(), error: Some(JoinError::Refused) }));
    press(&mut app, "up ok");
    assert_eq!(app.join().map(|j| (&*j.network, j.error)), Some(("office", Some(JoinError::Unsupported))));
    // The passphrase of a known network was changed since.
    assert_eq!(commands(press(&mut app, "up up ok")), join(3, "barn"));
    app.step(Event::Joined { attempt: 3, result: Err(JoinError::Needed) });
    assert_eq!((&app.screen().page, app.join().unwrap().error), (&Page::Passphrase("barn".into()), Some(JoinError::Wrong)));
    // Where nobody looks any more, a notice says how it ended.
    press(&mut app, "back ok home");
    app.step(Event::Joined { attempt: 4, result: Err(JoinError::Gone) });
    assert_eq!((app.toast().map(|t| t.kind), app.join()), (Some(ToastKind::NotJoined), None));
}

#[test]
fn a_known_network_is_forgotten_if_the_viewer_says_so_twice() {
    let mut app = browsing();
    to_list(&mut app);
    press(&mut app, "right ok");
    assert_eq!((at(&app).as_str(), commands(press(&mut app, "ok"))), ("buttons/back", vec![]));
    assert_eq!(at(&app), "wifi:barn/forget");
    assert_eq!(commands(press(&mut app, "ok left ok")), [WifiCommand::Forget("barn".into())]);
    // Forgotten elsewhere while the question stands.
    press(&mut app, "ok");
    assert!(app.modal().is_some());
    let mut networks = street();
    networks[3].known = false;
    app.step(Event::Links(Some(links(networks))));
    assert_eq!((app.modal(), at(&app).as_str()), (None, "wifi:barn/join"), "the row is no longer the first, and keeps the focus");
}

#[test]
fn the_list_is_kept_fresh_while_it_is_looked_at() {
    let mut app = browsing();
    to_list(&mut app);
    let due = app.wake_ms().unwrap();
    assert_eq!((due, commands(app.step(Event::Tick { now_ms: due }))), (10_000, vec![WifiCommand::Scan]));
    press(&mut app, "ok");
    assert_eq!(app.wake_ms(), None, "not while one is joined");
    press(&mut app, "back");
    assert_eq!(app.wake_ms(), None);
    // The radio is pulled out while a passphrase is typed.
    press(&mut app, "ok down ok 1 2 3");
    assert!(app.entry().is_some());
    app.step(Event::Links(Some(Links { way: Way::None, cable: false, wifi: None })));
    assert_eq!((at(&app).as_str(), app.entry(), app.join()), ("groups/network", None, None));
    press(&mut app, "down ok");
    assert_eq!(app.screen().page, Page::Settings, "there is nothing to choose");
    app.step(Event::Links(None));
    assert_eq!(at(&app), "groups/privacy", "nothing is said of networks: its neighbour is shown");
}

#[test]
fn a_box_without_any_network_is_brought_to_one() {
    let away = || {
        let (code, message, action) = Default::default();
        Event::Home(Err(Failure { kind: FailureKind::Network, code, message, action, retryable: true }))
    };
    let mut app = App::new(Config { patience_ms: 45_000, ..Config::default() });
    app.start(0);
    app.step(away());
    assert!(app.modal().is_none(), "it waits for its network");
    app.step(Event::Links(Some(links(vec![network("home", Security::Passphrase, 4, false, false)]))));
    app.step(Event::Tick { now_ms: 1_000 });
    app.step(away());
    assert_eq!(at(&app), "buttons/networks", "there is none to wait for");
    press(&mut app, "left");
    app.step(away());
    assert_eq!(at(&app), "buttons/retry", "a further try leaves the focus alone");
    press(&mut app, "right ok");
    assert_eq!((app.mode(), &app.screen().page), (&Mode::Boot, &Page::Networks));
    app.step(away());
    assert!(app.modal().is_none());
    assert!(press(&mut app, "back").contains(&Effect::FetchHome));
    app.step(away());
    press(&mut app, "right ok ok 1 2 3 4 5 6 7 8 up up left down down down down down ok");
    let attempt = app.join().expect("it is joined").attempt;
    app.step(Event::Joined { attempt, result: Ok(()) });
    app.step(Event::Links(Some(links(vec![network("home", Security::Passphrase, 4, true, true)]))));
    let due = app.wake_ms().expect("it tries again");
    assert!(due <= app.now_ms() + 1_000);
    app.step(Event::Tick { now_ms: due });
    app.step(Event::Home(Ok(HomeData { hero: Some(TitleRef { id: "a".into(), resumable: false }), shelves: vec![] })));
    assert_eq!((app.mode(), at(&app).as_str()), (&Mode::Browse, "hero/play"));
}
