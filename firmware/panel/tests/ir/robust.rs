//! Through noise: few misses, no wrong code. The long runs: `cargo test --release -p hearth-panel --test ir -- --ignored --nocapture`.

use hearth_panel::ir::Protocol;

use super::encode::frame;
use super::listen::{ALL, Listener, any_code};
use super::noise::{Dice, Noise, RECEIVER, receive, static_noise};

const GLITCHES_10: Noise = Noise { glitches: 10.0, ..super::noise::CLEAN };
const GLITCHES_50: Noise = Noise { glitches: 50.0, ..super::noise::CLEAN };
/// Name, what is wrong, and how many percent may be missed.
const CONDITIONS: [(&str, Noise, f64); 3] =
    [("receiver", RECEIVER, 0.5), ("10 glitches/s", GLITCHES_10, 1.0), ("50 glitches/s", GLITCHES_50, 3.0)];

/// Sends `count` frames; how many were missed, and how many codes came that nobody sent.
fn send(protocol: Protocol, noise: &Noise, count: u32, seed: u64) -> (u32, u32) {
    let mut dice = Dice(seed);
    let (mut listener, mut now, mut missed, mut wrong) = (Listener::default(), 1e6, 0, 0);
    for _ in 0..count {
        let code = any_code(protocol, &mut dice);
        let signal = frame(code, dice.below(2) == 1);
        let (edges, end) = receive(&signal, now, noise, &mut dice);
        listener.edges(&edges);
        listener.wait(end as u64);
        now = end.max(edges.last().map_or(0.0, |e| e.0 as f64)) + 1.0;
        let codes = listener.codes();
        missed += u32::from(!codes.contains(&code));
        let others = codes.iter().filter(|c| **c != code).count();
        if others > 0 && std::env::var_os("HEARTH_IR_TRACE").is_some() {
            println!("sent {code:?}, heard {codes:?}");
        }
        wrong += others as u32;
    }
    (missed, wrong)
}

fn check(count: u32, conditions: &[(&str, Noise, f64)]) {
    let mut faults = Vec::new();
    for (name, noise, most) in conditions {
        for (seed, protocol) in ALL.into_iter().enumerate() {
            let (missed, wrong) = send(protocol, noise, count, seed as u64);
            let percent = 100.0 * f64::from(missed) / f64::from(count);
            println!("{name:14} {:10} missed {percent:5.2} %, wrong {wrong}", protocol.name());
            // Small samples scatter: three standard deviations of what is allowed.
            let scatter = 3.0 * (most * (100.0 - most) / f64::from(count)).sqrt();
            if wrong > 0 || percent > most + scatter {
                faults.push(format!("{name}, {}: {percent:.2} % missed, {wrong} wrong", protocol.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn few_frames_are_missed_and_none_is_wrong() {
    check(400, &CONDITIONS);
}

#[test]
fn noise_says_nothing() {
    assert_eq!(codes_in_noise(120.0, 5), 0);
}

fn codes_in_noise(seconds: f64, seed: u64) -> usize {
    let mut listener = Listener::default();
    let mut dice = Dice(seed);
    for (at, mark) in static_noise(seconds, &mut dice) {
        listener.edge(at, mark);
    }
    listener.codes().len()
}

#[test]
#[ignore = "minutes: 100,000 frames a condition"]
fn a_hundred_thousand_frames() {
    let each = 100_000 / ALL.len() as u32 + 1;
    check(each, &CONDITIONS);
}

#[test]
#[ignore = "a minute: an hour of noise"]
fn an_hour_of_noise() {
    assert_eq!((0..6).map(|seed| codes_in_noise(600.0, 100 + seed)).sum::<usize>(), 0);
}
