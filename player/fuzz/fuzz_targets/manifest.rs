//! HLS playlists and MPDs: read, at a time, written again.
#![no_main]
use hearth_manifest::{Segments, dash, hls, parse_at};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(base) = url::Url::parse("https://origin.example/main?t=1") else { return };
    if let Ok(media) = hls::parse_media(text, &base) {
        let _ = media.clone().complete(&media);
    }
    let Ok(presentation) = parse_at(text, &base, Some(1_704_067_200_000)) else { return };
    dash::write_mpd(&presentation);
    hls::write_master(&presentation);
    for r in presentation.periods.iter().flat_map(|p| &p.tracks).flat_map(|t| &t.renditions) {
        if let Segments::List { .. } = r.segments {
            hls::write_media(r);
        }
        let _ = r.alternatives("https://origin.example/1.m4s");
    }
});
