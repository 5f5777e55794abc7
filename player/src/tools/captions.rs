//! Captions at one moment as a picture: of a WebVTT or TTML file, or of a title's text track.

use super::{Reader, SEGMENT_LIMIT, Source};
use crate::fetch::{Http, Object, Request, Stop};
use crate::media::text::{self, Times};
use crate::title::select::{self, TextWish};
use crate::{Error, PlayerConfig, TextPreference, title};
use hearth_captions::Document;
use hearth_manifest::Format;
use hearth_typeset::{Fonts, Stage, Viewer};
use std::path::{Path, PathBuf};

/// Text files are smaller.
const TEXT_LIMIT: usize = 64 << 20;

/// What to draw, and how.
pub struct CaptionPicture {
    /// URL or path of a WebVTT or TTML file, of a playlist, or of an MPD.
    pub location: String,
    /// Which text track of a title: by language; none: the first.
    pub language: Option<String>,
    /// When, µs.
    pub at_us: u64,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Behind the captions: red, green, blue; none: nothing.
    pub background: Option<[u8; 3]>,
    /// Folders with more fonts.
    pub fonts: Vec<PathBuf>,
    /// The viewer's style.
    pub viewer: Viewer,
}

/// Writes what shows at a moment as a PNG; how many cues that are.
pub fn captions(picture: &CaptionPicture, out: &Path) -> Result<usize, Error> {
    let document = document(picture)?;
    let mut fonts = Fonts::new();
    for folder in &picture.fonts {
        fonts.add_folder(folder);
    }
    let (width, height) = picture.size;
    let layers = fonts.draw(&document, picture.at_us, &Stage::whole(width, height), &picture.viewer);
    let back = picture.background.map_or([0; 4], |[r, g, b]| [r, g, b, 255]);
    let mut pixels = vec![back; width as usize * height as usize];
    for layer in &layers {
        for (row, line) in layer.pixels.chunks_exact(layer.width as usize).enumerate() {
            let at = (layer.y as usize + row) * width as usize + layer.x as usize;
            let below = pixels.get_mut(at..at + line.len()).into_iter().flatten();
            below.zip(line).for_each(|(below, over)| *below = lay(*below, *over));
        }
    }
    write(out, picture.size, &pixels).map_err(|e| Error::File(format!("{}: {e}", out.display())))?;
    Ok(layers.len())
}

/// Premultiplied over premultiplied.
fn lay(below: [u8; 4], over: [u8; 4]) -> [u8; 4] {
    let rest = 255 - u32::from(over[3]);
    std::array::from_fn(|i| (u32::from(over[i]) + u32::from(below[i]) * rest / 255).min(255) as u8)
}

fn write(out: &Path, (width, height): (u32, u32), pixels: &[[u8; 4]]) -> Result<(), Box<dyn std::error::Error>> {
    // PNG wants colours that are not premultiplied.
    let plain = |p: &[u8; 4]| {
        let c = |v: u8| (u32::from(v) * 255).checked_div(u32::from(p[3])).unwrap_or(0).min(255) as u8;
        [c(p[0]), c(p[1]), c(p[2]), p[3]]
    };
    let mut encoder = png::Encoder::new(std::io::BufWriter::new(std::fs::File::create(out)?), width, height);
    encoder.set_color(png::ColorType::Rgba);
    let bytes: Vec<u8> = pixels.iter().flat_map(plain).collect();
    Ok(encoder.write_header()?.write_image_data(&bytes)?)
}

fn document(picture: &CaptionPicture) -> Result<Document, Error> {
    let http = Http::new(&PlayerConfig::default());
    let url = title::locate(&picture.location)?;
    let fetched = http.fetch(&Request::get(url, Object::Caption), TEXT_LIMIT, &Stop::default())?;
    match text::file(&fetched.bytes) {
        Some(document) => Ok(document),
        None => of_title(picture),
    }
}

/// The cues of the segments around the moment. Media time is the title's here: there is no video that says otherwise.
fn of_title(picture: &CaptionPicture) -> Result<Document, Error> {
    let reader = Reader::open(&Source::new(&picture.location))?;
    let presentation = reader.title.presentation();
    let period = presentation.periods.iter().rposition(|p| p.start_us <= picture.at_us).unwrap_or(0);
    let first = select::tracks(&presentation, None, None, None).into_iter().find(|t| t.kind == "text");
    let preference = match (&picture.language, first) {
        (Some(language), _) => TextPreference::Language { language: language.clone() },
        (None, Some(t)) => TextPreference::Track { id: t.id, language: t.language },
        (None, None) => TextPreference::Off,
    };
    let ladder = select::text(&presentation, period, &TextWish { preference: &preference, spoken: None });
    let ladder = ladder.ok_or_else(|| Error::NothingToPlay(format!("{}: no such text track", picture.location)))?;
    let place = (period, ladder.set, ladder.renditions.first().copied().unwrap_or(0));
    let list = reader.title.playlist(place, &reader.stop)?;
    let mut out = Document::default();
    let at = list.at(picture.at_us);
    // What began in the segment before may last.
    for segment in (at.saturating_sub(1)..=at).filter_map(|i| list.get(i)) {
        let read = |r: &hearth_manifest::Resource| {
            reader.http.fetch(&Request::resource(r, Object::TimedText)?, SEGMENT_LIMIT, &reader.stop).map(|f| f.bytes)
        };
        let bytes = read(&segment.resource)?;
        let init = segment.init.as_ref().or(list.init.as_ref()).filter(|_| text::is_mp4(&bytes));
        let init = init.map(|r| text::init(&read(r)?, &r.url)).transpose()?;
        let start_ns = i64::try_from(segment.start_us).unwrap_or(0).saturating_mul(1000);
        let shift = |first: Option<i64>| first.map_or(0, |f| start_ns - f).clamp(-i64::MAX, i64::MAX);
        let shift = |first: Option<i64>| Some(shift(first)).filter(|s| s.abs() >= 1_000_000_000).unwrap_or(0);
        let period_us = if presentation.format == Format::Hls { 0 } else { presentation.periods[period].start_us };
        let times = Times { start_us: segment.start_us, period_us, shift: &shift };
        let found = text::read(&bytes, init.as_ref(), &segment.resource, &times)?;
        out.aspect_ratio = out.aspect_ratio.or(found.aspect_ratio);
        let new = found.cues.into_iter().filter(|c| !out.cues.contains(c)).collect::<Vec<_>>();
        out.cues.extend(new);
    }
    Ok(out)
}
