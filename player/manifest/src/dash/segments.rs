//! `SegmentTemplate`, `SegmentList` and `SegmentBase` (ISO 23009-1 §5.3.9) to segments.
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
pub(super) fn read(levels: [&Element; 3], place: &Place<'_>, budget: &mut Budget) -> Result<(Option<Resource>, Segments), Error> {
    let Some((kind, info)) = Info::gather(levels) else {
        return Ok((None, whole(place, budget)?));
    };
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
    Ok((init, segments))
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
        discontinuity: false,
        gap: false,
        init: None,
        protection: None,
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
        resource,
        number: t.number,
        start_us,
        duration_us,
        discontinuity: false,
        gap: false,
        init: None,
        protection: None,
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
        for (i, e) in s.iter().enumerate() {
            entry(e, s.get(i + 1).copied(), end, last, &mut at, &mut out, budget)?;
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
    // Without a known end (a live presentation) the clock would say which segments are there: none are listed.
    let listed = count.or_else(|| end.map(|e| (e - offset).div_ceil(duration))).unwrap_or(0);
    let listed = listed.min(last.saturating_sub(first).saturating_add(1));
    for i in 0..listed {
        budget.segment()?;
        let time = offset.saturating_add(i.saturating_mul(duration));
        let number = first.saturating_add(i);
        out.push(Tick { number, time, duration: end.filter(|e| *e > time).map_or(duration, |e| duration.min(e - time)) });
    }
    Ok(out)
}

/// One `S`: `@r` more after the first; a negative `@r` repeats to the next `S` or to the period's end.
fn entry(
    e: &Element,
    next: Option<&Element>,
    end: Option<u64>,
    last: u64,
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
        Err(_) => match next.and_then(|n| n.attr("t")).and_then(|t| t.trim().parse().ok()).or(end) {
            Some(until) => until.saturating_sub(at.time).div_ceil(duration),
            // Unknown until the clock says.
            None => 1,
        },
    };
    for _ in 0..count {
        if at.number > last {
            break;
        }
        budget.segment()?;
        out.push(Tick { number: at.number, time: at.time, duration });
        at.time = at.time.saturating_add(duration);
        at.number = at.number.saturating_add(1);
    }
    Ok(())
}
