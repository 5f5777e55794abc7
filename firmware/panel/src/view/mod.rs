//! What the displays show: [`large`] for 128x64 in 16 greys (SSD0323, SSD1322), [`small`] for 96x16 with one bit (SSD0303, SSD1306).

use embedded_graphics::pixelcolor::{BinaryColor, Gray4};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use hearth_wire::Show;

use crate::divide::divide;
use crate::font::{BOLD, Font, Glyphs, glyphs};

mod large;
mod small;

/// A kind of display.
pub trait Screen {
    /// What one of its pixels can be.
    type Color: PixelColor;
    /// Pixels.
    const WIDTH: u32;
    /// Pixels.
    const HEIGHT: u32;
    /// Draws all of it.
    fn draw<D: DrawTarget<Color = Self::Color>>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error>;
    /// How wide the title is, and how much room it has; a longer one moves.
    fn title(show: &Show) -> Option<(i32, i32)>;
}

/// 128x64 pixels, 16 greys.
pub struct Large;

/// 96x16 pixels, on or off.
pub struct Small;

impl Screen for Large {
    type Color = Gray4;
    const WIDTH: u32 = large::WIDTH;
    const HEIGHT: u32 = large::HEIGHT;

    fn draw<D: DrawTarget<Color = Gray4>>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error> {
        large::draw(scene, target)
    }

    fn title(show: &Show) -> Option<(i32, i32)> {
        match show {
            Show::Playing { title, .. } | Show::Channel { title, .. } => {
                Some((BOLD.width_of(&glyphs(title)), large::WIDTH as i32))
            }
            Show::Clock | Show::Message(_) | Show::Dark => None,
        }
    }
}

impl Screen for Small {
    type Color = BinaryColor;
    const WIDTH: u32 = small::WIDTH;
    const HEIGHT: u32 = small::HEIGHT;

    fn draw<D: DrawTarget<Color = BinaryColor>>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error> {
        small::draw(scene, target)
    }

    fn title(show: &Show) -> Option<(i32, i32)> {
        small::title_of(show).map(|(text, (left, right))| (BOLD.width_of(&text), right - left))
    }
}

/// Everything that a picture shows.
pub struct Scene<'a> {
    /// What the box wants shown.
    pub(crate) show: &'a Show,
    /// Local minutes since 1970; none before the clock is set.
    pub(crate) minute: Option<u64>,
    /// The box sleeps.
    pub(crate) standby: bool,
    /// Percent and muted, just after it was changed.
    pub(crate) volume: Option<(u8, bool)>,
    /// Since `show` has got its title, in microseconds.
    pub(crate) shown_us: u64,
}

/// A title stands still for so long before it moves.
const HOLD_STEPS: u32 = 50;
/// A title moves by one pixel in a step: twenty-five a second.
const STEP_US: u64 = 64 * STEP_64_US as u64;
const STEP_64_US: u16 = 625;
/// Between a title's end and its beginning, in pixels.
const BETWEEN: i32 = 24;

/// How far a title of `width` pixels has moved to the left.
pub(crate) fn scrolled(width: i32, room: i32, shown_us: u64) -> i32 {
    if width <= room { 0 } else { lap(width, shown_us).1.saturating_sub(HOLD_STEPS) as i32 }
}

/// Steps at which this round began, and steps in it.
fn lap(width: i32, shown_us: u64) -> (u64, u32) {
    let steps = divide(shown_us >> 6, STEP_64_US).0;
    let (_, in_lap) = divide(steps, (HOLD_STEPS as i32 + width + BETWEEN) as u16);
    (steps - u64::from(in_lap), in_lap)
}

/// When it moves next, in microseconds since it was shown; none if it stands still.
pub(crate) fn moves_at(width: i32, room: i32, shown_us: u64) -> Option<u64> {
    if width <= room {
        return None;
    }
    let (begun, in_lap) = lap(width, shown_us);
    Some((begun + u64::from(in_lap.max(HOLD_STEPS)) + 1) * STEP_US)
}

/// A colour by its brightness, 0 to 15.
pub(crate) trait Ink: PixelColor {
    fn ink(luma: u8) -> Self;
}

impl Ink for Gray4 {
    fn ink(luma: u8) -> Self {
        Self::new(luma)
    }
}

impl Ink for BinaryColor {
    fn ink(luma: u8) -> Self {
        Self::from(luma > 0)
    }
}

const BRIGHT: u8 = 15;
const MIDDLE: u8 = 9;
const DIM: u8 = 4;

/// Text from `at` (left, top) on; what lies outside of `left..right` is cut, pixel for pixel.
fn put<D: DrawTarget<Color: Ink>>(
    text: &[u8],
    font: &Font,
    at: Point,
    (left, right): (i32, i32),
    luma: u8,
    target: &mut D,
) -> Result<(), D::Error> {
    // A target that takes a few rows at a time is asked first.
    let rows = target.bounding_box().rows();
    if at.y >= rows.end || at.y + font.height as i32 <= rows.start {
        return Ok(());
    }
    for (i, glyph) in text.iter().enumerate() {
        let x = at.x + i as i32 * font.width as i32;
        if x >= right || x + font.width as i32 <= left {
            continue;
        }
        for dy in 0..font.height {
            let lit = (0..font.width).filter(|dx| font.is_set(*glyph, *dx, dy));
            let pixels = lit.map(|dx| Point::new(x + dx as i32, at.y + dy as i32)).filter(|p| (left..right).contains(&p.x));
            target.draw_iter(pixels.map(|p| Pixel(p, D::Color::ink(luma))))?;
        }
    }
    Ok(())
}

/// A title that moves through `left..right` if it is longer.
fn title<D: DrawTarget<Color: Ink>>(
    text: &[u8],
    font: &Font,
    y: i32,
    (left, right): (i32, i32),
    shown_us: u64,
    target: &mut D,
) -> Result<(), D::Error> {
    let width = font.width_of(text);
    let x = left - scrolled(width, right - left, shown_us);
    put(text, font, Point::new(x, y), (left, right), BRIGHT, target)?;
    if width > right - left {
        put(text, font, Point::new(x + width + BETWEEN, y), (left, right), BRIGHT, target)?;
    }
    Ok(())
}

fn bar<D: DrawTarget<Color: Ink>>(x: i32, y: i32, width: u32, height: u32, luma: u8, target: &mut D) -> Result<(), D::Error> {
    target.fill_solid(&Rectangle::new(Point::new(x, y), Size::new(width, height)), D::Color::ink(luma))
}

/// Two bars, or a triangle made of rows.
fn state_icon<D: DrawTarget<Color: Ink>>(paused: bool, y: i32, target: &mut D) -> Result<(), D::Error> {
    if paused {
        bar(0, y, 3, 9, BRIGHT, target)?;
        return bar(6, y, 3, 9, BRIGHT, target);
    }
    for row in 0..9i32 {
        bar(0, y + row, (2 * (5 - (row - 4).abs()) - 1) as u32, 1, BRIGHT, target)?;
    }
    Ok(())
}

/// How much of `width` a part of a whole is.
fn share(part: u32, whole: u32, width: u32) -> u32 {
    // Seconds times pixels overflow after 388 days; nothing plays so long.
    part.min(whole).saturating_mul(width).checked_div(whole).unwrap_or(0)
}

/// `12 Das Erste`.
fn channel(number: u16, name: &str) -> Glyphs {
    let mut text = Digits::default();
    text.number(u32::from(number), 1);
    text.0.extend_from_slice(&glyphs(" ")).ok();
    text.0.extend_from_slice(&glyphs(name)).ok();
    text.0
}

/// `1:02:03`, `2:03`.
fn time(seconds: u32) -> Glyphs {
    let mut text = Digits::default();
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 {
        text.number(h, 1);
        text.colon();
    }
    text.number(m, if h > 0 { 2 } else { 1 });
    text.colon();
    text.number(s, 2);
    text.0
}

/// `20:07`, of minutes since midnight.
fn hour_and_minute(minute: u64) -> Glyphs {
    let (_, of_day) = divide(minute, 24 * 60);
    let mut text = Digits::default();
    text.number(of_day / 60, 2);
    text.colon();
    text.number(of_day % 60, 2);
    text.0
}

/// Numbers as glyphs; `core::fmt` is two kilobytes that do the same.
#[derive(Default)]
struct Digits(Glyphs);

impl Digits {
    fn number(&mut self, value: u32, least: usize) {
        let mut digits = [0; 10];
        let (mut rest, mut used) = (value, 0);
        for digit in digits.iter_mut().rev() {
            *digit = (rest % 10) as u8 + (b'0' - b' ');
            used += usize::from(rest > 0);
            rest /= 10;
        }
        self.0.extend_from_slice(digits.split_at_checked(10 - used.max(least)).unwrap_or_default().1).ok();
    }

    fn colon(&mut self) {
        self.0.push(b':' - b' ').ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |seen: Glyphs, shown: &str| assert_eq!(seen, glyphs(shown), "{shown}");
        check(time(0), "0:00");
        check(time(3_599), "59:59");
        check(time(3_723), "1:02:03");
        check(time(u32::MAX), "1193046:28:15");
        check(hour_and_minute(20 * 60 + 7), "20:07");
        check(hour_and_minute(1_440), "00:00");
        check(channel(12, "ČT 1"), "12 ČT 1");
    }

    #[test]
    fn titles_hold_move_and_come_round() {
        let check = |shown_us, moved| assert_eq!(scrolled(200, 128, shown_us), moved, "{shown_us}");
        check(0, 0);
        check(2_000_000 + 40_000 - 1, 0);
        check(2_000_000 + 40_000, 1);
        check(2_000_000 + 223 * 40_000, 223);
        check(2_000_000 + 224 * 40_000, 0);
        check(2 * 2_000_000 + 225 * 40_000, 1);
        assert_eq!(scrolled(128, 128, 200_000_000), 0);
    }

    /// From move to move it goes by one pixel, round after round.
    #[test]
    fn each_move_is_one_pixel() {
        let mut at = 0;
        for i in 0..1_000 {
            let next = moves_at(200, 128, at).unwrap();
            assert!(next > at);
            assert_eq!(scrolled(200, 128, next - 1), scrolled(200, 128, at));
            assert_eq!(scrolled(200, 128, next), (i + 1) % 224);
            at = next;
        }
        assert_eq!(moves_at(100, 128, 0), None);
    }
}
