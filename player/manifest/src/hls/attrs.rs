//! Attribute lists (RFC 8216 §4.2) and the numbers in them.
use super::lines::{Variables, bad};
use crate::{ByteRange, Error, budget::Budget};
use std::borrow::Cow;

/// `NAME=value,NAME="quoted, value"`, in order; quotes taken off.
pub(super) struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Attributes<'a> {
    /// Never fails: what makes no sense is left out, as every player does.
    pub(super) fn parse(mut s: &'a str) -> Self {
        let mut out = Vec::new();
        while let Some((name, rest)) = s.split_once('=') {
            // A piece without a `=` before this one is dropped with its comma.
            let name = name.rsplit(',').next().unwrap_or(name).trim();
            let rest = rest.trim_start();
            let (value, tail) = match rest.strip_prefix('"') {
                Some(q) => {
                    let (v, t) = q.split_once('"').unwrap_or((q, ""));
                    (v, t.split_once(',').map_or("", |x| x.1))
                }
                None => rest.split_once(',').map_or((rest.trim(), ""), |(v, t)| (v.trim(), t)),
            };
            if !name.is_empty() {
                out.push((name, value));
            }
            s = tail;
        }
        Attributes(out)
    }

    /// Every attribute, in order.
    pub(super) fn all(&self) -> &[(&'a str, &'a str)] {
        &self.0
    }

    /// Decimal seconds, in microseconds.
    pub(super) fn seconds(&self, name: &str) -> Option<u64> {
        micros(self.get(name)?)
    }

    /// As it stands.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
    }

    /// With variables put in.
    pub(super) fn text(
        &self,
        name: &str,
        vars: &Variables<'_>,
        budget: &mut Budget,
        line: usize,
    ) -> Result<Option<Cow<'a, str>>, Error> {
        self.get(name).map(|v| vars.fill(v, budget, line)).transpose()
    }

    /// A decimal integer.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.trim().parse().ok()
    }

    /// `YES`.
    pub(super) fn yes(&self, name: &str) -> bool {
        self.get(name) == Some("YES")
    }

    /// `1280x720`.
    pub(super) fn resolution(&self) -> Option<(u32, u32)> {
        let (w, h) = self.get("RESOLUTION")?.split_once(['x', 'X'])?;
        Some((w.trim().parse().ok()?, h.trim().parse().ok()?))
    }
}

/// Decimal seconds to microseconds without passing through a float; negative or not a number: `None`. Digits past the sixth are rounded.
pub(super) fn micros(s: &str) -> Option<u64> {
    let s = s.trim();
    let (whole, frac) = s.split_once('.').unwrap_or((s, ""));
    if (whole.is_empty() && frac.is_empty()) || !whole.bytes().chain(frac.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digit = |i: usize| frac.as_bytes().get(i).map_or(0, |b| u64::from(b - b'0'));
    let fraction = (0..6).fold(0, |a, i| a * 10 + digit(i)) + u64::from(digit(6) >= 5);
    seconds.checked_mul(1_000_000)?.checked_add(fraction)
}

/// `n[@o]`; without `o` the range begins at `next`, where the one before ended.
pub(super) fn byte_range(s: &str, next: u64, line: usize) -> Result<ByteRange, Error> {
    let (n, o) = s.split_once('@').map_or((s, None), |(n, o)| (n, Some(o)));
    let number = |s: &str| s.trim().parse::<u64>().map_err(|_| bad(line, format!("byte range {s}")));
    let length = number(n)?;
    let offset = o.filter(|o| !o.trim().is_empty()).map_or(Ok(next), number)?;
    offset.checked_add(length).ok_or_else(|| bad(line, "byte range past the end of numbers"))?;
    Ok(ByteRange { offset, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_lists() {
        let check = |s: &str, want: &[(&str, &str)]| assert_eq!(Attributes::parse(s).0, want, "{s}");
        check("", &[]);
        check("A=1", &[("A", "1")]);
        check("A=1,B=\"x,y=z\",C=2x3", &[("A", "1"), ("B", "x,y=z"), ("C", "2x3")]);
        check(" A = 1 , B=\"q\" ,C=3", &[("A", "1"), ("B", "q"), ("C", "3")]);
        check("junk,A=1", &[("A", "1")]);
        check("A=\"open", &[("A", "open")]);
        check("=1,B=2", &[("B", "2")]);
    }

    #[test]
    fn seconds() {
        let check = |s: &str, want: Option<u64>| assert_eq!(micros(s), want, "{s}");
        check("9.97667", Some(9_976_670));
        check("10", Some(10_000_000));
        check("10.", Some(10_000_000));
        check(".5", Some(500_000));
        check("0.0000005", Some(1));
        check("6.00600000", Some(6_006_000));
        check("-1", None);
        check("", None);
        check(".", None);
        check("1e3", None);
        check("99999999999999999999", None);
        check("18446744073710", None);
    }

    #[test]
    fn ranges() {
        let r = |s| byte_range(s, 7, 1).ok().map(|r| (r.offset, r.length));
        assert_eq!(r("10@20"), Some((20, 10)));
        assert_eq!(r("10"), Some((7, 10)));
        assert_eq!(r("10@"), Some((7, 10)));
        assert_eq!(r("18446744073709551615@1"), None);
        assert_eq!(r("x@1"), None);
    }
}
