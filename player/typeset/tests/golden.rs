//! Golden pictures of captions in the viewer's style, over a picture that is bright and dark. `HEARTH_BLESS=1` writes them anew and still
//! fails: look at them.
use hearth_captions::{Document, parse};
use hearth_typeset::{Edge, Fonts, Layer, Rect, Stage, Viewer};
use image::{Rgb, RgbImage};
use std::path::Path;

const SIZE: (u32, u32) = (640, 360);

fn over(layers: &[Layer]) -> RgbImage {
    // A sky above, a dark wood below, and white stripes, on which white letters are lost without help.
    let below = |x: u32, y: u32| match (x / 40 + y / 40) % 5 {
        0 => Rgb([236, 236, 228]),
        _ if y < 150 => Rgb([120, 170, 210]),
        _ => Rgb([40, 62, 44]),
    };
    let mut out = RgbImage::from_fn(SIZE.0, SIZE.1, below);
    for layer in layers {
        for (i, p) in layer.pixels.iter().enumerate() {
            let place = (layer.x + i as u32 % layer.width, layer.y + i as u32 / layer.width);
            let below = out.get_pixel_mut(place.0, place.1);
            for c in 0..3 {
                below.0[c] = (u32::from(p[c]) + u32::from(below.0[c]) * (255 - u32::from(p[3])) / 255).min(255) as u8;
            }
        }
    }
    out
}

fn check(name: &str, document: &Document, viewer: &Viewer) {
    let layers = Fonts::new().draw(document, 500_000, &Stage::whole(SIZE.0, SIZE.1), viewer);
    let ours = over(&layers);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.png"));
    if std::env::var_os("HEARTH_BLESS").is_some() {
        ours.save(&path).unwrap();
        panic!("written anew: {}", path.display());
    }
    let golden = image::open(&path).unwrap().to_rgb8();
    let differ = ours.pixels().zip(golden.pixels()).filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 8)).count();
    assert_eq!((golden.dimensions(), differ), (ours.dimensions(), 0), "{name}: pixels that differ");
}

fn vtt(cues: &str) -> Document {
    parse(&format!("WEBVTT\n\n{cues}")).unwrap()
}

#[test]
fn two_lines_in_a_soft_box() {
    check("plain", &vtt("0:00.000 --> 0:02.000\nWhat is this? <i>A rabbit,</i> surely.\nA <b>big</b> one."), &Viewer::default());
}

#[test]
fn two_who_speak_at_once_do_not_cover_each_other() {
    let text = "0:00.000 --> 0:02.000\n- Where have you been?\n\n0:00.000 --> 0:01.000\n- In the meadow, all day long.\n\n\
        0:00.000 --> 0:01.000 line:0 align:start\n<c.yellow>[birds sing]</c>";
    check("two", &vtt(text), &Viewer::default());
}

#[test]
fn the_viewers_colours_size_and_edges() {
    let text = "0:00.000 --> 0:02.000\nLarge, yellow, and in nothing but an outline";
    let viewer =
        Viewer { size: 1.5, color: Some([255, 230, 0, 255]), background: Some([0; 4]), edge: Edge::Outline, ..Viewer::default() };
    check("outline", &vtt(text), &viewer);
}

#[test]
fn above_the_overlay() {
    let shadow = Viewer { background: Some([0; 4]), lift: 0.3, ..Viewer::default() };
    check("shadow", &vtt("0:00.000 --> 0:02.000\nA shadow alone, above the overlay"), &shadow);
}

#[test]
fn ttml_in_regions_of_its_own() {
    let text = r##"<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ebutts="urn:ebu:tt:style" xml:lang="en">
        <head><layout>
          <region xml:id="top" tts:origin="10% 8%" tts:extent="50% 24%" tts:displayAlign="before"/>
          <region xml:id="low" tts:origin="10% 60%" tts:extent="80% 35%" tts:displayAlign="after" tts:textAlign="center"/>
        </layout></head><body><div>
        <p region="top" begin="0s" end="2s" tts:color="#ffffff"><span tts:backgroundColor="#102040c0">Above, to the left</span></p>
        <p region="low" begin="0s" end="2s" tts:fontSize="120%" ebutts:multiRowAlign="start" ebutts:linePadding="0.5c">
          <span tts:backgroundColor="#000000c0" tts:color="cyan">- The longer line of the two<br/></span>
          <span tts:backgroundColor="#000000c0" tts:color="white">- The shorter</span></p>
        </div></body></tt>"##;
    check("regions", &parse(text).unwrap(), &Viewer::default());
}

#[test]
fn words_longer_than_the_picture_and_nonsense_do_no_harm() {
    let mut fonts = Fonts::new();
    let stage = Stage::whole(320, 180);
    for text in ["W".repeat(3000), "\u{202e}".repeat(500), "a\u{301}\u{301}\u{301}".repeat(400), "\u{10ffff}\u{0}\u{feff}".into()]
    {
        for place in ["", " line:-999", " line:0 vertical:rl", " size:0%", " position:100% line:100%"] {
            let document = vtt(&format!("0:00.000 --> 0:02.000{place}\n{text}"));
            for layer in fonts.draw(&document, 1, &stage, &Viewer { size: f32::NAN, ..Viewer::default() }) {
                assert!(layer.x + layer.width <= 320 && layer.y + layer.height <= 180);
                assert_eq!(layer.pixels.len() as u32, layer.width * layer.height);
            }
        }
    }
    let none = Stage { film: Rect::default(), screen: (0, 0) };
    assert!(fonts.draw(&vtt("0:00.000 --> 0:02.000\nNobody sees this"), 1, &none, &Viewer::default()).is_empty());
}

#[test]
fn what_was_seen_shows_and_what_is_to_come_does_not() {
    let document = vtt("0:00.000 --> 0:02.000\nNow <0:01.000>and then");
    let mut fonts = Fonts::new();
    let mut ink = |at| -> usize {
        let viewer = Viewer { background: Some([0; 4]), edge: Edge::None, ..Viewer::default() };
        let layers = fonts.draw(&document, at, &Stage::whole(640, 360), &viewer);
        layers.iter().flat_map(|l| &l.pixels).filter(|p| p[3] > 100).count()
    };
    let (before, after, over) = (ink(0), ink(1_000_000), ink(2_000_000));
    assert!(before > 0 && after > 2 * before && over == 0, "{before} {after} {over}");
}
