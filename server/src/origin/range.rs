//! `Range` (RFC 9110 §14) and the conditional headers (§13), as pure functions.

use std::ops::Range;

/// What a `Range` header asks of a body of a known length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// No range, or one that is to be ignored: 200 with the whole body.
    Whole,
    /// 206 with these bytes; never empty.
    Part(Range<u64>),
    /// 416.
    Unsatisfiable,
}

/// Reads a `Range` header. Other units, syntax errors and several ranges at once are answered with the whole body, as the standard
/// allows; only a well-formed range beyond the end is unsatisfiable.
pub fn asked(header: Option<&str>, len: u64) -> Asked {
    let Some(spec) = header.and_then(|h| h.trim().strip_prefix("bytes=")) else { return Asked::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Asked::Whole };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        return match number(last) {
            None => Asked::Whole,
            Some(0) => Asked::Unsatisfiable,
            Some(_) if len == 0 => Asked::Unsatisfiable,
            Some(n) => Asked::Part(len.saturating_sub(n)..len),
        };
    }
    let Some(start) = number(first) else { return Asked::Whole };
    let end = if last.is_empty() { u64::MAX } else { number(last).unwrap_or(0) };
    if last.is_empty() || number(last).is_some_and(|end| end >= start) {
        if start >= len { Asked::Unsatisfiable } else { Asked::Part(start..end.saturating_add(1).min(len)) }
    } else {
        Asked::Whole
    }
}

/// Digits only; what is too large for 64 bits is as good as infinite.
fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().unwrap_or(u64::MAX))
}

/// Does `If-None-Match` name `etag` (weak comparison)? Then the answer is 304.
pub fn none_match_hits(header: Option<&str>, etag: &str) -> bool {
    header.is_some_and(|h| {
        let mut tags = h.split(',').map(str::trim);
        h.trim() == "*" || tags.any(|t| t.strip_prefix("W/").unwrap_or(t) == etag)
    })
}

/// May a `Range` be honoured under this `If-Range`? Strong comparison; a date never matches, since we send none.
pub fn if_range_allows(header: Option<&str>, etag: &str) -> bool {
    header.is_none_or(|h| h.trim() == etag)
}

#[cfg(test)]
mod tests {
    use super::Asked::*;
    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (header, want) in [
            ("bytes=0-0", Part(0..1)),
            ("bytes=0-9", Part(0..10)),
            ("bytes=2-5", Part(2..6)),
            ("bytes=2-", Part(2..10)),
            ("bytes=9-99999999999999999999999", Part(9..10)),
            ("bytes=-1", Part(9..10)),
            ("bytes=-10", Part(0..10)),
            ("bytes=-11", Part(0..10)),
            (" bytes= 2 - 5 ", Part(2..6)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=10-12", Unsatisfiable),
            ("bytes=99999999999999999999999-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=5-2", Whole),
            ("bytes=0-0,2-3", Whole),
            ("bytes=-", Whole),
            ("bytes=", Whole),
            ("bytes=a-b", Whole),
            ("bytes=+1-2", Whole),
            ("bytes=1--2", Whole),
            ("frames=1-2", Whole),
            ("", Whole),
        ] {
            assert_eq!(asked(Some(header), 10), want, "{header}");
        }
        assert_eq!(asked(None, 10), Whole);
        assert_eq!(asked(Some("bytes=0-"), 0), Unsatisfiable);
        assert_eq!(asked(Some("bytes=-5"), 0), Unsatisfiable);
    }

    #[test]
    fn conditions() {
        let etag = "\"abc\"";
        for (header, hit) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("*", true),
            ("abc", false),
            ("\"ab\"", false),
            ("", false),
        ] {
            assert_eq!(none_match_hits(Some(header), etag), hit, "{header}");
        }
        assert!(!none_match_hits(None, etag));
        for (header, allows) in
            [(None, true), (Some(etag), true), (Some("W/\"abc\""), false), (Some("Wed, 21 Oct 2015 07:28:00 GMT"), false)]
        {
            assert_eq!(if_range_allows(header, etag), allows, "{header:?}");
        }
    }
}
