//! What the display shows: 128x64 pixels, 16 greys (SSD0323, SSD1322 and their kin).

use core::fmt::Write;

use embedded_graphics::mono_font::iso_8859_1::{FONT_6X10, FONT_7X13_BOLD};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};
use hearth_wire::Show;

/// Pixels.
pub const WIDTH: u32 = 128;
/// Pixels.
pub const HEIGHT: u32 = 64;

const BRIGHT: Gray4 = Gray4::new(15);
const MIDDLE: Gray4 = Gray4::new(9);
const DIM: Gray4 = Gray4::new(4);

/// Draws one screen. `minute`: local minutes since 1970, none before the clock is set. `standby` dims it.
pub(crate) fn draw<D: DrawTarget<Color = Gray4>>(
    show: &Show,
    minute: Option<u64>,
    standby: bool,
    target: &mut D,
) -> Result<(), D::Error> {
    target.clear(Gray4::BLACK)?;
    match show {
        Show::Dark => Ok(()),
        Show::Clock => clock(minute, if standby { DIM } else { BRIGHT }, target),
        Show::Message(text) => message(text, target),
        Show::Playing { title, position_s, duration_s, paused } => {
            playing(title, *position_s, *duration_s, *paused, minute, target)
        }
    }
}

fn message<D: DrawTarget<Color = Gray4>>(text: &str, target: &mut D) -> Result<(), D::Error> {
    let columns = (WIDTH / FONT_7X13_BOLD.character_size.width) as usize;
    let lines = wrap(text, columns);
    let top = (HEIGHT as i32 - lines.len() as i32 * 15) / 2;
    for (i, line) in lines.iter().enumerate() {
        put(line, Point::new(WIDTH as i32 / 2, top + i as i32 * 15), &FONT_7X13_BOLD, BRIGHT, Alignment::Center, target)?;
    }
    Ok(())
}

fn playing<D: DrawTarget<Color = Gray4>>(
    title: &str,
    position_s: u32,
    duration_s: u32,
    paused: bool,
    minute: Option<u64>,
    target: &mut D,
) -> Result<(), D::Error> {
    state_icon(paused, target)?;
    if let Some(minute) = minute {
        let mut text = heapless::String::<8>::new();
        let _ = write!(text, "{:02}:{:02}", minute / 60 % 24, minute % 60);
        put(&text, Point::new(WIDTH as i32 - 1, 1), &FONT_6X10, MIDDLE, Alignment::Right, target)?;
    }
    for (i, line) in wrap(title, 18).iter().take(2).enumerate() {
        put(line, Point::new(0, 16 + i as i32 * 14), &FONT_7X13_BOLD, BRIGHT, Alignment::Left, target)?;
    }
    put(&time(position_s), Point::new(0, 45), &FONT_6X10, MIDDLE, Alignment::Left, target)?;
    if duration_s > 0 {
        put(&time(duration_s), Point::new(WIDTH as i32 - 1, 45), &FONT_6X10, MIDDLE, Alignment::Right, target)?;
        let filled = (u64::from(WIDTH) * u64::from(position_s.min(duration_s)) / u64::from(duration_s)) as u32;
        bar(0, 58, WIDTH, 4, DIM, target)?;
        bar(0, 58, filled, 4, BRIGHT, target)?;
    }
    Ok(())
}

/// Two bars, or a triangle made of rows: a styled triangle costs kilobytes of flash.
fn state_icon<D: DrawTarget<Color = Gray4>>(paused: bool, target: &mut D) -> Result<(), D::Error> {
    if paused {
        bar(0, 1, 3, 9, BRIGHT, target)?;
        return bar(6, 1, 3, 9, BRIGHT, target);
    }
    for row in 0..9i32 {
        let width = 2 * (5 - (row - 4).abs()) - 1;
        bar(0, 1 + row, width.max(1) as u32, 1, BRIGHT, target)?;
    }
    Ok(())
}

fn clock<D: DrawTarget<Color = Gray4>>(minute: Option<u64>, color: Gray4, target: &mut D) -> Result<(), D::Error> {
    let shown: [Option<u8>; 4] = match minute {
        Some(m) => {
            let (hours, minutes) = ((m / 60 % 24) as u8, (m % 60) as u8);
            [Some(hours / 10), Some(hours % 10), Some(minutes / 10), Some(minutes % 10)]
        }
        None => [None; 4],
    };
    for (digit, x) in shown.into_iter().zip([8, 35, 72, 99]) {
        segments(digit, Point::new(x, 12), color, target)?;
    }
    bar(62, 23, 4, 4, color, target)?;
    bar(62, 37, 4, 4, color, target)
}

/// Seven segments, 21x40: `(x, y, width, height)` of A to G.
const SEGMENTS: [(i32, i32, u32, u32); 7] =
    [(3, 0, 15, 3), (18, 3, 3, 15), (18, 21, 3, 16), (3, 37, 15, 3), (0, 21, 3, 16), (0, 3, 3, 15), (3, 18, 15, 3)];
/// Which of A (bit 0) to G (bit 6) a digit lights.
const DIGITS: [u8; 10] = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
/// Clock not set: only the middle.
const DASH: u8 = 0x40;

fn segments<D: DrawTarget<Color = Gray4>>(digit: Option<u8>, at: Point, color: Gray4, target: &mut D) -> Result<(), D::Error> {
    let lit = digit.and_then(|d| DIGITS.get(usize::from(d)).copied()).unwrap_or(DASH);
    for (i, (x, y, width, height)) in SEGMENTS.into_iter().enumerate() {
        if lit >> i & 1 == 1 {
            bar(at.x + x, at.y + y, width, height, color, target)?;
        }
    }
    Ok(())
}

fn bar<D: DrawTarget<Color = Gray4>>(
    x: i32,
    y: i32,
    width: u32,
    height: u32,
    color: Gray4,
    target: &mut D,
) -> Result<(), D::Error> {
    Rectangle::new(Point::new(x, y), Size::new(width, height)).into_styled(PrimitiveStyle::with_fill(color)).draw(target)
}

fn put<D: DrawTarget<Color = Gray4>>(
    text: &str,
    at: Point,
    font: &MonoFont<'_>,
    color: Gray4,
    alignment: Alignment,
    target: &mut D,
) -> Result<(), D::Error> {
    let style = TextStyleBuilder::new().alignment(alignment).baseline(Baseline::Top).build();
    Text::with_text_style(text, at, MonoTextStyle::new(font, color), style).draw(target).map(|_| ())
}

/// `1:02:03`, `2:03`.
fn time(seconds: u32) -> heapless::String<16> {
    let mut text = heapless::String::new();
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = if h > 0 { write!(text, "{h}:{m:02}:{s:02}") } else { write!(text, "{m}:{s:02}") };
    text
}

/// Breaks `text` at spaces into at most four lines of `columns` characters; a longer word is cut, never inside a character.
fn wrap(text: &str, columns: usize) -> heapless::Vec<&str, 4> {
    let mut lines = heapless::Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && !lines.is_full() {
        let end = rest.char_indices().nth(columns).map_or(rest.len(), |(i, _)| i);
        let cut = if end == rest.len() { end } else { rest[..end].rfind(' ').filter(|i| *i > 0).unwrap_or(end) };
        let _ = lines.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    lines
}
