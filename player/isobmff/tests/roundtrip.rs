//! What is written is read back the same, whatever the samples; what is mutated never panics.
use hearth_isobmff::{
    Codec, ContentKey, Encryption, Error, FourCc, Init, KeyId, Pattern, Pssh, Sample, SampleInfo, Scheme, SegmentSpec, SystemId,
    Track, TrackKind, cenc, parse_init, parse_pssh, parse_segment, parse_sidx, write_init, write_pssh, write_segment, write_sidx,
};
use proptest::prelude::*;

const KEY: ContentKey = ContentKey([0x42; 16]);

fn track(codec: Codec, edit_offset: i64) -> Track {
    let (kind, entry, config): (_, _, &[u8]) = match codec {
        Codec::Avc => (TrackKind::Video, b"avc1", &[1, 0x64, 0, 0x1e, 0xff, 0xe0, 0]),
        Codec::Hevc => (
            TrackKind::Video,
            b"hvc1",
            &[1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0],
        ),
        Codec::Av1 => (TrackKind::Video, b"av01", &[0x81, 0, 0x0c, 0]),
        Codec::Vp9 => (TrackKind::Video, b"vp09", &[1, 0, 0, 0, 0, 20, 0x80, 1, 1, 1, 0, 0]),
        Codec::Aac => (TrackKind::Audio, b"mp4a", &[0x11, 0x90]),
        Codec::Ac3 => (TrackKind::Audio, b"ac-3", &[0x10, 0x3d, 0xe0]),
        Codec::Eac3 => (TrackKind::Audio, b"ec-3", &[0x07, 0xc0, 0x20, 0x0f, 0]),
        Codec::Opus => (TrackKind::Audio, b"Opus", &[0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]),
        Codec::Wvtt => (TrackKind::Text, b"wvtt", b"WEBVTT"),
        Codec::Stpp => (TrackKind::Text, b"stpp", b"http://www.w3.org/ns/ttml"),
        Codec::Other(_) => unreachable!(),
    };
    let (width, height) = if kind == TrackKind::Video { (1280, 720) } else { (0, 0) };
    let (channels, sample_rate) = if kind == TrackKind::Audio { (2, 48000) } else { (0, 0) };
    Track {
        id: 7,
        kind,
        timescale: 12800,
        language: "deu".into(),
        codec,
        sample_entry: FourCc(*entry),
        config: config.to_vec(),
        width,
        height,
        channels,
        sample_rate,
        edit_offset,
        ..Track::default()
    }
}

fn encryption(scheme: Scheme) -> Encryption {
    let pattern = Some(Pattern { crypt: 1, skip: 9 });
    Encryption { scheme, key: KEY, key_id: KeyId([9; 16]), iv: [0xf0; 16], pattern }
}

#[test]
fn init_segments_come_back() {
    let codecs = [
        (Codec::Avc, "avc1.64001e"),
        (Codec::Hevc, "hvc1.1.6.L93.90"),
        (Codec::Av1, "av01.0.00M.08"),
        (Codec::Vp9, "vp09.00.20.08"),
        (Codec::Aac, "mp4a.40.2"),
        (Codec::Ac3, "ac-3"),
        (Codec::Eac3, "ec-3"),
        (Codec::Opus, "opus"),
        (Codec::Wvtt, "wvtt"),
        (Codec::Stpp, "stpp.ttml.im1t"),
    ];
    let pssh = [
        Pssh { system_id: SystemId([1; 16]), key_ids: vec![KeyId([9; 16]), KeyId([8; 16])], data: Vec::new() },
        Pssh { system_id: SystemId([2; 16]), key_ids: Vec::new(), data: b"data".to_vec() },
    ];
    for (codec, string) in codecs {
        for edit_offset in [0, -1024, 5000] {
            let mut wanted = track(codec, edit_offset);
            if wanted.kind == TrackKind::Video {
                wanted.extra = b"\0\0\0\x10pasp\0\0\0\x04\0\0\0\x03".to_vec();
            }
            assert_eq!(wanted.codec_string(), string);
            let bytes = write_init(&wanted, Some(90_061), None, &pssh).expect("written");
            let init = parse_init(&bytes).expect("read");
            assert_eq!((init.duration_ms, &init.pssh[..]), (Some(90_061), &pssh[..]));
            wanted.defaults.description = 1;
            assert_eq!(init.tracks, [wanted]);
        }
    }
    assert_eq!(
        parse_pssh(&[write_pssh(&pssh[0]), write_pssh(&pssh[1])].map(|b| b.expect("written")).concat()),
        Ok(pssh.to_vec())
    );
}

#[test]
fn protection_comes_back() {
    for codec in [Codec::Avc, Codec::Hevc, Codec::Aac, Codec::Opus] {
        for (scheme, iv_size, patterned) in
            [(Scheme::Cenc, 8, false), (Scheme::Cens, 8, true), (Scheme::Cbc1, 16, false), (Scheme::Cbcs, 0, true)]
        {
            let wanted = track(codec, 0);
            let bytes = write_init(&wanted, None, Some(&encryption(scheme)), &[]).expect("written");
            let got = parse_init(&bytes).expect("read").tracks.remove(0);
            let protection = got.protection.clone().expect("protected");
            assert_eq!((got.codec, got.sample_entry, got.config), (wanted.codec, wanted.sample_entry, wanted.config));
            assert_eq!((protection.scheme, protection.is_protected, protection.iv_size), (scheme, true, iv_size));
            assert_eq!(protection.key_id, KeyId([9; 16]));
            assert_eq!(protection.constant_iv, (scheme == Scheme::Cbcs).then(|| vec![0xf0; 16]));
            let pattern = (patterned && wanted.kind == TrackKind::Video).then_some(Pattern { crypt: 1, skip: 9 });
            assert_eq!(protection.pattern, pattern);
        }
    }
    for codec in [Codec::Wvtt, Codec::Stpp] {
        assert!(write_init(&track(codec, 0), None, Some(&encryption(Scheme::Cenc)), &[]).is_err());
    }
}

#[test]
fn segment_indexes_come_back() {
    let segments = [(1000, 90_000), (0x7fff_ffff, 1), (5, 180_000)];
    let bytes = write_sidx(3, 90_000, 1 << 40, &segments).expect("written");
    let entries = parse_sidx(&bytes, 700).expect("read");
    let mut want = (700 + bytes.len() as u64, 1u64 << 40);
    for (entry, (size, duration)) in entries.iter().zip(segments) {
        assert_eq!(
            (entry.offset, entry.start, entry.size, entry.duration, entry.timescale),
            (want.0, want.1, size, duration, 90_000)
        );
        want = (want.0 + u64::from(size), want.1 + u64::from(duration));
    }
    assert_eq!(entries.len(), 3);
    assert!(write_sidx(1, 1, 0, &[(1 << 31, 1)]).is_err());
}

/// Samples of NAL units (or of noise, for sound) with random times.
fn arb_samples(video: bool) -> impl Strategy<Value = Vec<(SampleInfo, Vec<u8>)>> {
    let nals = prop::collection::vec((0u8..=255, prop::collection::vec(any::<u8>(), 0..700)), 0..6);
    let one = (nals, 1u32..5000, -3000i32..3000, any::<bool>()).prop_map(move |(nals, duration, cts_offset, sync)| {
        let mut data = Vec::new();
        for (first, body) in nals {
            if video {
                data.extend((body.len() as u32 + 1).to_be_bytes());
            }
            data.push(first);
            data.extend(body);
        }
        (SampleInfo { size: data.len() as u32, duration, cts_offset, sync }, data)
    });
    prop::collection::vec(one, 1..12)
}

fn arb_scheme() -> impl Strategy<Value = Option<Scheme>> {
    prop::sample::select(vec![None, Some(Scheme::Cenc), Some(Scheme::Cens), Some(Scheme::Cbc1), Some(Scheme::Cbcs)])
}

/// Init, segment, and the samples that went in.
fn written(codec: Codec, samples: &[(SampleInfo, Vec<u8>)], base: u64, edit: i64, scheme: Option<Scheme>) -> (Vec<u8>, Vec<u8>) {
    let track = track(codec, edit);
    let encryption = scheme.map(encryption);
    let infos: Vec<SampleInfo> = samples.iter().map(|s| s.0).collect();
    let data: Vec<u8> = samples.iter().flat_map(|s| s.1.clone()).collect();
    let spec = SegmentSpec { sequence: 1, base_decode_time: base, first_sample: 1000, samples: &infos, data: &data };
    let init = write_init(&track, None, encryption.as_ref(), &[]).expect("init written");
    (init, write_segment(&track, &spec, encryption.as_ref()).expect("segment written"))
}

fn read(init: &Init, segment: &[u8]) -> Result<Vec<(Sample, Vec<u8>)>, Error> {
    let samples = parse_segment(init, segment)?;
    let mut out = Vec::new();
    for sample in samples {
        let mut bytes = segment[sample.data.clone()].to_vec();
        if let Some(crypto) = &sample.crypto {
            cenc::decrypt(&KEY, crypto, &mut bytes)?;
        }
        out.push((sample, bytes));
    }
    Ok(out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn segments_come_back(
        codec in prop::sample::select(vec![Codec::Avc, Codec::Hevc, Codec::Aac]),
        video in arb_samples(true),
        audio in arb_samples(false),
        base in 0u64..1 << 40,
        edit in -5000i64..5000,
        scheme in arb_scheme(),
    ) {
        let samples = if codec == Codec::Aac { audio } else { video };
        let (init, segment) = written(codec, &samples, base, edit, scheme);
        let init = parse_init(&init).expect("init");
        let got = read(&init, &segment).expect("segment");
        prop_assert_eq!(got.len(), samples.len());
        let mut dts = base as i64 + edit;
        let mut ivs = std::collections::HashSet::new();
        for ((sample, bytes), (info, data)) in got.iter().zip(&samples) {
            prop_assert_eq!(bytes, data);
            prop_assert_eq!((sample.dts, sample.pts), (dts, dts + i64::from(info.cts_offset)));
            prop_assert_eq!((sample.duration, sample.sync, sample.track_id), (info.duration, info.sync, 7));
            prop_assert_eq!(sample.crypto.as_ref().map(|c| c.scheme), scheme);
            if let Some(crypto) = &sample.crypto {
                prop_assert!(crypto.scheme == Scheme::Cbcs || ivs.insert(crypto.iv), "an IV is used twice");
                if !crypto.subsamples.is_empty() {
                    let sum: u32 = crypto.subsamples.iter().map(|s| s.clear + s.protected).sum();
                    prop_assert_eq!(sum, info.size, "subsamples must cover the sample");
                    let blocks = crypto.subsamples.iter().all(|s| s.protected % 16 == 0);
                    prop_assert!(blocks || crypto.scheme == Scheme::Cbcs);
                }
            }
            dts += i64::from(info.duration);
        }
    }

    #[test]
    fn mutations_never_panic(
        samples in arb_samples(true),
        scheme in arb_scheme(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let (mut init, mut segment) = written(Codec::Avc, &samples, 0, -100, scheme);
        let good = parse_init(&init).expect("init");
        // Half of the edits go into the boxes, where they hurt most.
        for (n, (at, value)) in edits.iter().enumerate() {
            let target = if n % 3 == 0 { &mut init } else { &mut segment };
            let length = if n % 2 == 0 { target.len().min(600) } else { target.len() };
            target[at.index(length)] = *value;
        }
        if !whole {
            segment.truncate(cut.index(segment.len()));
        }
        let _ = read(&good, &segment);
        let _ = parse_sidx(&segment, 0);
        let _ = parse_pssh(&init);
        if let Ok(init) = parse_init(&init) {
            init.tracks.iter().for_each(|t| drop(t.codec_string()));
            if let Ok(got) = parse_segment(&init, &segment) {
                prop_assert!(got.iter().map(|s| s.data.len()).sum::<usize>() <= segment.len());
                prop_assert!(got.iter().all(|s| s.data.end <= segment.len()));
            }
            // Configurations that were broken on the way must not break the writer.
            let infos: Vec<SampleInfo> = samples.iter().map(|s| s.0).collect();
            let data: Vec<u8> = samples.iter().flat_map(|s| s.1.clone()).collect();
            let spec = SegmentSpec { sequence: 1, base_decode_time: 0, first_sample: 0, samples: &infos, data: &data };
            for track in &init.tracks {
                let _ = write_segment(track, &spec, Some(&encryption(Scheme::Cbcs)));
            }
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0usize..4) {
        let name = [b"moov", b"moof", b"sidx", b"pssh"][kind];
        let boxed = [&(bytes.len() as u32 + 8).to_be_bytes()[..], name, &bytes].concat();
        let init = parse_init(&write_init(&track(Codec::Avc, 0), None, None, &[]).expect("init")).expect("init");
        for input in [&bytes, &boxed] {
            let _ = parse_init(input);
            let _ = parse_segment(&init, input);
            let _ = parse_sidx(input, u64::MAX);
            let _ = parse_pssh(input);
        }
    }

    /// Parameter sets and slices of noise, in the sample where parsers meet them first: no panic, no endless loop, and still
    /// the right bytes back.
    #[test]
    fn noise_in_parameter_sets_never_panics(
        hevc in any::<bool>(),
        sets in prop::collection::vec((any::<bool>(), prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x80)], 0..60)), 1..5),
        slices in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(0x80)], 0..300), 1..5),
    ) {
        let mut data = Vec::new();
        let mut nal = |head: &[u8], body: &[u8]| {
            data.extend((head.len() as u32 + body.len() as u32).to_be_bytes());
            data.extend_from_slice(head);
            data.extend_from_slice(body);
        };
        for (pps, body) in &sets {
            let kind = u8::from(*pps);
            if hevc { nal(&[(33 + kind) << 1, 1], body) } else { nal(&[0x67 + kind], body) }
        }
        for (n, body) in slices.iter().enumerate() {
            let idr = n % 2 == 0;
            if hevc { nal(&[if idr { 19 << 1 } else { 2 }, 1], body) } else { nal(&[if idr { 0x65 } else { 0x41 }], body) }
        }
        let samples = [(SampleInfo { size: data.len() as u32, duration: 1, cts_offset: 0, sync: true }, data)];
        let (init, segment) = written(if hevc { Codec::Hevc } else { Codec::Avc }, &samples, 0, 0, Some(Scheme::Cbcs));
        let got = read(&parse_init(&init).expect("init"), &segment).expect("segment");
        prop_assert_eq!(&got[0].1, &samples[0].1);
    }
}
