//! Dates and times of day as both formats write them (ISO 8601, `xs:dateTime`).

/// `2019-02-14T02:13:36.106Z` as Unix milliseconds, rounded down. The offset may be `Z`, `+01:00`, `+0100` or `+01`; without one it is UTC.
pub fn unix_ms(s: &str) -> Option<i64> {
    let s = s.trim();
    let (date, time) = s.split_once(['T', 't', ' '])?;
    let mut parts = date.rsplitn(3, '-');
    let (day, month, year) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?, number(parts.next()?, 6)?);
    let at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = (&time[..at], &time[at..]);
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, ms) = match parts.next() {
        None => (0, 0),
        Some(s) => {
            let (whole, fraction) = s.split_once(['.', ',']).unwrap_or((s, ""));
            (number(whole, 2)?, milliseconds(fraction)?)
        }
    };
    // 24:00:00 is the day's end, :60 a leap second.
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1000 + ms)
}

/// The other way, in UTC.
pub(crate) fn iso8601(unix_ms: i64) -> String {
    let (seconds, ms) = (unix_ms.div_euclid(1000), unix_ms.rem_euclid(1000));
    let (day, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's civil_from_days: years begin in March, eras have 400 of them.
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let (d, m) = (of_year - (153 * march_month + 2) / 5 + 1, if march_month < 10 { march_month + 3 } else { march_month - 9 });
    let y = year + era * 400 + i64::from(m <= 2);
    format!("{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}.{ms:03}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Up to `most` digits and nothing else.
fn number(s: &str, most: usize) -> Option<i64> {
    let fits = !s.is_empty() && s.len() <= most && s.bytes().all(|b| b.is_ascii_digit());
    if fits { s.parse().ok() } else { None }
}

fn milliseconds(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(fraction.bytes().chain(std::iter::repeat(b'0')).take(3).fold(0, |a, b| a * 10 + i64::from(b - b'0')))
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    let sign = match zone.bytes().next() {
        None | Some(b'Z' | b'z') => return Some(0),
        Some(b'-') => -1,
        Some(_) => 1,
    };
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits, 2)?, 0),
        4 if digits.is_ascii() => (number(&digits[..2], 2)?, number(&digits[2..], 2)?),
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

/// Days from 1970-01-01 (Howard Hinnant's days_from_civil).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |s: &str, want: Option<i64>| assert_eq!(unix_ms(s), want, "{s}");
        check("1970-01-01T00:00:00Z", Some(0));
        check("1970-01-01T00:00:00", Some(0));
        check("2019-02-14T02:13:36.106Z", Some(1_550_110_416_106));
        check("2010-02-19T14:54:23.031+08:00", Some(1_266_562_463_031));
        check("2010-02-19T14:54:23.0319+0800", Some(1_266_562_463_031));
        check("2012-12-25T14:12:34-01", Some(1_356_448_354_000));
        check("2024-02-29T24:00:00Z", Some(1_709_251_200_000));
        check("1969-12-31T23:59:59.999Z", Some(-1));
        check("2011-12-25T12:30", Some(1_324_816_200_000));
        for bad in
            ["", "T", "2019-02-14", "2019-13-01T00:00:00Z", "2019-1-1-1T0:0:0Z", "2019-01-01T00:00:00+é0", "x-01-01T00:00:00Z"]
        {
            check(bad, None);
        }
        for ms in [0, -1, 1_550_110_416_106, 951_782_400_000, 4_107_542_399_999] {
            assert_eq!(unix_ms(&iso8601(ms)), Some(ms), "{}", iso8601(ms));
        }
        assert_eq!(iso8601(1_709_164_800_000), "2024-02-29T00:00:00.000Z");
    }
}
