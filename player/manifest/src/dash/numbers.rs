//! The MPD's way of writing durations, fractions and ranges.
use crate::ByteRange;

/// `xs:duration` in microseconds: `PT1H2M3.5S`, `P1DT2H`. Years and months count as 365 and 30 days; negative: `None`.
pub(super) fn duration_us(s: &str) -> Option<u64> {
    let s = s.trim().strip_prefix('P')?;
    let (date, time) = s.split_once('T').unwrap_or((s, ""));
    let mut total: u64 = 0;
    for (part, units) in [
        (date, &[('Y', 31_536_000_u64), ('M', 2_592_000), ('W', 604_800), ('D', 86_400)][..]),
        (time, &[('H', 3600), ('M', 60), ('S', 1)][..]),
    ] {
        let mut rest = part;
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let unit = rest[end..].chars().next()?;
            let (_, seconds) = units.iter().find(|(u, _)| *u == unit)?;
            total = total.checked_add(micros(&rest[..end])?.checked_mul(*seconds)?)?;
            rest = &rest[end + unit.len_utf8()..];
        }
    }
    (!s.is_empty() && s != "T").then_some(total)
}

fn micros(s: &str) -> Option<u64> {
    let (whole, frac) = s.split_once('.').unwrap_or((s, ""));
    if frac.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits = frac.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |a, b| a * 10 + u64::from(b - b'0'));
    let up = u64::from(frac.as_bytes().get(6).is_some_and(|b| *b >= b'5'));
    whole.checked_mul(1_000_000)?.checked_add(digits + up)
}

/// Microseconds as `PT…S`.
pub(super) fn duration(us: u64) -> String {
    let (s, frac) = (us / 1_000_000, us % 1_000_000);
    if frac == 0 { format!("PT{s}S") } else { format!("PT{s}.{}S", format!("{frac:06}").trim_end_matches('0')) }
}

/// `ticks / timescale` in microseconds, rounded; may be negative (before a period's start).
pub(super) fn ticks_to_us(ticks: i128, timescale: u64) -> i128 {
    let t = i128::from(timescale.max(1));
    // i64-sized ticks times a million fit an i128 with room to spare.
    (ticks.saturating_mul(1_000_000).saturating_add(t / 2)).div_euclid(t)
}

/// `30000/1001` or `25`.
pub(super) fn frame_rate(s: &str) -> Option<f64> {
    let (n, d) = s.split_once('/').unwrap_or((s, "1"));
    let (n, d): (f64, f64) = (n.trim().parse().ok()?, d.trim().parse().ok()?);
    let f = n / d;
    (f.is_finite() && f > 0.0).then_some(f)
}

/// A frame rate as a schema-valid fraction: exact for whole and NTSC rates.
pub(super) fn fraction(f: f64) -> Option<String> {
    if !(f.is_finite() && f > 0.0 && f < 1e6) {
        return None;
    }
    if (f - f.round()).abs() < 1e-3 && f >= 1.0 {
        return Some(format!("{}", f.round()));
    }
    let ntsc = f * 1001.0 / 1000.0;
    if (ntsc - ntsc.round()).abs() < 2e-3 && ntsc >= 1.0 {
        return Some(format!("{}/1001", ntsc.round() * 1000.0));
    }
    Some(format!("{}/1000", (f * 1000.0).round().max(1.0)))
}

/// `first-last` (RFC 9110), `last` included.
pub(super) fn range(s: &str) -> Option<ByteRange> {
    let (a, b) = s.trim().split_once('-')?;
    let (a, b): (u64, u64) = (a.parse().ok()?, b.parse().ok()?);
    Some(ByteRange { offset: a, length: b.checked_sub(a)?.checked_add(1)? })
}

/// The other way.
pub(super) fn range_text(r: ByteRange) -> String {
    format!("{}-{}", r.offset, r.offset.saturating_add(r.length).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |s: &str, want: Option<u64>| assert_eq!(duration_us(s), want, "{s}");
        check("PT8S", Some(8_000_000));
        check("PT0M8.000S", Some(8_000_000));
        check("PT1H2M3.5S", Some(3_723_500_000));
        check("P1DT0.000001S", Some(86_400_000_001));
        check("P0Y0M0DT0H3M30.000S", Some(210_000_000));
        check("PT.5S", Some(500_000));
        check("P1W", Some(604_800_000_000));
        for bad in ["", "P", "PT", "8", "-PT1S", "PT1X", "PT1", "P1S", "PT99999999999999999999S", "PT1.2.3S", "PTé"] {
            check(bad, None);
        }
        for us in [0, 1, 999_999, 1_000_000, 12_345_678_900] {
            assert_eq!(duration_us(&duration(us)), Some(us));
        }
    }

    #[test]
    fn fractions() {
        let check = |f: f64, want: &str| assert_eq!(fraction(f).as_deref(), Some(want), "{f}");
        check(25.0, "25");
        check(30000.0 / 1001.0, "30000/1001");
        check(29.97, "30000/1001");
        check(23.976, "24000/1001");
        check(59.94, "60000/1001");
        check(12.5, "12500/1000");
        check(0.2, "200/1000");
        assert_eq!(fraction(f64::NAN), None);
        assert_eq!(fraction(-1.0), None);
        assert_eq!(frame_rate("12800/512"), Some(25.0));
        assert_eq!(frame_rate("1/0"), None);
    }

    #[test]
    fn ranges_and_ticks() {
        assert_eq!(range("0-99").map(|r| (r.offset, r.length)), Some((0, 100)));
        assert_eq!(range("5-4"), None);
        assert_eq!(range("0-18446744073709551615"), None);
        assert_eq!(range_text(ByteRange { offset: 10, length: 5 }), "10-14");
        assert_eq!(ticks_to_us(1001, 30000), 33_367);
        assert_eq!(ticks_to_us(-1, 1), -1_000_000);
        assert_eq!(ticks_to_us(7, 0), 7_000_000);
    }
}
