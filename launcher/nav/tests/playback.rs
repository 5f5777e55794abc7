//! Journeys through playback: what each key asks of the player and the server, and where one ends up.

use hearth_nav::*;

struct Tv {
    app: App,
    keys: Keys,
    now: u64,
    log: Vec<Effect>,
}

fn title(id: &str) -> TitleRef {
    TitleRef { id: id.into(), resumable: id == "c0" }
}

fn failure(retryable: bool) -> Failure {
    Failure { kind: FailureKind::Player, code: "6003".into(), message: "no key".into(), action: "wait".into(), retryable }
}

impl Tv {
    fn home() -> Self {
        let mut tv = Self { app: App::new(Config::default()), keys: Keys::new(), now: 0, log: vec![] };
        assert_eq!(tv.app.start(0), [Effect::FetchHome]);
        let shelf =
            |id: &str, kind, items: &[&str]| ShelfData { id: id.into(), kind, items: items.iter().map(|i| title(i)).collect() };
        let shelves =
            vec![shelf("continue", ShelfKind::Continue, &["c0", "n1"]), shelf("new", ShelfKind::Titles, &["n0", "n1", "n2"])];
        tv.step(Event::Home(Ok(HomeData { hero: Some(title("h")), shelves })));
        tv.log.clear();
        tv
    }

    /// On the home screen's first "new" tile, playing it from its page, 5 s into 100 s.
    fn playing() -> Self {
        let mut tv = Self::home();
        tv.press("down down ok ok");
        tv.start();
        tv
    }

    fn start(&mut self) {
        let session = self.app.playing().unwrap().session;
        self.step(Event::Granted { session, result: Ok((None, 100_000)) });
        self.player(PlayerEvent::Started { duration_ms: Some(100_000) });
        self.player(PlayerEvent::Tracks(["en", "de"].map(|l| track(l, l == "en")).to_vec()));
        self.position(5_000);
        self.log.clear();
    }

    fn step(&mut self, event: Event) {
        self.log.extend(self.app.step(event).into_iter().filter(|e| !matches!(e, Effect::Speak(_))));
    }

    fn player(&mut self, event: PlayerEvent) {
        let session = self.app.playing().unwrap().session;
        self.step(Event::Player { session, event });
    }

    fn position(&mut self, position_ms: u64) {
        self.player(PlayerEvent::Position { position_ms, buffer_ms: 9_000, paused: false });
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
        let end = self.now + ms;
        while self.now < end {
            self.now = (self.now + 50).min(end);
            for e in self.keys.tick(self.now) {
                self.step(Event::Key(e));
            }
            self.step(Event::Tick { now_ms: self.now });
        }
        self
    }

    fn osd(&self) -> Osd {
        self.app.playing().unwrap().osd
    }

    /// Commands to the player and saves since the last call, in words.
    fn said(&mut self) -> Vec<String> {
        let word = |e: Effect| match e {
            Effect::Player { command, .. } => format!("{command:?}"),
            Effect::SaveProgress { title, position_ms, duration_ms, last } => {
                format!("save {title} {position_ms}/{duration_ms} {last}")
            }
            Effect::StartPlayback { title, from, .. } => format!("start {title} {from:?}"),
            Effect::LoadPlayer { title, start_ms, .. } => format!("load {title} {start_ms}"),
            other => format!("{other:?}"),
        };
        self.log.drain(..).map(word).collect()
    }

    fn at(&self) -> String {
        self.app.focus().at().map(|(z, i)| format!("{z}/{i}")).unwrap_or_default()
    }
}

fn track(language: &str, active: bool) -> Track {
    Track { id: language.into(), kind: TrackKind::Audio, label: String::new(), language: Some(language.into()), active }
}

#[test]
fn a_resume_begins_where_the_server_says_and_play_from_start_at_the_start() {
    let mut tv = Tv::home();
    tv.press("play");
    assert_eq!(tv.said(), ["start h Resume"]);
    let session = tv.app.playing().unwrap().session;
    tv.step(Event::Granted { session: session + 1, result: Ok((Some(1), 2)) });
    assert_eq!(tv.said(), [] as [&str; 0], "an answer to another attempt");
    tv.step(Event::Granted { session, result: Ok((Some(42_000), 100_000)) });
    assert_eq!(tv.said(), ["load h 42000"]);

    let mut tv = Tv::home();
    tv.press("down info right");
    assert_eq!(tv.at(), "actions/restart");
    tv.press("ok");
    let session = tv.app.playing().unwrap().session;
    tv.step(Event::Granted { session, result: Ok((Some(42_000), 100_000)) });
    assert_eq!(tv.said(), ["FetchTitle(\"c0\")", "start c0 Start", "load c0 0"]);
}

#[test]
fn ok_on_a_begun_film_resumes_and_a_long_press_opens_its_page() {
    let mut tv = Tv::home();
    tv.press("down ok");
    assert_eq!(tv.said(), ["start c0 Resume"]);

    let mut tv = Tv::home();
    tv.press("down");
    for e in tv.keys.down(RemoteKey::Ok, tv.now) {
        tv.step(Event::Key(e));
    }
    tv.wait(450);
    assert_eq!((tv.said(), tv.at().as_str()), (vec!["FetchTitle(\"c0\")".to_owned()], "actions/play"));
    for e in tv.keys.up(RemoteKey::Ok, tv.now) {
        tv.step(Event::Key(e));
    }
    assert_eq!((tv.said(), tv.app.mode()), (vec![], &Mode::Browse), "letting go does nothing more");
}

#[test]
fn skipping_moves_a_target_that_a_short_pause_commits() {
    let mut tv = Tv::playing();
    tv.press("right right right left");
    assert_eq!((tv.app.playing().unwrap().shown_ms(), tv.said()), (25_000, vec![]));
    tv.wait(499);
    assert_eq!(tv.said(), [] as [&str; 0]);
    tv.wait(51);
    assert_eq!(tv.said(), ["Seek { position_ms: 25000 }"]);
    tv.position(5_200);
    assert_eq!(tv.app.playing().unwrap().shown_ms(), 25_000, "the old picture does not pull the bar back");
    tv.press("right");
    assert_eq!(tv.app.playing().unwrap().shown_ms(), 35_000, "goes on from the target");
    tv.player(PlayerEvent::Seeked { position_ms: 25_000 });
    assert_eq!(tv.app.playing().unwrap().shown_ms(), 35_000, "the answer to the first jump does not end the second");
    tv.press("ok");
    assert_eq!(tv.said(), ["Seek { position_ms: 35000 }"], "OK commits at once");
    tv.player(PlayerEvent::Seeked { position_ms: 34_000 });
    assert_eq!(tv.app.playing().unwrap().shown_ms(), 34_000);
}

#[test]
fn holding_runs_ahead_and_letting_go_commits() {
    let mut tv = Tv::playing();
    for e in tv.keys.down(RemoteKey::FastForward, tv.now) {
        tv.step(Event::Key(e));
    }
    tv.wait(900);
    let target = tv.app.playing().unwrap().shown_ms();
    assert!(target >= 45_000, "{target}");
    assert_eq!(tv.said(), [] as [&str; 0]);
    for e in tv.keys.up(RemoteKey::FastForward, tv.now) {
        tv.step(Event::Key(e));
    }
    assert_eq!(tv.said(), [format!("Seek {{ position_ms: {target} }}")]);
}

#[test]
fn a_seek_that_is_never_answered_is_forgotten() {
    let mut tv = Tv::playing();
    tv.press("right ok").wait(8_100);
    assert_eq!(tv.app.playing().unwrap().seek, None);
}

#[test]
fn the_overlay_comes_with_any_arrow_or_ok_and_goes_after_five_seconds() {
    for key in ["ok", "up", "down", "left", "right", "info", "menu"] {
        let mut tv = Tv::playing();
        assert_eq!(tv.osd(), Osd::Hidden);
        tv.press(key);
        assert_eq!((tv.osd(), tv.at().as_str()), (Osd::Shown, "bar/bar"), "{key}");
        if let Some(SeekState { target_ms: position_ms, .. }) = tv.app.playing().unwrap().seek {
            tv.wait(550);
            tv.player(PlayerEvent::Seeked { position_ms });
        }
        tv.wait(4_950);
        assert_eq!(tv.osd(), Osd::Shown, "{key}");
        tv.wait(100);
        assert_eq!(tv.osd(), Osd::Hidden, "{key}");
    }
}

#[test]
fn pausing_saves_keeps_the_overlay_and_play_goes_on() {
    let mut tv = Tv::playing();
    tv.press("play-pause");
    assert_eq!(tv.said(), ["Pause", "save n0 5000/100000 false"]);
    tv.wait(20_000);
    assert_eq!((tv.osd(), tv.said()), (Osd::Shown, vec![]), "nothing is saved while nothing moves");
    tv.press("pause");
    assert_eq!(tv.said(), [] as [&str; 0]);
    tv.press("play");
    assert_eq!(tv.said(), ["Play"]);
    tv.press("ok");
    assert_eq!(tv.said(), ["Pause"], "OK on the bar, at a place that is saved already");
}

#[test]
fn pausing_before_the_player_is_there_holds_the_first_picture() {
    let mut tv = Tv::home();
    tv.press("ok play-pause");
    tv.said();
    let session = tv.app.playing().unwrap().session;
    tv.step(Event::Granted { session, result: Ok((None, 9)) });
    assert_eq!(tv.said(), ["load h 0", "Pause"]);
}

#[test]
fn the_place_is_saved_every_ten_seconds_while_it_moves() {
    let mut tv = Tv::playing();
    tv.wait(10_000);
    assert_eq!(tv.said(), ["save n0 5000/100000 false"]);
    tv.wait(10_000);
    assert_eq!(tv.said(), [] as [&str; 0], "it does not move");
    tv.position(25_000);
    tv.wait(10_000);
    assert_eq!(tv.said(), ["save n0 25000/100000 false"]);
}

#[test]
fn tracks_are_below_the_bar_and_ok_chooses() {
    let mut tv = Tv::playing();
    tv.press("ok down");
    assert_eq!(tv.at(), "tracks/en");
    tv.press("right ok");
    assert_eq!((tv.at().as_str(), tv.said()), ("tracks/de", vec!["SelectAudio(\"de\")".to_owned()]));
    tv.press("up down");
    assert_eq!(tv.at(), "tracks/de", "down leads to the one in use");
    let mut tv = Tv::playing();
    tv.press("audio");
    assert_eq!(tv.at(), "tracks/en");
}

#[test]
fn stop_and_back_save_and_return_to_where_it_came_from() {
    for key in ["stop", "back"] {
        let mut tv = Tv::playing();
        tv.press("ok down").press(key);
        assert_eq!(tv.said(), ["Stop", "save n0 5000/100000 true"], "{key}");
        assert_eq!((tv.app.mode(), tv.at().as_str()), (&Mode::Browse, "actions/play"));
        tv.step(Event::Saved { title: "n0".into(), last: true, result: Ok(()) });
        assert_eq!(tv.said(), ["FetchHome", "FetchTitle(\"n0\")"], "what changed is asked for once the server knows");
        let data = TitleData { title: TitleRef { id: "n0".into(), resumable: true }, similar: vec![title("h")] };
        tv.step(Event::Title { id: "n0".into(), result: Ok(data) });
        tv.press("right");
        assert_eq!(tv.at(), "actions/restart");
        tv.press("back");
        assert_eq!(tv.at(), "shelf:new/n0");
    }
}

#[test]
fn the_end_marks_it_seen_and_shows_its_page() {
    for (start, under) in [("down down ok ok", "shelf:new/n0"), ("down ok", "shelf:continue/c0"), ("ok", "hero/play")] {
        let mut tv = Tv::home();
        tv.press(start);
        tv.start();
        let id = tv.app.playing().unwrap().title.clone();
        tv.player(PlayerEvent::Ended);
        assert_eq!(tv.said()[..2], [format!("save {id} 100000/100000 true"), "Stop".to_owned()]);
        assert_eq!((&tv.app.screen().page, tv.at().as_str()), (&Page::Detail(id), "actions/play"));
        tv.press("back");
        assert_eq!(tv.at(), under);
    }
}

#[test]
fn a_failure_keeps_the_place_and_retry_goes_on_from_there() {
    let mut tv = Tv::playing();
    tv.player(PlayerEvent::Failed(failure(true)));
    assert_eq!((tv.said(), tv.at().as_str()), (vec!["save n0 5000/100000 true".to_owned()], "buttons/retry"));
    tv.press("right");
    assert_eq!(tv.at(), "buttons/back");
    tv.press("left ok");
    assert_eq!((tv.said(), tv.app.modal()), (vec!["start n0 Resume".to_owned()], None));

    let mut tv = Tv::playing();
    tv.player(PlayerEvent::Failed(failure(false)));
    assert_eq!(tv.at(), "buttons/back");
    tv.press("ok");
    assert_eq!((tv.app.modal(), tv.at().as_str()), (None, "actions/play"));
}

#[test]
fn late_events_of_an_older_playback_change_nothing() {
    let mut tv = Tv::playing();
    let old = tv.app.playing().unwrap().session;
    tv.press("back ok");
    tv.said();
    for event in [PlayerEvent::Ended, PlayerEvent::Failed(failure(true)), PlayerEvent::Started { duration_ms: None }] {
        let before = tv.app.playing().cloned();
        tv.step(Event::Player { session: old, event });
        assert_eq!((tv.app.playing().cloned(), tv.said()), (before, vec![]));
    }
}

#[test]
fn a_box_that_boots_before_its_network_finds_it_by_itself() {
    let mut tv = Tv { app: App::new(Config::default()), keys: Keys::new(), now: 0, log: vec![] };
    tv.app.start(0);
    let offline = Failure { kind: FailureKind::Network, ..failure(true) };
    tv.step(Event::Home(Err(offline.clone())));
    assert_eq!((tv.at().as_str(), tv.app.network()), ("buttons/retry", Network::Offline));
    tv.wait(2_000);
    assert_eq!(tv.said(), ["FetchHome"]);
    tv.step(Event::Home(Err(offline)));
    tv.press("ok ok");
    assert_eq!(tv.said(), ["FetchHome"], "Retry asks at once, and once");
    tv.step(Event::Home(Ok(HomeData::default())));
    assert_eq!((tv.app.modal(), tv.at().as_str(), tv.app.network()), (None, "empty/retry", Network::Online));
}

#[test]
fn the_hero_follows_the_focus_when_it_rests() {
    let mut tv = Tv::home();
    let spot = |tv: &Tv| tv.app.spotlight().map(ToString::to_string).unwrap_or_default();
    tv.wait(200);
    tv.press("down down right");
    assert_eq!((spot(&tv).as_str(), tv.app.wake_ms()), ("h", Some(tv.now + 150)));
    tv.wait(150);
    assert_eq!(spot(&tv), "n1");
    tv.press("up up");
    assert_eq!(spot(&tv), "h", "at once: its buttons are about its own title");
}

#[test]
fn power_and_home_end_playback_properly() {
    let mut tv = Tv::playing();
    tv.press("power");
    assert_eq!(tv.said(), ["Stop", "save n0 5000/100000 true", "Standby"]);
    let mut tv = Tv::playing();
    tv.press("home");
    assert_eq!(tv.said(), ["Stop", "save n0 5000/100000 true"]);
    assert_eq!(tv.at(), "hero/play");
}

#[test]
fn captions_are_chosen_as_sound_is_and_both_are_remembered() {
    let mut tv = Tv::playing();
    tv.said();
    let captions = |id: &str, language: Option<&str>, active| Track {
        id: id.into(),
        kind: TrackKind::Captions,
        label: String::new(),
        language: language.map(Into::into),
        active,
    };
    let tracks = vec![track("en", true), track("de", false), captions("c-en", Some("en"), false), captions("c-x", None, false)];
    tv.player(PlayerEvent::Tracks(tracks));
    let ids: Vec<_> = tv.app.playing().unwrap().tracks.iter().map(|t| (t.id.to_string(), t.active)).collect();
    let expected = [("en", true), ("de", false), (Track::NONE, true), ("c-en", false), ("c-x", false)];
    assert_eq!(ids, expected.map(|(id, active)| (id.to_owned(), active)));
    assert_eq!(*tv.app.preferences(), Preferences::default());
    for (keys, at, said, audio, captions) in [
        ("subtitle", Track::NONE, "", None, None),
        ("right ok", "c-en", "SelectText(Some(\"c-en\"))", None, Some(Some("en"))),
        ("right ok", "c-x", "SelectText(Some(\"c-x\"))", None, Some(Some("en"))),
        ("left left ok", Track::NONE, "SelectText(None)", None, Some(None)),
        ("audio right ok", "de", "SelectAudio(\"de\")", Some("de"), Some(None)),
    ] {
        tv.press(keys);
        assert_eq!(tv.at(), format!("tracks/{at}"), "{keys}");
        let commands: Vec<String> = tv.said().into_iter().filter(|s| s.starts_with("Select")).collect();
        assert_eq!(commands.join(" "), said, "{keys}");
        let captions = captions.map(|c: Option<&str>| c.map(str::to_owned));
        let preferences = Preferences { audio: audio.map(str::to_owned), captions, ..Preferences::default() };
        assert_eq!(*tv.app.preferences(), preferences, "{keys}");
    }
}

#[test]
fn the_volume_is_changed_over_every_screen_and_touches_none() {
    let mut error = Tv::playing();
    error.player(PlayerEvent::Failed(failure(true)));
    let mut boot = Tv { app: App::new(Config::default()), keys: Keys::new(), now: 0, log: vec![] };
    boot.app.start(0);
    let mut jump = Tv::playing();
    jump.press("ok right");
    for (name, mut tv) in [("home", Tv::home()), ("film", Tv::playing()), ("error", error), ("boot", boot), ("jump", jump)] {
        tv.log.clear();
        let screen = |tv: &Tv| (tv.app.mode().clone(), tv.app.modal().cloned(), tv.app.screens().cloned().collect::<Vec<_>>());
        let before = screen(&tv);
        let volume = |percent, muted| format!("{:?}", Effect::Volume(Volume { percent, muted }));
        tv.press("volume-down mute volume-down volume-up mute mute volume-up");
        let expected = [(95, false), (95, true), (90, true), (95, false), (95, true), (95, false), (100, false)];
        assert_eq!(tv.said(), expected.map(|(percent, muted)| volume(percent, muted)), "{name}");
        tv.press("volume-up");
        assert_eq!((tv.said(), tv.app.volume()), (vec![], Volume::FULL), "{name}: it cannot be louder");
        assert!(screen(&tv) == before, "{name}");
    }
}

#[test]
fn a_held_volume_key_goes_all_the_way_in_seconds_and_the_screen_says_so_for_two_more() {
    let mut tv = Tv::home();
    assert_eq!(tv.app.volume_until_ms(), None);
    tv.keys.down(RemoteKey::VolumeDown, tv.now).into_iter().for_each(|e| tv.step(Event::Key(e)));
    tv.wait(1_000);
    assert!((80..95).contains(&tv.app.volume().percent), "{:?}", tv.app.volume());
    tv.wait(3_000);
    assert_eq!(tv.app.volume(), Volume { percent: 0, muted: false });
    tv.keys.up(RemoteKey::VolumeDown, tv.now).into_iter().for_each(|e| tv.step(Event::Key(e)));
    tv.wait(1_900);
    assert!(tv.app.volume_until_ms().is_some_and(|at| Some(at) == tv.app.wake_ms()));
    tv.press("volume-down").wait(1_950);
    assert!(tv.app.volume_until_ms().is_some(), "a press at the end is answered too");
    tv.wait(50);
    assert_eq!((tv.app.volume_until_ms(), tv.app.wake_ms()), (None, None));
}
