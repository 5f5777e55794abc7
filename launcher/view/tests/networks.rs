//! What the Wi-Fi pages show and say, and what they never say.

use hearth_nav::*;
use hearth_view::*;

struct Tv {
    app: App,
    store: Store,
}

impl Tv {
    fn new(links: Links) -> Self {
        let mut app = App::new(Config::default());
        app.start(0);
        app.step(Event::Home(Ok(HomeData { hero: Some(TitleRef { id: "a".into(), resumable: false }), shelves: vec![] })));
        app.step(Event::Links(Some(links)));
        Self { app, store: Store::new("http://tv.example/") }
    }

    /// Presses keys; what is said last.
    fn press(&mut self, keys: &str) -> String {
        let mut said = None;
        for key in keys.split_whitespace() {
            for effect in self.app.step(Event::Key(KeyEvent::press(key.parse().unwrap(), 0))) {
                if let Effect::Speak(say) = effect {
                    said = spoken(&view(&self.app, &self.store), say);
                }
            }
        }
        said.unwrap_or_default()
    }

    fn networks(&self) -> NetworksView {
        match view(&self.app, &self.store).screen {
            ScreenView::Networks(networks) => networks,
            other => panic!("{other:?}"),
        }
    }

    fn passphrase(&self) -> PassphraseView {
        match view(&self.app, &self.store).screen {
            ScreenView::Passphrase(passphrase) => passphrase,
            other => panic!("{other:?}"),
        }
    }
}

fn links(count: usize) -> Links {
    let network = |n: usize| WifiNetwork {
        id: n.to_string().into(),
        name: format!("Net {n:02}"),
        strength: 3,
        security: if n == 1 { Security::Open } else { Security::Passphrase },
        known: n == 0,
        connected: false,
    };
    let wifi = Wifi { scanning: false, knows: true, networks: (0..count).map(network).collect() };
    Links { way: Way::None, cable: false, wifi: Some(wifi) }
}

#[test]
fn the_row_says_what_is_in_use() {
    let mut tv = Tv::new(links(2));
    assert_eq!(
        tv.press("up ok right down"),
        "Network, Not connected, button. Choose a Wi-Fi network, or plug a network cable into the box"
    );
    let line = |tv: &Tv| match view(&tv.app, &tv.store).screen {
        ScreenView::Settings(settings) => settings.network.map(|n| (n.value, n.strength, n.button, settings.text.len())),
        other => panic!("{other:?}"),
    };
    let mut joined = links(2);
    joined.way = Way::Wifi;
    joined.wifi.as_mut().unwrap().networks[0].connected = true;
    for (links, expected) in [
        (joined, ("Net 00", Some(3), true)),
        (Links { way: Way::Cable, ..links(2) }, ("Cable", None, true)),
        (Links { way: Way::Cable, cable: true, wifi: None }, ("Cable", None, false)),
        (Links::default(), ("Not connected", None, false)),
    ] {
        tv.app.step(Event::Links(Some(links)));
        let (value, strength, button) = expected;
        assert_eq!(line(&tv), Some((value.to_owned(), strength, button, 1)));
    }
}

#[test]
fn the_list_is_a_window_around_the_focus() {
    let mut tv = Tv::new(links(20));
    assert_eq!(tv.press("up ok right down ok"), "Wi-Fi. 20 networks. Net 00, secured, strength 3 of 4. Saved");
    assert_eq!(tv.press("right"), "Forget, button. Net 00, secured, strength 3 of 4. Saved");
    assert_eq!(tv.press("down"), "Net 01, strength 3 of 4");
    let names = |tv: &Tv| tv.networks().rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>();
    assert_eq!((names(&tv)[0].as_str(), tv.networks().rows.len(), tv.networks().more), ("Net 00", NETWORK_ROWS, (false, true)));
    for n in 2..20 {
        assert!(tv.press("down").starts_with(&format!("Net {n:02}")));
        let rows = tv.networks().rows;
        assert_eq!(rows.iter().filter(|r| r.focus.is_some()).count(), 1);
    }
    assert_eq!(tv.press("down"), "Search again, button");
    assert_eq!((names(&tv).len(), tv.networks().more), (NETWORK_ROWS, (true, false)));
    let mut none = Tv::new(links(0));
    none.press("up ok right down ok");
    assert_eq!(none.networks().rows[0].state, "No network is in reach");
}

#[test]
fn what_is_typed_is_shown_and_never_printed() {
    let mut tv = Tv::new(links(3));
    assert_eq!(tv.press("up ok right down ok down down ok"), "Passphrase for Net 02. At least 8 characters. q");
    assert_eq!(tv.press("7 3 ok"), "q. 3 characters");
    assert_eq!((tv.passphrase().keyboard.text.reveal(), tv.passphrase().keyboard.ready), ("73q", false));
    tv.press("8 8 8 8 8");
    let shown = tv.passphrase();
    assert_eq!((shown.note.as_str(), shown.keyboard.ready, shown.keyboard.focus), ("", true, Some(10)));
    assert!(!format!("{:?}", view(&tv.app, &tv.store)).contains("73q"));
    tv.press("down down down right right right right right");
    assert_eq!(tv.press("left"), "Hide what is typed. 8 characters");
    tv.press("ok");
    assert_eq!((tv.passphrase().keyboard.text.reveal(), tv.passphrase().keyboard.hidden), ("••••••••", true));
    assert_eq!(tv.press("right ok"), "Joining Net 02");
    assert!(tv.passphrase().busy && tv.passphrase().keyboard.focus.is_none());
    let attempt = tv.app.join().unwrap().attempt;
    for (error, words) in
        [(JoinError::Wrong, "not accepted"), (JoinError::Gone, "out of reach"), (JoinError::Refused, "did not answer")]
    {
        let mut tv = Tv { app: tv.app.clone(), store: tv.store.clone() };
        tv.app.step(Event::Joined { attempt, result: Err(error) });
        let shown = tv.passphrase();
        assert!(shown.warning && shown.note.contains(words), "{}", shown.note);
        assert_eq!(shown.keyboard.focus, Some(45));
    }
}
