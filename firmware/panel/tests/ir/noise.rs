//! What a receiver makes of a signal: stretch, jitter, a clock that is off, glitches. Seeded: the same every time.

use super::encode::Signal;

/// A generator of pseudo-random numbers (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, end: u32) -> u32 {
        (self.next() % u64::from(end)) as u32
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, mean 0, deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0
    }

    /// Waiting time for something that comes `rate` times a second, in microseconds.
    fn wait(&mut self, rate: f64) -> f64 {
        -self.between(f64::MIN_POSITIVE, 1.0).ln() / rate * 1e6
    }
}

/// What is wrong with the receiver and the air.
#[derive(Clone, Copy)]
pub struct Noise {
    /// Marks are longer by this, spaces shorter; chosen for each frame.
    pub stretch: (f64, f64),
    /// Standard deviation of every edge.
    pub jitter: f64,
    /// The remote's clock is off by up to this share.
    pub clock: f64,
    /// A second, each of 10 to 150 us.
    pub glitches: f64,
}

/// Nothing is.
pub const CLEAN: Noise = Noise { stretch: (0.0, 0.0), jitter: 0.0, clock: 0.0, glitches: 0.0 };
/// The receiver of the report.
pub const RECEIVER: Noise = Noise { stretch: (-100.0, 150.0), jitter: 30.0, clock: 0.03, glitches: 0.0 };

/// The edges of `signal` beginning at `start_us`: time and new level; and when it is over.
pub fn receive(signal: &Signal, start_us: f64, noise: &Noise, dice: &mut Dice) -> (Vec<(u64, bool)>, f64) {
    let clock = 1.0 + dice.between(-noise.clock, noise.clock);
    let stretch = dice.between(noise.stretch.0, noise.stretch.1);
    let (mut at, mut changes) = (start_us, Vec::new());
    for (i, us) in signal.durations().iter().enumerate() {
        let late = if i % 2 == 0 { 0.0 } else { stretch };
        changes.push(at + late + noise.jitter * dice.normal());
        at += us * clock;
    }
    if signal.durations().len() % 2 == 1 {
        changes.push(at + stretch);
    }
    if noise.glitches > 0.0 {
        let mut glitch = start_us + dice.wait(noise.glitches);
        while glitch < at {
            let end = glitch + dice.between(10.0, 150.0);
            changes.extend([glitch, end]); // the level is turned twice
            glitch = end + dice.wait(noise.glitches);
        }
    }
    changes.sort_by(f64::total_cmp);
    (edges(&changes), at)
}

/// Nothing but noise for about `seconds`, as the report has it: lengths from 20 us up, 1 ms on average.
pub fn static_noise(seconds: f64, dice: &mut Dice) -> impl Iterator<Item = (u64, bool)> {
    let mut at = 0.0;
    let mut mark = false;
    std::iter::from_fn(move || {
        at += 20.0 + dice.wait(1_000_000.0 / 1_064.0);
        mark = !mark;
        (at < seconds * 1e6).then_some((at as u64, mark))
    })
}

fn edges(changes: &[f64]) -> Vec<(u64, bool)> {
    changes.iter().enumerate().map(|(i, at)| (at.max(0.0) as u64, i % 2 == 0)).collect()
}
