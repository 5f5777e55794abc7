//! Bakes one picture by every recipe and writes PNGs, to be looked at.

use std::{path::PathBuf, process::ExitCode};

use hearth_pixels::{Bitmap, Colour, Error, Format, Recipe, bake::bake, decode};

const PAGE: Colour = Colour(11, 13, 18);

fn main() -> ExitCode {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [picture, out] = &args[..] else {
        eprintln!("usage: bake PICTURE OUT_DIR");
        return ExitCode::from(2);
    };
    match run(picture, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

fn run(picture: &PathBuf, out: &PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let picture = decode(&std::fs::read(picture)?)?;
    std::fs::create_dir_all(out)?;
    let (width, height, radius, ring) = (138, 207, 10, Colour(245, 245, 245));
    let recipes = [
        ("plain", Recipe::Plain { width, height }),
        ("tile", Recipe::Tile { width, height, radius, page: PAGE }),
        ("cutout", Recipe::Cutout { width, height, radius }),
        ("focused", Recipe::Focused { width, height, radius, percent: 108, ring }),
        ("backdrop", Recipe::Backdrop { width: 1280, height: 720, page: PAGE }),
    ];
    for (name, recipe) in recipes {
        let start = std::time::Instant::now();
        let bitmap = bake(&picture, recipe)?;
        println!("{name}: {bitmap:?} in {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
        over_page(&bitmap)?.save(out.join(format!("{name}.png")))?;
    }
    Ok(())
}

/// As the screen would show it on a slightly lighter page.
fn over_page(bitmap: &Bitmap) -> Result<image::RgbImage, Error> {
    let page = [30_u32, 34, 44];
    let rgb = match bitmap.format {
        Format::Rgb8 => bitmap.data.clone(),
        Format::Rgba8Premultiplied => {
            let over = |p: &[u8]| [0, 1, 2].map(|c| (u32::from(p[c]) + page[c] * (255 - u32::from(p[3])) / 255) as u8);
            bitmap.data.chunks_exact(4).flat_map(over).collect()
        }
    };
    let size = Error::Size { width: bitmap.width, height: bitmap.height };
    image::RgbImage::from_raw(bitmap.width, bitmap.height, rgb).ok_or(size)
}
