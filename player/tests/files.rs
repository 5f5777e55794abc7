//! Plain MP4 files: the project's own clip as it is (progressive), and the same samples in fragments.

use hearth_isobmff::{SampleInfo, SegmentSpec, TrackKind, parse_init, parse_samples, write_init, write_segment};
use hearth_player::tools::{self, Source};

fn lines(location: &str, track: usize) -> Vec<String> {
    let mut out = Vec::new();
    tools::samples(&Source::new(location), track, &mut out).expect("samples");
    String::from_utf8(out).expect("text").lines().map(str::to_owned).collect()
}

#[test]
fn progressive_and_fragmented_are_the_same_film() {
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/samples/big-buck-bunny-720p25-5s.mp4");
    let bytes = std::fs::read(clip).expect("the clip");
    let track = parse_init(&bytes).expect("moov").tracks.into_iter().find(|t| t.kind == TrackKind::Video).expect("video");
    let listed = parse_samples(&bytes).expect("tables");
    let own: Vec<_> = listed.iter().filter(|s| s.track_id == track.id).collect();
    let mut file = write_init(&track, None, None, &[]).expect("init");
    let mut at = (own[0].dts - track.edit_offset) as u64;
    for (n, group) in own.chunks(25).enumerate() {
        let info = |s: &&hearth_isobmff::Sample| SampleInfo {
            size: s.data.len() as u32,
            duration: s.duration,
            cts_offset: (s.pts - s.dts) as i32,
            sync: s.sync,
        };
        let infos: Vec<SampleInfo> = group.iter().map(info).collect();
        let data: Vec<u8> = group.iter().flat_map(|s| bytes[s.data.clone()].iter().copied()).collect();
        let spec = SegmentSpec { sequence: n as u32 + 1, base_decode_time: at, first_sample: 0, samples: &infos, data: &data };
        file.extend(write_segment(&track, &spec, None).expect("segment"));
        at += infos.iter().map(|i| u64::from(i.duration)).sum::<u64>();
    }
    let dir = tempfile::tempdir().expect("folder");
    let fragmented = dir.path().join("fragmented.mp4");
    std::fs::write(&fragmented, file).expect("write");
    let plain = lines(clip, 0);
    assert!(plain.len() > 100 && plain[0].starts_with("0,") || plain[0].starts_with('-'), "{:?}", &plain[..2]);
    assert_eq!(plain, lines(fragmented.to_str().expect("path"), 0));
    assert!(lines(clip, 1).len() > 200);
    let mut frames = Vec::new();
    tools::frames(&Source::new(clip), false, &mut frames).expect("frames");
    let frames = String::from_utf8(frames).expect("text");
    assert_eq!((frames.lines().count(), frames.split(',').next()), (plain.len(), Some("0")));
}

#[test]
fn a_file_that_ends_early_is_refused() {
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/samples/big-buck-bunny-720p25-5s.mp4");
    let mut bytes = std::fs::read(clip).expect("the clip");
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("short.mp4");
    for left in [bytes.len() / 2, 40_000, 100, 12] {
        bytes.truncate(left);
        std::fs::write(&path, &bytes).expect("write");
        let error = tools::samples(&Source::new(path.to_str().expect("path")), 0, &mut Vec::new()).expect_err("short");
        assert!((3000..4000).contains(&error.code()), "{left}: {error}");
    }
}
