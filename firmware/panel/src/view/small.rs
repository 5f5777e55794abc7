//! 96x16 pixels, on or off.

use embedded_graphics::prelude::*;
use hearth_wire::Show;

use super::{BRIGHT, Ink, Scene, bar, channel, hour_and_minute, put, share, state_icon, title};
use crate::font::{BOLD, Glyphs, glyphs};

/// Pixels.
pub(crate) const WIDTH: u32 = 96;
/// Pixels.
pub(crate) const HEIGHT: u32 = 16;
const ALL: (i32, i32) = (0, WIDTH as i32);
/// Beside the icon.
const BESIDE: (i32, i32) = (12, WIDTH as i32);

/// Draws one screen.
pub(crate) fn draw<D: DrawTarget<Color: Ink>>(scene: &Scene<'_>, target: &mut D) -> Result<(), D::Error> {
    target.clear(D::Color::ink(0))?;
    // The display itself is dimmed while the box sleeps.
    if scene.standby {
        return clock(scene.minute, target);
    }
    if let Some((percent, muted)) = scene.volume {
        put(&glyphs(if muted { "Muted" } else { "Volume" }), &BOLD, Point::zero(), ALL, BRIGHT, target)?;
        return bar(0, 13, share(percent.into(), 100, WIDTH), 3, BRIGHT, target);
    }
    match scene.show {
        Show::Dark => return Ok(()),
        Show::Clock => return clock(scene.minute, target),
        Show::Playing { position_s, duration_s, paused, .. } => {
            state_icon(*paused, 2, target)?;
            bar(0, 14, share(*position_s, *duration_s, WIDTH), 2, BRIGHT, target)?;
        }
        Show::Message(_) | Show::Channel { .. } => {}
    }
    let Some((text, room)) = title_of(scene.show) else { return Ok(()) };
    title(&text, &BOLD, 0, room, scene.shown_us, target)
}

/// The one line of text, and from where to where it goes.
pub(crate) fn title_of(show: &Show) -> Option<(Glyphs, (i32, i32))> {
    match show {
        Show::Clock | Show::Dark => None,
        Show::Message(text) => Some((glyphs(text), ALL)),
        Show::Playing { title, .. } => Some((glyphs(title), BESIDE)),
        Show::Channel { number, name, title } => {
            let mut line = channel(*number, name);
            line.extend_from_slice(&glyphs("  ")).ok();
            line.extend_from_slice(&glyphs(title)).ok();
            Some((line, ALL))
        }
    }
}

fn clock<D: DrawTarget<Color: Ink>>(minute: Option<u64>, target: &mut D) -> Result<(), D::Error> {
    let text = minute.map_or_else(|| glyphs("--:--"), hour_and_minute);
    put(&text, &BOLD, Point::new((WIDTH as i32 - BOLD.width_of(&text)) / 2, 1), ALL, BRIGHT, target)
}
