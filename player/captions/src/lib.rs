//! Subtitles and captions: WebVTT (W3C), TTML2 and IMSC1 text, as text or in MP4 samples (ISO 14496-30), to cues that say what stands
//! where, how and when. No I/O, no clock, no thread.
//!
//! [`parse`] looks at the text; [`parse_wvtt_sample`] and [`parse_stpp_sample`] take what fragmented MP4 carries.
#![forbid(unsafe_code)]

mod error;
mod model;
mod mp4;
mod ttml;
mod webvtt;

pub use error::Error;
pub use model::*;
pub use mp4::{parse_stpp_sample, parse_wvtt_sample};
pub use ttml::parse_ttml;
pub use webvtt::{TimestampMap, parse_webvtt, timestamp_map};

/// Parses a WebVTT file or a TTML document, whichever `text` is.
pub fn parse(text: &str) -> Result<Document, Error> {
    if webvtt::is_webvtt(text) { parse_webvtt(text) } else { parse_ttml(text) }
}

/// The text of a file or a sample: UTF-16 where a byte order mark says so (XML 1.0 §4.3.3), else UTF-8.
pub fn decode_text(bytes: &[u8]) -> Result<String, Error> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|b| unit([b[0], b[1]])).collect();
        String::from_utf16(&units).map_err(|_| Error::NotCaptions)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).map_err(|_| Error::NotCaptions),
    }
}
