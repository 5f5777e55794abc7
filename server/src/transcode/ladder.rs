//! Which renditions a master gets: aligned, at least three, none above the master.
//!
//! Every rendition is H.264 High, capped constant quality (CRF 23 under a VBV cap), closed groups of pictures of two seconds:
//!
//! | height | 144 | 240 | 360 | 480 | 540 | 720 | 1080 | 1440 | 2160 |
//! |---|---|---|---|---|---|---|---|---|---|
//! | cap at up to 30 pictures/s, kbit/s | 200 | 400 | 800 | 1300 | 1700 | 3000 | 6000 | 10000 | 18000 |
//!
//! Between these, the cap follows the number of pixels; above 30 pictures/s it is half as much again.

use super::Probe;
use serde::{Deserialize, Serialize};

/// Pixels at 16:9 and cap in kbit/s.
const CAPS: [(f64, f64); 9] = [
    (256.0 * 144.0, 200.0),
    (426.0 * 240.0, 400.0),
    (640.0 * 360.0, 800.0),
    (854.0 * 480.0, 1300.0),
    (960.0 * 540.0, 1700.0),
    (1280.0 * 720.0, 3000.0),
    (1920.0 * 1080.0, 6000.0),
    (2560.0 * 1440.0, 10000.0),
    (3840.0 * 2160.0, 18000.0),
];
/// Heights worth having below the master's.
const HEIGHTS: [u32; 6] = [1080, 720, 540, 360, 240, 144];
/// Rungs at most.
const MAX_RUNGS: usize = 5;
/// Of the sound, kbit/s.
pub const AUDIO_KBPS: u32 = 128;
/// Samples a second of all sound.
pub const AUDIO_RATE: u32 = 48_000;
/// Groups of pictures, and with them segments, are this long or as near to it as whole pictures allow.
pub const GOP_SECONDS: f64 = 2.0;

/// How a master is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Pictures a second of every rendition, as a fraction.
    pub frame_rate: (u32, u32),
    /// Pictures in a group.
    pub gop: u32,
    /// Ticks a second of the video tracks.
    pub timescale: u32,
    /// Ticks a picture.
    pub frame_ticks: u32,
    /// Highest first.
    pub rungs: Vec<Rung>,
    /// Is there sound?
    pub audio: bool,
    /// Of the sound.
    pub language: String,
    /// As the container says.
    pub duration_ms: u64,
}

/// One video rendition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// `v360`.
    pub id: String,
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Cap of the bit rate, kbit/s.
    pub kbps: u32,
}

impl Plan {
    /// The most bytes that all renditions together can take.
    pub fn max_bytes(&self) -> u64 {
        let kbps: u64 = self.rungs.iter().map(|r| u64::from(r.kbps)).sum::<u64>() + u64::from(AUDIO_KBPS);
        // Boxes and indexes are a few per cent.
        kbps * self.duration_ms / 8 * 105 / 100 + (1 << 20)
    }
}

/// Plans the encode of a master.
pub fn plan(probe: &Probe) -> Plan {
    let (num, den) = frame_rate(probe.frame_rate);
    let fps = f64::from(num) / f64::from(den);
    // A whole number of ticks a picture, and at least 10 000 a second.
    let factor = if num >= 10_000 { 1 } else { (10_000 / num + 1).next_power_of_two() };
    Plan {
        frame_rate: (num, den),
        gop: (fps * GOP_SECONDS).round().max(1.0) as u32,
        timescale: num * factor,
        frame_ticks: den * factor,
        rungs: rungs(probe.width, probe.height, fps),
        audio: probe.audio,
        language: probe.language.clone(),
        duration_ms: probe.duration_ms,
    }
}

/// The constant rate to encode at: the master's own where it is a sane one, at most 60.
fn frame_rate((num, den): (u32, u32)) -> (u32, u32) {
    let fps = f64::from(num) / f64::from(den.max(1));
    if num == 0 || den == 0 || !(1.0..=240.0).contains(&fps) {
        return (30, 1);
    }
    let fps = if fps > 61.0 { fps / (fps / 60.0).ceil() } else { fps };
    // Containers round: what is within a thousandth of a usual rate is that rate.
    let usual = [(24_000, 1001), (30_000, 1001), (60_000, 1001)].into_iter().chain((1..=60).map(|n| (n, 1)));
    let off = |(n, d): &(u32, u32)| (f64::from(*n) / f64::from(*d) / fps - 1.0).abs();
    match usual.min_by(|a, b| off(a).total_cmp(&off(b))) {
        Some(near) if off(&near) < 0.0004 => near,
        _ if den <= 1001 && fps <= 61.0 && f64::from(num) / f64::from(den) == fps && num <= 240_000 => (num, den),
        _ => ((fps.round() as u32).clamp(1, 60), 1),
    }
}

fn rungs(width: u32, height: u32, fps: f64) -> Vec<Rung> {
    // Never above the master, not even by the one line that an odd height lacks.
    let top = (height & !1).clamp(2, 2160);
    let mut heights = vec![top];
    heights.extend(HEIGHTS.iter().copied().filter(|h| f64::from(*h) <= f64::from(top) * 0.8).take(MAX_RUNGS - 1));
    if heights.len() < 3 {
        heights = [1.0, 2.0 / 3.0, 4.0 / 9.0].map(|f| even(f64::from(top) * f)).to_vec();
    }
    let source = f64::from(height.max(1));
    heights
        .into_iter()
        .map(|h| {
            let w = even(f64::from(width) * f64::from(h) / source);
            Rung { id: format!("v{h}"), width: w, height: h, kbps: cap(w, h, fps) }
        })
        .collect()
}

/// The nearest even number, at least 2: 4:2:0 pictures have even sides.
fn even(n: f64) -> u32 {
    ((n / 2.0).round() as u32).max(1) * 2
}

fn cap(width: u32, height: u32, fps: f64) -> u32 {
    let pixels = f64::from(width) * f64::from(height);
    let above = CAPS.iter().position(|(p, _)| *p >= pixels).unwrap_or(CAPS.len() - 1).max(1);
    let ((p0, c0), (p1, c1)) = (CAPS[above - 1], CAPS[above]);
    let kbps = c0 + (c1 - c0) * (pixels - p0) / (p1 - p0);
    (kbps.max(64.0) * if fps > 31.0 { 1.5 } else { 1.0 }).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladders() {
        for ((w, h), expected) in [
            ((1920, 1080), vec![(1920, 1080), (1280, 720), (960, 540), (640, 360), (426, 240)]),
            ((1280, 720), vec![(1280, 720), (960, 540), (640, 360), (426, 240), (256, 144)]),
            ((640, 360), vec![(640, 360), (426, 240), (256, 144)]),
            ((320, 180), vec![(320, 180), (214, 120), (142, 80)]),
            ((3840, 2160), vec![(3840, 2160), (1920, 1080), (1280, 720), (960, 540), (640, 360)]),
            ((1080, 1920), vec![(1080, 1920), (608, 1080), (406, 720), (304, 540), (202, 360)]),
            ((720, 576), vec![(720, 576), (450, 360), (300, 240), (180, 144)]),
            ((321, 179), vec![(320, 178), (212, 118), (144, 80)]),
        ] {
            let made: Vec<_> = rungs(w, h, 25.0).iter().map(|r| (r.width, r.height)).collect();
            assert_eq!(made, expected, "{w}x{h}");
        }
    }

    #[test]
    fn every_ladder_has_three_rungs_that_fall() {
        for h in 16..=2200 {
            let all = rungs(h * 16 / 9, h, 25.0);
            assert!((3..=MAX_RUNGS).contains(&all.len()), "{h}");
            assert!(all.windows(2).all(|w| w[0].height > w[1].height && w[0].kbps >= w[1].kbps), "{h}: {all:?}");
            assert!(all.iter().all(|r| r.width % 2 == 0 && r.height % 2 == 0 && r.height <= h), "{h}: {all:?}");
        }
    }

    #[test]
    fn frame_rates() {
        for (given, expected) in [
            ((25, 1), (25, 1)),
            ((0, 1), (30, 1)),
            ((30_000, 1001), (30_000, 1001)),
            ((2997, 100), (30_000, 1001)),
            ((23_976, 1000), (24_000, 1001)),
            ((50, 1), (50, 1)),
            ((120, 1), (60, 1)),
            ((90_000, 1), (30, 1)),
            ((25, 2), (25, 2)),
            ((1_234_567, 41_000), (30, 1)),
        ] {
            assert_eq!(frame_rate(given), expected, "{given:?}");
        }
    }

    #[test]
    fn a_picture_is_a_whole_number_of_ticks_and_a_group_two_seconds() {
        for (rate, gop, timescale, ticks) in [
            ((25, 1), 50, 12_800, 512),
            ((30_000, 1001), 60, 30_000, 1001),
            ((24, 1), 48, 12_288, 512),
            ((60, 1), 120, 15_360, 256),
        ] {
            let probe =
                Probe { duration_ms: 1000, width: 640, height: 360, frame_rate: rate, audio: false, language: "und".to_owned() };
            let plan = plan(&probe);
            assert_eq!((plan.gop, plan.timescale, plan.frame_ticks), (gop, timescale, ticks), "{rate:?}");
        }
    }
}
