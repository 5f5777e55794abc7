//! What the displays show, pixel for pixel. `HEARTH_BLESS=1` writes the pictures anew (and the test still fails once, to be looked at).

mod scenes;

use std::convert::Infallible;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use embedded_graphics::pixelcolor::{BinaryColor, Gray4};
use embedded_graphics::prelude::*;
use hearth_panel::rows::{Layout, Rows};
use hearth_panel::{Action, Event, Large, Panel, Screen, Small};
use hearth_wire::{ResetCause, Show, ToPanel};
use proptest::prelude::*;
use scenes::{LONG, playing, scenes};

/// A display in memory; one byte a pixel, 0 to 15.
struct Picture<C> {
    width: u32,
    pixels: Vec<u8>,
    luma: fn(C) -> u8,
}

impl<C> OriginDimensions for Picture<C> {
    fn size(&self) -> Size {
        Size::new(self.width, self.pixels.len() as u32 / self.width)
    }
}

impl<C: PixelColor> DrawTarget for Picture<C> {
    type Color = C;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<C>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, color) in pixels {
            if self.bounding_box().contains(at) {
                self.pixels[(at.y * self.width as i32 + at.x) as usize] = (self.luma)(color);
            }
        }
        Ok(())
    }
}

fn drawn<S: Screen>(panel: &Panel<S>, now_us: u64, luma: fn(S::Color) -> u8) -> Picture<S::Color> {
    let mut picture = Picture { width: S::WIDTH, pixels: vec![0; (S::WIDTH * S::HEIGHT) as usize], luma };
    panel.draw(now_us, &mut picture).unwrap();
    picture
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).with_extension("png")
}

fn compare<C: PixelColor>(name: &str, picture: &Picture<C>) {
    let path = golden(name);
    let pixels: Vec<u8> = picture.pixels.iter().map(|luma| luma * 17).collect();
    if std::env::var_os("HEARTH_BLESS").is_some() {
        let Size { width, height } = picture.size();
        let mut encoder = png::Encoder::new(File::create(&path).unwrap(), width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        return;
    }
    let mut reader = png::Decoder::new(BufReader::new(File::open(&path).unwrap())).read_info().unwrap();
    let mut golden = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut golden).unwrap();
    let different = golden.iter().zip(&pixels).filter(|(a, b)| a != b).count();
    assert!(golden.len() == pixels.len() && different == 0, "{name}: {different} pixels differ from {}", path.display());
}

/// A panel at 20:07 in Berlin that was told `messages` at `at_us`.
fn panel<S: Screen>(at_us: u64, messages: &[ToPanel]) -> Panel<S> {
    let mut panel = Panel::default();
    panel.step(0, Event::Start(ResetCause::PowerOn));
    panel.step(at_us, Event::Message(0, ToPanel::Time { unix_s: 1_795_201_620, offset_min: 60 }));
    for message in messages {
        panel.step(at_us, Event::Message(1, message.clone()));
    }
    panel
}

#[test]
fn large() {
    for (name, messages, later) in scenes() {
        compare(name, &drawn(&panel::<Large>(0, &messages), later, |c: Gray4| c.luma()));
    }
    compare("clock-not-set", &drawn(&<Panel>::default(), 0, |c| c.luma()));
}

#[test]
fn small() {
    for (name, messages, later) in scenes() {
        compare(&format!("small-{name}"), &drawn(&panel::<Small>(0, &messages), later, mono));
    }
}

/// What a display shows that is sent rows as they change, and how many were sent last.
struct Display<S: Layout> {
    rows: Rows<S>,
    pixels: Vec<u8>,
    /// The pixels of a row of the display's, as an area of rows and their lumas.
    unpack: fn(&[u8]) -> Vec<u8>,
}

impl<S: Layout<Color: PixelColor>> Display<S> {
    fn new(unpack: fn(&[u8]) -> Vec<u8>) -> Self {
        Self { rows: Rows::new(), pixels: vec![15; (S::WIDTH * S::HEIGHT) as usize], unpack }
    }

    fn update(&mut self, panel: &Panel<S>, now_us: u64) -> usize {
        let (mut sent, pixels, unpack) = (0, &mut self.pixels, self.unpack);
        self.rows.restart();
        while self.rows.pending() {
            self.rows.next(
                |band| panel.draw(now_us, band),
                |y, row| {
                    let lumas = unpack(row);
                    let at = usize::from(y) * lumas.len();
                    pixels.splice(at..at + lumas.len(), lumas);
                    sent += 1;
                },
            );
        }
        sent
    }
}

fn large_display() -> Display<Large> {
    Display::new(|row| row.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect())
}

fn small_display() -> Display<Small> {
    Display::new(|page| (0..8).flat_map(|y| page.iter().map(move |column| (column >> y & 1) * 15)).collect())
}

fn mono(color: BinaryColor) -> u8 {
    u8::from(color.is_on()) * 15
}

#[test]
fn only_changed_rows_are_sent() {
    let mut panel = panel::<Large>(0, &[playing(LONG, false)]);
    let mut display = large_display();
    assert_eq!(display.update(&panel, 0), 64, "nothing is known of a display");
    assert_eq!(display.update(&panel, 1), 0);
    let moved = display.update(&panel, 2_040_000);
    assert!((1..=13).contains(&moved), "a title of 13 rows moved: {moved}");
    let Show::Playing { title, .. } = (match playing(LONG, false) {
        ToPanel::Show(show) => show,
        _ => unreachable!(),
    }) else {
        unreachable!()
    };
    let later = Show::Playing { title, position_s: 2_731, duration_s: 5_430, paused: false };
    panel.step(2_040_000, Event::Message(2, ToPanel::Show(later)));
    let second = display.update(&panel, 2_040_000);
    assert!((1..=10).contains(&second), "one digit changed: {second}");
}

/// Its rows are pages of eight rows of pixels.
#[test]
fn only_changed_pages_are_sent() {
    let mut panel = panel::<Small>(0, &[ToPanel::Show(Show::Clock)]);
    let mut display = small_display();
    assert_eq!(display.update(&panel, 0), 2, "nothing is known of a display");
    assert_eq!(display.update(&panel, 1), 0);
    let at = |position_s| {
        let title = "Amélie".try_into().unwrap();
        ToPanel::Show(Show::Playing { title, position_s, duration_s: 96, paused: false })
    };
    panel.step(2, Event::Message(0, at(10)));
    assert_eq!(display.update(&panel, 2), 2);
    panel.step(3, Event::Message(1, at(11)));
    assert_eq!(display.update(&panel, 3), 1, "the bar below grew");
    panel.step(4, Event::Message(2, at(11)));
    assert_eq!(display.update(&panel, 4), 0);
}

#[test]
fn a_title_moves_by_itself_at_its_own_time() {
    let mut panel = panel::<Large>(0, &[playing(LONG, false)]);
    let mut draws = Vec::new();
    let mut now = 0;
    while now < 2_200_000 {
        now = panel.deadline().expect("it will move");
        if panel.step(now, Event::Tick).contains(&Action::Draw) {
            draws.push(now);
        }
    }
    assert_eq!(draws, [2_040_000, 2_080_000, 2_120_000, 2_160_000, 2_200_000]);
    let again = panel.step(2_210_000, Event::Message(3, playing(LONG, true)));
    assert!(again.contains(&Action::Draw));
    assert_eq!(panel.deadline(), Some(2_240_000), "held, and the title goes on from where it was");
}

fn any_show() -> impl Strategy<Value = Show> {
    prop_oneof![
        Just(Show::Clock),
        Just(Show::Dark),
        "\\PC{0,12}".prop_map(|t| Show::Message(t.as_str().try_into().unwrap())),
        ("\\PC{0,15}", any::<u32>(), any::<u32>(), any::<bool>()).prop_map(|(t, position_s, duration_s, paused)| {
            Show::Playing { title: t.as_str().try_into().unwrap(), position_s, duration_s, paused }
        }),
        (any::<u16>(), "\\PC{0,6}", "[a-zA-Zа-я ]{0,30}").prop_map(|(number, name, title)| Show::Channel {
            number,
            name: name.as_str().try_into().unwrap(),
            title: title.as_str().try_into().unwrap(),
        }),
    ]
}

proptest! {
    /// Rows that changed, one after another, come to the whole picture; and both displays draw anything.
    #[test]
    fn rows_are_the_picture(shows in proptest::collection::vec((any_show(), 0u64..20_000_000), 1..8)) {
        let mut panel = <Panel>::default();
        let mut small = Panel::<Small>::default();
        let (mut display, mut small_display, mut now) = (large_display(), small_display(), 0);
        for (show, pause) in shows {
            panel.step(now, Event::Message(0, ToPanel::Show(show.clone())));
            small.step(now, Event::Message(0, ToPanel::Show(show)));
            now += pause;
            panel.step(now, Event::Tick);
            display.update(&panel, now);
            prop_assert_eq!(&display.pixels, &drawn(&panel, now, |c| c.luma()).pixels);
            small.step(now, Event::Tick);
            small_display.update(&small, now);
            prop_assert_eq!(&small_display.pixels, &drawn(&small, now, mono).pixels);
        }
    }
}
