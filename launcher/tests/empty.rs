//! A server without a film.

mod support;

use std::sync::Arc;
use support::catalog::Household;
use support::golden;
use support::tv::Tv;

#[test]
fn nothing_to_watch_yet() {
    let mut tv = Tv::new(Arc::new(Household::empty()));
    let mut failures = Vec::new();
    tv.settle();
    assert_eq!(tv.focus(), "empty/retry");
    golden::check("empty", &tv.screen(), &mut failures);
    assert!(failures.is_empty(), "{failures:#?}");
}
