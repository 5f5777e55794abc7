//! A box that starts before its server: it says so, tries by itself, and shows the home screen when the server comes.

mod support;

use std::sync::Arc;
use std::time::Duration;
use support::catalog::Household;
use support::golden;
use support::tv::{Tv, away};

#[test]
fn a_server_that_comes_late() {
    let household = Arc::new(Household::new());
    household.fail(Some(away()));
    let mut tv = Tv::new(household.clone());
    let mut failures = Vec::new();
    tv.settle();
    golden::check("offline", &tv.screen(), &mut failures);
    assert_eq!(tv.focus(), "buttons/retry");
    tv.press("ok");
    assert_eq!(tv.focus(), "buttons/retry");
    household.fail(None);
    tv.pass(Duration::from_secs(31));
    tv.settle();
    assert_eq!(tv.focus(), "hero/play");
    assert!(failures.is_empty(), "{failures:#?}");
}
