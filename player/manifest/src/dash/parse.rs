//! MPD, periods, adaptation sets and representations, with what each inherits.
use super::base::{Base, Bases};
use super::live;
use super::numbers::duration_us;
use super::protect;
use super::segments::{self, Place, Window};
use super::set::{channels, only_ones_are_default, rendition, track};
use super::switching::Joined;
use super::tree::{Element, read};
use crate::{Error, Format, Live, Period, Presentation, TrackSet, budget::Budget};
use url::Url;

/// [`parse_at`] without a clock.
pub fn parse(text: &str, base: &Url) -> Result<Presentation, Error> {
    parse_at(text, base, None)
}

/// Parses an MPD. Remote elements (`xlink:href`) that have no content of their own are left out; where nothing else is there, that is
/// [`Error::Unsupported`]. Of a live presentation the segments that the text itself names are listed, and with
/// `now_ms` (Unix milliseconds) those that the clock makes.
pub fn parse_at(text: &str, base: &Url, now_ms: Option<i64>) -> Result<Presentation, Error> {
    let mpd = read(text)?;
    let mut budget = Budget::new();
    let live = mpd.attr("type") == Some("dynamic");
    let total = time(&mpd, "mediaPresentationDuration")?;
    let live_window = live.then(|| live::live(&mpd, base));
    let base = Bases::new(base).below(&mpd, &mut budget)?;
    let elements: Vec<&Element> = mpd.all("Period").collect();
    let there: Vec<&Element> =
        elements.iter().copied().filter(|p| p.first("AdaptationSet").is_some() || p.attr("href").is_none()).collect();
    if there.is_empty() {
        return Err(if elements.is_empty() {
            Error::Mpd("no Period".into())
        } else {
            Error::Unsupported("an MPD whose periods are all remote (xlink)".into())
        });
    }
    let mut periods: Vec<Period> = Vec::with_capacity(there.len());
    let starts = starts(&there)?;
    for (i, p) in there.iter().enumerate() {
        let start_us = starts[i].0;
        let next = starts.get(i + 1).map(|n| n.0);
        let until = next.or(total.filter(|_| i + 1 == there.len()));
        let duration_us = starts[i].1.or_else(|| until.map(|u| u.saturating_sub(start_us)));
        let window = live_window.as_ref().and_then(|l| window(l, now_ms?, start_us));
        let at = At { start_us, duration_us, bounded: next.is_some(), window };
        let tracks = period(p, &base.below(p, &mut budget)?, &at, &mut budget)?;
        let events = live::events(p, start_us, &mut budget)?;
        periods.push(Period { id: p.attr("id").map(str::to_string), start_us, duration_us, tracks, events });
    }
    let end = periods.last().and_then(|p| Some(p.start_us.saturating_add(p.duration_us?)));
    Ok(Presentation {
        format: Format::Dash,
        live,
        duration_us: total.or(end.filter(|_| !live)),
        min_buffer_us: time(&mpd, "minBufferTime")?,
        live_window,
        periods,
        ..Presentation::default()
    })
}

fn time(e: &Element, name: &str) -> Result<Option<u64>, Error> {
    e.attr(name).map(|v| duration_us(v).ok_or_else(|| Error::Mpd(format!("@{name} is {v}")))).transpose()
}

/// What is available at `now_ms`, in microseconds from a period's start (§A.3).
fn window(live: &Live, now_ms: i64, period_start_us: u64) -> Option<Window> {
    let now = live.end_ms.map_or(now_ms, |end| end.min(now_ms));
    let since = (i128::from(now) - i128::from(live.start_ms?)) * 1000 - i128::from(period_start_us);
    Some(Window { to_us: since, from_us: live.window_us.map(|w| since - i128::from(w)) })
}

/// Each period's start and own `@duration` (§5.3.2.1): a period without a start begins where the one before ends.
fn starts(periods: &[&Element]) -> Result<Vec<(u64, Option<u64>)>, Error> {
    let mut out: Vec<(u64, Option<u64>)> = Vec::with_capacity(periods.len());
    for p in periods {
        let before = out.last().map_or(0, |(s, d)| s.saturating_add(d.unwrap_or(0)));
        out.push((time(p, "start")?.unwrap_or(before), time(p, "duration")?));
    }
    Ok(out)
}

/// A period's place in time.
struct At {
    start_us: u64,
    duration_us: Option<u64>,
    /// Another period follows.
    bounded: bool,
    window: Option<Window>,
}

fn period(p: &Element, bases: &Bases, at: &At, budget: &mut Budget) -> Result<Vec<TrackSet>, Error> {
    let mut joined = Joined::default();
    for (i, set) in p.all("AdaptationSet").enumerate() {
        let set_bases = bases.below(set, budget)?;
        let Some(mut track) = track(set, i) else { continue };
        for (j, rep) in set.all("Representation").enumerate() {
            let bases = set_bases.below(rep, budget)?;
            let id = rep.attr("id").map_or_else(|| j.to_string(), str::to_string);
            let mut r = rendition(rep, set, id)?;
            let Base { url: base, early_us, .. } = bases.first();
            let place = Place {
                base,
                id: &r.id,
                bandwidth: r.bandwidth,
                period_start_us: at.start_us,
                period_us: at.duration_us,
                bounded: at.bounded,
                window: at.window,
                early_us: *early_us,
            };
            let said = segments::read([rep, set, p], &place, budget)?;
            (r.init, r.segments) = (said.init, said.segments);
            (r.presentation_time_offset_us, r.available_early_us) = (said.offset_us, said.early_us);
            r.bases = bases.alternatives(budget)?;
            let descriptors: Vec<&Element> = [rep, set, p].into_iter().flat_map(|e| e.all("ContentProtection")).collect();
            r.protection = protect::read(&descriptors);
            r.robustness = protect::robustness(&descriptors);
            budget.bytes(protect::weight(&r))?;
            track.channels = track.channels.or_else(|| channels(rep));
            track.renditions.push(r);
        }
        track.renditions.sort_by_key(|r| r.bandwidth);
        if !track.renditions.is_empty() {
            joined.add(set, track);
        }
    }
    let mut tracks = joined.sets();
    only_ones_are_default(&mut tracks);
    Ok(tracks)
}
