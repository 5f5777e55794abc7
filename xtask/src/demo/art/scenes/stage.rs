//! Lighter things: a crowd of umbrellas with one that is none, and feet under a curtain.
use crate::demo::art::canvas::{Canvas, circle, ellipse, line, polygon, rectangle};
use crate::demo::art::colour::{fade, mix, rgb};
use crate::demo::art::noise::{Dice, fractal};
use std::f32::consts::TAU;
use tiny_skia::PathBuilder;

/// Umbrellas from above. One is a slice of lemon.
pub fn umbrellas(c: &mut Canvas) {
    c.sky(&[rgb(0x24_3b_55), rgb(0x1d_33_4c)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let (r, lemon) = if c.is_poster() { (u * 152.0, (1, 2)) } else { (u * 148.0, (5, 2)) };
    let pairs = [
        (0x3f_6f_8f, 0x35_60_7e),
        (0x5c_8f_a8, 0x4e_80_9a),
        (0x2b_50_70, 0x25_47_65),
        (0x7f_a9_b8, 0x70_9b_ac),
        (0x48_5f_86, 0x3e_54_79),
    ];
    let mut dice = Dice::new(12);
    let rows = (h / (r * 1.62)) as i32 + 2;
    let columns = (w / (r * 1.9)) as i32 + 2;
    for row in 0..rows {
        for column in 0..columns {
            let jitter = (dice.between(-0.16, 0.16) * r, dice.between(-0.16, 0.16) * r);
            let x = (column as f32 + if row % 2 == 0 { 0.1 } else { 0.6 }) * r * 1.9 + jitter.0;
            let y = (row as f32 + 0.15) * r * 1.62 + jitter.1;
            let (turn, size, pick) = (dice.roll() * TAU, r * dice.between(0.92, 1.08), dice.roll());
            c.radial(
                &circle(x + r * 0.12, y + r * 0.18, size * 1.12),
                &[rgb(0x0b_16_26), fade(rgb(0x0b_16_26), 0.75), fade(rgb(0x0b_16_26), 0.0)],
                (x + r * 0.12, y + r * 0.18),
                size * 1.12,
            );
            if (column, row) == lemon {
                slice(c, (x, y), size * 1.02, turn);
            } else {
                let (a, b) = pairs[(pick * pairs.len() as f32) as usize % pairs.len()];
                umbrella(c, (x, y), size, turn, (rgb(a), rgb(b)));
            }
        }
    }
    for _ in 0..((w * h) / (u * u * 5200.0)) as i32 {
        let (x, y, long) = (dice.roll() * w, dice.roll() * h, u * dice.between(14.0, 46.0));
        c.stroke(&line(&[(x, y), (x - long * 0.28, y + long)], false), fade(rgb(0xd9_ec_f5), dice.between(0.10, 0.32)), u * 1.6);
    }
}

fn umbrella(c: &mut Canvas, (x, y): (f32, f32), r: f32, turn: f32, (light, dark): (tiny_skia::Color, tiny_skia::Color)) {
    let ribs = 8;
    let at = |k: f32, reach: f32| {
        let (s, co) = (turn + TAU * k / ribs as f32).sin_cos();
        (x + co * r * reach, y + s * r * reach)
    };
    for k in 0..ribs {
        let k = k as f32;
        let (a, b, mid) = (at(k, 1.0), at(k + 1.0, 1.0), at(k + 0.5, 0.82));
        let mut path = PathBuilder::new();
        path.move_to(x, y);
        path.line_to(a.0, a.1);
        path.quad_to(mid.0, mid.1, b.0, b.1);
        path.close();
        // Light comes from the upper left, whichever way the umbrella is turned.
        let (s, co) = (turn + TAU * (k + 0.5) / ribs as f32).sin_cos();
        let lit = 0.5 - 0.5 * (co * 0.7 + s * 0.7);
        let tone = mix(dark, light, if k as i32 % 2 == 0 { 1.0 } else { 0.0 });
        let outer = mix(mix(tone, rgb(0x0e_1d_30), 0.42), mix(tone, rgb(0xff_ff_ff), 0.30), lit);
        c.gradient(&path.finish(), &[mix(tone, rgb(0xff_ff_ff), 0.12), outer], (x, y), at(k + 0.5, 1.0));
    }
    for k in 0..ribs {
        c.stroke(&line(&[(x, y), at(k as f32, 1.0)], false), fade(rgb(0x0e_1d_30), 0.45), r * 0.012);
        let tip = at(k as f32, 1.0);
        c.fill(&circle(tip.0, tip.1, r * 0.025), rgb(0xe9_f2_f6));
    }
    c.fill(&circle(x, y, r * 0.05), rgb(0x16_25_38));
    c.fill(&circle(x - r * 0.012, y - r * 0.015, r * 0.024), rgb(0xe9_f2_f6));
}

fn slice(c: &mut Canvas, (x, y): (f32, f32), r: f32, turn: f32) {
    c.radial(&circle(x, y, r), &[rgb(0xff_d2_2e), rgb(0xff_c4_12), rgb(0xf2_a9_00)], (x - r * 0.3, y - r * 0.3), r * 1.5);
    c.fill(&circle(x, y, r * 0.90), rgb(0xff_f6_d6));
    let parts = 9;
    for k in 0..parts {
        let middle = turn + TAU * (k as f32 + 0.5) / parts as f32;
        let at = |a: f32, reach: f32| (x + r * reach * (middle + a).cos(), y + r * reach * (middle + a).sin());
        let half = TAU / parts as f32 * 0.42;
        let mut path = PathBuilder::new();
        let (start, left, right) = (at(0.0, 0.10), at(-half, 0.76), at(half, 0.76));
        let (curve_l, curve_r) = (at(-half * 0.55, 0.885), at(half * 0.55, 0.885));
        path.move_to(start.0, start.1);
        path.line_to(left.0, left.1);
        path.cubic_to(curve_l.0, curve_l.1, curve_r.0, curve_r.1, right.0, right.1);
        path.close();
        c.gradient(&path.finish(), &[rgb(0xff_ea_86), rgb(0xff_d6_3a), rgb(0xfc_c2_1b)], (x, y), at(0.0, 0.88));
        for (a, reach) in [(-0.4, 0.45), (0.1, 0.62), (0.35, 0.5)] {
            let (p, q) = (at(a * half, reach), at(a * half, reach + 0.13));
            c.stroke(&line(&[p, q], false), fade(rgb(0xff_fb_e2), 0.7), r * 0.014);
        }
    }
    c.fill(&circle(x, y, r * 0.055), rgb(0xff_f6_d6));
    c.glow((x - r * 0.25, y - r * 0.3), r * 0.9, rgb(0xff_ff_f0), 0.22);
}

/// A closed curtain, a spotlight, and the shoes of those who wait.
pub fn curtain(c: &mut Canvas) {
    let (w, h, u) = (c.w, c.h, c.unit());
    let hem = h * if c.is_poster() { 0.76 } else { 0.74 };
    let light = if c.is_poster() { (w * 0.5, h * 0.53) } else { (w * 0.69, h * 0.54) };
    let reach = u * if c.is_poster() { 520.0 } else { 560.0 };
    let folds = u * 88.0;
    c.shade(|x, y| {
        let sway = (fractal(x / folds * 0.35, y / h * 0.9, 3, 4) - 0.5) * folds * 1.5;
        let fold = (((x + sway) / folds * TAU * 0.5).sin() * 0.5 + 0.5).powf(0.8);
        let fine = ((x + sway * 1.4) / folds * TAU * 1.5).sin() * 0.06;
        let d = (((x - light.0) / reach).powi(2) + ((y - light.1) / (reach * 1.12)).powi(2)).sqrt();
        let spot = 1.0 - ((d - 0.80) / 0.24).clamp(0.0, 1.0);
        let lit = 0.15 + 0.12 * (1.0 - y / h) + spot * 0.72;
        let cloth = mix(rgb(0x4a_05_17), rgb(0xd4_1f_36), (fold + fine).clamp(0.0, 1.0));
        mix(rgb(0x12_02_0a), mix(cloth, rgb(0xff_8a_62), spot * fold * 0.30), lit.min(1.0))
    });
    c.gradient(&rectangle(0.0, hem, w, h - hem), &[rgb(0x3c_24_1c), rgb(0x1c_0f_10), rgb(0x0a_05_09)], (0.0, hem), (0.0, h));
    for i in 1..9 {
        let y = hem + (h - hem) * (i as f32 / 9.0).powf(1.6);
        c.stroke(&line(&[(0.0, y), (w, y)], false), fade(rgb(0x08_03_06), 0.5), u * (0.8 + 0.5 * i as f32));
    }
    c.radial(
        &ellipse((light.0, hem + u * 40.0), reach * 0.92, u * 100.0, 0.0),
        &[fade(rgb(0xff_d7_a0), 0.75), fade(rgb(0xff_c0_80), 0.55), fade(rgb(0xff_b0_70), 0.0)],
        (light.0, hem + u * 40.0),
        reach * 0.95,
    );
    // The gap under the hem, and who stands in it.
    c.gradient(
        &rectangle(0.0, hem - u * 46.0, w, u * 48.0),
        &[rgb(0x08_01_05), rgb(0x1a_07_0b)],
        (0.0, hem - u * 46.0),
        (0.0, hem),
    );
    let colours = [0xe9_b9_49, 0x2f_9c_95, 0xf2_ec_df, 0xd4_5d_79, 0x4e_6f_d0];
    for (i, colour) in colours.iter().enumerate() {
        let x = light.0 + (i as f32 - 2.0) * u * 176.0;
        let toes = [-0.35, 0.1, 0.0, -0.1, 0.3][i];
        shoes(c, (x, hem + u * 12.0), hem - u * 40.0, u * if c.is_poster() { 64.0 } else { 50.0 }, toes, rgb(*colour));
    }
    let mut hem_line = vec![];
    for k in 0..=200 {
        let x = w * k as f32 / 200.0;
        hem_line.push((x, hem - u * 44.0 + (x / folds * TAU * 0.5).sin() * u * 7.0));
    }
    c.stroke(&line(&hem_line, false), rgb(0xd9_a5_4a), u * 9.0);
    c.stroke(&line(&hem_line, false), fade(rgb(0xff_e2_a0), 0.7), u * 3.0);
}

fn shoes(c: &mut Canvas, (x, y): (f32, f32), hem: f32, s: f32, toes: f32, colour: tiny_skia::Color) {
    for side in [-1.0, 1.0] {
        let foot = (x + side * s * 0.68, y);
        let turn = side * 0.5 + toes;
        c.radial(
            &ellipse((foot.0, foot.1 + s * 0.18), s * 0.8, s * 0.22, 0.0),
            &[fade(rgb(0x05_02_04), 0.8), fade(rgb(0x05_02_04), 0.0)],
            (foot.0, foot.1 + s * 0.18),
            s * 0.8,
        );
        c.fill(&rectangle(foot.0 - s * 0.24, hem, s * 0.48, foot.1 - s * 0.3 - hem), mix(rgb(0x0a_03_06), colour, 0.16));
        let toe = foot.0 + turn * s * 0.55;
        let upper = polygon(&[
            (foot.0 - s * 0.32, foot.1 - s * 0.42),
            (foot.0 + s * 0.32, foot.1 - s * 0.42),
            (toe + s * 0.46, foot.1 + s * 0.02),
            (toe + s * 0.34, foot.1 + s * 0.20),
            (toe - s * 0.34, foot.1 + s * 0.20),
            (toe - s * 0.46, foot.1 + s * 0.02),
        ]);
        c.gradient(&upper, &[mix(colour, rgb(0x10_05_08), 0.55), colour], (foot.0, foot.1 - s * 0.42), (toe, foot.1 + s * 0.1));
        c.fill(&ellipse((toe, foot.1 + s * 0.04), s * 0.47, s * 0.24, 0.0), colour);
        c.fill(&ellipse((toe - s * 0.12, foot.1 - s * 0.04), s * 0.16, s * 0.06, 0.0), fade(rgb(0xff_ff_ff), 0.55));
        c.fill(&rectangle(toe - s * 0.47, foot.1 + s * 0.20, s * 0.94, s * 0.09), rgb(0x12_07_0a));
    }
}
