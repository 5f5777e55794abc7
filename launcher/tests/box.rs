//! A box's own matters on the screen: it waits for its network, is updated, goes back after an update that did not work.

mod support;

use hearth_launcher::app::Wish;
use hearth_launcher::service::facts::Status;
use hearth_nav::Event;
use std::sync::Arc;
use std::time::Duration;
use support::catalog::Household;
use support::golden;
use support::tv::{Tv, away};

#[test]
fn a_box_starts_is_updated_and_recovers() {
    let household = Arc::new(Household::new());
    household.fail(Some(away()));
    let mut tv = Tv::with_patience(household.clone(), 45_000);
    let mut failures = Vec::new();
    let status = Status { development: true, ..Status::default() };
    tv.launcher.show_status(status.clone());
    // Its spinner never rests, so this does not wait until nothing moves.
    tv.pass(Duration::from_secs(8));
    golden::check("connecting", &tv.screen(), &mut failures);

    household.fail(None);
    tv.pass(Duration::from_millis(1_200));
    tv.settle();
    assert_eq!(tv.focus(), "hero/play");
    // The pictures are there, so that no time passes with waiting for them.
    tv.launcher.tell(Event::Recovered);
    tv.settle();
    golden::check("recovered", &tv.screen(), &mut failures);
    tv.pass(Duration::from_secs(13));

    tv.launcher.show_status(Status { line: "Downloading update  42 %".into(), ..status.clone() });
    tv.settle();
    golden::check("update-download", &tv.screen(), &mut failures);
    tv.launcher.show_status(Status { line: "Update failed, trying again later".into(), warning: true, ..Status::default() });
    tv.settle();
    golden::check("update-failed", &tv.screen(), &mut failures);
    tv.launcher.show_status(Status { line: "Update ready  ·  Menu".into(), ready: true, ..Status::default() });
    tv.launcher.tell(Event::Update { ready: true });
    tv.settle();
    golden::check("update-ready", &tv.screen(), &mut failures);
    tv.press("menu");
    assert_eq!(tv.focus(), "buttons/reboot");
    golden::check("update-question", &tv.screen(), &mut failures);
    tv.press("ok");
    assert_eq!(tv.launcher.wishes(), [Wish::Restart]);
    assert!(failures.is_empty(), "{failures:#?}");
}
