//! One track takes over from another.

use super::*;
use crate::media::prepare::Cut;
use gstreamer as gst;

const MS: i64 = 1_000_000;

/// Sound of one size a sample; what size tells the track.
fn chunk(size: usize, start: i64, end: i64) -> Chunk {
    gst::init().expect("gst");
    let format = Arc::new(Format { track: hearth_isobmff::Track::default(), caps: gst::Caps::new_any() });
    let cut = |pts| Cut { offset: 0, size, pts, dts: pts, duration: 20 * MS as u64, sync: true };
    let cuts = (start..end).step_by(20).map(|ms| cut(ms * MS)).collect();
    Chunk { format, buffer: gst::Buffer::from_mut_slice(vec![0; size]), cuts, key_id: None }
}

/// What would be fed next: track and time in ms.
fn feed(state: &mut State) -> Option<(usize, i64)> {
    loop {
        state.take_over();
        let (at, sample) = state.next?;
        let chunk = state.chunks.get(at)?.clone();
        let Some(cut) = chunk.cuts.get(sample) else {
            state.next = Some((at + 1, 0));
            continue;
        };
        state.next = Some((at, sample + 1));
        return Some((cut.size, cut.pts / MS));
    }
}

/// `late`: samples of the old track that are fed before the new one's first chunk is there, which begins `shift` ms beside the old one's.
fn check(late: usize, shift: i64, expected: &[(usize, i64)]) {
    let buffer = TrackBuffer::new(0, true);
    (0..3).for_each(|n| assert!(buffer.deliver(1, chunk(1, n * 100, (n + 1) * 100))));
    assert!(!buffer.splice(), "nothing is fed yet");
    buffer.lock().next = Some((0, 0));
    let mut fed: Vec<_> = (0..2).filter_map(|_| feed(&mut buffer.lock())).collect();
    assert!(buffer.splice());
    let order = buffer.order().expect("open");
    assert_eq!((order, buffer.fetched(0)), (Order { epoch: 2, position: 40 * MS }, 0));
    assert!(!buffer.deliver(1, chunk(9, 0, 100)), "the old track's fetch is over");
    assert_eq!(buffer.ahead(0), 300 * MS, "the old track plays on");
    fed.extend((0..late).filter_map(|_| feed(&mut buffer.lock())));
    (0..4).for_each(|n| assert!(buffer.deliver(2, chunk(2, n * 100 + shift, (n + 1) * 100 + shift))));
    fed.extend(std::iter::from_fn(|| feed(&mut buffer.lock())).take(40));
    assert!(fed.windows(2).all(|w| (w[1].1 - w[0].1 - 20).abs() <= 20 / 2 + 2 || late > 20), "{fed:?}");
    let change = fed.iter().position(|f| f.0 == 2).expect("it takes over");
    assert_eq!(&fed[change - 1..=change], expected, "{late} {shift}");
    assert_eq!((fed.last().expect("fed").1, buffer.fetched(0)), (380 + shift, (400 + shift) * MS));
}

#[test]
fn another_track_takes_over_without_a_gap() {
    check(0, 0, &[(1, 20), (2, 40)]);
    check(3, 0, &[(1, 80), (2, 100)]);
    check(3, 5, &[(1, 80), (2, 105)]);
    check(3, -7, &[(1, 80), (2, 93)]);
    check(9, 0, &[(1, 200), (2, 220)]);
}

#[test]
fn a_jump_takes_over_at_once() {
    let buffer = TrackBuffer::new(0, true);
    assert!(buffer.deliver(1, chunk(1, 0, 1000)));
    buffer.lock().next = Some((0, 10));
    assert!(buffer.splice());
    assert!(buffer.deliver(2, chunk(2, 200, 1200)));
    buffer.seek_data(500 * MS as u64);
    let mut state = buffer.lock();
    assert_eq!((state.find(true), state.chunks[0].cuts[0].size), (Some((0, 15)), 2));
}
