//! One small picture outside the pipeline: a tile of a thumbnail sheet, or the key frame of a segment.

use super::caps;
use super::prepare::Chunk;
use crate::{Decoders, Error};
use gst::prelude::*;
use gstreamer as gst;
use gstreamer_app as gst_app;
use std::io::Cursor;

/// Width and height that pictures fit into.
const MOST: (u32, u32) = (320, 180);
/// Most pixels of a sheet, each way.
const SHEET: u32 = 8192;
/// Longest wait for a decoder.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(4);

/// Red, green, blue; rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Still {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgb: Vec<u8>,
}

/// The size of a picture that fits, even, of the same shape.
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let (w, h) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let (mw, mh) = (u64::from(MOST.0), u64::from(MOST.1));
    let (w, h) = if w <= mw && h <= mh {
        (w, h)
    } else if w * mh > h * mw {
        (mw, h * mw / w)
    } else {
        (w * mh / h, mh)
    };
    ((w as u32 & !1).max(2), (h as u32 & !1).max(2))
}

/// Tile `index` of a sheet of `tiles` columns and rows, from the left, then down (DASH-IF IOP §6.2.6).
pub(crate) fn of_sheet(bytes: &[u8], tiles: (u32, u32), index: u32, name: &str) -> Result<Still, Error> {
    let bad = |e: &dyn std::fmt::Display| Error::BadSegment(format!("{name}: {e}"));
    let mut reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| bad(&e))?;
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SHEET), Some(SHEET));
    reader.limits(limits);
    let sheet = reader.decode().map_err(|e| bad(&e))?;
    let (columns, rows) = (tiles.0.max(1), tiles.1.max(1));
    let (width, height) = (sheet.width() / columns, sheet.height() / rows);
    if width == 0 || height == 0 || index / columns >= rows {
        return Err(bad(&"no such tile"));
    }
    let tile = sheet.crop_imm(index % columns * width, index / columns * height, width, height);
    let (width, height) = fitted(width, height);
    let rgb = tile.resize_exact(width, height, image::imageops::FilterType::Triangle).into_rgb8().into_raw();
    Ok(Still { width, height, rgb })
}

/// The first picture of `chunk`, by the first decoder that is installed.
pub(crate) fn of_key_frame(decoders: &Decoders, chunk: &Chunk) -> Result<Still, Error> {
    let track = &chunk.format.track;
    let failed = |e: gst::glib::BoolError| Error::Framework(e.to_string());
    let names = decoders.for_codec(track.codec).iter();
    let decoder = names.filter_map(|n| gst::ElementFactory::make(n).build().ok()).next();
    let decoder = decoder.ok_or_else(|| Error::NoDecoder(format!("{:?}", track.codec)))?;
    // One picture in, one out: no thread waits for another.
    if decoder.has_property("max-threads") {
        decoder.set_property("max-threads", 1i32);
    }
    let (width, height) = fitted(track.width, track.height);
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "RGB")
        .field("width", width as i32)
        .field("height", height as i32)
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build();
    let source = gst_app::AppSrc::builder().caps(&chunk.format.caps).format(gst::Format::Time).build();
    let sink = gst_app::AppSink::builder().sync(false).caps(&caps).build();
    let mut elements = vec![source.clone().upcast::<gst::Element>()];
    if let Some(parser) = caps::parser(track.codec) {
        elements.push(gst::ElementFactory::make(parser).build().map_err(failed)?);
    }
    let convert = gst::ElementFactory::make("videoconvertscale").build().map_err(failed)?;
    elements.extend([decoder, convert, sink.clone().upcast()]);
    let pipeline = gst::Pipeline::new();
    pipeline.add_many(&elements).map_err(failed)?;
    gst::Element::link_many(&elements).map_err(failed)?;
    pipeline.set_state(gst::State::Playing).map_err(|e| Error::Framework(e.to_string()))?;
    if let Some(buffer) = chunk.sample(0) {
        let _ = source.push_buffer(buffer);
    }
    let _ = source.end_of_stream();
    let sample = sink.try_pull_sample(PATIENCE);
    let _ = pipeline.set_state(gst::State::Null);
    let sample = sample.ok_or_else(|| Error::Decoder("no picture of a key frame".into()))?;
    let map = sample.buffer().and_then(|b| b.map_readable().ok()).ok_or_else(|| Error::Decoder("no picture".into()))?;
    // Rows are padded to four bytes.
    let row = width as usize * 3;
    let rgb: Vec<u8> = map.chunks_exact(row.next_multiple_of(4)).take(height as usize).flat_map(|r| &r[..row]).copied().collect();
    if rgb.len() != row * height as usize {
        return Err(Error::Decoder("a picture of another size".into()));
    }
    Ok(Still { width, height, rgb })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_fit_and_keep_their_shape() {
        for (size, fits) in [
            ((1920, 1080), (320, 180)),
            ((1920, 800), (320, 132)),
            ((1080, 1920), (100, 180)),
            ((161, 91), (160, 90)),
            ((0, 0), (2, 2)),
        ] {
            assert_eq!(fitted(size.0, size.1), fits, "{size:?}");
        }
    }

    #[test]
    fn tiles_are_counted_from_the_left_then_down() {
        let colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255]];
        let sheet = image::RgbImage::from_fn(96, 36, |x, y| image::Rgb(colors[(y / 18 * 3 + x / 32) as usize]));
        let mut png = Cursor::new(Vec::new());
        sheet.write_to(&mut png, image::ImageFormat::Png).expect("png");
        for (i, color) in colors.iter().enumerate() {
            let still = of_sheet(png.get_ref(), (3, 2), i as u32, "sheet").expect("tile");
            assert_eq!((still.width, still.height, still.rgb.len()), (32, 18, 32 * 18 * 3));
            assert_eq!(still.rgb[(9 * 32 + 16) * 3..][..3], *color);
        }
        for (bytes, tiles, index) in [(&png.get_ref()[..], (3, 2), 6), (&png.get_ref()[..], (300, 2), 0), (b"nothing", (1, 1), 0)]
        {
            assert!(of_sheet(bytes, tiles, index, "sheet").is_err());
        }
    }
}
