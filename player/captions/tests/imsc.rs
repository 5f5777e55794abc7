//! W3C's IMSC1 test suite, where it is at hand: our changes are when its pictures change, and something shows exactly where they show
//! something.
use hearth_captions::{Color, Cue, Document, decode_text, parse_ttml};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn suite() -> Option<PathBuf> {
    let said = std::env::var_os("HEARTH_SHARED").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(2).map(|a| a.join("shared"));
    said.into_iter().chain(beside).map(|s| s.join("data/captions/imsc1")).find(|p| p.is_dir())
}

fn documents(dir: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for folder in std::fs::read_dir(dir.join("ttml")).unwrap().flatten() {
        for f in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if f.path().extension().is_none_or(|e| e != "ttml") {
                continue;
            }
            let name = f.path().file_stem().unwrap().to_string_lossy().into_owned();
            out.insert(name, decode_text(&std::fs::read(f.path()).unwrap()).unwrap());
        }
    }
    out
}

/// Each picture with its time in microseconds.
fn pictures(dir: &Path, name: &str) -> Vec<(u64, PathBuf)> {
    let time = |p: &Path| p.file_stem()?.to_str()?.parse::<f64>().ok().map(|s| (s * 1e6).round() as u64);
    let files = std::fs::read_dir(dir.join("png").join(name)).into_iter().flatten().flatten();
    let mut out: Vec<_> = files.filter_map(|f| Some((time(&f.path())?, f.path()))).collect();
    out.sort();
    out
}

fn at(document: &Document, us: u64) -> Vec<&Cue> {
    document.cues.iter().filter(|c| c.start_us <= us && c.end_us.is_none_or(|end| us < end)).collect()
}

/// Something of it can be seen.
fn seen(cue: &Cue) -> bool {
    let r = &cue.region;
    let spans = || cue.paragraphs.iter().flat_map(|p| &p.spans);
    let text = spans()
        .any(|s| !s.style.hidden && s.style.color.0[3] > 0 && s.style.size > 0.0 && s.text.chars().any(|c| !c.is_whitespace()));
    let boxes =
        spans().any(|s| !s.style.hidden && s.style.background.0[3] > 0) || cue.paragraphs.iter().any(|p| p.background.0[3] > 0);
    let own = r.background != Color::NONE && (r.show_background || !cue.paragraphs.is_empty());
    r.opacity > 0.0 && r.width > 0.0 && r.height > 0.0 && (text || boxes || own)
}

/// Documents of the image profile, and one whose pictures have another background.
const APART: [&str; 5] = ["altText1", "aspectRatio3", "aspectRatio4", "aspectRatio6", "FillLineGap005"];

/// Behind all pictures.
const GREY: u8 = 169;

/// The box of everything that is not the grey behind it.
fn ink(path: &Path) -> Option<(u32, u32, u32, u32)> {
    let picture = image::open(path).unwrap().to_rgb8();
    let grey = image::Rgb([GREY; 3]);
    let mut found: Option<(u32, u32, u32, u32)> = None;
    for (x, y, _) in picture.enumerate_pixels().filter(|(_, _, p)| **p != grey) {
        let f = found.get_or_insert((x, y, x, y));
        *f = (f.0.min(x), f.1.min(y), f.2.max(x), f.3.max(y));
    }
    found
}

/// The ink is where our regions are, as far as these cut off what does not fit.
fn within(document: &Document, us: u64, ink: (u32, u32, u32, u32)) -> bool {
    let regions: Vec<_> = at(document, us).into_iter().filter(|c| seen(c)).map(|c| &c.region).collect();
    if regions.iter().any(|r| !r.clip) {
        return true;
    }
    // The picture of a given shape, in the middle of 640 by 360.
    let (w, h) = document.aspect_ratio.map_or((640.0, 360.0), |(w, h)| {
        let ratio = w as f32 / h as f32;
        if ratio > 640.0 / 360.0 { (640.0, 640.0 / ratio) } else { (360.0 * ratio, 360.0) }
    });
    let (left, top) = ((640.0 - w) / 2.0, (360.0 - h) / 2.0);
    let edge = |f: fn(f32, f32) -> f32, values: &mut dyn Iterator<Item = f32>| values.reduce(f).unwrap_or(0.0);
    let x0 = left + w * edge(f32::min, &mut regions.iter().map(|r| r.x));
    let y0 = top + h * edge(f32::min, &mut regions.iter().map(|r| r.y));
    let x1 = left + w * edge(f32::max, &mut regions.iter().map(|r| r.x + r.width));
    let y1 = top + h * edge(f32::max, &mut regions.iter().map(|r| r.y + r.height));
    let near = 3.5;
    ink.0 as f32 >= x0 - near && ink.1 as f32 >= y0 - near && ink.2 as f32 <= x1 + near && ink.3 as f32 <= y1 + near
}

#[test]
fn something_shows_where_the_pictures_show_something() {
    let Some(dir) = suite() else { return };
    let (mut pictures_seen, mut wrong) = (0, Vec::new());
    for (name, text) in documents(&dir) {
        let document = match parse_ttml(&text) {
            Ok(document) => document,
            Err(e) => {
                wrong.push(format!("{name}: {e}"));
                continue;
            }
        };
        let changes: std::collections::BTreeSet<u64> =
            document.cues.iter().flat_map(|c| [Some(c.start_us), c.end_us]).flatten().collect();
        let all = pictures(&dir, &name);
        for change in changes.iter().filter(|c| **c > 0 && !all.is_empty() && all.iter().all(|(at, _)| at.abs_diff(**c) > 1)) {
            wrong.push(format!("{name}: a change at {change} that has no picture"));
        }
        for (us, path) in all {
            pictures_seen += 1;
            // A microsecond in, for rounding.
            let ours = at(&document, us + 1).iter().any(|c| seen(c));
            let theirs = ink(&path);
            if let Some(out) = theirs.filter(|i| ours && !within(&document, us + 1, *i)) {
                wrong.push(format!("{name} at {us}: ink at {out:?} outside our regions"));
            }
            if ours != theirs.is_some() {
                wrong.push(format!("{name} at {us}: {} shown, theirs {theirs:?}", if ours { "something" } else { "nothing" }));
            }
        }
    }
    eprintln!("{pictures_seen} pictures, {} differ:\n{}", wrong.len(), wrong.join("\n"));
    wrong.retain(|w| !APART.iter().any(|name| w.starts_with(name)));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A live encoder's segments, where they are at hand.
#[test]
fn samples_of_a_stpp_track() {
    let Some(dir) = suite().map(|s| s.with_file_name("stpp_imsc1_txt_sv")) else { return };
    let init = hearth_isobmff::parse_init(&std::fs::read(dir.join("init.mp4")).unwrap()).unwrap();
    assert_eq!(init.tracks[0].codec, hearth_isobmff::Codec::Stpp);
    let us = |ticks: i64| u64::try_from(ticks).unwrap() * 1_000_000 / u64::from(init.tracks[0].timescale);
    let mut texts = Vec::new();
    for n in 1..=4 {
        let bytes = std::fs::read(dir.join(format!("{n}.m4s"))).unwrap();
        for s in hearth_isobmff::parse_segment(&init, &bytes).unwrap() {
            let end = us(s.pts + i64::from(s.duration));
            let document = hearth_captions::parse_stpp_sample(&bytes[s.data.clone()], us(s.pts), end).unwrap();
            for c in document.cues {
                assert!(c.start_us >= us(s.pts) && c.end_us.is_some_and(|e| e <= end), "{c:?}");
                texts.extend(c.paragraphs.iter().map(|p| p.text()));
            }
        }
    }
    eprintln!("{texts:#?}");
    assert!(texts.len() >= 8, "{texts:?}");
}
