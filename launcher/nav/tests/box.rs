//! What happens to a box besides the remote control: it starts before its network, it is updated, its launcher is cut off.

use hearth_nav::*;

fn title(id: &str) -> TitleRef {
    TitleRef { id: id.into(), resumable: false }
}

fn home() -> HomeData {
    let items = ["a", "b", "c"].map(title).to_vec();
    let shelf = ShelfData { id: "new".into(), kind: ShelfKind::Titles, items };
    HomeData { hero: Some(title("a")), shelves: vec![shelf] }
}

fn away() -> Failure {
    let text = String::new;
    Failure { kind: FailureKind::Network, code: "network-unreachable".into(), message: text(), action: text(), retryable: true }
}

fn started(config: Config) -> App {
    let mut app = App::new(config);
    app.start(0);
    app
}

fn tap(app: &mut App, key: RemoteKey, at_ms: u64) -> Vec<Effect> {
    let mut keys = Keys::new();
    keys.tap(key, at_ms).into_iter().flat_map(|e| app.step(Event::Key(e))).collect()
}

#[test]
fn a_box_that_starts_before_its_network_waits_before_it_complains() {
    let mut app = started(Config { patience_ms: 20_000, ..Config::default() });
    for second in 1..=25u64 {
        app.step(Event::Home(Err(away())));
        assert_eq!(app.modal().is_some(), second > 20, "after {second} s");
        let due = app.wake_ms().expect("it tries again by itself");
        let effects = app.step(Event::Tick { now_ms: due.max(second * 1000) });
        if second <= 20 {
            assert_eq!((due, effects), (second * 1000, vec![Effect::FetchHome]));
        }
    }
    app.step(Event::Home(Ok(home())));
    assert_eq!((app.mode(), app.modal()), (&Mode::Browse, None));
}

#[test]
fn a_server_that_refuses_is_an_error_at_once() {
    let mut app = started(Config { patience_ms: 20_000, ..Config::default() });
    app.step(Event::Home(Err(Failure { kind: FailureKind::Server, ..away() })));
    assert!(app.modal().is_some());
}

#[test]
fn an_update_waits_for_the_viewer() {
    let mut app = started(Config::default());
    app.step(Event::Home(Ok(home())));
    // Without an update Menu opens the title's page, as ever.
    assert!(tap(&mut app, RemoteKey::Menu, 10).iter().any(|e| matches!(e, Effect::FetchTitle(_))));
    tap(&mut app, RemoteKey::Back, 20);
    app.step(Event::Update { ready: true });
    assert!(app.modal().is_none(), "nobody is disturbed");
    tap(&mut app, RemoteKey::Menu, 30);
    assert_eq!(app.modal().map(|m| &m.origin), Some(&Origin::Update));
    tap(&mut app, RemoteKey::Right, 40);
    assert!(!tap(&mut app, RemoteKey::Ok, 50).contains(&Effect::Restart), "later");
    assert!(app.modal().is_none());
    tap(&mut app, RemoteKey::Menu, 60);
    assert!(tap(&mut app, RemoteKey::Ok, 70).contains(&Effect::Restart));
    tap(&mut app, RemoteKey::Menu, 80);
    app.step(Event::Update { ready: false });
    assert!(app.modal().is_none(), "there is nothing to restart for any more");
}

#[test]
fn a_failed_update_is_told_once_there_is_a_page() {
    let mut app = started(Config::default());
    app.step(Event::Recovered);
    assert!(app.toast().is_none());
    app.step(Event::Home(Ok(home())));
    assert_eq!(app.toast().map(|t| t.kind), Some(ToastKind::Recovered));
    app.step(Event::Tick { now_ms: 60_000 });
    assert!(app.toast().is_none());
    app.step(Event::Home(Ok(home())));
    assert!(app.toast().is_none(), "once");
}

#[test]
fn a_launcher_that_was_cut_off_returns() {
    let mut app = started(Config::default());
    app.step(Event::Home(Ok(home())));
    tap(&mut app, RemoteKey::Down, 10);
    tap(&mut app, RemoteKey::Right, 20);
    tap(&mut app, RemoteKey::Ok, 30);
    let effects = tap(&mut app, RemoteKey::Play, 40);
    let session = effects.iter().find_map(|e| if let Effect::StartPlayback { session, .. } = e { Some(*session) } else { None });
    let session = session.expect("it plays");
    app.step(Event::Granted { session, result: Ok((None, 600_000)) });
    app.step(Event::Player { session, event: PlayerEvent::Started { duration_ms: None } });
    let event = PlayerEvent::Position { position_ms: 42_000, buffer_ms: 9, paused: false };
    app.step(Event::Player { session, event });

    let memory = app.memory();
    let mut again = App::new(Config::default());
    again.return_to(memory.clone());
    again.start(0);
    assert_eq!(again.memory(), memory, "cut off once more, before the server answered");
    let effects = again.step(Event::Home(Ok(home())));
    assert!(effects.contains(&Effect::FetchTitle("b".into())));
    assert_eq!(again.memory(), memory, "and while the film loads");
    let (session, title) = again.playing().map(|p| (p.session, p.title.clone())).expect("it plays");
    assert_eq!(&*title, "b");
    let effects = again.step(Event::Granted { session, result: Ok((Some(1_000), 600_000)) });
    assert!(effects.contains(&Effect::LoadPlayer { session, title, start_ms: 42_000 }));
    tap(&mut again, RemoteKey::Stop, 10);
    assert_eq!(again.screen().page, Page::Detail("b".into()));
    tap(&mut again, RemoteKey::Back, 20);
    assert_eq!(again.focus().at().map(|(z, i)| (z.to_string(), i.to_string())), Some(("shelf:new".into(), "b".into())));
}
