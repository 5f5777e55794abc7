//! The whole interface without a screen: keys in, effects to a catalog in memory, view models and speech out.

use hearth_nav::*;
use hearth_view::*;

struct Tv {
    app: App,
    keys: Keys,
    store: Store,
    catalog: FixtureCatalog,
    spoken: Vec<String>,
    now: u64,
}

impl Tv {
    fn new(catalog: FixtureCatalog) -> Self {
        let mut tv = Self {
            app: App::new(Config::default()),
            keys: Keys::new(),
            store: Store::new("http://tv.example/"),
            catalog,
            spoken: vec![],
            now: 0,
        };
        let effects = tv.app.start(0);
        tv.run(effects);
        tv
    }

    fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Speak(say) = effect {
                self.spoken.extend(spoken(&view(&self.app, &self.store), say));
            }
            if let Some(request) = Request::of(&effect) {
                let event = self.store.accept(Delivery::fetch(&self.catalog, request));
                let effects = self.app.step(event);
                self.run(effects);
            }
        }
    }

    fn step(&mut self, event: Event) {
        let effects = self.app.step(event);
        self.run(effects);
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            for e in self.keys.tap(key.parse().unwrap(), self.now) {
                self.step(Event::Key(e));
            }
        }
        self
    }

    fn wait(&mut self, ms: u64) -> &mut Self {
        self.now += ms;
        self.step(Event::Tick { now_ms: self.now });
        self
    }

    fn player(&mut self, event: PlayerEvent) {
        let session = self.app.playing().unwrap().session;
        self.step(Event::Player { session, event });
    }

    fn watch(&mut self, position_ms: u64) {
        self.player(PlayerEvent::Started { duration_ms: Some(600_000) });
        self.player(PlayerEvent::Position { position_ms, buffer_ms: 60_000, paused: false });
    }

    fn home(&self) -> HomeView {
        match view(&self.app, &self.store).screen {
            ScreenView::Home(home) => home,
            other => panic!("{other:?}"),
        }
    }

    fn detail(&self) -> DetailView {
        match view(&self.app, &self.store).screen {
            ScreenView::Detail(detail) => detail,
            other => panic!("{other:?}"),
        }
    }

    fn playing(&self) -> PlayingView {
        match view(&self.app, &self.store).screen {
            ScreenView::Playing(playing) => playing,
            other => panic!("{other:?}"),
        }
    }

    fn say(&mut self) -> String {
        self.spoken.pop().unwrap_or_default()
    }
}

fn labels(buttons: &[ButtonView]) -> Vec<&str> {
    buttons.iter().map(|b| b.label.as_str()).collect()
}

fn shelf(home: &HomeView, index: usize) -> &ShelfView {
    home.shelves.iter().flatten().find(|s| s.index == index).unwrap()
}

#[test]
fn home_shows_the_hero_and_windowed_shelves() {
    let mut tv = Tv::new(FixtureCatalog::new(9, 30));
    let home = tv.home();
    let hero = home.hero.as_ref().unwrap();
    assert_eq!((hero.name.as_str(), hero.meta.as_str(), home.on_hero), ("Title 0.0", "2008 · Drama · PG · 10 min", true));
    assert_eq!(hero.backdrop.as_deref(), Some("http://tv.example/art/t0-0/backdrop.jpg"));
    assert_eq!(labels(&hero.buttons), ["Play", "More info"]);
    assert_eq!(tv.say(), "Home. Title 0.0. Play, button 1 of 2");
    let slots = |h: &HomeView| (h.shelves.len(), h.shelves.iter().flatten().map(|s| s.tiles.len()).max());
    assert_eq!((slots(&home), home.shelf_count, home.first_shelf), ((6, Some(10)), 9, 0));

    tv.press("down down down right right right right right right right right");
    let home = tv.home();
    assert_eq!((home.first_shelf, home.on_hero, slots(&home)), (2, false, (6, Some(10))));
    let row = shelf(&home, 2);
    assert_eq!((row.first, row.current, row.len, row.focused), (3, 8, 30, true));
    let focused: Vec<_> = home.shelves.iter().flatten().flat_map(|s| s.tiles.iter().flatten()).filter(|t| t.focused).collect();
    assert_eq!(focused.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["t2-8"]);
    assert_eq!(tv.say(), "Title 2.8, 9 of 30 in Shelf 2");
    // The hero follows when the focus rests; its buttons are about another title, so they go.
    tv.wait(200);
    let hero = tv.home().hero.unwrap();
    assert_eq!((hero.name.as_str(), hero.buttons.len()), ("Title 2.8", 0));
}

#[test]
fn pictures_are_wanted_nearest_first_and_the_neighbours_of_the_focus_also_focused() {
    let mut tv = Tv::new(FixtureCatalog::new(3, 30));
    tv.press("down right right").wait(200);
    let wanted = pictures(&view(&tv.app, &tv.store));
    assert!(wanted.windows(2).all(|w| w[0].priority <= w[1].priority));
    assert_eq!((wanted[0].url.as_str(), wanted[0].priority), ("http://tv.example/art/t0-2/poster.jpg", 0));
    let focused: Vec<&str> =
        wanted.iter().filter(|p| p.shape == Shape::Focused && p.priority < 8).map(|p| &p.url[18..26]).collect();
    assert_eq!(focused, ["art/t0-2", "art/t0-1", "art/t0-3"]);
    assert!(wanted.iter().any(|p| p.shape == Shape::Backdrop && p.url.contains("t0-2")));
}

#[test]
fn from_tile_to_playback_and_back_with_the_place_kept_on_the_server() {
    let mut tv = Tv::new(FixtureCatalog::new(3, 30));
    tv.press("down down right right ok");
    let detail = tv.detail();
    assert_eq!((detail.name.as_str(), detail.quality.as_str(), detail.ready), ("Title 1.2", "720p", true));
    assert_eq!((labels(&detail.buttons), detail.similar_len, detail.progress), (vec!["Play"], 8, None));
    assert_eq!(tv.spoken[tv.spoken.len() - 1], "Title 1.2. 2008 · Drama · PG · 10 min. The story of Title 1.2. Play, button");
    tv.press("ok");
    let playing = tv.playing();
    assert!(playing.loading && playing.waiting && playing.osd.is_none());
    assert_eq!(tv.store.grant(tv.app.playing().unwrap().session).unwrap().hls, "/v1/media/t1-2/main.m3u8");
    tv.watch(65_000);
    assert!(!tv.playing().loading && !tv.playing().waiting);
    tv.press("stop");
    assert_eq!(tv.catalog.calls()[3..], ["progress t1-2 65000/600000", "home", "title t1-2"]);
    let detail = tv.detail();
    assert_eq!(labels(&detail.buttons), ["Resume at 1:05", "Play from start"]);
    assert_eq!((detail.remaining.as_str(), detail.progress), ("9 min left", Some(65.0 / 600.0)));
    tv.press("back");
    let home = tv.home();
    assert_eq!((home.shelf_count, home.first_shelf), (4, 2), "the focus stays though a shelf came on top");
    assert_eq!(tv.say(), "Home. Title 1.2, 3 of 30 in Shelf 1, 11 percent watched");
    tv.press("up up");
    assert_eq!(shelf(&tv.home(), 0).title, "Continue watching");
    tv.press("ok");
    assert_eq!(tv.app.playing().unwrap().position_ms, 65_000);
}

#[test]
fn the_overlay_shows_places_jumps_and_tracks() {
    let mut tv = Tv::new(FixtureCatalog::new(1, 3));
    tv.press("ok");
    tv.watch(150_000);
    let track = |id: &str, label: &str, active| Track {
        id: id.into(),
        kind: hearth_nav::TrackKind::Audio,
        label: label.into(),
        language: Some("de".into()),
        active,
    };
    tv.player(PlayerEvent::Tracks(vec![track("1", "English", true), track("2", " ", false)]));
    tv.press("ok");
    let osd = tv.playing().osd.unwrap();
    assert_eq!((osd.position.as_str(), osd.duration.as_str(), osd.remaining.as_str()), ("2:30", "10:00", "-7:30"));
    assert_eq!((osd.progress, osd.buffered, osd.seek, osd.origin), (0.25, 0.35, None, None));
    tv.press("left left left");
    let osd = tv.playing().osd.unwrap();
    assert_eq!((osd.position.as_str(), osd.seek.as_deref(), osd.origin, osd.progress), ("2:00", Some("-0:30"), Some(0.25), 0.2));
    assert_eq!(tv.say(), "2:00 of 10:00");
    tv.press("ok down right");
    let osd = tv.playing().osd.unwrap();
    let tracks: Vec<_> = osd.tracks.iter().map(|t| (t.label.as_str(), t.active, t.focused)).collect();
    assert_eq!((osd.on_bar, tracks), (false, vec![("English", true, false), ("de", false, true)]));
    assert_eq!(tv.say(), "Audio, de, 2 of 2");
    tv.press("ok pause");
    assert!(tv.playing().osd.unwrap().paused && tv.playing().osd.unwrap().tracks[1].active);
    assert_eq!(tv.say(), "Paused at 2:00");
}

#[test]
fn errors_say_what_is_wrong_and_what_to_do() {
    let catalog = FixtureCatalog::new(1, 3);
    catalog.fail(Some(CatalogError::Unreachable("refused".into())));
    let mut tv = Tv::new(catalog);
    let seen = view(&tv.app, &tv.store);
    let modal = seen.modal.unwrap();
    assert!(matches!(seen.screen, ScreenView::Boot(_)) && seen.offline);
    assert_eq!(
        (modal.title.as_str(), modal.code.as_str(), labels(&modal.buttons)),
        ("No connection", "Error network-unreachable", vec!["Try again"])
    );
    assert!(tv.say().starts_with("No connection. Your films cannot be reached. Check the network cable"));
    tv.catalog.fail(None);
    tv.press("ok");
    assert_eq!((tv.home().on_hero, view(&tv.app, &tv.store).modal), (true, None));

    tv.catalog.fail(Some(CatalogError::Refused { status: 404, code: "not-found".into(), message: "gone".into() }));
    tv.press("ok");
    let modal = view(&tv.app, &tv.store).modal.unwrap();
    assert_eq!((modal.title.as_str(), labels(&modal.buttons)), ("Title 0.0 cannot be played", vec!["Back"]));
    assert!(!tv.home().hero.unwrap().buttons.iter().any(|b| b.focused), "the error has the focus");
    tv.press("ok");
    assert_eq!(view(&tv.app, &tv.store).modal, None);
}

#[test]
fn an_empty_catalog_says_how_to_fill_it() {
    let mut tv = Tv::new(FixtureCatalog::new(0, 0));
    let empty = tv.home().empty.unwrap();
    assert!(empty.message.contains("hearth-server ingest") && empty.buttons[0].focused);
    assert!(tv.say().ends_with("Try again, button"));
    let before = tv.catalog.calls().len();
    tv.press("ok");
    assert_eq!(tv.catalog.calls().len(), before + 1);
}

impl Tv {
    fn settings(&self) -> SettingsView {
        match view(&self.app, &self.store).screen {
            ScreenView::Settings(settings) => settings,
            other => panic!("{other:?}"),
        }
    }
}

fn row(settings: &SettingsView, setting: Setting) -> (bool, Vec<String>) {
    let mark = |c: &ChoiceView| {
        let (chosen, focused) = (if c.chosen { "*" } else { "" }, if c.focused { ">" } else { "" });
        format!("{focused}{chosen}{}", c.label)
    };
    let row = settings.settings.iter().find(|s| s.setting == setting).unwrap();
    (row.available, row.choices.iter().map(mark).collect())
}

#[test]
fn settings_show_what_is_chosen_and_where_the_focus_is() {
    let mut tv = Tv::new(FixtureCatalog::new(2, 5));
    tv.press("up");
    let home = tv.home();
    assert!((home.on_settings, home.on_hero) == (true, true) && home.hero.unwrap().buttons.iter().all(|b| !b.focused));
    assert_eq!(tv.say(), "Settings, button");
    tv.press("ok");
    let page = tv.settings();
    assert_eq!((labels(&page.groups), page.group, page.sample), (vec!["Subtitles", "Privacy", "About"], Group::Subtitles, true));
    assert_eq!(page.settings.iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["Size", "Colour", "Background", "Edge"]);
    assert_eq!(tv.say(), "Settings. Subtitles, group 1 of 3");
    tv.press("down right");
    assert_eq!(
        row(&tv.settings(), Setting::Size),
        (true, ["Small", "*Normal", ">Large", "Very large"].map(String::from).to_vec())
    );
    assert_eq!(tv.say(), "Size, Large, 3 of 4");
    tv.press("ok");
    assert_eq!(row(&tv.settings(), Setting::Size).1, ["Small", "Normal", ">*Large", "Very large"]);
    assert_eq!(tv.say(), "Size, Large, 3 of 4, chosen");
    tv.press("down down right right ok");
    let page = tv.settings();
    assert_eq!(row(&page, Setting::Edge), (false, ["*Shadow", "Outline", "None"].map(String::from).to_vec()));
    assert_eq!(page.settings[3].note, "Only without a background");
    // No choice is without words.
    assert!(page.settings.iter().flat_map(|s| &s.choices).all(|c| !c.label.is_empty()));
    // An error over the page has the focus.
    tv.step(Event::Update { ready: true });
    tv.press("back menu");
    assert!(!tv.home().on_settings && view(&tv.app, &tv.store).modal.is_some());
}

#[test]
fn privacy_says_what_is_sent_and_where_there_is_nothing_to_choose() {
    let mut tv = Tv::new(FixtureCatalog::new(1, 3));
    tv.press("up ok right");
    let page = tv.settings();
    assert!(page.settings.is_empty() && page.text[0].contains("no effect here"), "{page:?}");
    tv.press("ok");
    assert!(tv.say().starts_with("Settings. Privacy, group 2 of 3. Crash reports have no effect here. This is not a Hearth box"));
    tv.step(Event::CrashReports(Some(false)));
    let page = tv.settings();
    assert_eq!(row(&page, Setting::CrashReports), (true, ["*Off", "On"].map(String::from).to_vec()));
    assert!(page.text[0].contains("last lines that the program wrote"));
    tv.press("down");
    assert!(tv.say().starts_with("Send crash reports, Off, 1 of 2, chosen. When a program on this box fails, a report goes to"));
}

#[test]
fn about_says_what_is_known() {
    let mut tv = Tv::new(FixtureCatalog::new(1, 3));
    tv.press("up ok right right");
    assert_eq!(tv.settings().facts, [], "nothing is known");
    let about = About {
        version: "0.1.0".into(),
        slot: "b".into(),
        board: "qemu-virt".into(),
        serial: Some("HX-7".into()),
        free_bytes: Some(3_290_000_000),
        ..About::default()
    };
    assert!(tv.store.set_about(about.clone()) && !tv.store.set_about(about));
    let facts = tv.settings().facts;
    let facts: Vec<_> = facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected =
        [("Version", "0.1.0"), ("Slot", "B"), ("Board", "qemu-virt"), ("Serial number", "HX-7"), ("Free storage", "3.2 GB")];
    assert_eq!(facts, expected);
    tv.press("ok");
    let said = tv.say();
    assert!(said.starts_with("Settings. About, group 3 of 3. Version: 0.1.0. Slot: B.") && said.contains("Slint"), "{said}");
}
