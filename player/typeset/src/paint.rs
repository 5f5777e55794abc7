//! A placed cue to pixels: boxes first, then what sets letters off, then letters.
use crate::layer::Layer;
use crate::layout::Run;
use crate::place::Placed;
use crate::{Edge, Fonts, Rect, Viewer};
use hearth_captions::{Color, Paragraph, Style};
use swash::FontRef;
use swash::scale::{Render, Source, StrikeWith, image::Content};
use swash::zeno::{Angle, Stroke, Transform, Vector};

/// Beside and above the text, in parts of its size, where boxes are the viewer's.
const BESIDE: f32 = 0.34;
const ABOVE: f32 = 0.05;
const ROUND: f32 = 0.16;

/// What the cue looks like; none: nothing of it can be seen.
pub(crate) fn layer(fonts: &mut Fonts, placed: &Placed<'_>, screen: (u32, u32), viewer: &Viewer) -> Option<Layer> {
    let region = &placed.cue.region;
    let size = runs(placed).map(|(_, run, _)| run.size).fold(0.0, f32::max);
    // The viewer's boxes are larger than the author's.
    let (beside, above) = if viewer.author { (0.0, 0.0) } else { (BESIDE * size, ABOVE * size) };
    let clip = region.clip.then_some(placed.region.grown(beside, above));
    let boxed = region.background.0[3] > 0 && (region.show_background || !placed.cue.paragraphs.is_empty());
    let mut place = if boxed { placed.region } else { Rect::default() };
    for (p, run, top) in runs(placed) {
        // Room for slanted and accented letters, for boxes and edges.
        let around = run.size.max(run.ascent);
        let room = place_of(placed, run, top, p.line_padding * placed.picture.0).grown(around, around);
        place = place.with(&clip.map_or(room, |c| room.meet(&c)));
    }
    if placed.texts.iter().any(|(p, ..)| p.background.0[3] > 0) {
        place = place.with(&placed.region);
    }
    let mut layer = Layer::over(place, screen)?;
    boxes(&mut layer, placed, boxed, clip, viewer);
    for (p, run, top) in runs(placed) {
        let Some(span) = p.spans.get(run.span).filter(|s| !s.style.hidden && s.from_us.is_none_or(|from| placed.at_us >= from))
        else {
            continue;
        };
        letters(fonts, &mut layer, placed, (run, top), &span.style, clip, viewer);
    }
    layer.fade(region.opacity);
    layer.shows().then_some(layer)
}

fn runs<'p>(placed: &'p Placed<'_>) -> impl Iterator<Item = (&'p Paragraph, &'p Run, f32)> {
    placed.texts.iter().flat_map(|(p, text, top)| text.runs.iter().map(move |run| (*p, run, *top)))
}

/// The run's line, across the lines.
fn line_of(placed: &Placed<'_>, run: &Run, top: f32) -> (f32, f32) {
    let text = placed.texts.iter().find(|(_, t, at)| *at == top && run.line < t.lines.len());
    text.and_then(|(_, t, _)| t.lines.get(run.line)).map_or((0.0, 0.0), |l| (l.top + top, l.bottom + top))
}

/// A run's box from the top of its highest letters to the bottom of its lowest, longer by `more` at the line's ends.
fn place_of(placed: &Placed<'_>, run: &Run, top: f32, more: f32) -> Rect {
    let line = line_of(placed, run, top);
    let across = (top + run.baseline - run.ascent, top + run.baseline + run.descent);
    placed.frame.rect((run.start - more, run.end + more), across, line)
}

/// Backgrounds of region, paragraphs, and text. Boxes of one colour that overlap are one, or they would be darker there.
fn boxes(layer: &mut Layer, placed: &Placed<'_>, boxed: bool, clip: Option<Rect>, viewer: &Viewer) {
    let cut = |place: Rect| clip.map_or(place, |c| place.meet(&c));
    let mut all: Vec<(Color, Vec<(Rect, f32)>)> = Vec::new();
    let mut add = |color: Color, place: Rect, radius: f32| {
        let place = cut(place);
        if color.0[3] == 0 || place.is_empty() {
            return;
        }
        let Some((_, places)) = all.last_mut().filter(|(c, _)| *c == color) else {
            return all.push((color, vec![(place, radius)]));
        };
        // Runs of one line that touch are one box, rounded at its ends alone.
        match places.last_mut().filter(|(last, _)| (last.y, last.height) == (place.y, place.height) && touch(last, &place)) {
            Some((last, round)) => (*last, *round) = (last.with(&place), round.max(radius)),
            None => places.push((place, radius)),
        }
    };
    if boxed {
        add(placed.cue.region.background, snapped(placed.region), 0.0);
    }
    for (p, text, top) in &placed.texts {
        let across = (*top, top + text.height);
        add(p.background, snapped(placed.frame.rect((0.0, placed.frame.along()), across, across)), 0.0);
    }
    for (p, text, top) in &placed.texts {
        for run in &text.runs {
            let Some(span) = p.spans.get(run.span).filter(|s| !s.style.hidden && run.end > run.start && s.text != "\n") else {
                continue;
            };
            let (color, place, radius) = behind(placed, p, run, *top, &span.style, viewer);
            add(color, place, radius);
        }
    }
    for (color, places) in all {
        let mut mask = layer.mask();
        places.into_iter().for_each(|(place, radius)| layer.cover(&mut mask, place, radius));
        layer.fill(&mask, color);
    }
}

/// Colour, place and rounding of what is behind a run.
fn behind(placed: &Placed<'_>, p: &Paragraph, run: &Run, top: f32, style: &Style, viewer: &Viewer) -> (Color, Rect, f32) {
    let line = line_of(placed, run, top);
    let ends = placed.texts.iter().find(|(_, _, at)| *at == top).and_then(|(_, t, _)| t.lines.get(run.line));
    let (first, last) = ends.map_or((false, false), |l| (run.start <= l.start + 0.5, run.end >= l.end - 0.5));
    let (beside, above, round) =
        if viewer.author { (0.0, 0.0, 0.0) } else { (BESIDE * run.size, ABOVE * run.size, ROUND * run.size) };
    let more = (p.line_padding * placed.picture.0).max(beside);
    let along = (run.start - if first { more } else { 0.0 }, run.end + if last { more } else { 0.0 });
    let own = (top + run.baseline - run.ascent - above, top + run.baseline + run.descent + above);
    let across = if p.fill_line_gap { (line.0.min(own.0), line.1.max(own.1)) } else { own };
    let place = snapped(placed.frame.rect(along, across, line));
    (viewer.background(style.background), place, if first || last { round } else { 0.0 })
}

/// Side by side, in either direction of writing.
fn touch(a: &Rect, b: &Rect) -> bool {
    a.x <= b.right() + 1.0 && b.x <= a.right() + 1.0
}

/// On whole pixels, so that boxes that touch leave no seam.
fn snapped(r: Rect) -> Rect {
    Rect::of_edges(r.x.round(), r.y.round(), r.right().round(), r.bottom().round())
}

/// What is drawn of each letter.
struct Ink {
    color: Color,
    /// Width of a line around it; none: all of it.
    stroke: Option<f32>,
    /// Away from its place.
    offset: f32,
}

fn letters(
    fonts: &mut Fonts,
    layer: &mut Layer,
    placed: &Placed<'_>,
    (run, top): (&Run, f32),
    style: &Style,
    clip: Option<Rect>,
    viewer: &Viewer,
) {
    let fill = Ink { color: viewer.color(style.color), stroke: None, offset: 0.0 };
    let bare = viewer.background(style.background).0[3] == 0;
    let dark = |alpha: u8, stroke: f32, offset: f32| Ink {
        color: Color([0, 0, 0, alpha]),
        stroke: Some(stroke * run.size).filter(|s| *s > 0.0),
        offset: offset * run.size,
    };
    let mut inks = match (style.outline, viewer.edge) {
        (Some((color, thickness)), _) => vec![Ink { color, stroke: Some(2.0 * thickness * placed.picture.1), offset: 0.0 }],
        (None, Edge::Shadow) if bare => vec![dark(90, 0.16, 0.05), dark(150, 0.09, 0.025)],
        (None, Edge::Outline) if bare => vec![dark(230, 0.16, 0.0)],
        _ => Vec::new(),
    };
    inks.push(fill);
    for ink in &inks {
        glyphs(fonts, layer, placed, (run, top), ink, clip);
    }
    lines(layer, placed, (run, top), style, viewer, clip);
}

/// The lines below, through and above.
fn lines(layer: &mut Layer, placed: &Placed<'_>, (run, top): (&Run, f32), style: &Style, viewer: &Viewer, clip: Option<Rect>) {
    let baseline = top + run.baseline;
    let mut mask = layer.mask();
    let (under, strike) = (run.underline, run.strike);
    let wanted = [(style.underline, under), (style.line_through, strike), (style.overline, (run.ascent, under.1))];
    for (_, (offset, size)) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
        let from = (baseline - offset).round();
        let across = (from, from + size.round().max(1.0));
        let place = placed.frame.rect((run.start, run.end), across, line_of(placed, run, top));
        layer.cover(&mut mask, clip.map_or(place, |c| place.meet(&c)), 0.0);
    }
    if wanted.iter().any(|(wanted, _)| *wanted) {
        layer.fill(&mask, viewer.color(style.color));
    }
}

fn glyphs(fonts: &mut Fonts, layer: &mut Layer, placed: &Placed<'_>, (run, top): (&Run, f32), ink: &Ink, clip: Option<Rect>) {
    let data = run.font.data.as_ref();
    let Some(font) = FontRef::from_index(data, run.font.index as usize) else { return };
    let mut scaler = fonts.scaler.builder(font).size(run.size).hint(false).normalized_coords(&run.coords).build();
    let vertical = placed.frame.is_vertical();
    let turned = vertical && !run.upright;
    let line = line_of(placed, run, top);
    let sources = [Source::ColorOutline(0), Source::ColorBitmap(StrikeWith::BestFit), Source::Outline];
    // Only the letter itself is coloured, not what is around it.
    let mut render = Render::new(if ink.stroke.is_some() { &sources[2..] } else { &sources[..] });
    if let Some(width) = ink.stroke {
        render.style(Stroke::new(width.max(0.5)));
    }
    if run.bold {
        render.embolden(run.size / 40.0);
    }
    let skew = run.skew.map(|degrees| Transform::skew(Angle::from_degrees(degrees), Angle::from_degrees(0.0)));
    let turn = turned.then(|| Transform::rotation(Angle::from_degrees(-90.0)));
    render.transform(match (skew, turn) {
        (Some(a), Some(b)) => Some(a.then(&b)),
        (a, b) => a.or(b),
    });
    for g in &run.glyphs {
        let (mut x, mut y) = placed.frame.point(g.x, top + g.y, line);
        if vertical && run.upright {
            // In the middle of its place on the line, standing.
            (x, y) = placed.frame.point(g.x + g.advance / 2.0, top + run.baseline - (run.ascent - run.descent) / 2.0, line);
            (x, y) = (x - g.advance / 2.0, y + (run.ascent - run.descent) / 2.0);
        }
        (x, y) = (x + ink.offset, (y + ink.offset).round());
        // A quarter of a pixel is as exact as an eye is.
        let (whole, part) = (x.floor(), ((x - x.floor()) * 4.0).floor() / 4.0);
        render.offset(Vector::new(part, 0.0));
        let Some(image) = render.render(&mut scaler, g.id) else { continue };
        let at = ((whole as i32).saturating_add(image.placement.left), (y as i32).saturating_sub(image.placement.top));
        match image.content {
            Content::Mask => layer.stamp(at, (image.placement.width, &image.data), ink.color, clip),
            _ => layer.stamp_color(at, (image.placement.width, &image.data), clip),
        }
    }
}
