//! What the display shows, pixel for pixel. `HEARTH_BLESS=1` writes the pictures anew (and the test still fails once, to be looked at).

use std::convert::Infallible;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use hearth_panel::{Action, Event, HEIGHT, Panel, WIDTH};
use hearth_wire::{ResetCause, Show, ToPanel};

/// A display in memory; one byte a pixel, 0 to 15.
struct Picture(Vec<u8>);

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        Size::new(WIDTH, HEIGHT)
    }
}

impl DrawTarget for Picture {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Gray4>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, color) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y))
                && x < WIDTH
                && y < HEIGHT
            {
                self.0[(y * WIDTH + x) as usize] = color.luma();
            }
        }
        Ok(())
    }
}

fn check(name: &str, panel: &Panel, now_us: u64) {
    let mut picture = Picture(vec![0; (WIDTH * HEIGHT) as usize]);
    panel.draw(now_us, &mut picture).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("png");
    let pixels: Vec<u8> = picture.0.iter().map(|luma| luma * 17).collect();
    if std::env::var_os("HEARTH_BLESS").is_some() {
        let mut encoder = png::Encoder::new(File::create(&path).unwrap(), WIDTH, HEIGHT);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        panic!("{} written: look at it", path.display());
    }
    let mut reader = png::Decoder::new(BufReader::new(File::open(&path).unwrap())).read_info().unwrap();
    let mut golden = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut golden).unwrap();
    let different = golden.iter().zip(&pixels).filter(|(a, b)| a != b).count();
    assert!(golden.len() == pixels.len() && different == 0, "{name}: {different} pixels differ from {}", path.display());
}

/// A panel at 20:07 in Berlin that was told to show `show`.
fn panel(show: Option<Show>) -> Panel {
    let mut panel = Panel::default();
    panel.step(0, Event::Start(ResetCause::PowerOn));
    panel.step(0, Event::Message(0, ToPanel::Time { unix_s: 1_795_201_620, offset_min: 60 }));
    if let Some(show) = show {
        let actions = panel.step(1, Event::Message(1, ToPanel::Show(show)));
        assert!(actions.contains(&Action::Draw));
    }
    panel
}

fn playing(title: &str, paused: bool) -> Option<Show> {
    Some(Show::Playing { title: title.try_into().unwrap(), position_s: 2_730, duration_s: 5_430, paused })
}

#[test]
fn clock() {
    check("clock", &panel(None), 0);
}

#[test]
fn clock_not_set() {
    check("clock-not-set", &Panel::default(), 0);
}

#[test]
fn standby_is_a_dim_clock() {
    let mut panel = panel(playing("Big Buck Bunny", false));
    panel.step(2, Event::Message(2, ToPanel::Standby { wake_at_s: None }));
    assert!(panel.step(3, Event::Message(3, ToPanel::SafeToCut)).contains(&Action::Power(false)));
    check("standby", &panel, 60_000_000);
}

#[test]
fn film_plays() {
    check("playing", &panel(playing("Big Buck Bunny", false)), 1);
}

#[test]
fn film_is_held() {
    check("paused", &panel(playing("Le Fabuleux Destin d'Amélie Poulain", true)), 1);
}

#[test]
fn message() {
    check("message", &panel(Some(Show::Message("Update 3 of 4: do not unplug".try_into().unwrap()))), 1);
}
