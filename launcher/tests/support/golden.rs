//! Screens against the pictures in `tests/snapshots`. `HEARTH_BLESS=1` writes them anew and still fails, so that nobody blesses
//! without looking.

use std::path::PathBuf;

/// A channel may differ by so much …
const CHANNEL: u8 = 6;
/// … and so many pixels by more: fonts and pictures are our own, so nearly none do.
const PIXELS: usize = 60;

fn folder(of: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(of)
}

/// Compares a screen of 1280x720 `0x00RRGGBB` pixels with the golden picture `name`. What differs is left in `target/snapshots`.
pub fn check(name: &str, screen: &[u32], failures: &mut Vec<String>) {
    let golden = folder("tests/snapshots").join(format!("{name}.png"));
    if std::env::var_os("HEARTH_BLESS").is_some() {
        hearth_launcher::snapshot::write(&golden, 1280, 720, screen).expect("a golden picture is written");
        return failures.push(format!("{name}: written anew; look at it, then run again without HEARTH_BLESS"));
    }
    let problem = match read(&golden) {
        Err(e) => format!("{}: {e}", golden.display()),
        Ok(expected) => {
            let far = |(a, b): &(&u32, &u32)| [16, 8, 0].iter().any(|s| ((*a >> s) as u8).abs_diff((*b >> s) as u8) > CHANNEL);
            match screen.iter().zip(&expected).filter(far).count() {
                differ if differ <= PIXELS && expected.len() == screen.len() => return,
                differ => format!("{differ} pixels differ"),
            }
        }
    };
    let actual = folder("../target/snapshots").join(format!("{name}.png"));
    hearth_launcher::snapshot::write(&actual, 1280, 720, screen).expect("the actual picture is written");
    failures.push(format!("{name}: {problem}; see {}", actual.display()));
}

fn read(path: &std::path::Path) -> Result<Vec<u32>, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().map_err(|e| e.to_string())?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let info = reader.next_frame(&mut bytes).map_err(|e| e.to_string())?;
    if (info.width, info.height, info.color_type) != (1280, 720, png::ColorType::Rgb) {
        return Err("not a picture of 1280x720 RGB pixels".into());
    }
    Ok(bytes.chunks_exact(3).map(|p| u32::from(p[0]) << 16 | u32::from(p[1]) << 8 | u32::from(p[2])).collect())
}
