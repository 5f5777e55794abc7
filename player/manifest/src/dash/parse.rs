//! MPD, periods, adaptation sets and representations, with what each inherits.
use super::numbers::{duration_us, frame_rate};
use super::protect;
use super::segments::{self, Place, join};
use super::tree::{Element, read};
use crate::{Error, Format, Kind, Period, Presentation, Rendition, TrackSet, budget::Budget, codecs};
use url::Url;

/// Parses an MPD. Remote elements (`xlink:href`) that have no content of their own are left out; where nothing else is there, that is
/// [`Error::Unsupported`]. Of a live presentation the segments that the text itself names are listed.
pub fn parse(text: &str, base: &Url) -> Result<Presentation, Error> {
    let mpd = read(text)?;
    let mut budget = Budget::new();
    let live = mpd.attr("type") == Some("dynamic");
    let total = time(&mpd, "mediaPresentationDuration")?;
    let base = resolve(base, &mpd)?;
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
        let tracks = period(p, &resolve(&base, p)?, start_us, duration_us, next.is_some(), &mut budget)?;
        periods.push(Period { id: p.attr("id").map(str::to_string), start_us, duration_us, tracks });
    }
    let end = periods.last().and_then(|p| Some(p.start_us.saturating_add(p.duration_us?)));
    Ok(Presentation {
        format: Format::Dash,
        live,
        duration_us: total.or(end.filter(|_| !live)),
        min_buffer_us: time(&mpd, "minBufferTime")?,
        periods,
    })
}

fn time(e: &Element, name: &str) -> Result<Option<u64>, Error> {
    e.attr(name).map(|v| duration_us(v).ok_or_else(|| Error::Mpd(format!("@{name} is {v}")))).transpose()
}

/// The base below an element: its first `BaseURL` (others are alternative locations) against the base above.
fn resolve(base: &Url, e: &Element) -> Result<Url, Error> {
    e.first("BaseURL").map(|b| b.text.trim()).filter(|t| !t.is_empty()).map_or_else(|| Ok(base.clone()), |t| join(base, t))
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

fn period(
    p: &Element,
    base: &Url,
    start_us: u64,
    period_us: Option<u64>,
    bounded: bool,
    budget: &mut Budget,
) -> Result<Vec<TrackSet>, Error> {
    let mut tracks: Vec<TrackSet> = Vec::new();
    for (i, set) in p.all("AdaptationSet").enumerate() {
        let set_base = resolve(base, set)?;
        let Some(mut track) = track(set, i) else { continue };
        for (j, rep) in set.all("Representation").enumerate() {
            let base = resolve(&set_base, rep)?;
            let id = rep.attr("id").map_or_else(|| j.to_string(), str::to_string);
            let mut r = rendition(rep, set, id)?;
            let place = Place { base: &base, id: &r.id, bandwidth: r.bandwidth, period_start_us: start_us, period_us, bounded };
            let (init, segments) = segments::read([rep, set, p], &place, budget)?;
            (r.init, r.segments) = (init, segments);
            let descriptors: Vec<&Element> = [rep, set, p].into_iter().flat_map(|e| e.all("ContentProtection")).collect();
            r.protection = protect::read(&descriptors);
            budget.bytes(protect::weight(&r.protection))?;
            track.channels = track.channels.or_else(|| channels(rep));
            track.renditions.push(r);
        }
        track.renditions.sort_by_key(|r| r.bandwidth);
        if !track.renditions.is_empty() {
            tracks.push(track);
        }
    }
    only_ones_are_default(&mut tracks);
    Ok(tracks)
}

/// A set that is alone of its kind needs no `main` to be the one to choose.
fn only_ones_are_default(tracks: &mut [TrackSet]) {
    for kind in [Kind::Video, Kind::Audio] {
        let mut of: Vec<&mut TrackSet> = tracks.iter_mut().filter(|t| t.kind == kind).collect();
        if let [one] = of.as_mut_slice() {
            one.default = true;
        }
    }
}

/// The set's own facts; `None` for what no viewer sees or hears (metadata).
fn track(set: &Element, position: usize) -> Option<TrackSet> {
    let mut track = TrackSet::new(set.attr("id").map_or_else(|| position.to_string(), str::to_string), kind(set)?);
    track.language = set.attr("lang").map(str::to_string);
    track.label = set
        .first("Label")
        .map(|l| l.text.trim().to_string())
        .or_else(|| set.attr("label").map(str::to_string))
        .filter(|l| !l.is_empty());
    track.roles = set.all("Role").filter_map(|r| r.attr("value")).map(str::to_string).collect();
    let accessibility = set.all("Accessibility").filter(|a| a.attr("schemeIdUri") == Some("urn:mpeg:dash:role:2011"));
    for role in accessibility.filter_map(|a| a.attr("value")) {
        if !track.roles.iter().any(|r| r == role) {
            track.roles.push(role.to_string());
        }
    }
    track.default = track.roles.iter().any(|r| r == "main");
    track.channels = channels(set);
    Some(track)
}

fn kind(set: &Element) -> Option<Kind> {
    let rep = set.first("Representation");
    let said = |name: &str| set.attr(name).or_else(|| rep.and_then(|r| r.attr(name))).unwrap_or("");
    let (mime, codecs) = (said("mimeType"), said("codecs"));
    let properties = || set.all("EssentialProperty").chain(rep.into_iter().flat_map(|r| r.all("EssentialProperty")));
    if properties().any(|e| {
        matches!(
            e.attr("schemeIdUri"),
            Some("http://dashif.org/guidelines/trickmode" | "http://dashif.org/guidelines/thumbnail_tile")
        )
    }) {
        return Some(Kind::Image);
    }
    if mime.starts_with("text/") || mime == "application/ttml+xml" || codecs::has(codecs, Kind::Text) {
        return Some(Kind::Text);
    }
    match set
        .attr("contentType")
        .or_else(|| set.first("ContentComponent")?.attr("contentType"))
        .unwrap_or(mime.split('/').next().unwrap_or(""))
    {
        "video" => Some(Kind::Video),
        "audio" => Some(Kind::Audio),
        "text" => Some(Kind::Text),
        "image" => Some(Kind::Image),
        _ if codecs::has(codecs, Kind::Video) => Some(Kind::Video),
        _ if codecs::has(codecs, Kind::Audio) => Some(Kind::Audio),
        _ => None,
    }
}

fn rendition(rep: &Element, set: &Element, id: String) -> Result<Rendition, Error> {
    let said = |name: &str| rep.attr(name).or_else(|| set.attr(name));
    let number = |name: &str| said(name).and_then(|v| v.split_whitespace().next()?.parse().ok());
    let bandwidth =
        rep.attr("bandwidth").map_or(Ok(0), |b| b.trim().parse().map_err(|_| Error::Mpd(format!("@bandwidth is {b}"))))?;
    Ok(Rendition {
        id,
        bandwidth,
        codecs: said("codecs").unwrap_or("").trim().to_string(),
        mime: said("mimeType").map(str::to_string),
        width: number("width"),
        height: number("height"),
        frame_rate: said("frameRate").and_then(frame_rate),
        sample_rate: number("audioSamplingRate"),
        ..Rendition::default()
    })
}

/// `AudioChannelConfiguration` by the schemes in use.
fn channels(e: &Element) -> Option<u32> {
    e.all("AudioChannelConfiguration").find_map(|c| {
        let value = c.attr("value")?.trim();
        match c.attr("schemeIdUri")? {
            // ISO/IEC 23091-3 (CICP) layouts.
            "urn:mpeg:mpegB:cicp:ChannelConfiguration" => {
                const LAYOUTS: [u32; 21] = [0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14];
                LAYOUTS.get(value.parse::<usize>().ok()?).copied().filter(|c| *c > 0)
            }
            // A bit a speaker or pair of speakers, from the most significant: L R C Ls Rs Lc/Rc Lrs/Rrs Cs Ts Lsd/Rsd Lw/Rw Lvh/Rvh Cvh Lts/Rts LFE2 LFE.
            "tag:dolby.com,2014:dash:audio_channel_configuration:2011" | "urn:dolby:dash:audio_channel_configuration:2011" => {
                const PAIRS: u16 = 0b0000_0110_0111_0100;
                let bits = u16::from_str_radix(value, 16).ok()?;
                Some(bits.count_ones() + (bits & PAIRS).count_ones())
            }
            _ => value.parse().ok(),
        }
    })
}
