//! Mountains above the trees, and a flower that opens at night.
use crate::demo::art::canvas::{Canvas, circle, line, polygon};
use crate::demo::art::colour::{fade, mix, ramp, rgb};
use crate::demo::art::noise::{Dice, fractal, ridged};
use std::f32::consts::TAU;
use tiny_skia::PathBuilder;

/// Seven ridges in morning mist under a pale sun.
pub fn ridges(c: &mut Canvas) {
    c.sky(&[rgb(0x4f_7f_a8), rgb(0x9c_b8_cc), rgb(0xf2_d2_bd), rgb(0xfb_e3_c8)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let sun = if c.is_poster() { (w * 0.66, h * 0.27) } else { (w * 0.72, h * 0.30) };
    c.glow(sun, u * 560.0, rgb(0xff_f0_d0), 0.75);
    c.fill(&circle(sun.0, sun.1, u * 92.0), rgb(0xff_f8_e8));
    let layers = 7;
    let tones = [rgb(0xd8_b7_b4), rgb(0x9d_93_ad), rgb(0x5f_74_94), rgb(0x2e_51_6d), rgb(0x12_2f_42), rgb(0x07_19_22)];
    for i in 0..layers {
        let t = i as f32 / (layers - 1) as f32;
        let base = h * (0.46 + 0.47 * t.powf(0.9));
        let tall = h * (0.26 - 0.14 * t);
        let wide = (2.4 - 0.7 * t) * w / (u * 1000.0);
        let crest = |x: f32| base - (ridged(x / w * wide + i as f32 * 7.3, 5, 60 + i) - 0.35) * tall;
        let mut points: Vec<_> = (0..=360).map(|k| k as f32 / 360.0 * w).map(|x| (x, crest(x))).collect();
        points.extend([(w, h), (0.0, h)]);
        let tone = ramp(&tones, t);
        let mist = mix(tone, rgb(0xf6_dc_c8), 0.62 * (1.0 - t));
        c.gradient(&polygon(&points), &[tone, mist], (0.0, base - tall * 0.6), (0.0, base + h * 0.15));
        if i >= layers - 2 {
            trees(c, &crest, tone, if i == layers - 1 { 1.0 } else { 0.5 }, 90 + i);
        }
    }
    birds(c, (sun.0 - u * 210.0, sun.1 + u * 60.0));
}

fn trees(c: &mut Canvas, crest: &dyn Fn(f32) -> f32, tone: tiny_skia::Color, size: f32, seed: u32) {
    let (w, u) = (c.w, c.unit());
    let mut dice = Dice::new(seed);
    let mut x = -u * 20.0;
    while x < w + u * 20.0 {
        let tall = u * size * dice.between(38.0, 120.0);
        let (foot, half) = (crest(x) + u * 16.0, tall * 0.20);
        let mut points = vec![(x, foot - tall)];
        let tiers = 5;
        for side in [1.0, -1.0] {
            let rows: Vec<i32> = if side > 0.0 { (1..=tiers).collect() } else { (1..=tiers).rev().collect() };
            for k in rows {
                let t = k as f32 / tiers as f32;
                let (out, inward) = (
                    (x + side * half * t, foot - tall * (1.0 - t)),
                    (x + side * half * t * 0.55, foot - tall * (1.0 - t) - tall * 0.03),
                );
                if side > 0.0 { points.extend([out, inward]) } else { points.extend([inward, out]) }
            }
        }
        c.fill(&polygon(&points), tone);
        x += u * size * dice.between(10.0, 46.0);
    }
}

fn birds(c: &mut Canvas, at: (f32, f32)) {
    let u = c.unit();
    for (dx, dy, s) in [(0.0, 0.0, 1.0), (46.0, 22.0, 0.75), (-30.0, 34.0, 0.6), (88.0, -6.0, 0.5)] {
        let (x, y, s) = (at.0 + dx * u, at.1 + dy * u, s * u * 17.0);
        let wing =
            [(x - s, y - s * 0.35), (x - s * 0.45, y - s * 0.5), (x, y), (x + s * 0.45, y - s * 0.5), (x + s, y - s * 0.35)];
        c.stroke(&line(&wing, false), fade(rgb(0x2a_3f_58), 0.8), u * 2.6);
    }
}

/// Layers of petals round a lit heart, against the dark.
pub fn petals(c: &mut Canvas) {
    c.sky(&[rgb(0x12_06_1c), rgb(0x26_0c_33), rgb(0x1a_09_2a)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let centre = if c.is_poster() { (w * 0.5, h * 0.40) } else { (w * 0.70, h * 0.52) };
    c.shade(|x, y| fade(rgb(0x57_1f_66), (fractal(x / u / 420.0, y / u / 420.0, 4, 3) - 0.42).max(0.0) * 1.1));
    leaves(c, centre);
    c.glow(centre, u * 640.0, rgb(0xd0_3d_8f), 0.45);
    let rings: [(i32, f32, f32, [u32; 3]); 4] = [
        (12, 430.0, 0.00, [0x4a_0f_57, 0x9c_24_7f, 0xd6_4b_94]),
        (11, 345.0, 0.19, [0x7c_1b_6d, 0xd4_43_8e, 0xf4_86_a8]),
        (9, 250.0, 0.33, [0xb5_30_7d, 0xf0_78_9c, 0xff_bd_b4]),
        (7, 160.0, 0.10, [0xe0_5a_86, 0xff_ab_a4, 0xff_e6_cf]),
    ];
    for (count, length, turn, tones) in rings {
        let tones = tones.map(rgb);
        for k in 0..count {
            let angle = TAU * (k as f32 + turn) / count as f32;
            petal(c, centre, angle, length * u, TAU / count as f32, &tones);
        }
    }
    c.glow(centre, u * 210.0, rgb(0xff_d9_8a), 0.8);
    let mut dice = Dice::new(5);
    for _ in 0..70 {
        let (a, r) = (dice.roll() * TAU, u * 74.0 * dice.roll().sqrt());
        let at = (centre.0 + r * a.cos(), centre.1 + r * a.sin());
        c.fill(&circle(at.0, at.1, u * dice.between(3.0, 6.5)), mix(rgb(0xff_b6_3d), rgb(0xff_f3_c4), dice.roll()));
    }
    for _ in 0..90 {
        let at = (dice.roll() * w, dice.roll() * h);
        let s = u * dice.between(0.8, 2.6);
        c.glow(at, s * 7.0, rgb(0xff_c7_8f), 0.35);
        c.fill(&circle(at.0, at.1, s), fade(rgb(0xff_e4_c2), dice.between(0.2, 0.9)));
    }
}

fn petal(c: &mut Canvas, centre: (f32, f32), angle: f32, length: f32, spread: f32, tones: &[tiny_skia::Color; 3]) {
    let (sin, cos) = angle.sin_cos();
    let at = |along: f32, across: f32| {
        (centre.0 + length * (along * cos - across * sin), centre.1 + length * (along * sin + across * cos))
    };
    let wide = (spread * 0.72).min(0.42);
    let mut b = PathBuilder::new();
    let (start, tip) = (at(0.02, 0.0), at(1.0, 0.0));
    b.move_to(start.0, start.1);
    for side in [1.0, -1.0] {
        let (near, far) = (at(0.34, wide * 1.05 * side), at(0.86, wide * 0.98 * side));
        if side > 0.0 {
            b.cubic_to(near.0, near.1, far.0, far.1, tip.0, tip.1);
        } else {
            b.cubic_to(far.0, far.1, near.0, near.1, start.0, start.1);
        }
    }
    let path = b.finish();
    c.gradient(&path, tones, start, tip);
    c.stroke(&path, fade(tones[0], 0.55), length * 0.006);
    for across in [-0.5, 0.0, 0.5] {
        let vein: Vec<_> =
            (1..=12).map(|i| i as f32 / 13.0).map(|t| at(0.16 + t * 0.72, across * wide * (t * 3.0).sin() * 0.75)).collect();
        c.stroke(&line(&vein, false), fade(tones[2], 0.22), length * 0.006);
    }
}

fn leaves(c: &mut Canvas, centre: (f32, f32)) {
    let u = c.unit();
    for (angle, length) in [(0.5, 640.0), (1.25, 600.0), (2.1, 650.0), (2.9, 610.0), (3.9, 620.0), (5.6, 640.0), (4.75, 560.0)] {
        petal(c, centre, angle, length * u, 0.42, &[rgb(0x0a_17_22), rgb(0x12_3b_40), rgb(0x2c_6b_5c)]);
    }
}
