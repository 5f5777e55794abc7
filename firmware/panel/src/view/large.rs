//! 128x64 pixels, 16 greys.

use embedded_graphics::prelude::*;
use hearth_wire::Show;

use super::{BRIGHT, DIM, Ink, MIDDLE, Scene, bar, channel, hour_and_minute, put, share, state_icon, time, title};
use crate::font::{BOLD, SMALL, glyphs};

/// Pixels.
pub(crate) const WIDTH: u32 = 128;
/// Pixels.
pub(crate) const HEIGHT: u32 = 64;
const ALL: (i32, i32) = (0, WIDTH as i32);

/// Draws one screen.
pub(crate) fn draw<D: DrawTarget<Color: Ink>>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error> {
    target.clear(D::Color::ink(0))?;
    if scene.standby {
        return clock(scene.minute, DIM, target);
    }
    if let Some((percent, muted)) = scene.volume {
        return volume(percent, muted, target);
    }
    match scene.show {
        Show::Dark => Ok(()),
        Show::Clock => clock(scene.minute, BRIGHT, target),
        Show::Message(text) => message(text, target),
        Show::Playing { title: text, position_s, duration_s, paused } => {
            state_icon(*paused, 1, target)?;
            small_clock(scene, target)?;
            title(&glyphs(text), &BOLD, 22, ALL, scene.shown_us, target)?;
            progress(*position_s, *duration_s, target)
        }
        Show::Channel { number, name, title: text } => {
            put(&channel(*number, name), &BOLD, Point::zero(), (0, 96), BRIGHT, target)?;
            small_clock(scene, target)?;
            title(&glyphs(text), &BOLD, 30, ALL, scene.shown_us, target)
        }
    }
}

fn small_clock<D: DrawTarget<Color: Ink>>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error> {
    let Some(minute) = scene.minute else { return Ok(()) };
    put(&hour_and_minute(minute), &SMALL, Point::new(98, 1), ALL, MIDDLE, target)
}

fn progress<D: DrawTarget<Color: Ink>>(position_s: u32, duration_s: u32, target: &mut D) -> Result<(), D::Error> {
    put(&time(position_s), &SMALL, Point::new(0, 45), ALL, MIDDLE, target)?;
    if duration_s == 0 {
        return Ok(());
    }
    let end = time(duration_s);
    put(&end, &SMALL, Point::new(WIDTH as i32 - SMALL.width_of(&end), 45), ALL, MIDDLE, target)?;
    bar(0, 58, WIDTH, 4, DIM, target)?;
    bar(0, 58, share(position_s, duration_s, WIDTH), 4, BRIGHT, target)
}

fn volume<D: DrawTarget<Color: Ink>>(percent: u8, muted: bool, target: &mut D) -> Result<(), D::Error> {
    let words = glyphs(if muted { "Muted" } else { "Volume" });
    put(&words, &BOLD, Point::new(0, 14), ALL, BRIGHT, target)?;
    bar(0, 36, WIDTH, 10, DIM, target)?;
    bar(0, 36, share(percent.into(), 100, WIDTH), 10, if muted { MIDDLE } else { BRIGHT }, target)
}

/// At most four lines, broken at spaces; a longer word is cut.
fn message<D: DrawTarget<Color: Ink>>(text: &str, target: &mut D) -> Result<(), D::Error> {
    let columns = (WIDTH / BOLD.width) as usize;
    let text = glyphs(text);
    let count = lines(&text, columns).take(4).count() as i32;
    for (i, line) in lines(&text, columns).take(4).enumerate() {
        let at = Point::new((WIDTH as i32 - BOLD.width_of(line)) / 2, (HEIGHT as i32 - count * 15) / 2 + i as i32 * 15);
        put(line, &BOLD, at, ALL, BRIGHT, target)?;
    }
    Ok(())
}

fn lines(text: &[u8], columns: usize) -> impl Iterator<Item = &[u8]> {
    const SPACE: u8 = 0;
    let mut rest = text.trim_spaces();
    core::iter::from_fn(move || {
        let whole = rest.len() <= columns;
        let (line, _) = rest.split_at_checked(columns).unwrap_or((rest, &[]));
        // A space right after the line is a good end, too.
        let end = match (whole, rest.get(columns)) {
            (true, _) | (_, Some(&SPACE)) => line.len(),
            _ => line.iter().rposition(|g| *g == SPACE).filter(|i| *i > 0).unwrap_or(line.len()),
        };
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.trim_spaces();
        (!line.is_empty()).then_some(line.trim_spaces())
    })
}

trait TrimSpaces {
    fn trim_spaces(&self) -> &Self;
}

impl TrimSpaces for [u8] {
    fn trim_spaces(&self) -> &Self {
        let mut all = self;
        while let [0, rest @ ..] | [rest @ .., 0] = all {
            all = rest;
        }
        all
    }
}

/// Hours and minutes in seven segments; dashes where they are not known.
fn clock<D: DrawTarget<Color: Ink>>(minute: Option<u64>, luma: u8, target: &mut D) -> Result<(), D::Error> {
    let text = minute.map(hour_and_minute);
    let digit = |i: usize| text.as_ref().and_then(|t| t.get(i)).map(|g| usize::from(g - (b'0' - b' ')));
    for (i, x) in [(0, 8), (1, 35), (3, 72), (4, 99)] {
        segments(digit(i), Point::new(x, 12), luma, target)?;
    }
    bar(62, 23, 4, 4, luma, target)?;
    bar(62, 37, 4, 4, luma, target)
}

/// Seven segments, 21x40: `(x, y, width, height)` of A to G.
const SEGMENTS: [(u8, u8, u8, u8); 7] =
    [(3, 0, 15, 3), (18, 3, 3, 15), (18, 21, 3, 16), (3, 37, 15, 3), (0, 21, 3, 16), (0, 3, 3, 15), (3, 18, 15, 3)];
/// Which of A (bit 0) to G (bit 6) a digit lights.
const DIGITS: [u8; 10] = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
/// Clock not set: only the middle.
const DASH: u8 = 0x40;

fn segments<D: DrawTarget<Color: Ink>>(digit: Option<usize>, at: Point, luma: u8, target: &mut D) -> Result<(), D::Error> {
    let lit = digit.and_then(|d| DIGITS.get(d).copied()).unwrap_or(DASH);
    for (i, (x, y, width, height)) in SEGMENTS.into_iter().enumerate() {
        if lit >> i & 1 == 1 {
            bar(at.x + i32::from(x), at.y + i32::from(y), width.into(), height.into(), luma, target)?;
        }
    }
    Ok(())
}
