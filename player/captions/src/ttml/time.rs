//! Time expressions (TTML2 §12.3.1) in microseconds.

/// What frames and ticks mean in a document.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Rates {
    /// Frames a second, multiplier applied.
    pub frames: f64,
    pub ticks: f64,
}

impl Rates {
    /// From `ttp:frameRate`, `ttp:frameRateMultiplier` and `ttp:tickRate`.
    pub fn new(frame_rate: Option<&str>, multiplier: Option<&str>, tick_rate: Option<&str>) -> Self {
        let number = |s: Option<&str>| s.and_then(|s| s.trim().parse::<f64>().ok()).filter(|n| *n > 0.0 && n.is_finite());
        let said = number(frame_rate);
        let factor = multiplier.and_then(|m| {
            let mut parts = m.split([' ', ':']);
            Some(number(parts.next())? / number(parts.next()).unwrap_or(1.0))
        });
        let frames = said.unwrap_or(30.0) * factor.unwrap_or(1.0);
        Rates { frames, ticks: number(tick_rate).unwrap_or(if said.is_some() { frames } else { 1.0 }) }
    }

    /// A clock time or an offset; what makes no sense is `None`.
    pub fn time(&self, text: &str) -> Option<u64> {
        let text = text.trim();
        if text.contains(':') { self.clock(text) } else { self.offset(text) }
    }

    /// `hh:mm:ss`, with `.fraction` or `:frames`.
    fn clock(&self, text: &str) -> Option<u64> {
        let parts: Vec<&str> = text.split(':').collect();
        let (hours, minutes, seconds) = (plain(parts.first()?)?, plain(parts.get(1)?)?, plain(parts.get(2)?)?);
        let frames = match parts.len() {
            3 => 0.0,
            4 => plain(parts[3])? / self.frames,
            _ => return None,
        };
        micros(hours * 3600.0 + minutes * 60.0 + seconds + frames)
    }

    /// `10.5s` and its sisters.
    fn offset(&self, text: &str) -> Option<u64> {
        let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value = plain(&text[..at])?;
        micros(match &text[at..] {
            "h" => value * 3600.0,
            "m" => value * 60.0,
            "s" => value,
            "ms" => value / 1000.0,
            "f" => value / self.frames,
            "t" => value / self.ticks,
            _ => return None,
        })
    }
}

/// Digits and at most one point.
fn plain(text: &str) -> Option<f64> {
    let fits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if fits { text.parse().ok() } else { None }
}

fn micros(seconds: f64) -> Option<u64> {
    // A hundred years.
    (0.0..3.2e9).contains(&seconds).then(|| (seconds * 1e6).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let rates = Rates::new(Some("30"), Some("1000 1001"), Some("10000000"));
        let check = |text: &str, want: Option<u64>| assert_eq!(rates.time(text), want, "{text}");
        check("00:00:01.5", Some(1_500_000));
        check("01:02:03", Some(3_723_000_000));
        check("00:00:01:15", Some(1_500_500));
        check("1.5s", Some(1_500_000));
        check("250ms", Some(250_000));
        check("0.25m", Some(15_000_000));
        check("0.001h", Some(3_600_000));
        check("30f", Some(1_001_000));
        check("5000000t", Some(500_000));
        for bad in ["", "1", "s", "-1s", "1..2s", "00:00", "00:00:00:00:00", "1x", "99999999999999999h", "é"] {
            check(bad, None);
        }
        assert_eq!(Rates::new(None, None, None), Rates { frames: 30.0, ticks: 1.0 });
        assert_eq!(Rates::new(Some("25"), None, None).ticks, 25.0);
        assert_eq!(Rates::new(Some("x"), Some("0 0"), None).frames, 30.0);
    }
}
