//! `SegmentTemplate`, `SegmentList` and `SegmentBase` (ISO 23009-1 §5.3.9) to segments.
use super::base::early_us;
use super::numbers::{range, ticks_to_us};
use super::template::{Values, expand};
use super::tree::Element;
use crate::{Error, Resource, Segment, Segments, budget::Budget};
use url::Url;

/// What a representation's segments are made from.
pub(super) struct Place<'a> {
    pub base: &'a Url,
    pub id: &'a str,
    pub bandwidth: u64,
    pub period_start_us: u64,
    pub period_us: Option<u64>,
    /// Another period follows, so that nothing may reach past this one's end.
    pub bounded: bool,
    /// Live: what is available by the clock, if that is known.
    pub window: Option<Window>,
    /// How much earlier than complete a segment may be asked for, by the base URL.
    pub early_us: Option<u64>,
}

/// From when to when segments are available, in microseconds from the period's start.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub to_us: i128,
    /// None: since the beginning.
    pub from_us: Option<i128>,
}

/// What the segment elements say of a representation.
pub(super) struct Said {
    pub init: Option<Resource>,
    pub segments: Segments,
    /// `@presentationTimeOffset`.
    pub offset_us: u64,
    /// `@availabilityTimeOffset`.
    pub early_us: Option<u64>,
}

/// A segment element with what it inherits: the representation's first, then its set's, then its period's.
struct Info<'a>(Vec<&'a Element>);

impl<'a> Info<'a> {
    /// The levels that speak of the kind of segments that the innermost speaking level names.
    fn gather(levels: [&'a Element; 3]) -> Option<(&'static str, Self)> {
        let kind = levels
            .iter()
            .find_map(|l| ["SegmentTemplate", "SegmentList", "SegmentBase"].into_iter().find(|k| l.first(k).is_some()))?;
        Some((kind, Info(levels.iter().filter_map(|l| l.children.iter().find(|c| c.name == kind)).collect())))
    }
    fn attr(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|e| e.attr(name))
    }
    fn child(&self, name: &str) -> Option<&'a Element> {
        self.0.iter().find_map(|e| e.children.iter().find(|c| c.name == name))
    }
    fn number(&self, name: &str) -> Result<Option<u64>, Error> {
        self.attr(name).map(|v| v.trim().parse().map_err(|_| Error::Mpd(format!("@{name} is {v}")))).transpose()
    }
}

/// One segment's time, in ticks of the timescale.
struct Tick {
    number: u64,
    time: u64,
    duration: u64,
}

/// The init segment and the media segments of a representation; `levels` innermost first.
pub(super) fn read(levels: [&Element; 3], place: &Place<'_>, budget: &mut Budget) -> Result<Said, Error> {
    let Some((kind, info)) = Info::gather(levels) else {
        return Ok(Said { init: None, segments: whole(place, budget)?, offset_us: 0, early_us: place.early_us });
    };
    let own = info.attr("availabilityTimeOffset").and_then(early_us);
    let early = place.early_us.map_or(own, |a| Some(a.saturating_add(own.unwrap_or(0))));
    let place = &Place { early_us: early, ..*place };
    let init = match info.attr("initialization") {
        Some(t) if kind == "SegmentTemplate" => {
            Some(Resource { url: url(place, &expand(t, &values(place, 0, 0)), budget)?, range: None })
        }
        _ => info.child("Initialization").map(|e| initialization(e, place, budget)).transpose()?,
    };
    let segments = match kind {
        "SegmentTemplate" => template(&info, place, budget)?,
        "SegmentList" => list(&info, place, budget)?,
        _ => match info
            .attr("indexRange")
            .map(|r| range(r).ok_or_else(|| Error::Mpd(format!("@indexRange is {r}"))))
            .transpose()?
        {
            Some(index) => Segments::Index { url: url(place, "", budget)?, index },
            None => whole(place, budget)?,
        },
    };
    let offset = i128::from(info.number("presentationTimeOffset")?.unwrap_or(0));
    let offset = ticks_to_us(offset, info.number("timescale")?.unwrap_or(1));
    Ok(Said { init, segments, offset_us: u64::try_from(offset).unwrap_or(u64::MAX), early_us: early })
}

fn values<'a>(place: &Place<'a>, number: u64, time: u64) -> Values<'a> {
    Values { id: place.id, bandwidth: place.bandwidth, number, time }
}

/// An absolute URL; an empty reference is the base itself.
fn url(place: &Place<'_>, reference: &str, budget: &mut Budget) -> Result<String, Error> {
    let url: String = if reference.is_empty() { place.base.to_string() } else { join(place.base, reference)?.into() };
    budget.bytes(url.len())?;
    Ok(url)
}

pub(super) fn join(base: &Url, reference: &str) -> Result<Url, Error> {
    base.join(reference.trim()).map_err(|e| Error::Mpd(format!("{e}: {reference}")))
}

fn initialization(e: &Element, place: &Place<'_>, budget: &mut Budget) -> Result<Resource, Error> {
    Ok(Resource { url: url(place, e.attr("sourceURL").unwrap_or(""), budget)?, range: e.attr("range").and_then(range) })
}

/// A representation that says nothing of segments is one file, a subtitle file for example.
fn whole(place: &Place<'_>, budget: &mut Budget) -> Result<Segments, Error> {
    budget.segment()?;
    let resource = Resource { url: url(place, "", budget)?, range: None };
    let segment = Segment {
        resource,
        number: 1,
        start_us: place.period_start_us,
        duration_us: place.period_us.unwrap_or(0),
        ..Segment::default()
    };
    Ok(Segments::List { segments: vec![segment] })
}

fn template(info: &Info<'_>, place: &Place<'_>, budget: &mut Budget) -> Result<Segments, Error> {
    let media = info.attr("media").ok_or_else(|| Error::Mpd("SegmentTemplate without @media".into()))?;
    let ticks = ticks(info, place, None, budget)?;
    let mut segments = Vec::with_capacity(ticks.len());
    for t in ticks {
        let resource = Resource { url: url(place, &expand(media, &values(place, t.number, t.time)), budget)?, range: None };
        push(&mut segments, info, place, t, resource)?;
    }
    Ok(Segments::List { segments })
}

fn list(info: &Info<'_>, place: &Place<'_>, budget: &mut Budget) -> Result<Segments, Error> {
    let urls: Vec<&Element> = info
        .0
        .iter()
        .find(|e| e.first("SegmentURL").is_some())
        .map_or_else(Vec::new, |e| e.children.iter().filter(|c| c.name == "SegmentURL").collect());
    let ticks = ticks(info, place, Some(urls.len() as u64), budget)?;
    let mut segments = Vec::with_capacity(urls.len());
    for (t, e) in ticks.into_iter().zip(urls) {
        let resource =
            Resource { url: url(place, e.attr("media").unwrap_or(""), budget)?, range: e.attr("mediaRange").and_then(range) };
        push(&mut segments, info, place, t, resource)?;
    }
    Ok(Segments::List { segments })
}

/// Adds a segment on the presentation's clock, unless it lies outside its period.
fn push(out: &mut Vec<Segment>, info: &Info<'_>, place: &Place<'_>, t: Tick, resource: Resource) -> Result<(), Error> {
    let timescale = info.number("timescale")?.unwrap_or(1);
    let offset = i128::from(info.number("presentationTimeOffset")?.unwrap_or(0));
    let from = ticks_to_us(i128::from(t.time) - offset, timescale);
    let to = ticks_to_us(i128::from(t.time) + i128::from(t.duration) - offset, timescale);
    let past_end = place.bounded && place.period_us.is_some_and(|d| from >= i128::from(d));
    if (to <= 0 && t.duration > 0) || past_end {
        return Ok(());
    }
    let on_clock = |us: i128| u64::try_from(us.saturating_add(i128::from(place.period_start_us)).max(0)).unwrap_or(u64::MAX);
    let start_us = on_clock(from);
    let duration_us = on_clock(to).saturating_sub(start_us);
    out.push(Segment {
        number: t.number,
        start_us,
        duration_us,
        size: resource.range.map(|r| r.length),
        resource,
        ..Segment::default()
    });
    Ok(())
}

/// The times of the segments, from a `SegmentTimeline` or a `@duration`. `count`: how many a list has.
fn ticks(info: &Info<'_>, place: &Place<'_>, count: Option<u64>, budget: &mut Budget) -> Result<Vec<Tick>, Error> {
    let timescale = info.number("timescale")?.unwrap_or(1).max(1);
    let offset = info.number("presentationTimeOffset")?.unwrap_or(0);
    let first = info.number("startNumber")?.unwrap_or(1);
    let last = info.number("endNumber")?.unwrap_or(u64::MAX);
    // The period's end in ticks, in the media's time.
    let end = place
        .period_us
        .map(|us| offset.saturating_add(u64::try_from(u128::from(us) * u128::from(timescale) / 1_000_000).unwrap_or(u64::MAX)));
    let mut out = Vec::new();
    if let Some(timeline) = info.child("SegmentTimeline") {
        let s: Vec<&Element> = timeline.children.iter().filter(|c| c.name == "S").collect();
        let mut at = Tick { number: first, time: 0, duration: 0 };
        // Of an open period only what is complete by now is there.
        let clock = place.window.filter(|_| end.is_none()).map(|w| {
            let us = u128::try_from(w.to_us.max(0)).unwrap_or(0);
            offset.saturating_add(u64::try_from(us.saturating_mul(timescale.into()) / 1_000_000).unwrap_or(u64::MAX))
        });
        let until = Until { period: end, clock, last };
        for (i, e) in s.iter().enumerate() {
            entry(e, s.get(i + 1).copied(), &until, &mut at, &mut out, budget)?;
        }
        return Ok(out);
    }
    let Some(duration) = info.number("duration")?.filter(|d| *d > 0) else {
        // One segment for the whole period.
        if count.unwrap_or(1) > 1 || (count.is_none() && place.period_us.is_none()) {
            return Err(Error::Mpd("segments without a duration".into()));
        }
        budget.segment()?;
        let duration = end.map_or(0, |e| e - offset);
        return Ok(vec![Tick { number: first, time: offset, duration }]);
    };
    let (from, to) = by_clock(place, count, end.map(|e| e - offset), duration, timescale);
    let to = to.min(last.saturating_sub(first).saturating_add(1));
    for i in from..to {
        budget.segment()?;
        let time = offset.saturating_add(i.saturating_mul(duration));
        let number = first.saturating_add(i);
        out.push(Tick { number, time, duration: end.filter(|e| *e > time).map_or(duration, |e| duration.min(e - time)) });
    }
    Ok(out)
}

/// Which of the segments of equal `duration` there are, as a range of positions: as many as a list has or as fit into the period
/// (`length` ticks), and of those what the window leaves. Without any end known, only the clock could say: none.
fn by_clock(place: &Place<'_>, count: Option<u64>, length: Option<u64>, duration: u64, timescale: u64) -> (u64, u64) {
    let most = count.or_else(|| length.map(|l| l.div_ceil(duration)));
    let Some(window) = place.window else { return (0, most.unwrap_or(0)) };
    let position = |us: i128| {
        let us = u128::try_from(us.max(0)).unwrap_or(0);
        u64::try_from(us.saturating_mul(timescale.into()) / (u128::from(duration) * 1_000_000)).unwrap_or(u64::MAX)
    };
    // Complete segments only, or those that may be asked for early; without an end an early one without limit is still not there.
    let early = place.early_us.filter(|e| *e != u64::MAX).unwrap_or(0);
    let to = position(window.to_us.saturating_add(early.into()));
    let to = if place.early_us == Some(u64::MAX) { most.unwrap_or(to) } else { most.map_or(to, |m| m.min(to)) };
    (window.from_us.map_or(0, position).min(to), to)
}

/// Where a run without an end of its own stops: at the period's end, or where the clock is; both in the media's ticks.
struct Until {
    period: Option<u64>,
    clock: Option<u64>,
    /// `@endNumber`.
    last: u64,
}

/// One `S`: `@r` more after the first; a negative `@r` repeats to the next `S` or to the period's end.
fn entry(
    e: &Element,
    next: Option<&Element>,
    until: &Until,
    at: &mut Tick,
    out: &mut Vec<Tick>,
    budget: &mut Budget,
) -> Result<(), Error> {
    let number = |name: &str| {
        e.attr(name).map(|v| v.trim().parse::<u64>().map_err(|_| Error::Mpd(format!("S@{name} is {v}")))).transpose()
    };
    let duration = number("d")?.ok_or_else(|| Error::Mpd("S without @d".into()))?;
    at.time = number("t")?.unwrap_or(at.time);
    at.number = number("n")?.unwrap_or(at.number);
    let repeat: i64 = e.attr("r").map_or(Ok(0), |v| v.trim().parse().map_err(|_| Error::Mpd(format!("S@r is {v}"))))?;
    let count = match u64::try_from(repeat) {
        Ok(r) => r.saturating_add(1),
        Err(_) if duration == 0 => 1,
        Err(_) => match next.and_then(|n| n.attr("t")).and_then(|t| t.trim().parse().ok()).or(until.period) {
            Some(end) => end.saturating_sub(at.time).div_ceil(duration),
            // Unknown until the clock says.
            None => until.clock.map_or(1, |now| now.saturating_sub(at.time) / duration),
        },
    };
    for _ in 0..count {
        if at.number > until.last {
            break;
        }
        budget.segment()?;
        out.push(Tick { number: at.number, time: at.time, duration });
        at.time = at.time.saturating_add(duration);
        at.number = at.number.saturating_add(1);
    }
    Ok(())
}
