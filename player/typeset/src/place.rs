//! A cue's paragraphs in its region, and the region on the screen.
use crate::layout::{self, Scale, Text};
use crate::{Fonts, Rect, Viewer};
use hearth_captions::{BlockAlign, Cue, Paragraph, WritingMode};

/// A cue whose lines have their places.
pub(crate) struct Placed<'c> {
    pub cue: &'c Cue,
    pub at_us: u64,
    /// Size of the picture, in pixels.
    pub picture: (f32, f32),
    /// Its region, in pixels of the screen.
    pub region: Rect,
    pub frame: Frame,
    /// Each paragraph's lines, and where they begin across the lines.
    pub texts: Vec<(&'c Paragraph, Text, f32)>,
    /// All lines of text.
    pub block: Rect,
    /// Height of the first line.
    pub line: f32,
}

/// Where what is along and across the lines is on the screen.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub content: Rect,
    pub mode: WritingMode,
}

impl Frame {
    pub fn is_vertical(&self) -> bool {
        matches!(self.mode, WritingMode::VerticalRl | WritingMode::VerticalLr)
    }

    /// Length of a line.
    pub fn along(&self) -> f32 {
        if self.is_vertical() { self.content.height } else { self.content.width }
    }

    fn across(&self) -> f32 {
        if self.is_vertical() { self.content.width } else { self.content.height }
    }

    /// A point. Letters have their tops to the right where lines run downwards, from whichever side these come: `line` is the box of the point's line.
    pub fn point(&self, x: f32, y: f32, line: (f32, f32)) -> (f32, f32) {
        let c = &self.content;
        match self.mode {
            WritingMode::HorizontalLtr | WritingMode::HorizontalRtl => (c.x + x, c.y + y),
            WritingMode::VerticalRl => (c.right() - y, c.y + x),
            WritingMode::VerticalLr => (c.x + line.0 + line.1 - y, c.y + x),
        }
    }

    /// A box.
    pub fn rect(&self, x: (f32, f32), y: (f32, f32), line: (f32, f32)) -> Rect {
        let (a, b) = (self.point(x.0, y.0, line), self.point(x.1, y.1, line));
        Rect::of_edges(a.0.min(b.0), a.1.min(b.1), a.0.max(b.0), a.1.max(b.1))
    }
}

impl Placed<'_> {
    /// Moves all of it.
    pub fn shift(&mut self, dx: f32, dy: f32) {
        for place in [&mut self.region, &mut self.frame.content, &mut self.block] {
            *place = place.moved(dx, dy);
        }
    }
}

/// Lays out `cue` on `picture`.
pub(crate) fn cue<'c>(fonts: &mut Fonts, cue: &'c Cue, at_us: u64, picture: Rect, viewer: &Viewer) -> Placed<'c> {
    let r = &cue.region;
    let region = Rect {
        x: picture.x + r.x * picture.width,
        y: picture.y + r.y * picture.height,
        width: r.width * picture.width,
        height: r.height * picture.height,
    };
    let [top, right, bottom, left] = r.padding;
    let content = Rect::of_edges(
        region.x + left * picture.width,
        region.y + top * picture.height,
        region.right() - right * picture.width,
        region.bottom() - bottom * picture.height,
    );
    let mut frame = Frame { content, mode: r.writing_mode };
    let scale = Scale { width: picture.width, height: picture.height };
    let within = viewer.within(picture);
    // Lines break before the picture's margin, not after.
    let most = if frame.is_vertical() { within.height } else { within.width };
    let along = if viewer.author { frame.along() } else { frame.along().min(most) };
    let spare = frame.along() - along;
    let mut texts = Vec::with_capacity(cue.paragraphs.len());
    let mut height = 0.0;
    for p in &cue.paragraphs {
        let text = layout::paragraph(fonts, p, scale, along, viewer);
        let top = height;
        height += text.height;
        texts.push((p, text, top));
    }
    let line = texts.first().and_then(|(_, t, _)| t.lines.first()).map_or(0.0, |l| l.bottom - l.top);
    let free = frame.across() - height;
    let mut start = match r.align {
        BlockAlign::Before => 0.0,
        BlockAlign::Center => free / 2.0,
        BlockAlign::After => free,
    };
    start += match r.line {
        Some(n) if n >= 0 => n as f32 * line,
        Some(n) => (n + 1) as f32 * line,
        None => 0.0,
    };
    texts.iter_mut().for_each(|(_, _, top)| *top += start);
    if frame.is_vertical() {
        frame.content.y += spare / 2.0;
    } else {
        frame.content.x += spare / 2.0;
    }
    let mut placed =
        Placed { cue, at_us, picture: (picture.width, picture.height), region, frame, texts, block: Rect::default(), line };
    placed.block = block(&placed);
    if !viewer.author {
        keep_in(&mut placed, within);
    }
    placed
}

/// Around all lines.
fn block(placed: &Placed<'_>) -> Rect {
    let lines = placed.texts.iter().flat_map(|(_, text, top)| text.lines.iter().map(move |l| (l, *top)));
    lines.fold(Rect::default(), |all, (l, top)| {
        let across = (l.top + top, l.bottom + top);
        all.with(&placed.frame.rect((l.start, l.end), across, across))
    })
}

/// Moves it into `within`, as far as it fits; the end of the text counts less than its start.
fn keep_in(placed: &mut Placed<'_>, within: Rect) {
    let b = placed.block;
    if b.is_empty() {
        return;
    }
    let by = |from: f32, to: f32, low: f32, high: f32| {
        if from < low || to - from > high - low { low - from } else { (high - to).min(0.0) }
    };
    placed.shift(by(b.x, b.right(), within.x, within.right()), by(b.y, b.bottom(), within.y, within.bottom()));
}
