//! Fragments put together by hand: what other writers do and ours does not, and what hostile ones try.
mod support;

use hearth_isobmff::{
    Codec, ContentKey, Encryption, Error, FourCc, Init, KeyId, Protection, Sample, SampleDefaults, Scheme, Subsample, Track,
    TrackKind, parse_init, parse_samples, parse_segment, write_init,
};
use support::{boxed, full};

fn moof(trafs: &[&[&[u8]]]) -> Vec<u8> {
    let mut body = full("mfhd", 0, 0, &[1]);
    for traf in trafs {
        body.extend(boxed("traf", traf));
    }
    boxed("moof", &[&body])
}

fn protection(key: u8, iv_size: u8, is_protected: bool) -> Protection {
    Protection { scheme: Scheme::Cenc, is_protected, key_id: KeyId([key; 16]), iv_size, constant_iv: None, pattern: None }
}

/// Two tracks with `trex` defaults: 10 ticks and 4 bytes a sample.
fn init(protected: Option<Protection>) -> Init {
    let one = |id| Track {
        id,
        kind: TrackKind::Video,
        codec: Codec::Avc,
        sample_entry: FourCc(*b"avc1"),
        config: vec![1, 0x64, 0, 0x1e, 0xff, 0xe0, 0],
        defaults: SampleDefaults { description: 1, duration: 10, size: 4, flags: 0 },
        protection: protected.clone(),
        ..Track::default()
    };
    Init { tracks: vec![one(1), one(2)], pssh: Vec::new(), duration_ms: None }
}

fn ranges(samples: &[Sample]) -> Vec<(u32, i64, usize, usize)> {
    samples.iter().map(|s| (s.track_id, s.dts, s.data.start, s.data.len())).collect()
}

const BASE_IS_MOOF: u32 = 0x2_0000;

#[test]
fn offsets_in_every_manner() {
    let mdat = boxed("mdat", &[b"aaaabbbbccccdddd"]);
    let tfhd = |id, flags| full("tfhd", 0, flags, &[id]);
    // Defaults only, offset from the moof.
    let build = |offset| moof(&[&[&tfhd(1, BASE_IS_MOOF), &full("tfdt", 0, 0, &[5]), &full("trun", 0, 1, &[3, offset])]]);
    let data = build(0).len() as u32 + 8;
    let start = data as usize;
    let plain = vec![(1, 5, start, 4), (1, 15, start + 4, 4), (1, 25, start + 8, 4)];
    let got = parse_segment(&init(None), &[build(data), mdat.clone()].concat()).expect("default-base-is-moof");
    assert_eq!(ranges(&got), plain);
    assert!(got.iter().all(|s| s.sync && s.pts == s.dts && s.crypto.is_none()));

    // Two tracks, two runs, no base: the second track's data follows the first's.
    let build = |offset| {
        moof(&[
            &[&tfhd(1, 0), &full("trun", 0, 1, &[1, offset]), &full("trun", 0, 0, &[1])],
            &[&tfhd(2, 0), &full("trun", 0, 0x200, &[1, 6])],
        ])
    };
    let data = build(0).len() as u32 + 8;
    let start = data as usize;
    let got = parse_segment(&init(None), &[build(data), mdat.clone()].concat()).expect("implicit base");
    assert_eq!(ranges(&got), [(1, 0, start, 4), (1, 10, start + 4, 4), (2, 0, start + 8, 6)]);

    // An absolute base: in the whole file, and in a piece of it that was fetched alone. No tfdt: time goes on.
    let build = |base: u32, offset| moof(&[&[&explicit(base), &full("trun", 0, 1, &[2, offset])]]);
    let size = build(0, 0).len() as u32;
    let fragment = |base| [build(base, size + 8), mdat.clone()].concat();
    let length = fragment(0).len();
    let file = [fragment(0), fragment(length as u32)].concat();
    let got = parse_segment(&init(None), &file).expect("absolute base");
    let first = size as usize + 8;
    let want = [(1, 0, first, 4), (1, 10, first + 4, 4), (1, 20, length + first, 4), (1, 30, length + first + 4, 4)];
    assert_eq!(ranges(&got), want);
    let got = parse_segment(&init(None), &fragment(1 << 20)).expect("a piece of a file");
    assert_eq!(ranges(&got), want[..2]);
}

/// `tfhd` of track 1 with a `base_data_offset`.
fn explicit(base: u32) -> Vec<u8> {
    full("tfhd", 0, 1, &[1, 0, base])
}

#[test]
fn runs_with_every_field() {
    // Duration, size, flags, composition offset; the first sample's flags are only for runs without own flags.
    let non_sync = 0x0001_0000;
    let run = |version, data| full("trun", version, 0xf01, &[2, data, 7, 3, 0, (-2i32) as u32, 9, 5, non_sync, 4]);
    for (version, first_pts) in [(1, -2), (0, i64::from((-2i32) as u32))] {
        let build = |data| moof(&[&[&full("tfhd", 0, BASE_IS_MOOF, &[1]), &full("tfdt", 1, 0, &[0, 0]), &run(version, data)]]);
        let data = build(0).len() as u32 + 8;
        let got = parse_segment(&init(None), &[build(data), boxed("mdat", &[b"12345678"])].concat()).expect("segment");
        let facts: Vec<_> = got.iter().map(|s| (s.dts, s.pts, s.duration, s.data.len(), s.sync)).collect();
        assert_eq!(facts, [(0, first_pts, 7, 3, true), (7, 11, 9, 5, false)]);
    }
    // tfhd's defaults over trex's, and the first sample's own flags.
    let tfhd = full("tfhd", 0, BASE_IS_MOOF | 0x38, &[1, 33, 2, non_sync]);
    let build = |data| moof(&[&[&tfhd, &full("trun", 0, 5, &[3, data, 0])]]);
    let data = build(0).len() as u32 + 8;
    let got = parse_segment(&init(None), &[build(data), boxed("mdat", &[b"123456"])].concat()).expect("segment");
    let facts: Vec<_> = got.iter().map(|s| (s.dts, s.data.len(), s.sync)).collect();
    assert_eq!(facts, [(0, 2, true), (33, 2, false), (66, 2, false)]);
}

#[test]
fn auxiliary_information_outside_senc() {
    // Two samples: an IV alone (whole sample), and an IV with one subsample; in mdat before the samples.
    let aux: Vec<u8> = [&[1u8; 8][..], &[2; 8], &[0, 1, 0, 1, 0, 0, 0, 3]].concat();
    let saiz = boxed("saiz", &[&[0; 5], &2u32.to_be_bytes(), &[8, 16]]);
    let build = |at: u32| {
        let (run, saio) = (full("trun", 0, 1, &[2, at + 24]), full("saio", 0, 0, &[1, at]));
        moof(&[&[&full("tfhd", 0, BASE_IS_MOOF, &[1]), &run, &saiz, &saio]])
    };
    let at = build(0).len() as u32 + 8;
    let bytes = [build(at), boxed("mdat", &[&aux, b"aaaabbbb"])].concat();
    let got = parse_segment(&init(Some(protection(6, 8, true))), &bytes).expect("segment");
    let crypto: Vec<_> = got.iter().map(|s| s.crypto.clone().expect("protected")).collect();
    assert_eq!(
        crypto.iter().map(|c| (c.iv[0], c.iv[7], c.iv[8], c.key_id)).collect::<Vec<_>>(),
        [(1, 1, 0, KeyId([6; 16])), (2, 2, 0, KeyId([6; 16]))]
    );
    assert_eq!((&crypto[0].subsamples[..], &crypto[1].subsamples[..]), (&[][..], &[Subsample { clear: 1, protected: 3 }][..]));
    // Without any, a sample that needs an IV cannot be read: better an error than noise.
    let bare = |at| moof(&[&[&full("tfhd", 0, BASE_IS_MOOF, &[1]), &full("trun", 0, 1, &[2, at])]]);
    let at = bare(0).len() as u32 + 8;
    let got = parse_segment(&init(Some(protection(6, 8, true))), &[bare(at), boxed("mdat", &[b"aaaabbbb"])].concat());
    assert_eq!(got, Err(Error::Missing("senc")));
}

#[test]
fn key_groups_of_track_and_fragment() {
    // Samples: the track's group 1 (clear), the fragment's group 1 (key 8), none (defaults, key 6), none by omission.
    let mut init = init(Some(protection(6, 8, true)));
    init.tracks[0].key_groups = vec![protection(0, 0, false)];
    let seig: Vec<u8> = [&[0, 0, 1, 8][..], &[8; 16]].concat();
    let sgpd = boxed("sgpd", &[&[1, 0, 0, 0], b"seig", &20u32.to_be_bytes(), &1u32.to_be_bytes(), &seig]);
    let other = boxed("sgpd", &[&[1, 0, 0, 0], b"roll", &2u32.to_be_bytes(), &1u32.to_be_bytes(), &[0, 1]]);
    let rows: Vec<u8> = [1u32, 1, 1, 0x10001, 1, 0].iter().flat_map(|f| f.to_be_bytes()).collect();
    let sbgp = boxed("sbgp", &[&[0; 4], b"seig", &3u32.to_be_bytes(), &rows]);
    let senc = boxed("senc", &[&[0; 4], &4u32.to_be_bytes(), &[2; 8], &[3; 8], &[4; 8]]);
    let build = |at, sbgp: &[u8]| {
        moof(&[&[&full("tfhd", 0, BASE_IS_MOOF, &[1]), &full("trun", 0, 1, &[4, at]), &other, &sgpd, sbgp, &senc]])
    };
    let at = build(0, &sbgp).len() as u32 + 8;
    let mdat = boxed("mdat", &[b"aaaabbbbccccdddd"]);
    let got = parse_segment(&init, &[build(at, &sbgp), mdat.clone()].concat()).expect("segment");
    let keys: Vec<_> = got.iter().map(|s| s.crypto.as_ref().map(|c| (c.key_id.0[0], c.iv[0]))).collect();
    assert_eq!(keys, [None, Some((8, 2)), Some((6, 3)), Some((6, 4))]);

    let wrong: Vec<u8> = [4u32, 0x10002].iter().flat_map(|f| f.to_be_bytes()).collect();
    let sbgp = boxed("sbgp", &[&[0; 4], b"seig", &1u32.to_be_bytes(), &wrong]);
    let at = build(0, &sbgp).len() as u32 + 8;
    assert_eq!(parse_segment(&init, &[build(at, &sbgp), mdat].concat()), Err(Error::Invalid("sbgp", "no such group")));
}

#[test]
fn a_clear_lead_is_a_second_sample_entry() {
    let mut init = init(Some(protection(6, 8, true)));
    init.tracks[0].entries = vec![Some(protection(6, 8, true)), None];
    let build = |at| moof(&[&[&full("tfhd", 0, BASE_IS_MOOF | 2, &[1, 2]), &full("trun", 0, 1, &[1, at])]]);
    let at = build(0).len() as u32 + 8;
    let got = parse_segment(&init, &[build(at), boxed("mdat", &[b"aaaa"])].concat()).expect("segment");
    assert_eq!(got[0].crypto, None);
    let build = |at| moof(&[&[&full("tfhd", 0, BASE_IS_MOOF | 2, &[1, 3]), &full("trun", 0, 1, &[1, at])]]);
    assert!(parse_segment(&init, &[build(at), boxed("mdat", &[b"aaaa"])].concat()).is_err());
}

#[test]
fn hostile_counts_cost_nothing() {
    let tfhd = full("tfhd", 0, BASE_IS_MOOF, &[1]);
    let none = full("tfhd", 0, BASE_IS_MOOF | 0x10, &[1, 0]);
    let run = |count| full("trun", 0, 0, &[count]);
    let same = full("trun", 0, 0x201, &[1, 0, 80]);
    let senc = full("senc", 0, 2, &[u32::MAX]);
    let (short, overlap) = (Error::Truncated("trun"), Error::Invalid("trun", "samples overlap"));
    let cases: [(Vec<u8>, Error); 6] = [
        (moof(&[&[&tfhd, &run(u32::MAX)]]), short.clone()),
        (moof(&[&[&none, &run(u32::MAX)]]), short.clone()),
        (moof(&[&[&none, &run(1 << 22)]]), short.clone()),
        (moof(&[&[&tfhd, &full("trun", 0, 0x200, &[u32::MAX])]]), short),
        // The same bytes claimed over and over.
        (moof(&[&[&tfhd, &same.repeat(15)]]), overlap),
        (moof(&[&[&tfhd, &full("trun", 0, 1, &[1, i32::MIN as u32])]]), Error::Truncated("mdat")),
    ];
    for (case, want) in cases {
        assert_eq!(parse_segment(&init(None), &case), Err(want));
    }
    let case = moof(&[&[&tfhd, &run(1), &senc]]);
    let want = Error::Invalid("senc", "sample count differs from trun's");
    assert_eq!(parse_segment(&init(Some(protection(1, 8, true))), &case), Err(want));
    // A file of a hundred bytes that lists four billion samples of one byte.
    let moov = write_init(&init(None).tracks[0], None, None, &[]).expect("init");
    let find = |kind: &[u8]| moov.windows(4).position(|w| w == kind).expect("box");
    let mut hostile = moov.clone();
    hostile[find(b"stsz") + 8..][..8].copy_from_slice(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
    assert!(parse_samples(&hostile).is_err());
    assert_eq!(parse_samples(&moov), Ok(Vec::new()));
}

#[test]
fn errors_say_what_is_wrong() {
    let track = Track { config: Vec::new(), ..init(None).tracks.remove(0) };
    let good = write_init(&track, None, None, &[]);
    // A sample entry without its configuration is refused by the reader, so the writer's answer is not read back.
    assert_eq!(parse_init(&good.expect("init")).err(), Some(Error::Missing("decoder configuration")));
    let cases: [(&[u8], Error); 5] = [
        (b"", Error::Missing("moov")),
        (b"this is a text file, renamed", Error::Missing("moov")),
        (&boxed("moov", &[]), Error::Missing("mvhd")),
        (b"\0\0\0\x20moov\0\0\0\0", Error::Truncated("box")),
        (b"\0\0\0\x04moov\0\0\0\0", Error::Invalid("box", "size is smaller than its header")),
    ];
    for (bytes, want) in cases {
        assert_eq!(parse_init(bytes).err(), Some(want), "{}", bytes.escape_ascii());
    }
    assert_eq!(parse_segment(&init(None), b""), Err(Error::Missing("moof")));
    let foreign = moof(&[&[&full("tfhd", 0, BASE_IS_MOOF, &[99])]]);
    assert_eq!(parse_segment(&init(None), &foreign), Err(Error::Invalid("moof", "its track is not in the init segment")));
    let pattern = Some(hearth_isobmff::Pattern { crypt: 16, skip: 1 });
    let bad = Encryption { scheme: Scheme::Cbcs, key: ContentKey([1; 16]), key_id: KeyId([1; 16]), iv: [0; 16], pattern };
    let spec = hearth_isobmff::SegmentSpec { sequence: 1, base_decode_time: 0, first_sample: 0, samples: &[], data: &[] };
    assert!(hearth_isobmff::write_segment(&track, &spec, Some(&bad)).is_err());
}
