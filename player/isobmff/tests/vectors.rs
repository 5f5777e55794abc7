//! Shaka Packager's encrypted vectors decrypt to the clear samples. Runs where `../shared/data/drm` is there (or `HEARTH_SHARED`
//! names the folder that holds `data`).
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hearth_isobmff::{
    ContentKey, Encryption, Init, KeyId, Sample, SampleInfo, Scheme, SegmentSpec, Track, TrackKind, cenc, parse_init,
    parse_segment, write_init, write_segment,
};

fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let dirs = [std::env::var_os("HEARTH_SHARED").map(PathBuf::from), Some(beside)];
    let found = dirs.into_iter().flatten().map(|d| d.join("data")).find(|d| d.join("drm").exists());
    if found.is_none() {
        eprintln!("skipped: no ../shared/data/drm");
    }
    found
}

fn hex16(text: &str) -> [u8; 16] {
    u128::from_str_radix(text, 16).expect("32 hex digits").to_be_bytes()
}

fn read(path: PathBuf) -> Vec<u8> {
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn segments(dir: &Path, kind: &str) -> (Init, Vec<Vec<u8>>) {
    let init = parse_init(&read(dir.join(format!("{kind}_init.mp4")))).expect("init segment");
    (init, (1..=4).map(|n| read(dir.join(format!("{kind}_{n}.m4s")))).collect())
}

fn decrypted(init: &Init, segment: &[u8], keys: &HashMap<KeyId, ContentKey>) -> Vec<(Sample, Vec<u8>)> {
    let samples = parse_segment(init, segment).expect("segment");
    let with_bytes = samples.into_iter().map(|s| {
        let mut bytes = segment[s.data.clone()].to_vec();
        if let Some(crypto) = &s.crypto {
            cenc::decrypt(&keys[&crypto.key_id], crypto, &mut bytes).expect("decryption");
        }
        (s, bytes)
    });
    with_bytes.collect()
}

#[test]
fn every_scheme_decrypts_to_the_clear_samples() {
    let Some(data) = shared() else { return };
    let root = data.join("drm/shaka-croatia360");
    let keys: HashMap<String, String> = serde_json::from_slice(&read(root.join("kid_to_key.json"))).expect("JSON");
    let keys: HashMap<KeyId, ContentKey> = keys.iter().map(|(k, v)| (KeyId(hex16(k)), ContentKey(hex16(v)))).collect();
    // Directory, scheme, encrypted segments of 4, distinct keys of the video.
    let cases = [
        ("cenc_multidrm", Scheme::Cenc, 4, 1),
        ("cenc_clearlead4", Scheme::Cenc, 2, 1),
        ("cenc_keyrotation2s", Scheme::Cenc, 4, 3),
        ("cens", Scheme::Cens, 4, 1),
        ("cbc1", Scheme::Cbc1, 4, 1),
        ("cbcs_multidrm", Scheme::Cbcs, 4, 1),
        ("cbcs_pattern_5_5", Scheme::Cbcs, 4, 1),
        ("cbcs_keyrotation4s", Scheme::Cbcs, 4, 2),
    ];
    for (name, scheme, encrypted, distinct) in cases {
        for kind in ["v", "a"] {
            let (init, segs) = segments(&root.join(name), kind);
            let (clear_init, clear_segs) = segments(&root.join("clear"), kind);
            assert_eq!(init.tracks[0].protection.as_ref().map(|p| p.scheme), Some(scheme), "{name}/{kind}");
            let mut protected = 0;
            let mut key_ids = std::collections::HashSet::new();
            for (n, (segment, clear)) in segs.iter().zip(&clear_segs).enumerate() {
                let got = decrypted(&init, segment, &keys);
                let want = decrypted(&clear_init, clear, &keys);
                assert_eq!(got.len(), want.len(), "{name}/{kind}_{n}");
                protected += usize::from(got.iter().all(|(s, _)| s.crypto.is_some()));
                key_ids.extend(got.iter().filter_map(|(s, _)| s.crypto.as_ref()).map(|c| c.key_id));
                for ((g, gb), (w, wb)) in got.iter().zip(&want) {
                    assert!(
                        gb == wb,
                        "{name}/{kind}_{n}: of the {} bytes at dts {} number {:?} differs",
                        gb.len(),
                        g.dts,
                        gb.iter().zip(wb).position(|(a, b)| a != b)
                    );
                    assert_eq!((g.dts, g.pts, g.duration, g.sync), (w.dts, w.pts, w.duration, w.sync), "{name}/{kind}_{n}");
                }
                // A wrong key must not do.
                if let Some((sample, bytes)) = got.iter().find(|(s, b)| s.crypto.is_some() && b.len() > 500) {
                    let mut wrong = segment[sample.data.clone()].to_vec();
                    let crypto = sample.crypto.as_ref().expect("protected");
                    cenc::decrypt(&ContentKey([7; 16]), crypto, &mut wrong).expect("runs");
                    assert!(wrong != *bytes, "{name}/{kind}_{n}");
                }
            }
            assert_eq!(protected, encrypted, "{name}/{kind}");
            if kind == "v" {
                assert_eq!(key_ids.len(), distinct, "{name}");
            }
        }
    }
}

#[test]
fn clear_vectors_have_the_right_times() {
    let Some(data) = shared() else { return };
    let (init, segs) = segments(&data.join("drm/shaka-croatia360/clear"), "v");
    let track: &Track = &init.tracks[0];
    assert_eq!((track.kind, track.width, track.height), (TrackKind::Video, 640, 360));
    let samples: Vec<Sample> = segs.iter().flat_map(|s| parse_segment(&init, s).expect("segment")).collect();
    // The edit list starts the picture at zero; decoding runs ahead of it.
    assert_eq!(samples.iter().map(|s| s.pts).min(), Some(0));
    assert!(samples[0].sync && samples[0].dts < 0, "{:?}", samples[0]);
    assert!(samples.windows(2).all(|w| w[1].dts == w[0].dts + i64::from(w[0].duration)));
}

/// Heads of real files of many muxers, cut off anywhere; their names say what is in them.
#[test]
fn codec_strings_of_real_files() {
    let Some(data) = shared() else { return };
    let mut checked = 0;
    for folder in ["mp4", "mov"] {
        let folder = data.join("malformed/vhs-utils-heads").join(folder);
        for entry in std::fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            let name = path.file_stem().expect("name").to_string_lossy().into_owned();
            // Cut off inside `moov`: an error, not a panic.
            let Ok(init) = parse_init(&read(path.clone())) else { continue };
            // MP3 (mp4a.40.34) is no codec of ours.
            let known = ["avc1", "hvc1", "hev1", "av01", "mp4a.40.2", "mp4a.40.5", "ac-3", "ec-3"];
            for want in name.split(',').filter(|w| known.iter().any(|k| w.starts_with(k))) {
                let got: Vec<String> = init.tracks.iter().map(Track::codec_string).collect();
                // Hex digits of either case; ".0.110" is AV1's default and left out.
                let want = want.strip_suffix(".0.110").unwrap_or(want);
                assert!(got.iter().any(|g| g.eq_ignore_ascii_case(want)), "{}: {got:?}", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "no file was read");
    eprintln!("{checked} codec strings checked");
}

/// Our split of samples into clear and protected parts is Shaka Packager's, to the byte after each slice header.
#[test]
fn subsamples_are_shakas() {
    let Some(data) = shared() else { return };
    let root = data.join("drm/shaka-croatia360");
    let (clear_init, clear_segs) = segments(&root.join("clear"), "v");
    for (name, scheme) in
        [("cenc_multidrm", Scheme::Cenc), ("cbc1", Scheme::Cbc1), ("cens", Scheme::Cens), ("cbcs_multidrm", Scheme::Cbcs)]
    {
        let (init, segs) = segments(&root.join(name), "v");
        let protection = init.tracks[0].protection.clone().expect("protected");
        let encryption =
            Encryption { scheme, key: ContentKey([1; 16]), key_id: protection.key_id, iv: [1; 16], pattern: protection.pattern };
        let track = &clear_init.tracks[0];
        let our_init = parse_init(&write_init(track, None, Some(&encryption), &[]).expect("init")).expect("init");
        for (theirs, clear) in segs.iter().zip(&clear_segs) {
            let samples = parse_segment(&clear_init, clear).expect("segment");
            let infos: Vec<SampleInfo> = samples
                .iter()
                .map(|s| SampleInfo { size: s.data.len() as u32, duration: s.duration, cts_offset: 0, sync: s.sync })
                .collect();
            let data: Vec<u8> = samples.iter().flat_map(|s| clear[s.data.clone()].to_vec()).collect();
            let spec = SegmentSpec { sequence: 1, base_decode_time: 0, first_sample: 0, samples: &infos, data: &data };
            let ours = write_segment(track, &spec, Some(&encryption)).expect("segment");
            let ours = parse_segment(&our_init, &ours).expect("segment");
            let theirs = parse_segment(&init, theirs).expect("segment");
            for (o, t) in ours.iter().zip(&theirs) {
                let subsamples = |s: &Sample| s.crypto.clone().expect("protected").subsamples;
                let protected =
                    |s: &Sample| -> Vec<u32> { subsamples(s).iter().map(|s| s.protected).filter(|&p| p > 0).collect() };
                assert_eq!(protected(o), protected(t), "{name} at {}", t.dts);
                // Elsewhere Shaka leaves the odd bytes clear behind the blocks, we before them.
                if scheme == Scheme::Cbcs {
                    assert_eq!(subsamples(o), subsamples(t), "{name} at {}", t.dts);
                }
            }
        }
    }
}
