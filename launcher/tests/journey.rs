//! One evening with the remote control, through the real router, on a mock clock: what has the focus, what is asked of server and
//! player, what the screen looks like.

mod support;

use std::sync::Arc;
use std::time::Duration;
use support::catalog::Household;
use support::golden;
use support::tv::{Tv, away};

#[test]
fn an_evening() {
    let household = Arc::new(Household::new());
    let mut tv = Tv::new(household.clone());
    let mut failures = Vec::new();
    tv.settle();
    assert_eq!(tv.focus(), "hero/play");
    golden::check("home", &tv.screen(), &mut failures);

    // Down into the shelves, along a row, into a page, and back to where we were.
    tv.press("down right");
    assert_eq!(tv.focus(), "shelf:continue/film-5");
    golden::check("home-continue", &tv.screen(), &mut failures);
    tv.press("down right right");
    assert_eq!(tv.focus(), "shelf:new/film-9");
    golden::check("home-shelf", &tv.screen(), &mut failures);
    tv.press("ok");
    assert_eq!(tv.focus(), "actions/play");
    golden::check("detail", &tv.screen(), &mut failures);
    tv.press("down right");
    assert!(tv.focus().starts_with("similar/"), "{}", tv.focus());
    golden::check("detail-similar", &tv.screen(), &mut failures);
    tv.press("back");
    assert_eq!(tv.focus(), "shelf:new/film-9", "Back restores the focus");

    // To the end of a row that is longer than the screen, and up again: the other row remembers.
    tv.press("right right right right right right right right right right right");
    assert_eq!(tv.focus(), "shelf:new/film-0");
    tv.press("up");
    assert_eq!(tv.focus(), "shelf:continue/film-5");

    // OK on a begun film plays it on from where it was left.
    tv.press("ok");
    assert_eq!(tv.player.borrow().told, ["load http://fixture/v1/media/film-5/main.m3u8 at 4000000"]);
    tv.pass(Duration::from_millis(600));
    assert!(tv.surface.pixels().iter().all(|p| p.alpha == 255), "its backdrop stands in for the film");
    tv.start_film();
    assert!(tv.launcher.film().is_some());
    tv.settle();
    assert!(tv.surface.pixels().iter().all(|p| p.alpha == 0), "nothing lies over the film");
    tv.press("ok");
    golden::check("overlay", &tv.screen(), &mut failures);
    tv.press("right");
    golden::check("overlay-seek", &tv.screen(), &mut failures);
    assert!(tv.player.borrow().told.last().is_some_and(|t| t.contains("preview") && t.contains("164000000")));
    let there = support::art::scene(3, 320, 180);
    tv.say(hearth_player::Event::Preview { at_us: 164_000_000, width: 320, height: 180, rgb: there.rgb });
    tv.settle();
    golden::check("overlay-preview", &tv.screen(), &mut failures);
    tv.pass(Duration::from_secs(1));
    assert!(
        tv.player.borrow().told.last().is_some_and(|t| t.contains("seek") && t.contains("164000000")),
        "{:?}",
        tv.player.borrow().told
    );
    tv.say(hearth_player::Event::Seeked { position_us: 163_000_000, took_ms: 80 });

    // Captions stand on the film, and above the overlay while that is shown.
    tv.tracks(&[
        ("a1", "English", true),
        ("a2", "Deutsch", false),
        ("t1", "English", false),
        ("t2", "English", true),
        ("t3", "Deutsch", false),
    ]);
    tv.caption("[a branch snaps]\n<v Bunny>Who is <i>there?</i>");
    tv.pass(Duration::from_secs(10));
    tv.settle();
    golden::check("captions", &tv.screen(), &mut failures);
    tv.press("subtitle");
    assert_eq!(tv.focus(), "tracks/t2");
    golden::check("captions-overlay", &tv.screen(), &mut failures);
    tv.press("left left ok");
    assert!(tv.player.borrow().told.last().is_some_and(|t| t.contains("select-text")), "{:?}", tv.player.borrow().told);

    // Left: what was learnt of the network is remembered, the position is on the server, the home screen is as it was.
    tv.player.borrow_mut().estimate_kbps = Some(24_000);
    tv.press("stop");
    assert_eq!(household.progress_of("film-5"), Some(163_000));
    assert_eq!(tv.focus(), "shelf:continue/film-5", "focus is by name: the film moved to the front of its row");

    // An error over the page; Back leaves it.
    tv.press("ok");
    tv.fail_film();
    tv.settle();
    golden::check("modal", &tv.screen(), &mut failures);
    assert_eq!(tv.focus(), "buttons/retry");
    tv.press("right ok");
    assert_eq!(tv.focus(), "shelf:continue/film-5");
    assert_eq!(tv.launcher.log.errors, ["6003: The licence server refused the key request."]);

    // In another network nothing is known yet; what was learnt while it changed belongs to neither.
    tv.network.replace("wlan0 10.0.0.1".into());
    tv.press("ok stop ok");
    tv.network.replace("eth0 192.168.1.1".into());
    tv.player.borrow_mut().estimate_kbps = Some(900);
    tv.press("stop");
    let networks = tv.launcher.networks();
    assert_eq!((networks.kbps("eth0 192.168.1.1"), networks.kbps("wlan0 10.0.0.1")), (Some(24_000), Some(24_000)));
    assert_eq!(tv.player.borrow().estimates, [None, Some(24_000), None, Some(24_000)]);
    assert_eq!(tv.focus(), "shelf:continue/film-5");

    // The network goes away and comes back by itself.
    household.fail(Some(away()));
    tv.press("up ok");
    tv.settle();
    assert!(tv.launcher.view().offline);
    household.fail(None);
    tv.pass(Duration::from_secs(40));
    assert!(!tv.launcher.view().offline);

    assert!(tv.checked > 20, "{} screens compared with a whole drawing", tv.checked);
    assert!(failures.is_empty(), "{failures:#?}");
}
