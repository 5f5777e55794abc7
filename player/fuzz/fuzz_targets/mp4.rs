//! Init segments, media segments, whole files, indexes, messages; and decryption of what they claim.
#![no_main]
use hearth_isobmff::{ContentKey, cenc, parse_emsg, parse_init, parse_pssh, parse_samples, parse_segment_at, parse_segment_pssh, parse_sidx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = (parse_sidx(data, 0), parse_emsg(data), parse_pssh(data), parse_segment_pssh(data), parse_samples(data));
    let Ok(init) = parse_init(data) else { return };
    for track in &init.tracks {
        let _ = track.codec_string();
    }
    let Ok(samples) = parse_segment_at(&init, data, 0) else { return };
    let mut bytes = data.to_vec();
    for s in &samples {
        if let (Some(crypto), Some(sample)) = (&s.crypto, bytes.get_mut(s.data.clone())) {
            let _ = cenc::decrypt(&ContentKey([7; 16]), crypto, sample);
        }
    }
});
