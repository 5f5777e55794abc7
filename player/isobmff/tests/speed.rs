//! How fast samples are decrypted, segments read and written. Prints MB/s; run in release with `-- --ignored --nocapture`.
use std::hint::black_box;
use std::time::{Duration, Instant};

use hearth_isobmff::{
    Codec, ContentKey, Encryption, FourCc, KeyId, Pattern, SampleCrypto, SampleInfo, Scheme, SegmentSpec, Subsample, Track,
    TrackKind, cenc, parse_init, parse_segment, write_init, write_segment,
};

/// Runs for half a second; bytes a round in, MB/s out.
fn measure(bytes: usize, mut round: impl FnMut()) -> f64 {
    round();
    let start = Instant::now();
    let mut rounds = 0u32;
    while start.elapsed() < Duration::from_millis(500) {
        round();
        rounds += 1;
    }
    bytes as f64 * f64::from(rounds) / start.elapsed().as_secs_f64() / 1e6
}

#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let key = ContentKey([5; 16]);
    println!("{:<6} {:>8} {:>14} {:>14}", "scheme", "bytes", "decrypt MB/s", "encrypt MB/s");
    for scheme in [Scheme::Cenc, Scheme::Cens, Scheme::Cbc1, Scheme::Cbcs] {
        for size in [400u32, 1500, 20_000, 200_000] {
            let pattern = matches!(scheme, Scheme::Cens | Scheme::Cbcs).then_some(Pattern { crypt: 1, skip: 9 });
            let subsamples = vec![Subsample { clear: 64, protected: size / 16 * 16 - 64 }];
            let crypto = SampleCrypto { scheme, key_id: KeyId([1; 16]), iv: [2; 16], pattern, subsamples };
            let mut data = vec![7u8; size as usize];
            let down = measure(data.len(), || cenc::decrypt(&key, &crypto, black_box(&mut data)).expect("runs"));
            let up = measure(data.len(), || cenc::encrypt(&key, &crypto, black_box(&mut data)).expect("runs"));
            println!("{scheme:<6?} {size:>8} {down:>14.0} {up:>14.0}");
        }
    }

    let config = vec![1, 0x64, 0, 0x1e, 0xff, 0xe0, 0];
    let track = Track {
        kind: TrackKind::Video,
        codec: Codec::Avc,
        sample_entry: FourCc(*b"avc1"),
        timescale: 25,
        config,
        width: 1920,
        height: 1080,
        ..Track::default()
    };
    let infos = vec![SampleInfo { size: 20_000, duration: 1, cts_offset: 0, sync: true }; 100];
    let mut sample = vec![0x55u8; 20_000];
    sample[..5].copy_from_slice(&[0, 0, 0x4e, 0x1c, 0x65]);
    let data = sample.repeat(100);
    let spec = SegmentSpec { sequence: 1, base_decode_time: 0, first_sample: 0, samples: &infos, data: &data };
    for scheme in [None, Some(Scheme::Cenc), Some(Scheme::Cbcs)] {
        let encryption = scheme.map(|scheme| Encryption {
            scheme,
            key: key.clone(),
            key_id: KeyId([1; 16]),
            iv: [3; 16],
            pattern: Some(Pattern { crypt: 1, skip: 9 }),
        });
        let init = parse_init(&write_init(&track, None, encryption.as_ref(), &[]).expect("init")).expect("init");
        let segment = write_segment(&track, &spec, encryption.as_ref()).expect("segment");
        let write = measure(data.len(), || drop(black_box(write_segment(&track, &spec, encryption.as_ref()).expect("segment"))));
        let read = measure(data.len(), || drop(black_box(parse_segment(&init, &segment).expect("segment"))));
        println!("2 MB segment of 100 samples, {scheme:?}: write {write:.0} MB/s, parse {read:.0} MB/s");
    }
}
