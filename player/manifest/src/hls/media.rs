//! Media playlists (RFC 8216 §4.3.2, §4.3.3), low-latency tags tolerated.
use super::attrs::{Attributes, byte_range, micros};
use super::lines::{Line, Variables, bad, lines};
use super::{MediaPlaylist, keys};
use crate::{ByteRange, ContentProtection, Error, Resource, Segment, budget::Budget};

/// What is in force while the lines go by.
struct Reader<'a> {
    base: &'a url::Url,
    budget: Budget,
    vars: Variables,
    target_us: Option<u64>,
    sequence: u64,
    ended: bool,
    keys: Vec<ContentProtection>,
    map: Option<Resource>,
    next_byte: u64,
    start_us: u64,
    segments: Vec<Segment>,
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

pub(super) fn parse(text: &str, base: &url::Url) -> Result<MediaPlaylist, Error> {
    let mut r = Reader {
        base,
        budget: Budget::new(),
        vars: Variables::new(),
        target_us: None,
        sequence: 0,
        ended: false,
        keys: Vec::new(),
        map: None,
        next_byte: 0,
        start_us: 0,
        segments: Vec::new(),
        pending: Pending::default(),
    };
    // A missing EXTINF lasts the target duration, which may be said after the segment.
    r.target_us = lines(text).find_map(|(_, l)| match l {
        Line::Tag { name: "EXT-X-TARGETDURATION", value } => micros(value),
        _ => None,
    });
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
    if r.segments.is_empty() && r.target_us.is_none() {
        return Err(bad(text.lines().count(), "neither variants nor segments"));
    }
    let (init, protection) = first.unwrap_or((r.map, r.keys));
    Ok(MediaPlaylist { live: !r.ended, target_duration_us: r.target_us.unwrap_or(0), init, segments: r.segments, protection })
}

impl Reader<'_> {
    fn tag(&mut self, name: &str, value: &str, line: usize) -> Result<(), Error> {
        match name {
            "EXTINF" => {
                self.pending.duration_us = micros(value.split_once(',').map_or(value, |x| x.0));
            }
            "EXT-X-BYTERANGE" => self.pending.range = Some(byte_range(value, self.next_byte, line)?),
            "EXT-X-DISCONTINUITY" => self.pending.discontinuity = true,
            "EXT-X-GAP" => self.pending.gap = true,
            "EXT-X-KEY" => keys::take(&mut self.keys, &Attributes::parse(value), &self.vars, self.base, &mut self.budget, line)?,
            "EXT-X-MAP" => self.map = Some(self.map(&Attributes::parse(value), line)?),
            "EXT-X-MEDIA-SEQUENCE" if self.segments.is_empty() => self.sequence = value.trim().parse().unwrap_or(0),
            "EXT-X-ENDLIST" => self.ended = true,
            "EXT-X-DEFINE" => self.vars.define(&Attributes::parse(value), self.base, &mut self.budget, line)?,
            // A delta update leaves out segments that its reader is to know already (8216bis §4.4.5.2).
            "EXT-X-SKIP" => {
                let skipped = Attributes::parse(value).number("SKIPPED-SEGMENTS").unwrap_or(0);
                self.sequence = self.sequence.saturating_add(skipped);
            }
            // PROGRAM-DATE-TIME, DATERANGE, PART, PRELOAD-HINT, …: nothing that on-demand play needs.
            _ => {}
        }
        Ok(())
    }

    fn map(&mut self, attrs: &Attributes<'_>, line: usize) -> Result<Resource, Error> {
        let uri = attrs.get("URI").ok_or_else(|| bad(line, "EXT-X-MAP without URI"))?;
        let range = attrs.get("BYTERANGE").map(|r| byte_range(r, 0, line)).transpose()?;
        Ok(Resource { url: self.vars.url(uri, self.base, &mut self.budget, line)?, range })
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
        self.segments.push(Segment {
            resource: Resource { url: self.vars.url(uri, self.base, &mut self.budget, line)?, range: p.range },
            number: self.sequence,
            start_us: self.start_us,
            duration_us,
            discontinuity: p.discontinuity,
            gap: p.gap,
            init: other_init,
            protection: other_keys,
        });
        self.sequence = self.sequence.saturating_add(1);
        self.start_us = self.start_us.saturating_add(duration_us);
        Ok(())
    }
}
