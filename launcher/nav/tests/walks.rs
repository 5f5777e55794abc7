//! Hundreds of thousands of random keys, ticks and answers through the whole application, with its invariants after every one.

use hearth_nav::*;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

fn title(n: u64) -> TitleRef {
    TitleRef { id: format!("t{}", n % 40).into(), resumable: n.is_multiple_of(5) }
}

fn failure(n: u64) -> Failure {
    let kind = [FailureKind::Network, FailureKind::Server, FailureKind::Player][n as usize % 3];
    Failure { kind, code: "x".into(), message: "m".into(), action: "a".into(), retryable: n.is_multiple_of(2) }
}

/// A catalog that changes all the time, sometimes to nothing, sometimes with the same name twice.
fn home(rng: &mut TestRng) -> HomeData {
    let mut pick = |n: u64| rng.next_u64() % n;
    let shelves = (0..pick(5)).map(|s| ShelfData {
        id: format!("s{}", s + pick(3)).into(),
        kind: if s == 0 && pick(2) == 0 { ShelfKind::Continue } else { ShelfKind::Titles },
        items: (0..pick(15)).map(|_| title(pick(60))).collect(),
    });
    let shelves = shelves.collect();
    HomeData { hero: (pick(4) > 0).then(|| title(pick(60))), shelves }
}

/// Networks that come and go; seldom none, seldom no radio.
fn links(rng: &mut TestRng) -> Option<Links> {
    let mut pick = |n: u64| rng.next_u64() % n;
    let network = |n: u64| WifiNetwork {
        id: format!("n{}", n % 9).into(),
        name: format!("net {}", n % 4),
        strength: (n % 5) as u8,
        security: [Security::Passphrase, Security::Open, Security::Passphrase, Security::Other][n as usize / 9 % 4],
        known: (n / 40).is_multiple_of(3),
        connected: (n / 120).is_multiple_of(5),
    };
    let networks = (0..pick(8)).map(|_| network(pick(10_000))).collect();
    let wifi = (pick(9) > 0).then(|| Wifi { scanning: pick(2) == 0, knows: pick(2) == 0, networks });
    (pick(20) > 0).then(|| Links { way: [Way::None, Way::Cable, Way::Wifi][pick(3) as usize], cable: pick(2) == 0, wifi })
}

/// What the outside world owes the application.
#[derive(Default)]
struct World {
    owed: Vec<Event>,
    playing: Option<u32>,
}

impl World {
    fn take(&mut self, effects: Vec<Effect>, rng: &mut TestRng) {
        for effect in effects {
            let n = rng.next_u64();
            let fails = n.is_multiple_of(7);
            match effect {
                Effect::FetchHome => self.owed.push(Event::Home(if fails { Err(failure(n / 7)) } else { Ok(home(rng)) })),
                Effect::FetchTitle(id) => {
                    let similar = (0..n % 12).map(|i| title(n / 8 + i)).collect();
                    let data = TitleData { title: TitleRef { id: id.clone(), resumable: n.is_multiple_of(3) }, similar };
                    self.owed.push(Event::Title { id, result: if fails { Err(failure(n / 7)) } else { Ok(data) } });
                }
                Effect::StartPlayback { session, .. } => {
                    let result =
                        if fails { Err(failure(n / 7)) } else { Ok(((n.is_multiple_of(2)).then_some(n % 90_000), 90_000)) };
                    self.owed.push(Event::Granted { session, result });
                }
                Effect::LoadPlayer { session, start_ms, .. } => {
                    assert!(start_ms < 90_000);
                    self.playing = Some(session);
                    let event = if fails {
                        PlayerEvent::Failed(failure(n / 7))
                    } else {
                        PlayerEvent::Started { duration_ms: Some(90_000) }
                    };
                    self.owed.push(Event::Player { session, event });
                }
                Effect::Player { session, command: PlayerCommand::Seek { position_ms } } => {
                    assert!(position_ms <= 90_000);
                    self.owed.push(Event::Player { session, event: PlayerEvent::Seeked { position_ms } });
                }
                Effect::SaveProgress { title, position_ms, duration_ms, last } => {
                    assert!(position_ms <= duration_ms && duration_ms > 0);
                    let result = if fails { Err(failure(n / 7)) } else { Ok(()) };
                    self.owed.push(Event::Saved { title, last, result });
                }
                Effect::Wifi(WifiCommand::Join { attempt, passphrase, .. }) => {
                    assert!(passphrase.is_none_or(|p| (8..=63).contains(&p.len())));
                    let errors = [JoinError::Wrong, JoinError::Needed, JoinError::Gone, JoinError::Refused];
                    let result = if n.is_multiple_of(3) { Ok(()) } else { Err(errors[(n / 3) as usize % 4]) };
                    self.owed.push(Event::Joined { attempt, result });
                }
                Effect::Player { .. }
                | Effect::Speak(_)
                | Effect::Standby
                | Effect::Restart
                | Effect::Volume(_)
                | Effect::Wifi(_) => {}
            }
        }
    }

    fn player(&self, n: u64) -> Option<Event> {
        let track = |i: u64| Track {
            id: format!("a{i}").into(),
            kind: if i.is_multiple_of(2) { TrackKind::Audio } else { TrackKind::Captions },
            label: String::new(),
            language: None,
            active: i == 0,
        };
        let event = match n % 40 {
            0 => PlayerEvent::Ended,
            1 => PlayerEvent::Failed(failure(n / 40)),
            2..=5 => PlayerEvent::Tracks((0..n / 40 % 4).map(track).collect()),
            _ => PlayerEvent::Position { position_ms: n / 40 % 90_000, buffer_ms: n % 3000, paused: false },
        };
        // Sometimes from a session that is over.
        self.playing.map(|session| Event::Player { session: session.saturating_sub(u32::from(n.is_multiple_of(11))), event })
    }
}

fn check(app: &App) {
    for screen in app.screens() {
        screen.focus.check().unwrap_or_else(|e| panic!("{:?}: {e}", screen.page));
    }
    if let Some(playing) = app.playing() {
        playing.focus.check().unwrap();
        assert!(playing.focus.at().is_some());
        assert!(playing.shown_ms() <= playing.duration_ms.max(playing.position_ms));
    }
    assert!(app.focus().at().is_some() || (*app.mode() == Mode::Boot && app.modal().is_none()), "no focus in {:?}", app.mode());
    let typing = app.screens().any(|s| matches!(s.page, Page::Passphrase(_)));
    assert_eq!(app.entry().is_some(), typing, "what was typed is there as long as its page");
    assert!(app.screens().count() <= 33);
    assert!(app.volume().percent <= 100);
}

/// Keys that must do something on every page that is browsed; arrows may be at an edge.
fn check_meaning(app: &App, key: RemoteKey, effects: &[Effect], before: &App) {
    let changed = !effects.is_empty() || format!("{app:?}") != format!("{before:?}");
    match (before.mode(), before.modal(), key) {
        (_, Some(_), RemoteKey::Ok) => assert!(changed || before.fetching_home(), "OK dropped by an error"),
        (Mode::Browse, None, RemoteKey::Ok) => {
            assert!(changed || before.fetching_home(), "OK dropped at {:?}", before.focus().at())
        }
        (Mode::Browse, None, RemoteKey::Back) if before.screens().count() > 1 => {
            assert_eq!(app.screens().count() + 1, before.screens().count());
            let below = before.screens().nth(before.screens().count() - 2).unwrap();
            assert_eq!(app.screen(), below, "Back restores the page exactly");
        }
        (Mode::Playing(_), None, RemoteKey::Back | RemoteKey::Stop) => {
            assert_eq!(*app.mode(), Mode::Browse);
            assert_eq!(app.screen(), before.screen(), "playback ends on the page it came from");
        }
        (Mode::Playing(was), None, RemoteKey::PlayPause) => assert_ne!(was.paused, app.playing().unwrap().paused),
        (Mode::Playing(_), None, RemoteKey::Ok | RemoteKey::Up | RemoteKey::Down)
            if before.playing().unwrap().osd == Osd::Hidden =>
        {
            assert_eq!(app.playing().unwrap().osd, Osd::Shown);
        }
        (Mode::Playing(was), None, RemoteKey::Left | RemoteKey::Right)
            if was.osd == Osd::Hidden && was.phase == Phase::Running =>
        {
            assert!(app.playing().unwrap().seek.is_some());
        }
        _ => {}
    }
}

/// How often the walks got to what is worth getting to.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    played: usize,
    presses: usize,
    settings: usize,
    typed: usize,
    joins: usize,
}

fn walk(seed: u64, events: usize, rtl: bool) -> Seen {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut app = App::new(Config { rtl, ..Config::default() });
    let (mut keys, mut world, mut now) = (Keys::new(), World::default(), 0_u64);
    let start = app.start(0);
    world.take(start, &mut rng);
    let all: Vec<RemoteKey> = RemoteKey::all().map(|(_, k)| k).collect();
    use RemoteKey::*;
    let often = [Up, Down, Down, Left, Right, Right, Right, Ok, Ok, Back, PlayPause, Down];
    let mut seen = Seen::default();
    for _ in 0..events {
        let n = rng.next_u64();
        let mut incoming = Vec::new();
        match n % 10 {
            0 if !world.owed.is_empty() => incoming.push(world.owed.remove((n / 10) as usize % world.owed.len())),
            1 if (n / 10).is_multiple_of(9) => {
                incoming.push(Event::CrashReports([None, Some(false), Some(true)][(n / 90) as usize % 3]))
            }
            1 if (n / 10).is_multiple_of(7) => incoming.push(Event::Links(links(&mut rng))),
            1 => incoming.extend(world.player(n / 10)),
            2 | 3 => {
                now += [5, 16, 130, 500, 3000, 11_000][(n / 10) as usize % 6];
                incoming.extend(keys.tick(now).into_iter().map(Event::Key));
                incoming.push(Event::Tick { now_ms: now });
            }
            4 => incoming.extend(keys.release(now).into_iter().map(Event::Key)),
            _ => {
                let pool: &[RemoteKey] = if (n / 10).is_multiple_of(5) { &all } else { &often };
                let key = pool[(n / 50) as usize % pool.len()];
                let events = if (n / 10).is_multiple_of(3) { keys.down(key, now) } else { keys.tap(key, now) };
                incoming.extend(events.into_iter().map(Event::Key));
            }
        }
        for event in incoming {
            let before = app.clone();
            let effects = app.step(event.clone());
            check(&app);
            if let Event::Key(KeyEvent { key, phase: KeyPhase::Press, .. }) = event {
                seen.presses += 1;
                check_meaning(&app, key, &effects, &before);
            }
            seen.settings +=
                usize::from(app.screen().page == Page::Settings && before.preferences().style != app.preferences().style);
            let length = |app: &App| app.entry().map(|e| e.keyboard.text().len());
            seen.typed += usize::from(length(&app) > length(&before));
            seen.joins += effects.iter().filter(|e| matches!(e, Effect::Wifi(WifiCommand::Join { .. }))).count();
            seen.played += effects.iter().filter(|e| matches!(e, Effect::LoadPlayer { .. })).count();
            world.take(effects, &mut rng);
        }
    }
    seen
}

#[test]
fn random_walks_keep_every_invariant() {
    let mut all = Seen::default();
    for seed in 0..60 {
        let seen = walk(seed, 4_000, seed % 4 == 0);
        all.played += seen.played;
        all.presses += seen.presses;
        all.settings += seen.settings;
        all.typed += seen.typed;
        all.joins += seen.joins;
    }
    // The walks do get everywhere.
    assert!(all.presses > 100_000 && all.played > 1_000, "{all:?}");
    assert!(all.settings > 50 && all.typed > 50 && all.joins > 5, "{all:?}");
}

#[test]
fn the_same_events_give_the_same_screens() {
    assert_eq!(walk(7, 2_000, false), walk(7, 2_000, false));
}
