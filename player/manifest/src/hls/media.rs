//! Media playlists: segments and what holds for them (RFC 8216 §4.3.2, 8216bis §4.4.4).
use super::attrs::{Attributes, byte_range, micros};
use super::lines::{Line, Variables, bad, lines};
use super::playlist::MediaPlaylist;
use super::{keys, tags};
use crate::{ByteRange, ContentProtection, Error, Part, Resource, Segment, budget::Budget, time};
use std::collections::BTreeMap;

/// What is in force while the lines go by.
struct Reader<'a> {
    base: &'a url::Url,
    budget: Budget,
    vars: Variables<'a>,
    list: MediaPlaylist,
    target_us: Option<u64>,
    sequence: u64,
    keys: Vec<ContentProtection>,
    map: Option<Resource>,
    next_byte: u64,
    /// Where a part without an offset begins, if it is of that URL.
    next_part: (String, u64),
    /// `EXT-X-BITRATE`, in kbit/s.
    bitrate: Option<u64>,
    /// A date and the time of the presentation that it is at.
    date: Option<(i64, u64)>,
    start_us: u64,
    /// For the next URI.
    pending: Pending,
}

#[derive(Default)]
struct Pending {
    duration_us: Option<u64>,
    range: Option<ByteRange>,
    discontinuity: bool,
    gap: bool,
}

pub(super) fn parse(text: &str, base: &url::Url, import: Option<&BTreeMap<String, String>>) -> Result<MediaPlaylist, Error> {
    let mut r = Reader {
        base,
        budget: Budget::new(),
        vars: Variables::new(import),
        list: MediaPlaylist { live: true, ..MediaPlaylist::default() },
        // A missing EXTINF lasts the target duration, which may be said after the segment.
        target_us: lines(text).find_map(|(_, l)| match l {
            Line::Tag { name: "EXT-X-TARGETDURATION", value } => micros(value),
            _ => None,
        }),
        sequence: 0,
        keys: Vec::new(),
        map: None,
        next_byte: 0,
        next_part: (String::new(), 0),
        bitrate: None,
        date: None,
        start_us: 0,
        pending: Pending::default(),
    };
    let mut first: Option<(Option<Resource>, Vec<ContentProtection>)> = None;
    for (n, line) in lines(text) {
        match line {
            Line::Tag { name, value } => r.tag(name, value, n)?,
            Line::Uri(uri) => {
                let (init, protection) = first.get_or_insert_with(|| (r.map.clone(), r.keys.clone()));
                r.segment(uri, init, protection, n)?;
            }
        }
    }
    let mut list = r.list;
    if list.segments.is_empty() && r.target_us.is_none() {
        return Err(bad(text.lines().count(), "neither variants nor segments"));
    }
    (list.init, list.protection) = first.unwrap_or((r.map, r.keys));
    list.target_duration_us = r.target_us.unwrap_or(0);
    date_backwards(&mut list.segments);
    place_date_ranges(&mut list);
    Ok(list)
}

/// Segments before the first `EXT-X-PROGRAM-DATE-TIME` have dates too (8216bis §4.4.4.6).
fn date_backwards(segments: &mut [Segment]) {
    let Some(at) = segments.iter().position(|s| s.program_date_time_ms.is_some()) else { return };
    for i in (0..at).rev() {
        let later = segments[i + 1].program_date_time_ms;
        segments[i].program_date_time_ms = later.map(|ms| ms.saturating_sub((segments[i].duration_us / 1000) as i64));
    }
}

/// Dates to times of the presentation, by the segments' own dates.
pub(super) fn place_date_ranges(list: &mut MediaPlaylist) {
    let segments = &list.segments;
    for event in &mut list.date_ranges {
        let Some(date) = event.start_date_ms else { continue };
        let before = |s: &&Segment| s.program_date_time_ms.is_some_and(|d| d <= date);
        let Some(near) =
            segments.iter().rev().find(before).or_else(|| segments.iter().find(|s| s.program_date_time_ms.is_some()))
        else {
            continue;
        };
        let ms = i128::from(date) - i128::from(near.program_date_time_ms.unwrap_or(date));
        event.start_us = u64::try_from((i128::from(near.start_us) + ms * 1000).max(0)).ok();
    }
}

impl Reader<'_> {
    fn tag(&mut self, name: &str, value: &str, line: usize) -> Result<(), Error> {
        let mut context = tags::Context { vars: &self.vars, base: self.base, budget: &mut self.budget, line };
        if tags::take(&mut self.list, name, value, &mut context)? {
            if let ("EXT-X-SKIP", Some(skip)) = (name, &self.list.skipped) {
                self.sequence = self.sequence.saturating_add(skip.segments);
            }
            return Ok(());
        }
        match name {
            "EXTINF" => {
                self.pending.duration_us = micros(value.split_once(',').map_or(value, |x| x.0));
            }
            "EXT-X-BYTERANGE" => self.pending.range = Some(byte_range(value, self.next_byte, line)?),
            // It must not change, and where it does it holds from there on.
            "EXT-X-TARGETDURATION" => self.target_us = micros(value).or(self.target_us),
            "EXT-X-DISCONTINUITY" => self.pending.discontinuity = true,
            "EXT-X-GAP" => self.pending.gap = true,
            "EXT-X-BITRATE" => self.bitrate = value.trim().parse().ok().filter(|b| *b > 0),
            "EXT-X-PROGRAM-DATE-TIME" => self.date = time::unix_ms(value).map(|ms| (ms, self.start_us)).or(self.date),
            "EXT-X-KEY" => keys::take(&mut self.keys, &Attributes::parse(value), &self.vars, self.base, &mut self.budget, line)?,
            "EXT-X-MAP" => self.map = Some(self.map(&Attributes::parse(value), line)?),
            "EXT-X-MEDIA-SEQUENCE" if self.list.segments.is_empty() => {
                let skipped = self.list.skipped.as_ref().map_or(0, |s| s.segments);
                self.sequence = value.trim().parse().unwrap_or(0u64).saturating_add(skipped);
            }
            "EXT-X-DEFINE" => self.vars.define(&Attributes::parse(value), self.base, &mut self.budget, line)?,
            "EXT-X-PART" => self.part(&Attributes::parse(value), line)?,
            _ => {}
        }
        Ok(())
    }

    fn map(&mut self, attrs: &Attributes<'_>, line: usize) -> Result<Resource, Error> {
        let uri = attrs.get("URI").ok_or_else(|| bad(line, "EXT-X-MAP without URI"))?;
        let range = attrs.get("BYTERANGE").map(|r| byte_range(r, 0, line)).transpose()?;
        Ok(Resource { url: self.vars.url(uri, self.base, &mut self.budget, line)?, range })
    }

    fn part(&mut self, attrs: &Attributes<'_>, line: usize) -> Result<(), Error> {
        let uri = attrs.get("URI").ok_or_else(|| bad(line, "EXT-X-PART without URI"))?;
        self.budget.segment()?;
        let url = self.vars.url(uri, self.base, &mut self.budget, line)?;
        let next = if self.next_part.0 == url { self.next_part.1 } else { 0 };
        let range = attrs.get("BYTERANGE").map(|r| byte_range(r, next, line)).transpose()?;
        if let Some(r) = range {
            self.next_part = (url.clone(), r.offset.saturating_add(r.length));
        }
        self.list.parts.push(Part {
            resource: Resource { url, range },
            duration_us: attrs.seconds("DURATION").unwrap_or(0),
            independent: attrs.yes("INDEPENDENT"),
            gap: attrs.yes("GAP"),
        });
        Ok(())
    }

    fn segment(
        &mut self,
        uri: &str,
        init: &Option<Resource>,
        protection: &[ContentProtection],
        line: usize,
    ) -> Result<(), Error> {
        self.budget.segment()?;
        let p = std::mem::take(&mut self.pending);
        let duration_us = match p.duration_us {
            Some(d) => d,
            None => self.target_us.ok_or_else(|| bad(line, "a segment without a duration"))?,
        };
        if let Some(r) = p.range {
            self.next_byte = r.offset.saturating_add(r.length);
        }
        let other_init = (self.map != *init).then(|| self.map.clone()).flatten();
        let other_keys = (self.keys != protection).then(|| self.keys.clone());
        self.budget.bytes(other_init.as_ref().map_or(0, |r| r.url.len()) + other_keys.as_deref().map_or(0, keys::weight))?;
        let by_rate = self.bitrate.map(|kbit| kbit.saturating_mul(125).saturating_mul(duration_us) / 1_000_000);
        self.list.segments.push(Segment {
            resource: Resource { url: self.vars.url(uri, self.base, &mut self.budget, line)?, range: p.range },
            number: self.sequence,
            start_us: self.start_us,
            duration_us,
            size: p.range.map(|r| r.length).or(by_rate),
            program_date_time_ms: self.date.map(|(ms, at)| ms.saturating_add(((self.start_us - at) / 1000) as i64)),
            discontinuity: p.discontinuity,
            gap: p.gap,
            init: other_init,
            protection: other_keys,
            parts: std::mem::take(&mut self.list.parts),
        });
        self.sequence = self.sequence.saturating_add(1);
        self.start_us = self.start_us.saturating_add(duration_us);
        Ok(())
    }
}
