//! The page of settings: how the focus gets there, through every row of every group, and back; what is chosen.

use hearth_nav::*;

fn title(id: &str) -> TitleRef {
    TitleRef { id: id.into(), resumable: false }
}

fn home() -> HomeData {
    let items = ["a", "b", "c"].map(title).to_vec();
    HomeData { hero: Some(title("a")), shelves: vec![ShelfData { id: "new".into(), kind: ShelfKind::Titles, items }] }
}

/// At the home screen, with its titles.
fn browsing(rtl: bool) -> App {
    let mut app = App::new(Config { rtl, ..Config::default() });
    app.start(0);
    app.step(Event::Home(Ok(home())));
    app
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut events = Keys::new();
    let keys = keys.split_whitespace().map(|k| k.parse().unwrap());
    keys.flat_map(|k| events.tap(k, 0)).collect::<Vec<_>>().into_iter().flat_map(|e| app.step(Event::Key(e))).collect()
}

fn at(app: &App) -> String {
    app.focus().at().map(|(z, i)| format!("{z}/{i}")).unwrap_or_default()
}

fn walk(app: &mut App, steps: &[(&str, &str)]) {
    for (keys, expected) in steps {
        press(app, keys);
        assert_eq!(at(app), *expected, "after {keys}");
        app.focus().check().unwrap();
    }
}

#[test]
fn the_button_stands_above_the_page_and_back_returns_to_it() {
    let mut app = browsing(false);
    walk(
        &mut app,
        &[
            ("", "hero/play"),
            ("right up", "top/settings"),
            ("up left right", "top/settings"),
            ("back", "hero/play"),
            ("down right up up", "top/settings"),
            ("play info menu", "top/settings"),
            ("ok", "groups/subtitles"),
            ("down", "setting:size/normal"),
            ("back", "top/settings"),
            ("down", "hero/play"),
            ("down", "shelf:new/b"),
        ],
    );
    press(&mut app, "up up ok right right home");
    assert_eq!((at(&app).as_str(), app.screens().count()), ("hero/play", 1), "Home leaves it");
    // A page that is brought up to date keeps its focus; one that becomes empty gives it to what it is about.
    press(&mut app, "up");
    app.step(Event::Home(Ok(home())));
    assert_eq!(at(&app), "top/settings");
    press(&mut app, "down");
    app.step(Event::Home(Ok(HomeData::default())));
    walk(&mut app, &[("", "empty/retry"), ("up", "top/settings"), ("ok", "groups/subtitles"), ("back down", "empty/retry")]);
}

#[test]
fn every_row_of_every_group_can_be_reached() {
    let mut app = browsing(false);
    app.step(Event::CrashReports(Some(false)));
    press(&mut app, "up ok");
    walk(
        &mut app,
        &[
            ("up left", "groups/subtitles"),
            ("down", "setting:size/normal"),
            ("left left left", "setting:size/small"),
            ("right right right right right", "setting:size/very-large"),
            ("down", "setting:colour/original"),
            ("right right", "setting:colour/yellow"),
            ("down", "setting:background/original"),
            ("down", "setting:edge/shadow"),
            ("down", "setting:edge/shadow"),
            // A row is entered at what is chosen in it, not where the focus left it.
            ("up up", "setting:colour/original"),
            ("up", "setting:size/normal"),
            ("up", "groups/subtitles"),
            ("right", "groups/privacy"),
            ("down", "setting:crash-reports/off"),
            ("right right", "setting:crash-reports/on"),
            ("up", "groups/privacy"),
            ("right", "groups/about"),
            ("down right", "groups/about"),
            ("left left", "groups/subtitles"),
            ("ok", "setting:size/normal"),
        ],
    );
    assert_eq!(*app.preferences(), Preferences::default(), "nothing is chosen by passing over it");
    assert_eq!(app.crash_reports(), Some(false));
}

#[test]
fn held_arrows_stop_at_the_ends() {
    let mut app = browsing(false);
    press(&mut app, "up ok down");
    let mut hold = |key| {
        let mut keys = Keys::new();
        let mut events = keys.down(key, 1_000);
        (1_000..5_000).step_by(16).for_each(|now| events.extend(keys.tick(now)));
        assert!(events.len() > 20, "{key} is repeated");
        events.into_iter().for_each(|e| drop(app.step(Event::Key(e))));
        at(&app)
    };
    assert_eq!(hold(RemoteKey::Right), "setting:size/very-large");
    assert_eq!(hold(RemoteKey::Down), "setting:edge/shadow");
    assert_eq!(hold(RemoteKey::Up), "groups/subtitles");
    assert_eq!(hold(RemoteKey::Right), "groups/about");
    // OK that is held takes one choice, once.
    press(&mut app, "left left down right");
    let mut keys = Keys::new();
    let mut events = keys.down(RemoteKey::Ok, 9_000);
    (9_000..11_000).step_by(16).for_each(|now| events.extend(keys.tick(now)));
    events.extend(keys.up(RemoteKey::Ok, 11_000));
    let spoken = events.into_iter().flat_map(|e| app.step(Event::Key(e))).count();
    assert_eq!((app.preferences().style.size, spoken), (TextSize::Large, 1));
}

#[test]
fn what_is_chosen_holds_at_once() {
    let mut app = browsing(false);
    app.step(Event::CrashReports(Some(false)));
    assert_eq!(press(&mut app, "up ok").last(), Some(&Effect::Speak(Say::Page)));
    assert_eq!(press(&mut app, "down right ok").last(), Some(&Effect::Speak(Say::Focus)));
    press(&mut app, "down right right ok down right ok down right ok");
    let style = CaptionStyle {
        size: TextSize::Large,
        colour: TextColour::Yellow,
        background: TextBackground::None,
        edge: TextEdge::Outline,
    };
    assert_eq!(app.preferences().style, style);
    for setting in Setting::ALL {
        let chosen = app.chosen(*setting).unwrap();
        assert!(setting.choices().contains(&chosen), "{setting:?} {chosen}");
    }
    // What has a background of its own shows no edge: its row is passed over.
    assert!(app.available(Setting::Edge));
    walk(&mut app, &[("up right right ok", "setting:background/dark"), ("down", "setting:background/dark")]);
    assert_eq!((app.available(Setting::Edge), app.chosen(Setting::Edge)), (false, Some("outline")));
    walk(&mut app, &[("left left ok down", "setting:edge/outline")]);
    press(&mut app, "up up up up right down right ok");
    assert_eq!((app.crash_reports(), at(&app).as_str()), (Some(true), "setting:crash-reports/on"));
    press(&mut app, "left ok");
    assert_eq!(app.crash_reports(), Some(false));
    assert_eq!(app.preferences().style.background, TextBackground::None);
}

#[test]
fn off_a_box_there_is_nothing_to_agree_to() {
    let mut app = browsing(false);
    press(&mut app, "up ok right down");
    assert_eq!(
        (at(&app).as_str(), app.settings_group(), app.chosen(Setting::CrashReports)),
        ("groups/privacy", Group::Privacy, None)
    );
    assert_eq!(press(&mut app, "ok"), [Effect::Speak(Say::Page)], "it is read out");
    // It turns out to be one, and then its disc does not keep what is chosen.
    app.step(Event::CrashReports(Some(false)));
    press(&mut app, "ok right ok");
    assert_eq!((at(&app).as_str(), app.crash_reports()), ("setting:crash-reports/on", Some(true)));
    app.step(Event::CrashReports(Some(false)));
    app.step(Event::NotKept);
    assert_eq!((app.crash_reports(), app.toast().map(|t| t.kind)), (Some(false), Some(ToastKind::NotKept)));
    app.step(Event::CrashReports(None));
    assert_eq!(at(&app), "groups/privacy", "the row is gone");
}

#[test]
fn right_to_left_it_is_mirrored() {
    let mut app = browsing(true);
    press(&mut app, "up ok");
    walk(&mut app, &[("left", "groups/privacy"), ("right down left", "setting:size/large")]);
}

#[test]
fn names_are_one_to_one() {
    for setting in Setting::ALL {
        assert_eq!(Setting::named(setting.name()), Some(*setting));
        let choices = setting.choices();
        assert!(choices.iter().all(|c| choices.iter().filter(|d| c == *d).count() == 1), "{setting:?}");
    }
    assert_eq!(Group::ALL.iter().flat_map(|g| g.settings()).count(), Setting::ALL.len(), "each is in one group");
    assert_eq!((TextSize::named("huge"), Group::named("about")), (None, Some(Group::About)));
}
