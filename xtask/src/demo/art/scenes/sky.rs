//! Night skies: a ringed planet, and radio dishes under turning stars.
use crate::demo::art::canvas::{Canvas, arc, circle, ellipse, line, polygon};
use crate::demo::art::colour::{fade, mix, ramp, rgb};
use crate::demo::art::noise::{Dice, fractal, ridged};
use std::f32::consts::{PI, TAU};

fn stars(c: &mut Canvas, count: usize, seed: u32, lowest: f32) {
    let mut dice = Dice::new(seed);
    for _ in 0..count {
        let (x, y) = (dice.roll() * c.w, dice.roll() * c.h * lowest);
        let size = dice.roll().powi(6);
        let tint = mix(rgb(0xbf_d4_ff), rgb(0xff_e6_c9), dice.roll());
        let dim = dice.between(0.25, 0.9);
        c.fill(&circle(x, y, c.unit() * (0.5 + 1.6 * size)), fade(tint, dim));
        if size > 0.8 {
            c.glow((x, y), c.unit() * 16.0, tint, 0.35);
        }
    }
}

/// A copper planet, its rings, and a small ship's light far out on its way.
pub fn orbit(c: &mut Canvas) {
    c.sky(&[rgb(0x07_08_17), rgb(0x10_12_2e), rgb(0x23_1c_42), rgb(0x12_0d_22)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let (centre, r) = if c.is_poster() { ((w * 0.56, h * 0.44), w * 0.36) } else { ((w * 0.70, h * 0.50), h * 0.35) };
    c.shade(|x, y| {
        let n = fractal(x / w * 3.0 + 2.0, y / w * 5.0, 5, 11);
        fade(rgb(0x6d_3f_8c), (n - 0.45).max(0.0) * 0.9)
    });
    stars(c, 420, 7, 1.0);
    c.glow(centre, r * 1.75, rgb(0xe0_76_3d), 0.42);

    let tilt = -0.42_f32;
    c.stroke(&arc(centre, r * 2.55, r * 0.92, tilt, PI * 1.02, TAU + 0.05, false), fade(rgb(0xff_d9_b0), 0.30), u * 1.4);
    rings(c, centre, r, tilt, PI, TAU);
    planet(c, centre, r);
    rings(c, centre, r, tilt, 0.0, PI);

    // The long orbit itself, and the one who travels it.
    let (rx, ry) = (r * 2.55, r * 0.92);
    c.stroke(&arc(centre, rx, ry, tilt, 0.05, PI * 1.02, false), fade(rgb(0xff_d9_b0), 0.38), u * 1.5);
    let at = |t: f32| {
        let (s, co) = t.sin_cos();
        let (st, ct) = tilt.sin_cos();
        (centre.0 + rx * co * ct - ry * s * st, centre.1 + rx * co * st + ry * s * ct)
    };
    let ship = at(PI * 1.60);
    c.glow(ship, u * 70.0, rgb(0xff_f0_d8), 0.85);
    c.fill(&circle(ship.0, ship.1, u * 5.5), rgb(0xff_fa_f0));
}

fn planet(c: &mut Canvas, centre: (f32, f32), r: f32) {
    let bands = [rgb(0x5a_22_2c), rgb(0xa8_4a_34), rgb(0xe4_8a_4e), rgb(0xf6_c0_87), rgb(0xd9_74_42), rgb(0x8a_35_34)];
    c.shade(|x, y| {
        let (dx, dy) = ((x - centre.0) / r, (y - centre.1) / r);
        let d2 = dx * dx + dy * dy;
        if d2 > 1.02 {
            return fade(bands[0], 0.0);
        }
        let edge = ((1.0 - d2.sqrt()) * r + 0.5).clamp(0.0, 1.0);
        let z = (1.0 - d2).max(0.0).sqrt();
        // Latitude in the rings' own tilt, stirred a little.
        let lat = dy * 0.91 + dx * 0.39;
        let stir = fractal(dx * 2.2 + lat, lat * 9.0, 4, 23) - 0.5;
        let band = (lat * 3.1 + stir * 0.42).sin() * 0.5 + 0.5;
        let fine = (lat * 23.0 + stir * 4.0).sin() * 0.07;
        let lit = (-0.62 * dx - 0.52 * dy + 0.58 * z).max(0.0);
        let shade = lit.powf(0.8) * 1.08;
        let colour = mix(rgb(0x0b_07_14), ramp(&bands, (band + fine).clamp(0.0, 1.0)), shade.min(1.0));
        let rim = (1.0 - z).powi(4) * lit * 1.2;
        fade(mix(colour, rgb(0xff_dc_b0), rim.min(0.8)), edge)
    });
}

fn rings(c: &mut Canvas, centre: (f32, f32), r: f32, tilt: f32, from: f32, to: f32) {
    for i in 0..46 {
        let t = i as f32 / 45.0;
        let gap = (t - 0.62).abs() < 0.035 || (t - 0.2).abs() < 0.015;
        if gap {
            continue;
        }
        let radius = r * (1.32 + 0.62 * t);
        let tone = mix(rgb(0xf7_cf_9a), rgb(0x8c_5a_78), t);
        let dense = 0.26 + 0.34 * ((i * 37 % 11) as f32 / 11.0);
        c.stroke(&arc(centre, radius, radius * 0.29, tilt, from, to, false), fade(tone, dense), r * 0.0125);
    }
}

/// Star trails around the pole over a ridge with four radio dishes.
pub fn dishes(c: &mut Canvas) {
    c.sky(&[rgb(0x05_13_1c), rgb(0x07_2a_36), rgb(0x12_51_55), rgb(0x4f_8f_7c), rgb(0xc9_d9_a0)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let pole = if c.is_poster() { (w * 0.60, h * 0.30) } else { (w * 0.66, h * 0.30) };
    let mut dice = Dice::new(41);
    let reach = (w * w + h * h).sqrt() * 0.8;
    for _ in 0..330 {
        let r = reach * dice.roll().powf(0.7) + u * 8.0;
        let from = dice.roll() * TAU;
        let tone = ramp(&[rgb(0xe9_ff_f2), rgb(0x9a_e0_d0), rgb(0xff_e9_b8)], dice.roll());
        let dim = dice.between(0.08, 0.62) * (1.0 - 0.5 * r / reach);
        let width = u * dice.between(0.7, 2.4);
        c.stroke(&arc(pole, r, r, 0.0, from, from + 0.55, false), fade(tone, dim), width);
    }
    c.glow(pole, u * 240.0, rgb(0xbf_ff_e6), 0.22);

    let ground = |x: f32, base: f32, rough: f32, seed: u32| h * base - ridged(x / w * 2.2, 4, seed) * h * rough;
    let far: Vec<_> = hills(w, h, |x| ground(x, 0.86, 0.10, 5));
    c.gradient(&polygon(&far), &[rgb(0x1b_55_57), rgb(0x0d_33_3a)], (0.0, h * 0.74), (0.0, h));
    let near = |x: f32| ground(x, 0.93, 0.07, 9);
    let places: &[(f32, f32)] = if c.is_poster() {
        &[(0.17, 0.6), (0.42, 0.75), (0.76, 1.4)]
    } else {
        &[(0.46, 0.5), (0.56, 0.66), (0.69, 0.95), (0.88, 1.5)]
    };
    for (x, size) in places {
        let x = x * w;
        dish(c, x, near(x) + u * 14.0, size * u * 150.0);
    }
    c.fill(&polygon(&hills(w, h, near)), rgb(0x04_12_18));
}

fn hills(w: f32, h: f32, y: impl Fn(f32) -> f32) -> Vec<(f32, f32)> {
    let mut points: Vec<_> = (0..=240).map(|i| i as f32 / 240.0 * w).map(|x| (x, y(x))).collect();
    points.extend([(w, h), (0.0, h)]);
    points
}

/// A dish of radius `s` on its tripod, looking up to the left.
fn dish(c: &mut Canvas, x: f32, foot: f32, s: f32) {
    let dark = rgb(0x04_12_18);
    let hub = (x, foot - s * 1.15);
    for dx in [-0.42, 0.0, 0.42] {
        c.stroke(&line(&[(x + dx * s, foot), hub], false), dark, s * 0.075);
    }
    c.stroke(&line(&[(x - s * 0.24, foot - s * 0.5), (x + s * 0.24, foot - s * 0.5)], false), dark, s * 0.05);
    let angle = -0.62_f32;
    let (sin, cos) = angle.sin_cos();
    let turn = |px: f32, py: f32| (hub.0 + px * cos - py * sin, hub.1 + px * sin + py * cos);
    // The bowl: a flat paraboloid seen from the side, its rim an ellipse.
    let mut bowl: Vec<_> = (0..=40).map(|i| -1.0 + i as f32 / 20.0).map(|t| turn(t * s, (t * t - 1.0) * s * 0.42)).collect();
    bowl.push(turn(-s, 0.0));
    c.fill(&polygon(&bowl), dark);
    c.gradient(&ellipse(turn(0.0, 0.0), s, s * 0.17, angle), &[rgb(0x7f_bd_a6), rgb(0x1d_52_55)], turn(-s, 0.0), turn(s, 0.0));
    let focus = turn(0.0, -s * 0.62);
    for t in [-0.8, 0.8] {
        c.stroke(&line(&[turn(t * s, 0.0), focus], false), dark, s * 0.03);
    }
    c.fill(&circle(focus.0, focus.1, s * 0.07), dark);
    c.glow(focus, s * 0.35, rgb(0xff_6a_4a), 0.5);
    c.fill(&circle(focus.0, focus.1, s * 0.035), rgb(0xff_8a_66));
}
