//! The screen as a PNG file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes `0x00RRGGBB` pixels to `path`, through a temporary file beside it: whoever waits for the picture never sees half of it.
pub fn write(path: &Path, width: u32, height: u32, pixels: &[u32]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let unfinished = path.with_extension("png.part");
    let mut file = BufWriter::new(File::create(&unfinished)?);
    encode(&mut file, width, height, pixels)?;
    file.flush()?;
    drop(file);
    std::fs::rename(unfinished, path)
}

/// Encodes `0x00RRGGBB` pixels.
pub fn encode(out: impl Write, width: u32, height: u32, pixels: &[u32]) -> std::io::Result<()> {
    let rgb: Vec<u8> = pixels.iter().flat_map(|p| [(p >> 16) as u8, (p >> 8) as u8, *p as u8]).collect();
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().and_then(|mut w| w.write_image_data(&rgb)).map_err(std::io::Error::other)
}
