//! The page of settings: there from home, what subtitles look like, what is sent, what the box is, and back.

mod support;

use hearth_box::facts::BoxFacts;
use hearth_box::tokens::Tokens;
use hearth_launcher::platform::Tally;
use hearth_launcher::service::facts::Folders;
use hearth_launcher::service::{Keeper, KeptFile, Service};
use hearth_nav::{CaptionStyle, Event, TextSize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::catalog::Household;
use support::golden;
use support::tv::Tv;

/// Rows of the screen on which the strip with subtitles is.
const STRIP: std::ops::Range<usize> = 1280 * 470..1280 * 690;

/// A box's services, on a disc of its own, turned by hand.
struct Box {
    service: Service,
    now: Duration,
}

impl Box {
    fn new(place: &Path) -> Self {
        let folders = Folders { image: place.join("etc"), run: place.join("run"), data: place.join("data/hearth") };
        let facts = BoxFacts {
            slot: "b".into(),
            version: "0.2.0".into(),
            board: "qemu-virt".into(),
            address: Some([192, 168, 1, 20].into()),
            serial: Some("HX-0001742".into()),
            device: Some("5f0c2b9e-6a57-4f7e-9a53-2f6b0d1c8e44".into()),
            ..BoxFacts::default()
        };
        facts.write(&folders.run.join("box.json")).expect("box.json");
        let tokens = Tokens::open(&facts, &folders.data.join("launcher-tokens.json"));
        let (keeper, _) = Keeper::open(&folders.run);
        let (kept, ..) = KeptFile::open(&folders.data, true);
        Self { service: Service::new(&folders, keeper, kept, None, tokens), now: Duration::ZERO }
    }

    /// Long enough for it to look at its files and to write what has settled.
    fn turn(&mut self, tv: &mut Tv) {
        for _ in 0..2 {
            self.now += Duration::from_secs(3);
            self.service.turn(&mut tv.launcher, Tally::default(), self.now);
        }
        tv.settle();
    }
}

#[test]
fn settings() {
    let place = tempfile::tempdir().expect("a folder");
    let mut tv = Tv::new(Arc::new(Household::new()));
    let mut failures = Vec::new();
    tv.settle();
    tv.press("right up");
    assert_eq!(tv.focus(), "top/settings");
    golden::check("home-settings", &tv.screen(), &mut failures);

    // Subtitles: what is chosen is seen at once, every time.
    tv.press("ok");
    golden::check("settings-subtitles", &tv.screen(), &mut failures);
    tv.press("down");
    let before = tv.screen();
    tv.press("right");
    assert!(tv.screen()[STRIP] == before[STRIP], "to pass over it is not to choose it");
    tv.press("ok");
    let large = tv.screen();
    assert!(large[STRIP] != before[STRIP]);
    golden::check("settings-size", &large, &mut failures);
    tv.press("right ok");
    golden::check("settings-largest", &tv.screen(), &mut failures);
    tv.press("left ok");
    assert!(tv.screen() == large, "and back");
    tv.press("down right right ok down right ok");
    golden::check("settings-style", &tv.screen(), &mut failures);
    tv.press("right right ok");
    golden::check("settings-no-edge", &tv.screen(), &mut failures);
    tv.press("up up up");

    // Off a box there is nothing to agree to; on one it is off until the viewer says so.
    tv.press("right");
    assert_eq!(tv.focus(), "groups/privacy");
    golden::check("settings-privacy-off-box", &tv.screen(), &mut failures);
    let mut on = Box::new(place.path());
    on.turn(&mut tv);
    let consent = place.path().join("data/consent.json");
    let agreed = || std::fs::read_to_string(&consent).unwrap_or_default();
    tv.press("down right");
    golden::check("settings-privacy", &tv.screen(), &mut failures);
    on.turn(&mut tv);
    assert!(!consent.exists(), "nothing is written before it is chosen");
    tv.press("ok");
    on.turn(&mut tv);
    assert_eq!(agreed(), r#"{"crash-reports":true}"#);
    // A repaired disc has taken the place of memory, and says otherwise.
    std::fs::write(&consent, r#"{"crash-reports":false,"later":1}"#).expect("a file");
    on.turn(&mut tv);
    assert_eq!(tv.launcher.app().crash_reports(), Some(false));
    tv.press("ok");
    on.turn(&mut tv);
    assert_eq!(agreed(), r#"{"crash-reports":true,"later":1}"#);
    // A disc that takes nothing: the row says how it is.
    std::fs::create_dir_all(consent.with_extension("new").join("in the way")).expect("a folder");
    tv.press("left ok");
    on.turn(&mut tv);
    assert_eq!((agreed().contains("true"), tv.launcher.app().crash_reports()), (true, Some(true)));
    golden::check("settings-not-kept", &tv.screen(), &mut failures);
    tv.pass(Duration::from_secs(5));

    tv.press("up right");
    let view = |tv: &Tv| format!("{:?}", tv.launcher.view());
    assert!(view(&tv).contains("Free storage"), "{}", view(&tv));
    let about =
        hearth_view::About { free_bytes: Some(5_231_000_000), server: Some("http://hearth.local:8080".into()), ..about() };
    tv.launcher.set_about(about);
    tv.settle();
    golden::check("settings-about", &tv.screen(), &mut failures);

    // Back: where we were. The films to come are drawn so, and so is the next boot's.
    tv.press("back");
    assert_eq!(tv.focus(), "top/settings");
    tv.press("down down ok");
    tv.start_film();
    tv.caption("[a branch snaps]\n<v Bunny>Who is <i>there?</i>");
    tv.settle();
    golden::check("settings-film", &tv.screen(), &mut failures);
    on.turn(&mut tv);
    on.service.leave(&tv.launcher, on.now);
    let (_, kept, _) = KeptFile::open(&place.path().join("data/hearth"), true);
    assert_eq!(kept.style, tv.launcher.app().preferences().style);
    assert_eq!(kept.style.size, TextSize::Large);
    assert_ne!(kept.style, CaptionStyle::default());
    tv.launcher.tell(Event::CrashReports(None));
    assert!(failures.is_empty(), "{failures:#?}");
}

/// What the box of this test says of itself, the room on its disc aside.
fn about() -> hearth_view::About {
    hearth_view::About {
        version: "0.2.0".into(),
        development: false,
        slot: "b".into(),
        board: "qemu-virt".into(),
        serial: Some("HX-0001742".into()),
        device: Some("5f0c2b9e-6a57-4f7e-9a53-2f6b0d1c8e44".into()),
        address: Some("192.168.1.20".into()),
        ..hearth_view::About::default()
    }
}
