//! Numbers that look like chance and are the same on every run.

/// A hash of a lattice point, 0 to 1.
pub fn chance(x: i32, y: i32, seed: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ seed.wrapping_mul(0xc2b2_ae3d);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    (h >> 8) as f32 / 16_777_216.0
}

/// A stream of chances.
pub struct Dice {
    seed: u32,
    n: i32,
}

impl Dice {
    /// The same seed, the same stream.
    pub fn new(seed: u32) -> Self {
        Self { seed, n: 0 }
    }

    /// 0 to 1.
    pub fn roll(&mut self) -> f32 {
        self.n += 1;
        chance(self.n, 0, self.seed)
    }

    /// From `low` to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.roll()
    }
}

/// Smooth noise over the plane, 0 to 1.
pub fn value(x: f32, y: f32, seed: u32) -> f32 {
    let (xi, yi) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (u, v) = (ease(x - xi), ease(y - yi));
    let at = |dx: i32, dy: i32| chance(xi as i32 + dx, yi as i32 + dy, seed);
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
    let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
    top + (bottom - top) * v
}

/// Several octaves of [`value`], 0 to 1.
pub fn fractal(x: f32, y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut weight, mut total, mut scale) = (0.0, 0.5, 0.0, 1.0);
    for octave in 0..octaves {
        sum += weight * value(x * scale, y * scale, seed.wrapping_add(octave * 101));
        total += weight;
        weight *= 0.5;
        scale *= 2.03;
    }
    sum / total
}

/// Noise with sharp crests, 0 to 1: mountains.
pub fn ridged(x: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut weight, mut total, mut scale) = (0.0, 0.5, 0.0, 1.0);
    for octave in 0..octaves {
        let n = value(x * scale, 0.37, seed.wrapping_add(octave * 57));
        sum += weight * (1.0 - (2.0 * n - 1.0).abs());
        total += weight;
        weight *= 0.48;
        scale *= 2.1;
    }
    sum / total
}
