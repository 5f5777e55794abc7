//! What the network will give next, learnt within the session: a fast and a slow mean of past rates, how far apart they tend to stay, and how
//! wrong the forecasts have been.

/// Bits and milliseconds that lose half their weight in `half_life_ms` of transfer time.
#[derive(Clone, Copy, Debug, Default)]
struct Aged {
    bits: f64,
    ms: f64,
}

impl Aged {
    fn add(&mut self, bits: f64, ms: f64, half_life_ms: f64) {
        let keep = (-ms / half_life_ms).exp2();
        self.bits = self.bits * keep + bits;
        self.ms = self.ms * keep + ms;
    }
    /// Natural logarithm of kbit/s.
    fn ln_kbps(&self) -> f64 {
        (self.bits / self.ms.max(1e-3)).max(1e-3).ln()
    }
}

/// Half lives of the two means, in ms of transfer.
/// The fast one is about one transfer: home lines change between one segment and the next. The slow one is where a session comes back to.
const FAST_MS: f64 = 1_200.0;
const SLOW_MS: f64 = 60_000.0;
/// A mean over a longer time varies less, so errors are counted as those of a transfer this long would be.
const USUAL_MS: f64 = 3_000.0;
/// Rates keep about this long to what they are: transfers much shorter than it err alike.
const CORRELATED_MS: f64 = 300.0;
/// Transfers shorter than this say little about rate: they count, but their error is not learnt from.
const SHORT_MS: f64 = 20.0;

/// How fast what was learnt is forgotten, a transfer.
const KEEP: f64 = 0.97;
/// Weights of what is believed before anything is learnt, in transfers.
const PRIOR_OFFSET: f64 = 10.0;
const PRIOR_DECAY: f64 = 10.0;
const PRIOR_SPREAD: f64 = 4.0;
/// Usual variance of the difference between the means (natural logarithm).
const USUAL_DIFFERENCE: f64 = 0.1;

/// Sums for the regression `ln rate - slow = offset + decay * (fast - slow)`.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    n: f64,
    u: f64,
    y: f64,
    uu: f64,
    uy: f64,
    /// Squared errors of the forecasts as they were made, each as of a transfer of the usual length.
    e2: f64,
}

/// The forecast's state.
#[derive(Clone, Debug)]
pub(crate) struct Forecast {
    fast: Aged,
    slow: Aged,
    ttfb_ms: f32,
    samples: u32,
    sums: Sums,
    sigma0: f64,
    decay0: f64,
    /// As learnt: see [`Sums`].
    offset: f64,
    decay: f64,
}

impl Forecast {
    pub(crate) fn new(remembered_kbps: Option<f32>, sigma0: f32, decay: f32) -> Self {
        let decay = f64::from(decay);
        let mut f = Forecast {
            fast: Aged::default(),
            slow: Aged::default(),
            ttfb_ms: 50.0,
            samples: 0,
            sums: Sums::default(),
            sigma0: f64::from(sigma0),
            decay0: decay,
            offset: 0.0,
            decay,
        };
        if let Some(k) = remembered_kbps.filter(|k| k.is_finite() && *k > 0.0) {
            let ms = 1_000.0;
            f.fast = Aged { bits: f64::from(k) * ms, ms };
            f.slow = f.fast;
        }
        f
    }

    /// Nothing is known.
    pub(crate) fn blank(&self) -> bool {
        self.fast.ms <= 0.0
    }

    pub(crate) fn ttfb_ms(&self) -> f32 {
        self.ttfb_ms
    }

    /// A transfer of `bits` in `ms` after `ttfb_ms`.
    pub(crate) fn add(&mut self, bits: f64, ms: f64, ttfb_ms: f32) {
        if !(bits > 0.0 && ms > 0.0 && bits.is_finite() && ms.is_finite()) {
            return;
        }
        if ttfb_ms.is_finite() {
            let t = ttfb_ms.clamp(0.0, 10_000.0);
            self.ttfb_ms = if self.samples == 0 { t } else { self.ttfb_ms + 0.2 * (t - self.ttfb_ms) };
        }
        if !self.blank() && ms >= SHORT_MS {
            self.learn((bits / ms).max(1e-3).ln(), ms);
        }
        self.pass(bits, ms);
        self.samples = self.samples.saturating_add(1);
    }

    /// What a transfer under way has brought so far: it moves the means, nothing is learnt from it yet.
    pub(crate) fn pass(&mut self, bits: f64, ms: f64) {
        if bits > 0.0 && ms > 0.0 && bits.is_finite() && ms.is_finite() {
            self.fast.add(bits, ms, FAST_MS);
            self.slow.add(bits, ms, SLOW_MS);
        }
    }

    /// Holds what came in `ms` against what was expected.
    fn learn(&mut self, ln_kbps: f64, ms: f64) {
        let slow = self.slow.ln_kbps();
        let u = (self.fast.ln_kbps() - slow).clamp(-3.0, 3.0);
        let y = (ln_kbps - slow).clamp(-3.0, 3.0);
        let e = (ln_kbps - self.ln_kbps(0)).clamp(-2.0, 2.0);
        let usual = ((ms + CORRELATED_MS) / (USUAL_MS + CORRELATED_MS)).clamp(0.1, 2.0);
        let s = &mut self.sums;
        for (sum, x) in
            [(&mut s.n, 1.0), (&mut s.u, u), (&mut s.y, y), (&mut s.uu, u * u), (&mut s.uy, u * y), (&mut s.e2, e * e * usual)]
        {
            *sum = *sum * KEEP + x;
        }
        // Ridge regression towards no offset and the usual decay.
        let (n, uu) = (s.n + PRIOR_OFFSET, s.uu + PRIOR_DECAY * USUAL_DIFFERENCE);
        let uy = s.uy + PRIOR_DECAY * USUAL_DIFFERENCE * self.decay0;
        let det = n * uu - s.u * s.u;
        if det > 1e-6 {
            self.offset = ((s.y * uu - s.u * uy) / det).clamp(-0.5, 0.5);
            self.decay = ((n * uy - s.u * s.y) / det).clamp(0.0, 1.0);
        }
    }

    /// Natural logarithm of the rate expected `k` segments from now.
    pub(crate) fn ln_kbps(&self, k: u32) -> f64 {
        let (fast, slow) = (self.fast.ln_kbps(), self.slow.ln_kbps());
        slow + self.offset + (fast - slow) * self.decay.powi(k as i32 + 1)
    }

    /// Spread of a one-ahead forecast for a transfer of the usual length (natural logarithm).
    pub(crate) fn sigma(&self) -> f64 {
        ((self.sums.e2 + PRIOR_SPREAD * self.sigma0 * self.sigma0) / (self.sums.n + PRIOR_SPREAD)).sqrt().clamp(0.05, 1.0)
    }

    /// kbit/s.
    pub(crate) fn kbps(&self) -> Option<f32> {
        (!self.blank()).then(|| self.slow.ln_kbps().min(self.ln_kbps(0)).exp() as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spread after transfers of `ms` each, whose rates swing between a half and twice the mean.
    fn spread(ms: f64) -> f64 {
        let mut f = Forecast::new(None, 0.5, 0.8);
        (0..60).for_each(|i| f.add(ms * if i % 2 == 0 { 2_000.0 } else { 8_000.0 }, ms, 40.0));
        f.sigma()
    }

    #[test]
    fn short_transfers_that_swing_say_less_of_long_ones_than_long_ones_do() {
        let (short, usual, long) = (spread(300.0), spread(3_000.0), spread(6_000.0));
        assert!(short < 0.6 * usual && usual < long, "{short} {usual} {long}");
    }
}
