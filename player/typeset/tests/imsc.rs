//! W3C's IMSC1 test suite, where it is at hand: our pictures beside the reference ones. Fonts differ, so what is compared is where ink is.
//! `HEARTH_SHEETS=DIR` leaves both pictures of each test there, side by side, to be looked at.
use hearth_captions::{decode_text, parse_ttml};
use hearth_typeset::{Fonts, Layer, Stage, Viewer};
use image::{Rgb, RgbImage};
use std::path::{Path, PathBuf};

const GREY: Rgb<u8> = Rgb([169; 3]);

fn suite() -> Option<PathBuf> {
    let said = std::env::var_os("HEARTH_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2).map(|a| a.join("shared"));
    said.into_iter().chain(beside).map(|s| s.join("data/captions/imsc1")).find(|p| p.is_dir())
}

fn over(grey: Rgb<u8>, layers: &[Layer]) -> RgbImage {
    let mut out = RgbImage::from_pixel(640, 360, grey);
    for layer in layers {
        for (i, p) in layer.pixels.iter().enumerate() {
            let (x, y) = (layer.x + i as u32 % layer.width, layer.y + i as u32 / layer.width);
            let below = out.get_pixel_mut(x, y);
            for c in 0..3 {
                below.0[c] = (u32::from(p[c]) + u32::from(below.0[c]) * (255 - u32::from(p[3])) / 255).min(255) as u8;
            }
        }
    }
    out
}

/// Left, top, right, bottom of what is not grey.
fn ink(picture: &RgbImage) -> Option<[i64; 4]> {
    let mut found: Option<[i64; 4]> = None;
    for (x, y, p) in picture.enumerate_pixels() {
        if p.0.iter().zip(GREY.0).any(|(a, b)| a.abs_diff(b) > 24) {
            let (x, y) = (i64::from(x), i64::from(y));
            let f = found.get_or_insert([x, y, x, y]);
            *f = [f[0].min(x), f[1].min(y), f[2].max(x), f[3].max(y)];
        }
    }
    found
}

/// Another background, or the image profile, or a picture's shape that only a player's screen tells.
const APART: [&str; 5] = ["altText1", "aspectRatio3", "aspectRatio4", "aspectRatio6", "FillLineGap005"];
/// In pixels: fonts of other makers have other heights.
const NEAR: i64 = 10;

#[test]
fn ink_is_where_the_reference_pictures_have_it() {
    let Some(dir) = suite() else { return };
    let mut fonts = Fonts::new();
    for folder in ["opentype/urw-base35", "truetype/dejavu", "truetype/liberation"] {
        fonts.add_folder(&Path::new("/usr/share/fonts").join(folder));
    }
    let sheets = std::env::var_os("HEARTH_SHEETS").map(PathBuf::from);
    let (mut all, mut wrong) = (0, Vec::new());
    let mut folders: Vec<_> = std::fs::read_dir(dir.join("ttml")).unwrap().flatten().collect();
    folders.sort_by_key(|f| f.path());
    for file in folders.iter().flat_map(|f| std::fs::read_dir(f.path()).into_iter().flatten().flatten()) {
        if file.path().extension().is_none_or(|e| e != "ttml") {
            continue;
        }
        let name = file.path().file_stem().unwrap().to_string_lossy().into_owned();
        let Ok(document) = parse_ttml(&decode_text(&std::fs::read(file.path()).unwrap()).unwrap()) else { continue };
        for png in std::fs::read_dir(dir.join("png").join(&name)).into_iter().flatten().flatten() {
            let Ok(at) = png.path().file_stem().unwrap().to_string_lossy().parse::<f64>() else { continue };
            let theirs = image::open(png.path()).unwrap().to_rgb8();
            let layers = fonts.draw(&document, (at * 1e6).round() as u64 + 1, &Stage::whole(640, 360), &Viewer::author());
            let ours = over(GREY, &layers);
            if APART.contains(&&*name) {
                continue;
            }
            all += 1;
            let (a, b) = (ink(&ours), ink(&theirs));
            let near = match (a, b) {
                (None, None) => continue,
                (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() <= NEAR),
                _ => false,
            };
            if !near {
                wrong.push(format!("{name} at {at}: ours {a:?}, theirs {b:?}"));
            }
            if let Some(sheets) = &sheets {
                let mut sheet = RgbImage::new(640, 720);
                image::imageops::replace(&mut sheet, &ours, 0, 0);
                image::imageops::replace(&mut sheet, &theirs, 0, 360);
                let kind = if near { "near" } else { "far" };
                std::fs::create_dir_all(sheets.join(kind)).unwrap();
                sheet.save(sheets.join(kind).join(format!("{name}-{at}.png"))).unwrap();
            }
        }
    }
    wrong.sort();
    eprintln!("{} of {all} pictures differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(wrong.len() * 20 <= all, "more than one in twenty differ");
}
