//! Cue settings and regions (WebVTT §4.5, §6.2, §7): where a cue stands.
use super::VttRegion;
use crate::{BlockAlign, Region, TextAlign, WritingMode};

/// A line of text with the space below it, in parts of the picture's height (§7.1: 5.33 vh).
const LINE: f32 = 0.0533;

/// The settings of one cue, as said.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Placement {
    vertical: WritingMode,
    line: Option<Line>,
    line_align: BlockAlign,
    /// Parts of the picture.
    position: Option<f32>,
    position_align: Option<TextAlign>,
    size: f32,
    align: TextAlign,
    region: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Line {
    /// Lines from the top, or if negative from the bottom.
    Number(i32),
    /// A part of the picture.
    Part(f32),
}

/// `12.5%` as a part.
fn percent(text: &str) -> Option<f32> {
    let number: f32 = text.strip_suffix('%')?.parse().ok()?;
    (0.0..=100.0).contains(&number).then_some(number / 100.0)
}

fn pair(text: &str) -> Option<(f32, f32)> {
    let (a, b) = text.split_once(',')?;
    Some((percent(a)?, percent(b)?))
}

/// A `REGION` block's settings.
pub(super) fn region(lines: &[&str]) -> Option<VttRegion> {
    let mut r = VttRegion { id: String::new(), width: 1.0, lines: 3, anchor: (0.0, 1.0), viewport: (0.0, 1.0) };
    for (name, value) in lines.iter().flat_map(|l| l.split_whitespace()).filter_map(|s| s.split_once(':')) {
        match name {
            "id" => r.id = value.to_string(),
            "width" => r.width = percent(value).unwrap_or(r.width),
            "lines" => r.lines = value.parse().unwrap_or(r.lines).min(100),
            "regionanchor" => r.anchor = pair(value).unwrap_or(r.anchor),
            "viewportanchor" => r.viewport = pair(value).unwrap_or(r.viewport),
            _ => {}
        }
    }
    (!r.id.is_empty()).then_some(r)
}

impl Placement {
    pub(super) fn parse(text: &str) -> Self {
        let mut p = Placement {
            vertical: WritingMode::HorizontalLtr,
            line: None,
            line_align: BlockAlign::Before,
            position: None,
            position_align: None,
            size: 1.0,
            align: TextAlign::Center,
            region: None,
        };
        for (name, value) in text.split_whitespace().filter_map(|s| s.split_once(':')) {
            let (first, second) = value.split_once(',').unwrap_or((value, ""));
            match name {
                "vertical" if value == "rl" => p.vertical = WritingMode::VerticalRl,
                "vertical" if value == "lr" => p.vertical = WritingMode::VerticalLr,
                "line" => p.set_line(first, second),
                "position" => p.set_position(first, second),
                "size" => p.size = percent(value).unwrap_or(p.size),
                "align" => p.align = align(value).unwrap_or(p.align),
                "region" => p.region = Some(value.to_string()),
                _ => {}
            }
        }
        p
    }

    fn set_line(&mut self, value: &str, align: &str) {
        let said = match percent(value) {
            Some(part) => Some(Line::Part(part)),
            None => value.parse::<f32>().ok().filter(|n| n.abs() < 1000.0).map(|n| Line::Number(n as i32)),
        };
        let align = match align {
            "" | "start" => BlockAlign::Before,
            "center" => BlockAlign::Center,
            "end" => BlockAlign::After,
            _ => return,
        };
        if said.is_some() {
            (self.line, self.line_align) = (said, align);
        }
    }

    fn set_position(&mut self, value: &str, align: &str) {
        let align = match align {
            "" => None,
            "line-left" => Some(TextAlign::Left),
            "center" => Some(TextAlign::Center),
            "line-right" => Some(TextAlign::Right),
            _ => return,
        };
        if let Some(part) = percent(value) {
            (self.position, self.position_align) = (Some(part), align);
        }
    }

    /// The box of a cue of so many lines, and how its text stands in it (§7.2 without avoiding overlaps).
    pub(super) fn place(&self, regions: &[VttRegion], lines: u32) -> (Region, TextAlign) {
        let region = self.region.as_ref().and_then(|id| regions.iter().rev().find(|r| r.id == *id));
        if let Some(r) = region.filter(|_| self.vertical == WritingMode::HorizontalLtr && self.line.is_none() && self.size == 1.0)
        {
            return (self.in_region(r), self.align);
        }
        let (along, size) = self.along();
        let (start, extent, block, line) = self.across(lines);
        let horizontal = self.vertical == WritingMode::HorizontalLtr;
        let (x, y, width, height) = if horizontal { (along, start, size, extent) } else { (start, along, extent, size) };
        let region = Region { x, y, width, height, align: block, line, writing_mode: self.vertical, ..Region::default() };
        (region, self.align)
    }

    /// Start and size in the direction of reading.
    fn along(&self) -> (f32, f32) {
        let position = self.position.unwrap_or(match self.align {
            TextAlign::Start | TextAlign::Left => 0.0,
            TextAlign::End | TextAlign::Right => 1.0,
            TextAlign::Center => 0.5,
        });
        let anchor = self.position_align.unwrap_or(match self.align {
            TextAlign::Start | TextAlign::Left => TextAlign::Left,
            TextAlign::End | TextAlign::Right => TextAlign::Right,
            TextAlign::Center => TextAlign::Center,
        });
        let most = match anchor {
            TextAlign::Left => 1.0 - position,
            TextAlign::Right => position,
            _ => position.min(1.0 - position) * 2.0,
        };
        let size = self.size.min(most);
        let start = match anchor {
            TextAlign::Left => position,
            TextAlign::Right => position - size,
            _ => position - size / 2.0,
        };
        (start.max(0.0), size)
    }

    /// Start and extent in the direction that lines follow each other, where the text stands in it, and the line it is moved to.
    fn across(&self, lines: u32) -> (f32, f32, BlockAlign, Option<i32>) {
        let height = (lines as f32 * LINE).min(1.0);
        match self.line {
            None => (0.0, 1.0, BlockAlign::After, None),
            Some(Line::Number(n)) if n >= 0 => (0.0, 1.0, BlockAlign::Before, Some(n)),
            Some(Line::Number(n)) => (0.0, 1.0, BlockAlign::After, Some(n)),
            Some(Line::Part(at)) => match self.line_align {
                BlockAlign::Before => (at, 1.0 - at, BlockAlign::Before, None),
                BlockAlign::Center => ((at - height / 2.0).clamp(0.0, 1.0 - height), height, BlockAlign::Center, None),
                BlockAlign::After => (0.0, at, BlockAlign::After, None),
            },
        }
    }

    fn in_region(&self, r: &VttRegion) -> Region {
        let height = r.lines as f32 * LINE;
        Region {
            id: r.id.clone(),
            x: r.viewport.0 - r.anchor.0 * r.width,
            y: r.viewport.1 - r.anchor.1 * height,
            width: r.width,
            height,
            clip: true,
            ..Region::default()
        }
    }
}

fn align(value: &str) -> Option<TextAlign> {
    Some(match value {
        "start" => TextAlign::Start,
        "center" | "middle" => TextAlign::Center,
        "end" => TextAlign::End,
        "left" => TextAlign::Left,
        "right" => TextAlign::Right,
        _ => return None,
    })
}
