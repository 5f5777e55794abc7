//! What a run was like, as JSON for the demo and for tests.

use serde::Serialize;
use std::time::Duration;

/// Times and counts of one kind of frame.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FrameCosts {
    /// Frames drawn.
    pub frames: u64,
    /// Median time to draw one, in ms.
    pub median_ms: f64,
    /// 95 of 100 are quicker, in ms.
    pub p95_ms: f64,
    /// The slowest, in ms.
    pub worst_ms: f64,
    /// Median share of the screen drawn anew, 0 to 1.
    pub median_dirty: f64,
}

/// Everything about one run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Crate version.
    pub version: &'static str,
    /// Of the screen.
    pub width: u32,
    /// Of the screen.
    pub height: u32,
    /// From the start of the process to the home screen with its titles.
    pub home_ms: Option<u64>,
    /// From the start to a home screen whose pictures are all there.
    pub home_art_ms: Option<u64>,
    /// Keys pressed.
    pub keys: u32,
    /// Drawing the interface.
    pub ui: FrameCosts,
    /// From pressing OK to the first picture of the film, the first playback.
    pub first_frame_ms: Option<u64>,
    /// The same for every playback.
    pub first_frames_ms: Vec<u64>,
    /// Pictures of the film that reached the screen.
    pub frames_presented: u64,
    /// Pictures that came too late.
    pub frames_dropped: u64,
    /// How often the buffer ran dry.
    pub stalls: u64,
    /// For how long, in ms.
    pub stalled_ms: u64,
    /// Rendition switches.
    pub switches: u64,
    /// `none`, `cenc`, `cbcs`.
    pub protection: String,
    /// Errors of decoders.
    pub decode_errors: u64,
    /// Each playback's own account, in order.
    pub playbacks: Vec<hearth_player::Summary>,
    /// Errors that were shown.
    pub errors: Vec<String>,
    /// Pictures taken.
    pub shots: Vec<String>,
    /// Why the script failed.
    pub failure: Option<String>,
}

impl Report {
    /// Adds a playback's account.
    pub fn add(&mut self, summary: hearth_player::Summary) {
        self.frames_presented += summary.frames_presented;
        self.frames_dropped += summary.frames_dropped;
        self.stalls += summary.stalls;
        self.stalled_ms += summary.stalled_ms;
        self.switches += summary.switches;
        self.decode_errors += summary.decode_errors;
        if !summary.protection.is_empty() {
            self.protection.clone_from(&summary.protection);
        }
        self.playbacks.push(summary);
    }
}

/// Collects the cost of frames; only so many, a box runs for months.
#[derive(Debug, Default)]
pub struct Costs(Vec<(Duration, f64)>);

impl Costs {
    const MOST: usize = 20_000;

    /// One frame: how long it took and what share of the screen it drew.
    pub fn add(&mut self, took: Duration, dirty: f64) {
        if self.0.len() < Self::MOST {
            self.0.push((took, dirty));
        }
    }

    /// The figures.
    pub fn summary(&self) -> FrameCosts {
        let mut took: Vec<f64> = self.0.iter().map(|(t, _)| t.as_secs_f64() * 1000.0).collect();
        let mut dirty: Vec<f64> = self.0.iter().map(|(_, d)| *d).collect();
        took.sort_by(f64::total_cmp);
        dirty.sort_by(f64::total_cmp);
        let at =
            |list: &[f64], share: f64| list.get(((list.len() as f64 - 1.0) * share).round() as usize).copied().unwrap_or(0.0);
        let round = |v: f64| (v * 1000.0).round() / 1000.0;
        FrameCosts {
            frames: self.0.len() as u64,
            median_ms: round(at(&took, 0.5)),
            p95_ms: round(at(&took, 0.95)),
            worst_ms: round(at(&took, 1.0)),
            median_dirty: round(at(&dirty, 0.5)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_summed_up() {
        let mut costs = Costs::default();
        assert_eq!(costs.summary().frames, 0);
        (1..=100).for_each(|n| costs.add(Duration::from_millis(n), n as f64 / 100.0));
        let sum = costs.summary();
        assert_eq!((sum.frames, sum.median_ms, sum.p95_ms, sum.worst_ms), (100, 51.0, 95.0, 100.0));
    }
}
