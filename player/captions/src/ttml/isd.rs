//! What shows in each region at each moment (TTML2 §11.3.1, intermediate synchronic documents), and the cues that follow from it.
use super::content::{Kind, Part};
use super::length::Units;
use super::style::{Computed, Props, region};
use crate::{Color, Cue, Error, Paragraph, Region, Span, WritingMode};

/// Most parts looked at, over all moments: a film's document, ten thousand changes among five thousand lines, takes half of it.
const MAX_WORK: usize = 128_000_000;
/// What a part that shows counts for: it costs memory too.
const SHOWN: usize = 256;

/// The cues of all regions, by their beginnings. `moments`: every time that something begins or ends, in order.
pub(super) fn cues(regions: &[Part<'_>], body: Option<&Part<'_>>, moments: &[u64], units: &Units) -> Result<Vec<Cue>, Error> {
    // A document without regions has one that is all of the picture (TTML2 §11.1.2).
    let default = [Part {
        kind: Kind::Block,
        times: super::content::Times::default(),
        region: None,
        id: "",
        props: Props::new(),
        sets: Vec::new(),
        text: "",
        preserve: false,
        children: Vec::new(),
    }];
    let regions = if regions.is_empty() { &default[..] } else { regions };
    let mut out = Vec::new();
    let mut work = 0;
    for r in regions {
        let mut current: Option<Cue> = None;
        for at in moments {
            let now = show(r, body, *at, units, &mut work)?;
            if let (Some(cue), Some((region, paragraphs))) = (&current, &now)
                && cue.region == *region
                && cue.paragraphs == *paragraphs
            {
                continue;
            }
            out.extend(current.take().map(|c| Cue { end_us: Some(*at), ..c }));
            current = now.map(|(region, paragraphs)| Cue { start_us: *at, region, paragraphs, ..Cue::default() });
        }
        out.extend(current);
    }
    out.sort_by_key(|c| c.start_us);
    Ok(out)
}

/// What shows in a region at a time; none: nothing to be seen.
fn show(
    r: &Part<'_>,
    body: Option<&Part<'_>>,
    at: u64,
    units: &Units,
    work: &mut usize,
) -> Result<Option<(Region, Vec<Paragraph>)>, Error> {
    let props = r.props_at(at);
    let computed = Computed::initial(units).within(&props, units);
    if !r.times.hold(at) || !computed.displayed {
        return Ok(None);
    }
    let place = region(r.id, &props, units, computed.style.size);
    let mut walk = Walk { region: r.id, at, units, work, out: Vec::new() };
    if let Some(body) = body {
        walk.block(body, &computed, "", Color::NONE)?;
    }
    let mut paragraphs = walk.out;
    for p in &mut paragraphs {
        p.rtl |= place.writing_mode == WritingMode::HorizontalRtl;
    }
    let seen = !paragraphs.is_empty() || (place.show_background && place.background.0[3] > 0);
    Ok(seen.then_some((place, paragraphs)))
}

/// Gathers the paragraphs of one region at one time.
struct Walk<'w> {
    region: &'w str,
    at: u64,
    units: &'w Units,
    work: &'w mut usize,
    out: Vec<Paragraph>,
}

impl Walk<'_> {
    /// Counts, and says whether the part shows now; `region` is that of what it is in.
    fn enter<'a>(&mut self, part: &Part<'a>, region: &'a str) -> Result<Option<&'a str>, Error> {
        *self.work += 1;
        if *self.work > MAX_WORK {
            return Err(Error::TooLarge("changes times elements"));
        }
        if !part.times.hold(self.at) {
            return Ok(None);
        }
        *self.work += SHOWN;
        let region = part.region.unwrap_or(region);
        // What has named a region is in no other.
        Ok((region == self.region || (region.is_empty() && !part.children.is_empty())).then_some(region))
    }

    fn block<'a>(&mut self, part: &Part<'a>, outer: &Computed, region: &'a str, behind: Color) -> Result<(), Error> {
        let Some(region) = self.enter(part, region)? else { return Ok(()) };
        let computed = outer.within(&part.props_at(self.at), self.units);
        if !computed.displayed {
            return Ok(());
        }
        let behind = computed.background.filter(|c| c.0[3] > 0).unwrap_or(behind);
        if part.kind != Kind::P {
            return part.children.iter().try_for_each(|c| self.block(c, &computed, region, behind));
        }
        let mut pieces = Vec::new();
        for c in &part.children {
            self.inline(c, &computed, region, Color::NONE, &mut pieces)?;
        }
        let spans = collapse(pieces);
        if !spans.is_empty() {
            self.out.push(Paragraph {
                align: computed.align,
                row_align: computed.row_align,
                rtl: computed.style.rtl,
                line_height: computed.line_height,
                background: behind,
                line_padding: computed.line_padding,
                fill_line_gap: computed.fill_line_gap,
                spans,
            });
        }
        Ok(())
    }

    fn inline<'a>(
        &mut self,
        part: &Part<'a>,
        outer: &Computed,
        region: &'a str,
        behind: Color,
        out: &mut Vec<Piece>,
    ) -> Result<(), Error> {
        let Some(region) = self.enter(part, region)? else { return Ok(()) };
        if part.kind == Kind::Text {
            let style = crate::Style { background: behind, ..outer.style.clone() };
            out.push(Piece { span: Span { text: part.text.to_string(), style, ..Span::default() }, preserve: part.preserve });
            return Ok(());
        }
        let computed = outer.within(&part.props_at(self.at), self.units);
        if !computed.displayed {
            return Ok(());
        }
        let behind = computed.background.filter(|c| c.0[3] > 0).unwrap_or(behind);
        if part.kind == Kind::Br {
            let style = crate::Style { background: behind, ..computed.style };
            out.push(Piece { span: Span { text: "\n".into(), style, ..Span::default() }, preserve: true });
            return Ok(());
        }
        part.children.iter().try_for_each(|c| self.inline(c, &computed, region, behind, out))
    }
}

/// Text and whether its white space stays.
struct Piece {
    span: Span,
    preserve: bool,
}

/// `xml:space="default"`: runs of white space are one space, and none where a line begins or ends. Neighbours of one style become one.
fn collapse(pieces: Vec<Piece>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    // A line begins, or a space has just been written.
    let mut after_space = true;
    for Piece { span, preserve } in pieces {
        let mut text = String::with_capacity(span.text.len());
        for c in span.text.chars() {
            let is_space = matches!(c, ' ' | '\t' | '\n' | '\r');
            if preserve {
                if c == '\n' {
                    trim_end(&mut out, &mut text);
                }
                after_space = c == '\n';
                text.push(c);
            } else if !is_space {
                after_space = false;
                text.push(c);
            } else if !after_space {
                after_space = true;
                text.push(' ');
            }
        }
        match out.last_mut() {
            Some(last) if last.style == span.style => last.text.push_str(&text),
            _ if !text.is_empty() => out.push(Span { text, ..span }),
            _ => {}
        }
    }
    trim_end(&mut out, &mut String::new());
    out.retain(|s| !s.text.is_empty());
    if out.iter().all(|s| s.text.chars().all(|c| c == '\n')) { Vec::new() } else { out }
}

/// Takes the space at a line's end away.
fn trim_end(out: &mut [Span], text: &mut String) {
    if text.ends_with(' ') {
        text.pop();
    } else if text.is_empty()
        && let Some(last) = out.last_mut()
        && last.text.ends_with(' ')
    {
        last.text.pop();
    }
}
