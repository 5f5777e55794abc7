//! Tags of media playlists that speak of the playlist as a whole, or of what goes beside its segments (RFC 8216bis §4.4.3, §4.4.5).
use super::attrs::{Attributes, micros};
use super::lines::{Variables, bad};
use super::playlist::{Hint, MediaPlaylist, RenditionReport, ServerControl, Skip};
use crate::{Error, TimedEvent, budget::Budget, time};

/// What reading a tag needs besides its attributes.
pub(super) struct Context<'c, 'i> {
    pub vars: &'c Variables<'i>,
    pub base: &'c url::Url,
    pub budget: &'c mut Budget,
    pub line: usize,
}

/// Takes one tag into `list`; whether it was one of these.
pub(super) fn take(list: &mut MediaPlaylist, name: &str, value: &str, c: &mut Context<'_, '_>) -> Result<bool, Error> {
    let attrs = || Attributes::parse(value);
    match name {
        "EXT-X-ENDLIST" => list.live = false,
        "EXT-X-PLAYLIST-TYPE" => list.event = value.trim() == "EVENT",
        "EXT-X-DISCONTINUITY-SEQUENCE" => list.discontinuity_sequence = value.trim().parse().unwrap_or(0),
        "EXT-X-I-FRAMES-ONLY" => list.iframes_only = true,
        "EXT-X-INDEPENDENT-SEGMENTS" => list.independent_segments = true,
        "EXT-X-START" => list.start_offset_us = attrs().get("TIME-OFFSET").and_then(signed_micros),
        "EXT-X-SERVER-CONTROL" => list.server_control = server_control(&attrs()),
        "EXT-X-PART-INF" => list.part_target_us = attrs().seconds("PART-TARGET"),
        "EXT-X-PRELOAD-HINT" => hint(list, &attrs(), c)?,
        "EXT-X-RENDITION-REPORT" => report(list, &attrs(), c)?,
        "EXT-X-SKIP" => list.skipped = Some(skip(&attrs())),
        "EXT-X-DATERANGE" => date_range(list, &attrs(), c)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn signed_micros(s: &str) -> Option<i64> {
    let (sign, s) = s.strip_prefix('-').map_or((1, s), |rest| (-1, rest));
    Some(sign * i64::try_from(micros(s)?).ok()?)
}

fn server_control(attrs: &Attributes<'_>) -> ServerControl {
    ServerControl {
        can_block_reload: attrs.yes("CAN-BLOCK-RELOAD"),
        can_skip_until_us: attrs.seconds("CAN-SKIP-UNTIL"),
        can_skip_dateranges: attrs.yes("CAN-SKIP-DATERANGES"),
        hold_back_us: attrs.seconds("HOLD-BACK"),
        part_hold_back_us: attrs.seconds("PART-HOLD-BACK"),
    }
}

fn hint(list: &mut MediaPlaylist, attrs: &Attributes<'_>, c: &mut Context<'_, '_>) -> Result<(), Error> {
    let is_map = match attrs.get("TYPE") {
        Some("PART") => false,
        Some("MAP") => true,
        // Other types are for others (§4.4.5.3).
        _ => return Ok(()),
    };
    let uri = attrs.get("URI").ok_or_else(|| bad(c.line, "EXT-X-PRELOAD-HINT without URI"))?;
    c.budget.segment()?;
    let url = c.vars.url(uri, c.base, c.budget, c.line)?;
    list.hints.push(Hint {
        is_map,
        url,
        start: attrs.number("BYTERANGE-START").unwrap_or(0),
        length: attrs.number("BYTERANGE-LENGTH"),
    });
    Ok(())
}

fn report(list: &mut MediaPlaylist, attrs: &Attributes<'_>, c: &mut Context<'_, '_>) -> Result<(), Error> {
    let uri = attrs.get("URI").ok_or_else(|| bad(c.line, "EXT-X-RENDITION-REPORT without URI"))?;
    c.budget.segment()?;
    let url = c.vars.url(uri, c.base, c.budget, c.line)?;
    list.reports.push(RenditionReport { url, last_sequence: attrs.number("LAST-MSN"), last_part: attrs.number("LAST-PART") });
    Ok(())
}

/// IDs stand between tabs.
fn skip(attrs: &Attributes<'_>) -> Skip {
    let removed = attrs.get("RECENTLY-REMOVED-DATERANGES").unwrap_or("");
    Skip {
        segments: attrs.number("SKIPPED-SEGMENTS").unwrap_or(0),
        removed_date_ranges: removed.split('\t').filter(|id| !id.is_empty()).map(str::to_string).collect(),
    }
}

/// Attributes of several tags with one ID add up (§4.4.5.1).
fn date_range(list: &mut MediaPlaylist, attrs: &Attributes<'_>, c: &mut Context<'_, '_>) -> Result<(), Error> {
    c.budget.segment()?;
    let text = |name: &str, budget: &mut Budget| attrs.text(name, c.vars, budget, c.line).map(|t| t.map(|t| t.into_owned()));
    let id = text("ID", c.budget)?.ok_or_else(|| bad(c.line, "EXT-X-DATERANGE without ID"))?;
    let class = text("CLASS", c.budget)?;
    let at = match list.date_ranges.iter().position(|d| d.id == id) {
        Some(at) => at,
        None => {
            list.date_ranges.push(TimedEvent { id, ..TimedEvent::default() });
            list.date_ranges.len() - 1
        }
    };
    let event = &mut list.date_ranges[at];
    event.scheme = class.unwrap_or_else(|| std::mem::take(&mut event.scheme));
    let date = |name: &str| attrs.get(name).and_then(time::unix_ms);
    event.start_date_ms = date("START-DATE").or(event.start_date_ms);
    let between = event.start_date_ms.zip(date("END-DATE")).and_then(|(from, to)| u64::try_from(to.checked_sub(from)?).ok());
    event.duration_us = attrs.seconds("DURATION").or(between.map(|ms| ms.saturating_mul(1000))).or(event.duration_us);
    for (name, value) in attrs.all() {
        if matches!(*name, "ID" | "CLASS" | "START-DATE" | "END-DATE" | "DURATION")
            || event.attributes.iter().any(|(n, _)| n == name)
        {
            continue;
        }
        let value = c.vars.fill(value, c.budget, c.line)?.into_owned();
        event.attributes.push((name.to_string(), value));
    }
    Ok(())
}
