//! The arithmetic of a staged rollout: which boxes are in, which version a box is to have, when to stop. No I/O, no clock.

use super::version;
use sha2::{Digest, Sha256};

/// All boxes. A share is counted in hundredths of a percent.
pub const ALL: u32 = 10_000;

/// As many reports are waited for before a rollout is judged.
const HALT_REPORTS: u64 = 5;
/// More than one failure in so many reports stops a rollout.
const HALT_ONE_IN: u64 = 5;

/// A share from percent; none unless it is 0 to 100.
pub fn share(percent: f64) -> Option<u32> {
    // In range, so that nothing is cut off.
    (0.0..=100.0).contains(&percent).then(|| (percent * 100.0).round() as u32)
}

/// The place of a box in the rollout of a version, below [`ALL`]: the same for ever, and another for the next version, so that it is not
/// always the same boxes that go first.
pub fn place(device: &str, version: &str) -> u32 {
    // The length keeps apart what would run together.
    let text = format!("hearth rollout v1\n{}\n{device}{version}", device.len());
    let digest = Sha256::digest(text.as_bytes());
    let number = digest.iter().take(8).fold(0u64, |n, byte| n << 8 | u64::from(*byte));
    (number % u64::from(ALL)) as u32
}

/// Is this box among the first `share`? A box without a name is the last of all.
pub fn includes(share: u32, device: &str, version: &str) -> bool {
    let place = if device.is_empty() { ALL - 1 } else { place(device, version) };
    place < share
}

/// A live release, as far as the choice needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// As people call it.
    pub version: &'a str,
    /// Of the boxes.
    pub share: u32,
}

/// The newest of the live releases that this box is in the rollout of and that is newer than what it runs; its place in `live`.
/// Never an older one, even where the one that the box runs was withdrawn: going back is a new version with the old content.
pub fn choose(live: &[Candidate<'_>], device: &str, runs: &str) -> Option<usize> {
    let newer = live.iter().enumerate().filter(|(_, c)| version::compare(c.version, runs).is_gt());
    let ours = newer.filter(|(_, c)| includes(c.share, device, c.version));
    ours.max_by(|(_, a), (_, b)| version::compare(a.version, b.version)).map(|(at, _)| at)
}

/// For a box that runs nothing but its recovery system: what it may have at all is better than nothing, so shares do not count, and of what is
/// not live it gets what its operator paused. Never what was halted: a slot that once was good is better then. Each with whether it is live.
pub fn choose_for_recovery(releases: &[(Candidate<'_>, bool)]) -> Option<usize> {
    let newest = releases
        .iter()
        .enumerate()
        .max_by(|(_, (a, live_a)), (_, (b, live_b))| live_a.cmp(live_b).then_with(|| version::compare(a.version, b.version)));
    newest.map(|(at, _)| at)
}

/// Do so many boxes that failed, among all that reported, stop the rollout?
pub fn halts(installed: u64, failed: u64) -> bool {
    let reports = installed.saturating_add(failed);
    reports >= HALT_REPORTS && failed.saturating_mul(HALT_ONE_IN) > reports
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares() {
        for (percent, want) in [
            (0.0, Some(0)),
            (0.01, Some(1)),
            (10.0, Some(1000)),
            (33.33, Some(3333)),
            (100.0, Some(ALL)),
            (-0.1, None),
            (100.1, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(share(percent), want, "{percent}");
        }
    }

    /// Boxes in the field hang on these numbers: a change of the hash would let other boxes in than those that were.
    #[test]
    fn places_never_change() {
        for (device, version, want) in [("box-1", "0.2.0", 1971), ("box-1", "0.3.0", 3412), ("box-2", "0.2.0", 1908)] {
            assert_eq!(place(device, version), want, "{device} {version}");
        }
        assert_ne!(place("ab", "c"), place("a", "bc"));
    }

    #[test]
    fn a_share_is_about_that_share() {
        let boxes: Vec<String> = (0..20_000).map(|n| format!("box-{n}")).collect();
        for percent in [1, 10, 50, 90] {
            let within = boxes.iter().filter(|b| includes(percent * 100, b, "0.2.0")).count() as f64 / boxes.len() as f64;
            // Five standard deviations of 20 000 draws.
            let (p, n) = (f64::from(percent) / 100.0, boxes.len() as f64);
            assert!((within - p).abs() < 5.0 * (p * (1.0 - p) / n).sqrt(), "{percent} %: {within}");
        }
    }

    #[test]
    fn what_a_box_is_to_have() {
        let live = |list: &[(&'static str, u32)]| -> Vec<Candidate<'static>> {
            list.iter().map(|(version, share)| Candidate { version, share: *share }).collect()
        };
        for (name, releases, runs, want) in [
            ("nothing published", live(&[]), "0.1.0", None),
            ("a newer one", live(&[("0.2.0", ALL)]), "0.1.0", Some(0)),
            ("the same", live(&[("0.2.0", ALL)]), "0.2.0", None),
            ("an older one", live(&[("0.2.0", ALL)]), "0.3.0", None),
            ("the newest", live(&[("0.2.0", ALL), ("0.10.0", ALL), ("0.9.0", ALL)]), "0.1.0", Some(1)),
            ("not yet for this box", live(&[("0.2.0", ALL), ("0.3.0", 0)]), "0.1.0", Some(0)),
            ("not yet for any box", live(&[("0.3.0", 0)]), "0.1.0", None),
        ] {
            assert_eq!(choose(&releases, "box-1", runs), want, "{name}");
        }
        assert_eq!(choose(&live(&[("0.2.0", ALL - 1)]), "", "0.1.0"), None, "a box without a name waits for all");
        assert_eq!(choose(&live(&[("0.2.0", ALL)]), "", "0.1.0"), Some(0));
    }

    #[test]
    fn what_a_box_in_recovery_is_to_have() {
        let check = |list: &[(&str, bool)], want| {
            let releases: Vec<_> = list.iter().map(|(version, live)| (Candidate { version, share: 0 }, *live)).collect();
            assert_eq!(choose_for_recovery(&releases), want, "{list:?}");
        };
        check(&[], None);
        check(&[("0.2.0", false)], Some(0));
        check(&[("0.2.0", true), ("0.10.0", true), ("0.11.0", false)], Some(1));
        check(&[("0.2.0", false), ("0.10.0", false)], Some(1));
    }

    #[test]
    fn when_a_rollout_stops() {
        for (installed, failed, want) in [
            (0, 0, false),
            (0, 4, false),
            (0, 5, true),
            (4, 1, false),
            (3, 2, true),
            (8, 2, false),
            (800, 200, false),
            (799, 201, true),
            (u64::MAX, u64::MAX, false),
        ] {
            assert_eq!(halts(installed, failed), want, "{installed} {failed}");
        }
    }

    proptest! {
        #[test]
        fn raising_a_share_only_adds(device in "[a-z0-9-]{0,36}", version in "[0-9.]{1,8}", a in 0..=ALL, b in 0..=ALL) {
            let (less, more) = (a.min(b), a.max(b));
            prop_assert!(!includes(less, &device, &version) || includes(more, &device, &version));
            prop_assert!(!includes(0, &device, &version));
            prop_assert!(includes(ALL, &device, &version));
        }

        #[test]
        fn a_box_is_only_ever_moved_forward(device in "[a-z]{1,8}", runs in "[0-3]\\.[0-3]", list in prop::collection::vec(("[0-3]\\.[0-3]", 0..=ALL), 0..6)) {
            let live: Vec<_> = list.iter().map(|(version, share)| Candidate { version, share: *share }).collect();
            if let Some(at) = choose(&live, &device, &runs) {
                prop_assert!(version::compare(live[at].version, &runs).is_gt());
                prop_assert!(includes(live[at].share, &device, live[at].version));
                // And then it has what it should have.
                prop_assert_eq!(choose(&live, &device, live[at].version), None);
            }
        }

        #[test]
        fn raising_a_share_takes_no_box_back(device in "[a-z]{1,8}", shares in prop::collection::vec(0..=ALL, 3), at in 0..3usize, more in 0..=ALL) {
            let versions = ["0.2", "0.3", "0.4"];
            let mut live: Vec<_> = versions.iter().zip(&shares).map(|(version, share)| Candidate { version, share: *share }).collect();
            let before = choose(&live, &device, "0.1");
            live[at].share = live[at].share.max(more);
            prop_assert!(choose(&live, &device, "0.1") >= before);
        }

        #[test]
        fn one_more_failure_never_resumes(installed in 0..10_000u64, failed in 0..10_000u64) {
            prop_assert!(!halts(installed, failed) || halts(installed, failed + 1));
        }
    }
}
