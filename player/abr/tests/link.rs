//! The rule on simulated links: what a viewer would see, and that no input makes it panic or allocate its way out of range.
use hearth_abr::*;
use proptest::prelude::*;

const KBPS: [f32; 5] = [400.0, 800.0, 1600.0, 3200.0, 6400.0];
const SEGMENT_MS: f64 = 4000.0;

fn ladder(max_buffer_ms: f32) -> Ladder {
    let mut kbps = [0.0; MAX_RENDITIONS];
    kbps[..5].copy_from_slice(&KBPS);
    Ladder { kbps, len: 5, segment_ms: SEGMENT_MS as f32, max_buffer_ms, live: max_buffer_ms <= 12_000.0 }
}

#[derive(Debug, Default)]
struct Played {
    renditions: Vec<usize>,
    stall_ms: f64,
    switches: usize,
    abandoned: usize,
}

/// Plays `count` segments over a link of `kbps(now_ms)`, in steps of 50 ms, with 30 s of buffer.
fn play(
    rule: &mut dyn Abr,
    count: usize,
    cap: usize,
    sizes_known: bool,
    remembered: Option<f32>,
    kbps: impl Fn(f64) -> f64,
) -> Played {
    rule.reset(&ladder(30_000.0), remembered);
    go_on(rule, 30_000.0, count, cap, sizes_known, kbps)
}

/// As [`play`], once the rule knows its ladder.
fn go_on(
    rule: &mut dyn Abr,
    max_buffer_ms: f64,
    count: usize,
    cap: usize,
    sizes_known: bool,
    kbps: impl Fn(f64) -> f64,
) -> Played {
    let mut sizes = [[0.0; MAX_RENDITIONS]; MAX_LOOKAHEAD];
    for row in &mut sizes {
        for (bits, k) in row.iter_mut().zip(KBPS) {
            *bits = k * SEGMENT_MS as f32;
        }
    }
    let (mut now, mut buffer, mut playing, mut out) = (0.0, 0.0_f64, false, Played::default());
    while out.renditions.len() < count {
        let last = out.renditions.last().copied();
        let ahead = if sizes_known { &sizes[..MAX_LOOKAHEAD.min(count - out.renditions.len())] } else { &[] };
        let d = rule.decide(&Situation { now_ms: now, buffer_ms: buffer as f32, playing, last, sizes_bits: ahead, cap });
        assert!(d.rendition <= cap);
        let size = f64::from(sizes[0][d.rendition]);
        let (start, mut got, mut gave_up) = (now, 0.0, false);
        while got < size && !gave_up {
            now += 50.0;
            got = (got + kbps(now) * 50.0).min(size);
            if playing {
                out.stall_ms += (50.0 - buffer).max(0.0);
                buffer = (buffer - 50.0).max(0.0);
            }
            let time_ms = (now - start) as f32;
            let t = InFlight {
                now_ms: now,
                buffer_ms: buffer as f32,
                rendition: d.rendition,
                size_bits: size,
                got_bits: got,
                time_ms,
            };
            gave_up = playing && got < size && rule.progress(&t);
        }
        let t = Transfer {
            now_ms: now,
            rendition: d.rendition,
            got_bits: got,
            ttfb_ms: 0.0,
            time_ms: (now - start) as f32,
            abandoned: gave_up,
        };
        rule.done(&t);
        if gave_up {
            out.abandoned += 1;
            assert!(out.abandoned < 100 * count, "gives up for ever");
            continue;
        }
        out.switches += usize::from(last.is_some_and(|l| l != d.rendition));
        out.renditions.push(d.rendition);
        (buffer, playing) = (buffer + SEGMENT_MS, true);
        let full = (buffer + SEGMENT_MS - max_buffer_ms).max(0.0);
        (now, buffer) = (now + full, buffer - full);
    }
    out
}

#[test]
fn steady_links_get_what_they_carry() {
    for sizes_known in [true, false] {
        for kbps in [500.0, 1000.0, 2000.0, 4000.0, 20_000.0] {
            let p = play(&mut *best(), 60, 4, sizes_known, None, |_| kbps);
            let mean = p.renditions[20..].iter().map(|q| KBPS[*q]).sum::<f32>() / 40.0;
            let carried = KBPS.into_iter().filter(|k| f64::from(*k) < kbps).fold(0.0, f32::max);
            assert!(p.stall_ms == 0.0 && mean >= carried && p.switches <= 8, "{kbps}: {mean} {p:?}");
        }
    }
}

#[test]
fn a_drop_is_survived_and_recovered_from() {
    let link = |now: f64| if (60_000.0..100_000.0).contains(&now) { 900.0 } else { 8000.0 };
    let p = play(&mut *best(), 60, 4, true, None, link);
    assert_eq!(p.stall_ms, 0.0, "{p:?}");
    assert!(p.renditions.iter().skip(5).any(|q| *q <= 1) && p.renditions[50..].iter().all(|q| *q == 4), "{p:?}");
}

#[test]
fn a_collapse_under_way_is_given_up() {
    // At 30 s the link falls to a tenth of what the top rendition needs.
    let p = play(&mut *best(), 40, 4, true, None, |now| if now < 30_000.0 { 7000.0 } else { 640.0 });
    assert!(p.abandoned > 0 && p.stall_ms < 500.0, "{p:?}");
}

/// A rate that is another every two seconds, between a fifth and nearly twice 4 Mbit/s.
fn restless(seed: u64, now_ms: f64) -> f64 {
    let mut x = (seed << 32 | (now_ms / 2000.0) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    800.0 + 6_400.0 * ((x >> 40) as f64 / (1u64 << 24) as f64)
}

#[test]
fn a_small_buffer_is_played_carefully() {
    let sessions = |tuning: &Tuning| {
        let played = (0..20).map(|seed| {
            let mut rule = Mpc::new(tuning.clone());
            rule.reset(&ladder(12_000.0), None);
            go_on(&mut rule, 12_000.0, 60, 4, true, |now| restless(seed, now))
        });
        played.filter(|p| p.stall_ms > 50.0).count()
    };
    // As if a stall cost no more than with a large buffer.
    let careless = Tuning { stall_event_s: 4.0, ..Tuning::default() };
    let (ours, theirs) = (sessions(&Tuning::default()), sessions(&careless));
    assert!(ours < theirs && ours <= 10, "{ours} against {theirs} of 20 sessions stalled");
}

#[test]
fn starts_where_the_network_was() {
    let first = |remembered| play(&mut *best(), 20, 4, true, remembered, |_| 30_000.0).renditions[0];
    assert_eq!((first(None), first(Some(500.0)), first(Some(30_000.0))), (0, 0, 4));
    let mut rule = best();
    play(&mut *rule, 20, 4, true, None, |_| 3000.0);
    let estimate = rule.estimate_kbps().unwrap();
    assert!((2500.0..3500.0).contains(&estimate), "{estimate}");
}

#[test]
fn caps_are_kept_and_decisions_repeat() {
    let run = || play(&mut *best(), 30, 2, true, None, |now| 3000.0 + 2000.0 * (now / 5000.0).sin());
    let (a, b) = (run(), run());
    assert!(a.renditions.iter().all(|q| *q <= 2) && a.renditions[29] == 2);
    assert_eq!(a.renditions, b.renditions);
}

fn any_f32() -> impl Strategy<Value = f32> {
    prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(-1.0), Just(0.0), Just(f32::MAX), 0.0..1e6_f32]
}

proptest! {
    #[test]
    fn nonsense_never_panics(
        kbps in proptest::array::uniform16(any_f32()), len in 0usize..40, segment_ms in any_f32(), max_buffer_ms in any_f32(),
        remembered in proptest::option::of(any_f32()),
        steps in proptest::collection::vec((any_f32(), any_f32(), any_f32(), any_f32(), 0usize..40, 0usize..40, any::<bool>(), 0usize..=8), 1..12),
    ) {
        let mut rule = best();
        let blank = Situation { now_ms: 0.0, buffer_ms: 0.0, playing: false, last: None, sizes_bits: &[], cap: 3 };
        prop_assert_eq!(rule.decide(&blank).rendition, 0);
        rule.reset(&Ladder { kbps, len, segment_ms, max_buffer_ms, live: false }, remembered);
        for (a, b, c, d, q, cap, flag, ahead) in steps {
            let row = [a; MAX_RENDITIONS];
            let sizes = [row; MAX_LOOKAHEAD];
            let s = Situation { now_ms: f64::from(a), buffer_ms: b, playing: flag, last: flag.then_some(q), sizes_bits: &sizes[..ahead], cap };
            let got = rule.decide(&s);
            prop_assert!(got.rendition <= cap && got.rendition < len.clamp(1, MAX_RENDITIONS));
            prop_assert!(got.wait_ms >= 0.0);
            rule.progress(&InFlight { now_ms: 0.0, buffer_ms: a, rendition: q, size_bits: f64::from(b), got_bits: f64::from(c), time_ms: d });
            rule.done(&Transfer { now_ms: 0.0, rendition: q, got_bits: f64::from(c), ttfb_ms: d, time_ms: a, abandoned: flag });
            prop_assert!(rule.estimate_kbps().is_none_or(|k| k >= 0.0));
        }
    }
}
