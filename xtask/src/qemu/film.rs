//! A film whose frames say their number, to people in digits and to tests in a row of black and white cells.
use crate::demo::children::Running;
use crate::packages::AAC_ENCODERS;
use crate::shell::{output, step};
use anyhow::{Context, Result};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const WIDTH: usize = 640;
const HEIGHT: usize = 360;
/// Frames a second.
pub const RATE: u32 = 25;
/// Cells of the number: white, black, eleven digits, parity, black, white.
pub const CELLS: usize = 16;
const DIGITS: usize = 11;
const CELL: usize = 32;
const LEFT: usize = (WIDTH - CELLS * CELL) / 2;
/// Above the middle, where neither the overlay's title nor its progress bar lies.
const TOP: usize = 120;

/// The middle of a cell.
pub fn cell_centre(cell: usize) -> (usize, usize) {
    (LEFT + cell * CELL + CELL / 2, TOP + CELL / 2)
}

/// The number that the cells spell, true for white.
pub fn decode(cells: &[bool]) -> Option<u32> {
    let [true, false, rest @ .., false, true] = cells else { return None };
    let (parity, digits) = rest.split_last().filter(|(_, digits)| digits.len() == DIGITS)?;
    let number = digits.iter().fold(0, |number, white| number << 1 | u32::from(*white));
    (number.count_ones() % 2 == u32::from(*parity)).then_some(number)
}

fn cells(number: u32) -> Vec<bool> {
    let mut cells = vec![true, false];
    cells.extend((0..DIGITS).rev().map(|bit| number >> bit & 1 == 1));
    cells.extend([number.count_ones() % 2 == 1, false, true]);
    cells
}

/// Brightness of every pixel of a frame.
pub fn luma(number: u32) -> Vec<u8> {
    let mut frame = vec![0_u8; WIDTH * HEIGHT];
    for (y, line) in frame.chunks_mut(WIDTH).enumerate() {
        for (x, pixel) in line.iter_mut().enumerate() {
            // Slow waves, so that it is a moving picture and costs the encoder next to nothing.
            let wave = (x + y + number as usize * 2) % 256;
            *pixel = 60 + (wave.min(255 - wave) / 4) as u8;
        }
    }
    for (cell, white) in cells(number).into_iter().enumerate() {
        fill(&mut frame, LEFT + cell * CELL, TOP, CELL, CELL, if white { 235 } else { 16 });
    }
    for (place, digit) in format!("{number:04}").bytes().enumerate() {
        draw_digit(&mut frame, 196 + place * 66, 190, usize::from(digit - b'0'));
    }
    frame
}

fn fill(frame: &mut [u8], left: usize, top: usize, width: usize, height: usize, value: u8) {
    for line in frame.chunks_mut(WIDTH).skip(top).take(height) {
        line[left..left + width].fill(value);
    }
}

/// Seven bars, 48 wide and 96 high.
fn draw_digit(frame: &mut [u8], left: usize, top: usize, digit: usize) {
    const BARS: [(usize, usize, usize, usize); 7] =
        [(0, 0, 48, 10), (38, 0, 10, 48), (38, 48, 10, 48), (0, 86, 48, 10), (0, 48, 10, 48), (0, 0, 10, 48), (0, 43, 48, 10)];
    const LIT: [u8; 10] = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
    for (bar, (x, y, width, height)) in BARS.into_iter().enumerate() {
        if LIT[digit] >> bar & 1 == 1 {
            fill(frame, left + x, top + y, width, height, 225);
        }
    }
}

/// The film, `seconds` long, made if it is not there yet.
pub fn make(dir: &Path, seconds: u32) -> Result<PathBuf> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let file = dir.join(format!("numbers-{seconds}s.mp4"));
    if file.is_file() {
        return Ok(file);
    }
    step("filming a film whose frames say their number");
    let aac = AAC_ENCODERS.iter().find(|e| output("gst-inspect-1.0", &["--exists", e]).is_some());
    let aac = aac.context("GStreamer has no AAC encoder: see cargo xtask doctor")?;
    let frames = seconds * RATE;
    let raw = tempfile::NamedTempFile::new_in(dir)?;
    let mut out = BufWriter::new(raw.as_file());
    let grey = vec![128_u8; WIDTH * HEIGHT / 2];
    for number in 0..frames {
        out.write_all(&luma(number)).and_then(|()| out.write_all(&grey)).context("no room for the film")?;
    }
    out.flush()?;
    drop(out);
    let draft = file.with_extension("part");
    let size = WIDTH * HEIGHT * 3 / 2;
    let pipeline = format!(
        "filesrc location={} blocksize={size} ! rawvideoparse format=i420 width={WIDTH} height={HEIGHT} framerate={RATE}/1 ! \
         x264enc speed-preset=veryfast bitrate=1500 key-int-max=50 threads=2 ! video/x-h264,profile=high ! h264parse ! mux. \
         audiotestsrc freq=330 volume=0.1 samplesperbuffer=1920 num-buffers={frames} ! audio/x-raw,rate=48000,channels=2 ! audioconvert ! \
         {aac} bitrate=96000 ! aacparse ! mux. mp4mux name=mux faststart=true ! filesink location={}",
        raw.path().display(),
        draft.display()
    );
    let mut command = Command::new("gst-launch-1.0");
    command.args(["-q", "-e"]).args(pipeline.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::null());
    Running::start(&mut command)?.finish(Duration::from_secs(300)).context("making the film with numbers")?;
    std::fs::rename(&draft, &file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back_and_no_other_row_is_one() {
        for number in 0..1 << DIGITS {
            assert_eq!(decode(&cells(number)), Some(number));
        }
        for wrong in 0..CELLS {
            let mut row = cells(77);
            row[wrong] = !row[wrong];
            assert_eq!(decode(&row), None, "cell {wrong}");
        }
        assert_eq!(decode(&[true; CELLS]), None);
        assert_eq!(decode(&cells(5)[1..]), None);
    }
}
