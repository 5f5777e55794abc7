//! WebVTT and TTML, as files and as samples.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = hearth_captions::parse_wvtt_sample(data, 0, 1);
    let _ = hearth_captions::parse_stpp_sample(data, 0, 1);
    if let Ok(text) = hearth_captions::decode_text(data) {
        let _ = hearth_captions::timestamp_map(&text);
        let _ = hearth_captions::parse(&text);
    }
});
