//! Which of two versions is newer. Any text has its place, so that a strange version can neither stop a query nor slip past a check.
//!
//! Digits count as numbers, and all else by character, as dpkg does it: `1.10` is newer than `1.9`, `1.0+fix` than `1.0`, and `1.0~rc1`
//! is older than `1.0`. So is `1.0-rc1`, as Cargo's users expect.

use std::cmp::Ordering;

/// Is `a` older than, as good as, or newer than `b`? `1.0` and `1.00` are as good as each other.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let ((text_a, rest_a), (text_b, rest_b)) = (split(a, |c| !c.is_ascii_digit()), split(b, |c| !c.is_ascii_digit()));
        let by_text = || (0..=text_a.len().max(text_b.len())).map(|i| place(text_a.get(i)).cmp(&place(text_b.get(i))));
        let ((number_a, rest_a), (number_b, rest_b)) = (split(rest_a, u8::is_ascii_digit), split(rest_b, u8::is_ascii_digit));
        let (value_a, value_b) = (significant(number_a), significant(number_b));
        // Longer numbers are larger; of one length they compare as text.
        let by_number = || (value_a.len(), value_a).cmp(&(value_b.len(), value_b));
        match by_text().find(|o| o.is_ne()).unwrap_or_else(by_number) {
            Ordering::Equal if rest_a.is_empty() && rest_b.is_empty() => return Ordering::Equal,
            Ordering::Equal => (a, b) = (rest_a, rest_b),
            unequal => return unequal,
        }
    }
}

/// The bytes for which `of` holds, and the rest.
fn split(bytes: &[u8], of: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|c| !of(c)).unwrap_or(bytes.len()))
}

fn significant(digits: &[u8]) -> &[u8] {
    split(digits, |c| *c == b'0').1
}

/// Of a character among texts: what announces a version comes before its end, letters after it, then all else.
fn place(c: Option<&u8>) -> (u8, u8) {
    match c {
        Some(b'~' | b'-') => (0, 0),
        None => (1, 0),
        Some(c) if c.is_ascii_alphabetic() => (2, *c),
        Some(c) => (3, *c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_orders() {
        for (older, newer) in [
            ("", "0.1"),
            ("0.9", "0.10"),
            ("1.9.9", "1.10.0"),
            ("1.0", "1.0.1"),
            ("1.0-rc.1", "1.0"),
            ("1.0-rc.2", "1.0-rc.10"),
            ("1.0~rc1", "1.0"),
            ("1.0-alpha", "1.0-beta"),
            ("1.0", "1.0+fix"),
            ("1.0a", "1.0b"),
            ("1.0", "1.0a"),
            ("99999999999999999999999", "100000000000000000000000"),
            ("v1", "v2"),
        ] {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(compare(newer, older), Ordering::Greater, "{newer} {older}");
        }
        for (a, b) in [("1.0", "1.00"), ("01", "1"), ("", ""), ("1.0-rc1", "1.0~rc1")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn an_order(mut versions in prop::collection::vec("[0-2a~+.-]{0,6}", 3)) {
            for [a, b] in [[0, 1], [1, 2], [0, 2]] {
                prop_assert_eq!(compare(&versions[a], &versions[b]), compare(&versions[b], &versions[a]).reverse());
            }
            versions.sort_by(|a, b| compare(a, b));
            prop_assert!(compare(&versions[0], &versions[2]).is_le(), "{:?}", versions);
        }

        #[test]
        fn any_text_has_its_place(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            let _ = compare(&a, &b);
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        }
    }
}
