//! Clock and window of a dynamic MPD (ISO 23009-1 §5.3.1.2, §5.8.4.11), and its events (§5.10).
use super::numbers::{duration_us, ticks_to_us};
use super::segments::join;
use super::tree::Element;
use crate::{Error, Live, TimedEvent, budget::Budget, time};
use url::Url;

/// What the `MPD` element says of its clock.
pub(super) fn live(mpd: &Element, base: &Url) -> Live {
    let date = |name: &str| mpd.attr(name).and_then(time::unix_ms);
    let span = |name: &str| mpd.attr(name).and_then(duration_us);
    let latency = mpd.all("ServiceDescription").find_map(|d| d.first("Latency")?.attr("target")?.trim().parse::<u64>().ok());
    let located = mpd.all("Location").filter_map(|l| join(base, &l.text).ok());
    Live {
        start_ms: date("availabilityStartTime"),
        end_ms: date("availabilityEndTime"),
        publish_ms: date("publishTime"),
        update_us: span("minimumUpdatePeriod"),
        window_us: span("timeShiftBufferDepth"),
        delay_us: span("suggestedPresentationDelay"),
        target_latency_us: latency.map(|ms| ms.saturating_mul(1000)),
        clocks: mpd.all("UTCTiming").map(|c| (text(c, "schemeIdUri"), text(c, "value"))).collect(),
        locations: located.map(String::from).collect(),
    }
}

fn text(e: &Element, name: &str) -> String {
    e.attr(name).unwrap_or("").trim().to_string()
}

/// The `EventStream`s of a period.
pub(super) fn events(period: &Element, start_us: u64, budget: &mut Budget) -> Result<Vec<TimedEvent>, Error> {
    let mut out = Vec::new();
    for stream in period.all("EventStream") {
        let number = |e: &Element, name: &str| e.attr(name).and_then(|v| v.trim().parse::<u64>().ok());
        let timescale = number(stream, "timescale").unwrap_or(1).max(1);
        let offset = i128::from(number(stream, "presentationTimeOffset").unwrap_or(0));
        let (scheme, value) = (text(stream, "schemeIdUri"), text(stream, "value"));
        for e in stream.all("Event") {
            budget.segment()?;
            budget.bytes(scheme.len() + value.len())?;
            let at = ticks_to_us(i128::from(number(e, "presentationTime").unwrap_or(0)) - offset, timescale);
            let start = at.saturating_add(i128::from(start_us)).max(0);
            let span = number(e, "duration").map(|d| ticks_to_us(i128::from(d), timescale));
            out.push(TimedEvent {
                scheme: scheme.clone(),
                value: value.clone(),
                id: text(e, "id"),
                start_us: u64::try_from(start).ok(),
                duration_us: span.and_then(|d| u64::try_from(d).ok()),
                data: e.attr("messageData").map_or_else(|| e.content(), str::to_string),
                ..TimedEvent::default()
            });
        }
    }
    Ok(out)
}
