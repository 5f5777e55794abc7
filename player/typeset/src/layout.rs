//! A paragraph to lines of letters (Parley: shaping, both directions of writing, line breaks), along the line and across the lines.
use crate::{Fonts, Viewer};
use hearth_captions::{Bidi, Paragraph, Span, TextAlign};
use parley::{
    Alignment, AlignmentOptions, FontData, FontFamily, FontStyle, FontWeight, Layout, LineHeight, OverflowWrap,
    PositionedLayoutItem, StyleProperty, TextWrapMode,
};
use std::ops::Range;

/// Lines of one paragraph. `x` runs along the lines, `y` from one line to the next, in pixels.
pub(crate) struct Text {
    pub lines: Vec<Line>,
    pub runs: Vec<Run>,
    pub height: f32,
}

/// One line's box.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub top: f32,
    pub bottom: f32,
    /// Of its letters, without white space at its end.
    pub start: f32,
    pub end: f32,
}

/// Letters of one font and style on one line.
pub(crate) struct Run {
    pub font: FontData,
    pub coords: Vec<i16>,
    pub size: f32,
    pub bold: bool,
    pub skew: Option<f32>,
    /// Of the paragraph.
    pub span: usize,
    pub line: usize,
    pub start: f32,
    pub end: f32,
    pub baseline: f32,
    pub ascent: f32,
    pub descent: f32,
    /// Top of the lines below and through the letters, from the baseline upwards, and how thick they are.
    pub underline: (f32, f32),
    pub strike: (f32, f32),
    /// Stands upright where lines run downwards (Chinese, Japanese, Korean).
    pub upright: bool,
    pub glyphs: Vec<Glyph>,
}

/// A letter's origin.
#[derive(Clone, Copy)]
pub(crate) struct Glyph {
    pub id: u16,
    pub x: f32,
    pub y: f32,
    pub advance: f32,
}

/// What lengths in parts of the picture are in pixels.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub width: f32,
    pub height: f32,
}

/// Lays out `p` in lines of at most `width` pixels.
pub(crate) fn paragraph(fonts: &mut Fonts, p: &Paragraph, scale: Scale, width: f32, viewer: &Viewer) -> Text {
    let (text, ranges) = text(p);
    let padding = p.line_padding * scale.width;
    let width = (width - 2.0 * padding).max(1.0);
    let mut layout = build(fonts, p, &text, &ranges, scale, viewer);
    layout.break_all_lines(Some(width));
    let mut offset = padding;
    let rtl = p.rtl || layout.is_rtl();
    match p.row_align {
        None => layout.align(alignment(p.align), AlignmentOptions { align_when_overflowing: true }),
        Some(rows) => {
            // The longest line goes where the paragraph says, the others stand to it (EBU-TT-D `multiRowAlign`).
            let longest = layout.lines().map(|l| l.metrics().advance - l.metrics().trailing_whitespace).fold(0.0, f32::max);
            layout.break_all_lines(Some(longest + 0.5));
            layout.align(alignment(rows), AlignmentOptions::default());
            offset += (width - longest)
                * match (p.align, rtl) {
                    (TextAlign::Left, _) | (TextAlign::Start, false) | (TextAlign::End, true) => 0.0,
                    (TextAlign::Center, _) => 0.5,
                    _ => 1.0,
                };
        }
    }
    read(&layout, &text, offset, rtl)
}

fn alignment(align: TextAlign) -> Alignment {
    match align {
        TextAlign::Start => Alignment::Start,
        TextAlign::Center => Alignment::Center,
        TextAlign::End => Alignment::End,
        TextAlign::Left => Alignment::Left,
        TextAlign::Right => Alignment::Right,
    }
}

/// The paragraph's text with the marks that give it its directions (Unicode UAX #9), and where each span is in it.
fn text(p: &Paragraph) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mark = |out: &mut String| out.push_str(if p.rtl { "\u{200f}" } else { "" });
    mark(&mut text);
    let mut ranges = Vec::with_capacity(p.spans.len());
    for Span { text: own, style, .. } in &p.spans {
        let open = match (style.bidi, style.rtl) {
            (Bidi::Normal, _) => "",
            (Bidi::Embed, true) => "\u{202b}",
            (Bidi::Embed, false) => "\u{202a}",
            (Bidi::Override, true) => "\u{202e}",
            (Bidi::Override, false) => "\u{202d}",
        };
        let close = if open.is_empty() { "" } else { "\u{202c}" };
        let start = text.len();
        // Directions end with the line.
        for (i, line) in own.split('\n').enumerate() {
            if i > 0 {
                text.push('\n');
                mark(&mut text);
            }
            if !line.is_empty() {
                [open, line, close].iter().for_each(|part| text.push_str(part));
            }
        }
        ranges.push(start..text.len());
    }
    (text, ranges)
}

fn build(fonts: &mut Fonts, p: &Paragraph, text: &str, ranges: &[Range<usize>], scale: Scale, viewer: &Viewer) -> Layout<u16> {
    let stacks: Vec<_> = p.spans.iter().map(|s| fonts.stack(&s.style.families, viewer.author)).collect();
    let Fonts { context, layouts, .. } = fonts;
    let mut b = layouts.ranged_builder(context, text, 1.0, true);
    if !viewer.author {
        b.push_default(StyleProperty::OverflowWrap(OverflowWrap::BreakWord));
    }
    // So that the marks of direction, which are in no span, have a size too.
    let first = p.spans.first().map_or(0.05, |s| s.style.size);
    b.push_default(StyleProperty::FontSize((first * scale.height * viewer.scale()).clamp(1.0, 1000.0)));
    if let Some(height) = p.line_height {
        b.push_default(StyleProperty::LineHeight(LineHeight::Absolute(height * scale.height * viewer.scale())));
    }
    for (i, ((span, range), stack)) in p.spans.iter().zip(ranges).zip(stacks).enumerate() {
        let (style, range) = (&span.style, || range.clone());
        if range().is_empty() {
            continue;
        }
        b.push(StyleProperty::Brush(u16::try_from(i).unwrap_or(u16::MAX)), range());
        b.push(StyleProperty::FontFamily(FontFamily::List(stack.into())), range());
        // Fonts beyond the screen's size serve nobody, and cost much.
        b.push(StyleProperty::FontSize((style.size * scale.height * viewer.scale()).clamp(1.0, 1000.0)), range());
        let weight = if style.bold { FontWeight::BOLD } else { FontWeight::NORMAL };
        b.push(StyleProperty::FontWeight(weight), range());
        b.push(StyleProperty::FontStyle(if style.italic { FontStyle::Italic } else { FontStyle::Normal }), range());
        if style.no_wrap {
            b.push(StyleProperty::TextWrapMode(TextWrapMode::NoWrap), range());
        }
    }
    b.build(text)
}

fn read(layout: &Layout<u16>, text: &str, offset: f32, rtl: bool) -> Text {
    let mut out = Text { lines: Vec::new(), runs: Vec::new(), height: layout.height() };
    for (number, line) in layout.lines().enumerate() {
        let m = line.metrics();
        let all = m.offset + m.inline_min_coord + offset;
        let (mut start, mut end) = (all, all + m.advance);
        // White space at the end of a line is neither seen nor has a background.
        if rtl {
            start += m.trailing_whitespace
        } else {
            end -= m.trailing_whitespace
        }
        out.lines.push(Line { top: m.block_min_coord, bottom: m.block_max_coord, start, end });
        for item in line.items() {
            let PositionedLayoutItem::GlyphRun(run) = item else { continue };
            let (of, metrics) = (run.run(), run.run().metrics());
            let synthesis = of.synthesis();
            let glyphs = run.positioned_glyphs().map(|g| Glyph {
                id: u16::try_from(g.id).unwrap_or(0),
                x: g.x + offset,
                y: g.y,
                advance: g.advance,
            });
            let (from, to) = (run.offset() + offset, run.offset() + offset + run.advance());
            out.runs.push(Run {
                glyphs: glyphs.collect(),
                font: of.font().clone(),
                coords: of.normalized_coords().to_vec(),
                size: of.font_size(),
                bold: synthesis.embolden(),
                skew: synthesis.skew(),
                span: usize::from(run.style().brush),
                line: number,
                start: from.max(start),
                end: to.min(end),
                baseline: run.baseline(),
                ascent: metrics.ascent,
                descent: metrics.descent,
                underline: (metrics.underline_offset, metrics.underline_size),
                strike: (metrics.strikethrough_offset, metrics.strikethrough_size),
                upright: text.get(of.text_range()).and_then(|t| t.chars().next()).is_some_and(is_upright),
            });
        }
    }
    out
}

/// Letters that keep standing where lines run downwards (UAX #50, the blocks that matter).
fn is_upright(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x11ff | 0x2e80..=0xa4cf | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xfe30..=0xfe4f | 0xff00..=0xffef | 0x1f000..=0x3ffff)
}
