//! Stochastic model-predictive control: dynamic programming over (buffer, last rendition) with the segments' true sizes, under three lasting
//! and five passing scenarios of the network. Fixed tables, no allocation.
use crate::forecast::Forecast;
use crate::{Abr, Decision, InFlight, Ladder, MAX_LOOKAHEAD, MAX_RENDITIONS, Situation, Transfer};

/// Steps of the buffer axis.
const BINS: usize = 31;
/// Gauss-Hermite points of a normal distribution: offset in standard deviations, weight.
const THREE: [(f32, f32); 3] = [(-1.732, 1.0 / 6.0), (0.0, 2.0 / 3.0), (1.732, 1.0 / 6.0)];
/// Five where a single slow segment decides whether there is a stall: three do not see one worse than in six.
const FIVE: [(f32, f32); 5] = [(-2.857, 0.0113), (-1.3556, 0.2221), (0.0, 0.5332), (1.3556, 0.2221), (2.857, 0.0113)];

type Table = [[f32; MAX_RENDITIONS]; BINS];

/// What the rule holds dear. Utilities are in units of the top rendition for one segment; a second of stall costs one.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Cost of a second of stall.
    pub stall: f32,
    /// Cost of any stall, times what can be buffered when a request is due: from a small buffer, each request risks one.
    pub stall_event_s: f32,
    /// Cost of any switch, beside that of its size.
    pub switch: f32,
    /// Cost of ending the horizon with an empty buffer.
    pub terminal: f32,
    /// Buffer over which that cost falls by e, in seconds.
    pub terminal_s: f32,
    /// Spread of forecasts before any is known (natural logarithm).
    pub sigma0: f32,
    /// Part of the spread's variance that lasts.
    pub lasting: f32,
    /// How much of a lasting error remains a segment later.
    pub persistence: f32,
    /// How much of the difference between now and the mean remains a segment later.
    pub decay: f32,
    /// Gain that giving up a transfer must promise.
    pub abandon: f32,
    /// Part of the expected rate below which a transfer is looked at.
    pub alarm: f32,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            stall: 1.0,
            stall_event_s: 27.0,
            switch: 0.0,
            terminal: 2.0,
            terminal_s: 4.0,
            sigma0: 0.5,
            lasting: 0.6,
            persistence: 0.9,
            decay: 0.8,
            abandon: 0.1,
            alarm: 0.7,
        }
    }
}

/// The network as a decision sees it.
struct Outlook {
    /// Expected rate a segment ahead.
    kbps: [f32; MAX_LOOKAHEAD],
    /// The lasting scenarios: rate relative to the expected one at each segment ahead, weight.
    lasting: [([f32; MAX_LOOKAHEAD], f32); 3],
    passing: [(f32, f32); 5],
    ttfb_s: f32,
}

/// The rule.
pub struct Mpc {
    tuning: Tuning,
    n: usize,
    utility: [f32; MAX_RENDITIONS],
    kbps: [f32; MAX_RENDITIONS],
    segment_s: f32,
    /// The fullest a buffer can be when a request is due.
    top_s: f32,
    /// Cost of any stall with such a buffer.
    stall_event: f32,
    forecast: Forecast,
    /// Value of what follows the segment under way, one table a lasting scenario.
    after: [Table; 3],
    /// What was decided on last: sizes in kbit, how many segments count, the rendition before, the cap.
    sizes: [[f32; MAX_RENDITIONS]; MAX_LOOKAHEAD],
    horizon: usize,
    last: Option<usize>,
    cap: usize,
    /// Learnt ratio of true to nominal sizes, for when sizes are not told.
    ratio: f32,
}

impl Mpc {
    /// A rule that waits for its ladder.
    pub fn new(tuning: Tuning) -> Self {
        let forecast = Forecast::new(None, tuning.sigma0, tuning.decay);
        Mpc {
            tuning,
            n: 0,
            utility: [0.0; MAX_RENDITIONS],
            kbps: [0.0; MAX_RENDITIONS],
            segment_s: 1.0,
            top_s: 1.0,
            stall_event: 0.0,
            forecast,
            after: [[[0.0; MAX_RENDITIONS]; BINS]; 3],
            sizes: [[0.0; MAX_RENDITIONS]; MAX_LOOKAHEAD],
            horizon: 1,
            last: None,
            cap: 0,
            ratio: 1.0,
        }
    }

    /// Kilobits of segment `k` ahead in rendition `q`.
    fn kbit(&self, s: &Situation<'_>, k: usize, q: usize) -> f32 {
        let nominal = self.kbps[q] * self.segment_s * self.ratio;
        s.sizes_bits.get(k).map(|r| r[q] / 1000.0).filter(|b| b.is_finite() && *b > 0.0).unwrap_or(nominal)
    }

    /// Buffer and stall after loading for `load_s` from buffer `b`.
    fn step(&self, b: f32, load_s: f32) -> (f32, f32) {
        let stall = (load_s - b).max(0.0);
        (((b - load_s).max(0.0) + self.segment_s).min(self.top_s), stall)
    }

    fn stall_cost(&self, stall_s: f32) -> f32 {
        self.tuning.stall * stall_s + if stall_s > 0.02 { self.stall_event } else { 0.0 }
    }

    /// Linear interpolation of a table along the buffer.
    fn look_up(&self, t: &Table, b: f32, q: usize) -> f32 {
        let x = (b / self.top_s * (BINS - 1) as f32).clamp(0.0, (BINS - 1) as f32);
        let i = (x as usize).min(BINS - 2);
        let f = x - i as f32;
        t[i][q] + f * (t[i + 1][q] - t[i][q])
    }

    fn switch_cost(&self, last: Option<usize>, q: usize) -> f32 {
        match last {
            Some(l) if l != q => (self.utility[l.min(self.n - 1)] - self.utility[q]).abs() + self.tuning.switch,
            _ => 0.0,
        }
    }

    /// Expected worth of a load that takes `load_s` at the expected rate (and `ttfb_s` before it) from buffer `b`, going on with `next`.
    fn worth(&self, next: &Table, passing: &[(f32, f32); 5], b: f32, q: usize, (ttfb_s, load_s): (f32, f32)) -> f32 {
        let mut sum = 0.0;
        for (factor, weight) in passing {
            let (after, stall) = self.step(b, ttfb_s + load_s / factor);
            sum += weight * (self.look_up(next, after, q) - self.stall_cost(stall));
        }
        self.utility[q] + sum
    }

    /// What `f` lets expect: rates of the lasting and of the passing scenarios relative to the expected one, and the first byte.
    fn outlook(&self, f: &Forecast) -> Outlook {
        let sigma = f.sigma() as f32;
        let (lasting, passing) =
            (sigma * self.tuning.lasting.max(0.0).sqrt(), sigma * (1.0 - self.tuning.lasting).max(0.0).sqrt());
        let fading = |x: f32| std::array::from_fn(|k| (x * lasting * self.tuning.persistence.powi(k as i32)).exp());
        Outlook {
            kbps: std::array::from_fn(|k| f.ln_kbps(k as u32).exp() as f32),
            lasting: THREE.map(|(x, weight)| (fading(x), weight)),
            passing: FIVE.map(|(x, weight)| ((x * passing).exp(), weight)),
            ttfb_s: f.ttfb_ms() / 1000.0,
        }
    }

    /// Fills `after`: backwards from the horizon to the segment after the next.
    fn plan(&mut self, o: &Outlook) {
        let bin_s = self.top_s / (BINS - 1) as f32;
        for (scenario, (factors, _)) in o.lasting.iter().enumerate() {
            let mut next: Table = [[0.0; MAX_RENDITIONS]; BINS];
            for (i, row) in next.iter_mut().enumerate() {
                let v = -self.tuning.terminal * (-(i as f32) * bin_s / self.tuning.terminal_s).exp();
                row[..self.n].fill(v);
            }
            for k in (1..self.horizon).rev() {
                let mut now: Table = [[0.0; MAX_RENDITIONS]; BINS];
                for (i, row) in now.iter_mut().enumerate() {
                    let b = i as f32 * bin_s;
                    for (q, worth) in row.iter_mut().enumerate().take(self.cap + 1) {
                        let load_s = self.sizes[k][q] / (o.kbps[k] * factors[k]);
                        *worth = self.worth(&next, &o.passing, b, q, (o.ttfb_s, load_s));
                    }
                    self.best_from(row);
                }
                next = now;
            }
            self.after[scenario] = next;
        }
    }

    /// Turns worths by rendition into worths by the rendition before: each is the best of all less the cost of switching. The cost is a
    /// distance, so one pass up and one down do.
    fn best_from(&self, row: &mut [f32; MAX_RENDITIONS]) {
        let stay = *row;
        row[self.cap + 1..].fill(f32::MIN / 4.0);
        for q in 1..self.n {
            row[q] = row[q].max(row[q - 1] - (self.utility[q] - self.utility[q - 1]).abs());
        }
        for q in (0..self.n - 1).rev() {
            row[q] = row[q].max(row[q + 1] - (self.utility[q + 1] - self.utility[q]).abs());
        }
        if self.tuning.switch > 0.0 {
            for q in 0..self.n {
                row[q] -= self.tuning.switch;
                if q <= self.cap {
                    row[q] = row[q].max(stay[q]);
                }
            }
        }
    }

    /// Expected worth, over all scenarios, of loading `kbit` of rendition `q` now, the first byte `ttfb_s` away.
    fn now(&self, o: &Outlook, b: f32, q: usize, kbit: f32, ttfb_s: f32) -> f32 {
        let worth = |(scenario, (factors, weight)): (usize, &([f32; MAX_LOOKAHEAD], f32))| {
            weight * self.worth(&self.after[scenario], &o.passing, b, q, (ttfb_s, kbit / (o.kbps[0] * factors[0])))
        };
        o.lasting.iter().enumerate().map(worth).sum::<f32>() - self.switch_cost(self.last, q)
    }
}

impl Abr for Mpc {
    fn name(&self) -> &'static str {
        "mpc"
    }

    fn reset(&mut self, ladder: &Ladder, estimate_kbps: Option<f32>) {
        self.n = ladder.len.clamp(1, MAX_RENDITIONS);
        self.kbps = ladder.kbps.map(|k| if k.is_finite() { k.max(1.0) } else { 1.0 });
        let top = self.kbps[..self.n].iter().copied().fold(1.0, f32::max);
        self.utility = self.kbps.map(|k| k / top);
        self.segment_s = finite(ladder.segment_ms, 4000.0).clamp(100.0, 60_000.0) / 1000.0;
        let max_s = finite(ladder.max_buffer_ms, 30_000.0).max(0.0) / 1000.0;
        self.top_s = (max_s - self.segment_s).max(self.segment_s);
        self.stall_event = (self.tuning.stall_event_s / self.top_s).clamp(0.5, 4.0);
        self.forecast = Forecast::new(estimate_kbps, self.tuning.sigma0, self.tuning.decay);
        self.last = None;
        self.cap = self.n - 1;
        self.ratio = 1.0;
    }

    fn decide(&mut self, s: &Situation<'_>) -> Decision {
        if self.n == 0 {
            return Decision { rendition: 0, wait_ms: 0.0 };
        }
        self.cap = s.cap.min(self.n - 1);
        self.last = s.last.map(|l| l.min(self.n - 1));
        self.horizon = if s.sizes_bits.is_empty() { MAX_LOOKAHEAD } else { s.sizes_bits.len().min(MAX_LOOKAHEAD) };
        for k in 0..self.horizon {
            for q in 0..self.n {
                self.sizes[k][q] = self.kbit(s, k, q);
            }
        }
        if self.forecast.blank() {
            return Decision { rendition: 0, wait_ms: 0.0 };
        }
        let o = self.outlook(&self.forecast);
        self.plan(&o);
        let b = finite(s.buffer_ms, 0.0).max(0.0) / 1000.0;
        let mut best = (0, f32::MIN);
        for q in 0..=self.cap {
            let v = self.now(&o, b, q, self.sizes[0][q], o.ttfb_s);
            if v > best.1 {
                best = (q, v);
            }
        }
        Decision { rendition: best.0, wait_ms: 0.0 }
    }

    fn progress(&mut self, t: &InFlight) -> bool {
        let q = t.rendition.min(self.n.saturating_sub(1));
        if self.n == 0 || q == 0 || self.forecast.blank() {
            return false;
        }
        let flowing_s = finite(t.time_ms, 0.0) / 1000.0 - self.forecast.ttfb_ms() / 1000.0;
        let whole = if t.size_bits > 0.0 { (t.size_bits / 1000.0) as f32 } else { self.sizes[0][q] };
        let left = whole - (t.got_bits / 1000.0) as f32;
        let b = finite(t.buffer_ms, 0.0).max(0.0) / 1000.0;
        // Nothing to decide while what was expected comes, or while the rest is sure to come in time.
        let expected = self.forecast.ln_kbps(0).exp() as f32;
        let seen = (t.got_bits / 1000.0) as f32 / flowing_s;
        if flowing_s < 0.25 || left <= 0.0 || seen > self.tuning.alarm * expected || left / seen < 0.5 * b {
            return false;
        }
        let mut f = self.forecast.clone();
        f.pass(t.got_bits, f64::from(flowing_s) * 1000.0);
        let o = self.outlook(&f);
        self.plan(&o);
        let go_on = self.now(&o, b, q, left, 0.0);
        (0..q.min(self.cap + 1)).any(|p| self.now(&o, b, p, self.sizes[0][p], o.ttfb_s) > go_on + self.tuning.abandon)
    }

    fn done(&mut self, t: &Transfer) {
        self.forecast.add(t.got_bits, f64::from(t.time_ms - t.ttfb_ms), t.ttfb_ms);
        if !t.abandoned && t.rendition < self.n {
            let nominal = self.kbps[t.rendition] * self.segment_s;
            let ratio = (t.got_bits / 1000.0) as f32 / nominal;
            if ratio.is_finite() {
                self.ratio = (self.ratio + 0.1 * (ratio - self.ratio)).clamp(0.2, 2.0);
            }
        }
    }

    fn estimate_kbps(&self) -> Option<f32> {
        self.forecast.kbps()
    }
}

/// `x`, or `default` where it is no number.
fn finite(x: f32, default: f32) -> f32 {
    if x.is_finite() { x } else { default }
}
