//! Sample tables, edit lists, indexes and messages put together by hand.
mod support;

use hearth_isobmff::{
    Codec, EventMessage, EventTime, FourCc, Pssh, SystemId, Track, TrackKind, parse_emsg, parse_init, parse_samples,
    parse_segment_pssh, parse_sidx, write_init, write_pssh,
};
use support::{boxed, full};

/// A `moov` of one track whose sample tables and edit list are `tables` and `edits`: our own with parts exchanged.
fn moov(tables: &[Vec<u8>], edits: Option<Vec<u8>>) -> Vec<u8> {
    let track = Track {
        kind: TrackKind::Video,
        codec: Codec::Avc,
        sample_entry: FourCc(*b"avc1"),
        config: vec![1, 0x64, 0, 0x1e, 0xff, 0xe0, 0],
        timescale: 90,
        ..Track::default()
    };
    let init = write_init(&track, None, None, &[]).unwrap();
    let at = |name: &[u8; 4]| init.windows(4).position(|w| w == name).unwrap() - 4;
    let body = |name: &[u8; 4]| {
        let start = at(name);
        let size = u32::from_be_bytes(init[start..start + 4].try_into().unwrap()) as usize;
        init[start..start + size].to_vec()
    };
    let stsd = body(b"stsd");
    let stbl = boxed("stbl", &[&stsd, &tables.concat()]);
    let mdia = boxed("mdia", &[&body(b"mdhd"), &body(b"hdlr"), &boxed("minf", &[&stbl])]);
    let edts = edits.map(|e| boxed("edts", &[&e])).unwrap_or_default();
    // A movie timescale of 10 ticks a second.
    let mvhd = full("mvhd", 0, 0, &[0, 0, 10, 0]);
    boxed("moov", &[&mvhd, &boxed("trak", &[&body(b"tkhd"), &edts, &mdia])])
}

fn stts(runs: &[(u32, u32)]) -> Vec<u8> {
    let rows: Vec<u32> = std::iter::once(runs.len() as u32).chain(runs.iter().flat_map(|r| [r.0, r.1])).collect();
    full("stts", 0, 0, &rows)
}

/// Four samples of 5, 6, 7 and 8 bytes, 30 ticks each, in chunks of two at 100 and 200.
fn four() -> Vec<Vec<u8>> {
    vec![
        stts(&[(4, 30)]),
        full("stsc", 0, 0, &[1, 1, 2, 1]),
        full("stco", 0, 0, &[2, 100, 200]),
        full("stsz", 0, 0, &[0, 4, 5, 6, 7, 8]),
        full("stss", 0, 0, &[2, 1, 3]),
    ]
}

#[test]
fn sample_tables() {
    let want = [(0, true, 100..105), (30, false, 105..111), (60, true, 200..207), (90, false, 207..215)];
    let check = |tables: &[Vec<u8>]| {
        let got: Vec<_> = parse_samples(&moov(tables, None)).unwrap().into_iter().map(|s| (s.pts, s.sync, s.data)).collect();
        assert_eq!(got, want);
    };
    check(&four());
    let with = |at: usize, table: Vec<u8>| {
        let mut all = four();
        all[at] = table;
        all
    };
    check(&with(2, full("co64", 0, 0, &[2, 0, 100, 0, 200])));
    check(&with(0, stts(&[(1, 30), (3, 30)])));
    check(&with(3, full("stz2", 0, 0, &[4, 4, 0x5678_0000])));
    check(&with(3, full("stz2", 0, 0, &[8, 4, 0x0506_0708])));
    check(&with(3, full("stz2", 0, 0, &[16, 4, 0x0005_0006, 0x0007_0008])));
    for hostile in [
        with(3, full("stz2", 0, 0, &[4, 400, 0])),
        with(3, full("stz2", 0, 0, &[5, 4, 0])),
        with(3, full("stsz", 0, 0, &[1, u32::MAX])),
        with(2, full("stco", 0, 0, &[1, 100])),
        with(0, stts(&[(3, 30)])),
        with(1, full("stsc", 0, 0, &[1, 1, 0, 1])),
    ] {
        assert!(parse_samples(&moov(&hostile, None)).is_err());
    }
}

#[test]
fn edit_lists() {
    // Duration in tenths of a second, media time in 90ths: (offset, end, presentation times).
    let check = |edits: &[(u32, i32)], offset: i64, end: Option<i64>, times: &[i64]| {
        let rows = edits.iter().flat_map(|(d, t)| [*d, *t as u32, 0x1_0000]);
        let rows: Vec<u32> = std::iter::once(edits.len() as u32).chain(rows).collect();
        let bytes = moov(&four(), Some(full("elst", 0, 0, &rows)));
        let track = parse_init(&bytes).unwrap().tracks.remove(0);
        assert_eq!((track.edit_offset, track.edit_end), (offset, end), "{edits:?}");
        let got: Vec<i64> = parse_samples(&bytes).unwrap().iter().map(|s| s.pts).collect();
        assert_eq!(got, times, "{edits:?}");
    };
    check(&[(0, 0)], 0, None, &[0, 30, 60, 90]);
    check(&[(0, 30)], -30, None, &[-30, 0, 30, 60]);
    // Rounded up: 0.4 s are 36 ticks.
    check(&[(4, 30)], -30, Some(36), &[-30, 0, 30]);
    check(&[(10, -1), (4, 0)], 90, Some(126), &[90, 120]);
    check(&[(4, 0), (4, 60)], 0, None, &[0, 30, 60, 90]);
    check(&[(10, -1)], 0, None, &[0, 30, 60, 90]);
}

fn sidx(start: u32, first_offset: u32, entries: &[(bool, u32, u32)]) -> Vec<u8> {
    let rows = entries.iter().flat_map(|(index, size, duration)| [u32::from(*index) << 31 | size, *duration, 0x9000_0000]);
    let rows: Vec<u32> = [1, 90, start, first_offset, entries.len() as u32].into_iter().chain(rows).collect();
    full("sidx", 0, 0, &rows)
}

#[test]
fn several_indexes() {
    let facts = |bytes: &[u8], base| -> Vec<_> {
        parse_sidx(bytes, base).unwrap().iter().map(|e| (e.offset, e.size, e.start, e.is_index)).collect()
    };
    // A hierarchy: the first refers to two that follow it, with the media behind them.
    let (a, b) = (sidx(0, 56, &[(false, 10, 90), (false, 20, 90)]), sidx(180, 30, &[(false, 30, 90)]));
    assert_eq!((a.len(), b.len()), (56, 44));
    let root = sidx(0, 0, &[(true, 56, 180), (true, 44, 90)]);
    let all = [root.clone(), a, b].concat();
    let end = 1000 + root.len() as u64 + 56;
    assert_eq!(facts(&all, 1000), [(end + 56, 10, 0, false), (end + 66, 20, 90, false), (end + 44 + 30, 30, 180, false)]);
    // What is not at hand is left to the caller.
    assert_eq!(facts(&root, 1000), [(end - 56, 56, 0, true), (end, 44, 180, true)]);
    // A chain whose last leads back to the first ends.
    let ring = sidx(0, 0, &[(false, 0, 9), (true, 0, 9)]);
    assert_eq!(facts(&ring.repeat(2), 0).len(), 3);
}

#[test]
fn event_messages() {
    let v0 = boxed("emsg", &[&[0; 4], b"urn:x\0v\0", &[0, 0, 0, 90, 0, 0, 0, 45, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 7], b"data"]);
    let v1 = boxed("emsg", &[&[1, 0, 0, 0, 0, 0, 0, 90], &1u64.to_be_bytes(), &[0, 0, 0, 9, 0, 0, 0, 8], b"urn:x\0\0"]);
    let v9 = boxed("emsg", &[&[9, 0, 0, 0]]);
    let got = parse_emsg(&[v0.clone(), v9, v1, boxed("mdat", &[b"x"])].concat()).unwrap();
    let want = EventMessage {
        scheme: "urn:x".into(),
        value: "v".into(),
        timescale: 90,
        time: EventTime::FromSegment(45),
        duration: None,
        id: 7,
        data: b"data".to_vec(),
    };
    assert_eq!(got[0], want);
    assert_eq!((got.len(), got[1].time, got[1].duration, got[1].id), (2, EventTime::OfMedia(1), Some(9), 8));
    assert!(parse_emsg(&boxed("emsg", &[&v0[8..20]])).is_err());
}

#[test]
fn keys_on_their_way() {
    let pssh = Pssh { system_id: SystemId([7; 16]), key_ids: Vec::new(), data: vec![1, 2] };
    let moof = boxed("moof", &[&full("mfhd", 0, 0, &[1]), &write_pssh(&pssh).unwrap()]);
    assert_eq!(parse_segment_pssh(&[moof, boxed("mdat", &[])].concat()), Ok(vec![pssh]));
    assert!(parse_segment_pssh(&boxed("moof", &[&[0, 0, 0, 99]])).is_err());
}
