//! The sea and a river: a lighthouse at dusk, nine bridges, a swell.
use crate::demo::art::canvas::{Canvas, circle, line, polygon, rectangle};
use crate::demo::art::colour::{fade, mix, ramp, rgb};
use crate::demo::art::noise::{Dice, fractal};
use std::f32::consts::PI;

/// A lighthouse on its rock, just lit, and the last of the sun on the water.
pub fn lighthouse(c: &mut Canvas) {
    c.sky(&[rgb(0x1d_2a_52), rgb(0x5b_4a_7c), rgb(0xcf_6f_73), rgb(0xf7_b2_7a), rgb(0xf9_c9_8b)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let horizon = h * 0.66;
    let sun = if c.is_poster() { (w * 0.27, horizon) } else { (w * 0.50, horizon) };
    c.shade(|x, y| {
        if y > horizon {
            return fade(rgb(0), 0.0);
        }
        let n = fractal(x / u / 620.0 + 3.0, y / u / 95.0, 5, 21);
        fade(mix(rgb(0x6a_3a_66), rgb(0xff_c9_a0), y / horizon), ((n - 0.50) * 2.6).clamp(0.0, 0.55))
    });
    c.glow(sun, u * 620.0, rgb(0xff_d0_8a), 0.75);
    c.fill(&circle(sun.0, sun.1, u * 78.0), rgb(0xff_ec_c4));
    c.gradient(
        &rectangle(0.0, horizon, w, h - horizon),
        &[rgb(0xd0_7c_72), rgb(0x52_47_78), rgb(0x15_1e_3f)],
        (0.0, horizon),
        (0.0, h),
    );
    glitter(c, sun.0, horizon);

    let x = if c.is_poster() { w * 0.69 } else { w * 0.79 };
    let foot = horizon + u * 18.0;
    let rock = [
        (-300.0, 75.0),
        (-215.0, 28.0),
        (-150.0, 18.0),
        (-96.0, -26.0),
        (-30.0, -38.0),
        (48.0, -34.0),
        (120.0, -8.0),
        (190.0, 10.0),
        (268.0, 36.0),
        (420.0, 80.0),
    ];
    let dark = rgb(0x14_17_30);
    let lamp = (x, foot - u * 372.0);
    for (angle, reach, strength) in [(PI + 0.10, 1500.0, 0.50), (-0.16, 900.0, 0.34)] {
        beam(c, lamp, angle, reach * u, strength);
    }
    c.fill(&polygon(&rock.map(|(dx, dy)| (x + dx * u, foot + dy * u))), dark);
    tower(c, x, foot - u * 26.0, lamp);
}

fn glitter(c: &mut Canvas, sun: f32, horizon: f32) {
    let (w, h, u) = (c.w, c.h, c.unit());
    let mut dice = Dice::new(77);
    for _ in 0..520 {
        let t = dice.roll().powf(1.4);
        let y = horizon + u * 3.0 + t * (h - horizon);
        let near = (dice.roll() - dice.roll()) * u * (70.0 + 330.0 * t);
        let long = u * dice.between(8.0, 60.0) * (0.4 + t);
        let tone = mix(rgb(0xff_e7_b8), rgb(0xf0_86_78), near.abs() / (u * 330.0) + 0.2 * t);
        c.stroke(
            &line(&[(sun + near - long, y), (sun + near + long, y)], false),
            fade(tone, 0.55 * (1.0 - t * 0.7)),
            u * (1.2 + 2.6 * t),
        );
    }
    for _ in 0..160 {
        let t = dice.roll();
        let (x, y) = (dice.roll() * w, horizon + u * 4.0 + t * (h - horizon));
        let long = u * dice.between(20.0, 120.0) * (0.3 + t);
        c.stroke(&line(&[(x - long, y), (x + long, y)], false), fade(rgb(0x0d_13_30), 0.25), u * (1.0 + 2.0 * t));
    }
}

fn beam(c: &mut Canvas, lamp: (f32, f32), angle: f32, reach: f32, strength: f32) {
    for (spread, weight) in [(0.085, 0.4), (0.05, 0.7), (0.02, 1.0)] {
        let end = |a: f32| (lamp.0 + reach * a.cos(), lamp.1 + reach * a.sin());
        let light = rgb(0xff_f2_cf);
        let shape = polygon(&[lamp, end(angle - spread), end(angle + spread)]);
        c.gradient(
            &shape,
            &[fade(light, strength * weight), fade(light, strength * weight * 0.25), fade(light, 0.0)],
            lamp,
            end(angle),
        );
    }
}

fn tower(c: &mut Canvas, x: f32, foot: f32, lamp: (f32, f32)) {
    let u = c.unit();
    let top = lamp.1 + u * 34.0;
    let half = |y: f32| u * (27.0 + 19.0 * (y - top) / (foot - top));
    let bands = 5;
    for i in 0..bands {
        let (a, b) = (top + (foot - top) * i as f32 / bands as f32, top + (foot - top) * (i + 1) as f32 / bands as f32);
        let tones = if i % 2 == 0 {
            [rgb(0xf3_dc_cc), rgb(0xc9_95_93), rgb(0x50_3f_62)]
        } else {
            [rgb(0xb8_3a_44), rgb(0x86_28_40), rgb(0x3a_1b_38)]
        };
        let shape = polygon(&[(x - half(a), a), (x + half(a), a), (x + half(b), b), (x - half(b), b)]);
        c.gradient(&shape, &tones, (x - half(b), 0.0), (x + half(b), 0.0));
    }
    let dark = rgb(0x14_17_30);
    c.fill(&rectangle(x - u * 42.0, top - u * 8.0, u * 84.0, u * 10.0), dark);
    c.gradient(
        &rectangle(x - u * 21.0, lamp.1 - u * 24.0, u * 42.0, u * 50.0),
        &[rgb(0xff_fb_e6), rgb(0xff_d9_8a)],
        (x, lamp.1 - u * 24.0),
        (x, lamp.1 + u * 26.0),
    );
    for dx in [-21.0, -7.0, 7.0, 21.0] {
        c.stroke(&line(&[(x + dx * u, lamp.1 - u * 24.0), (x + dx * u, lamp.1 + u * 26.0)], false), dark, u * 2.6);
    }
    c.fill(&polygon(&[(x - u * 30.0, lamp.1 - u * 22.0), (x + u * 30.0, lamp.1 - u * 22.0), (x, lamp.1 - u * 64.0)]), dark);
    c.glow(lamp, u * 150.0, rgb(0xff_f4_d6), 0.95);
}

/// Nine bridges, one behind the other, up a river into the haze.
pub fn bridges(c: &mut Canvas) {
    c.sky(&[rgb(0xf7_d9_b0), rgb(0xf4_c3_93), rgb(0xe9_a9_7f)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let (vanish, high, low) = if c.is_poster() { (w * 0.5, 0.36, 0.86) } else { (w * 0.70, 0.30, 0.86) };
    let sun = (vanish + u * 360.0, h * high - u * 6.0);
    c.glow(sun, u * 260.0, rgb(0xff_f0_d2), 0.4);
    c.fill(&circle(sun.0, sun.1, u * 64.0), rgb(0xff_f4_dc));
    // Each bridge hides the feet of the one behind it; each is wider by the same ratio.
    let (tall, ratio, count) = (0.62, 1.28_f32, 9);
    let whole = (ratio.powi(count - 1) - 1.0) / (ratio - 1.0);
    let (mut deck, mut span) = (h * high, h * (low - high) / tall / whole);
    for i in 0..count {
        let t = i as f32 / (count - 1) as f32;
        let tone = ramp(&[rgb(0xd9_a0_86), rgb(0xb4_6a_5c), rgb(0x7a_3b_45), rgb(0x3b_20_35), rgb(0x1f_14_28)], t);
        let water = ramp(&[rgb(0xf3_c9_9d), rgb(0x9f_9f_9a), rgb(0x3f_75_80), rgb(0x17_42_55), rgb(0x0c_26_38)], t);
        bridge(c, vanish, deck, span, tone, water, i);
        deck += span * tall;
        span *= ratio;
    }
}

fn bridge(c: &mut Canvas, vanish: f32, deck: f32, span: f32, tone: tiny_skia::Color, water: tiny_skia::Color, seed: i32) {
    let (w, h) = (c.w, c.h);
    let (thick, rise) = (span * 0.10, span * 0.40);
    let springing = deck + thick + rise;
    c.gradient(
        &rectangle(0.0, springing, w, h - springing),
        &[mix(water, rgb(0xff_e3_c0), 0.18), water],
        (0.0, springing),
        (0.0, springing + span),
    );
    let offset = vanish - span * (0.5 + f32::from(seed as u8 % 2) * 0.5) - (vanish / span).ceil() * span;
    // One outline with all its arches, so that no seam shows.
    let mut points = vec![(0.0_f32.min(offset), deck - thick * 0.3)];
    let arches = ((w - offset) / span).ceil() as i32 + 1;
    let end = offset + arches as f32 * span;
    points.extend([(end, deck - thick * 0.3), (end, springing + span * 0.10)]);
    for k in (0..arches).rev() {
        let (left, pier) = (offset + k as f32 * span, span * 0.09);
        points.push((left + span - pier, springing + span * 0.10));
        points.extend(
            (0..=24)
                .map(|s| s as f32 / 24.0 * PI)
                .map(|a| (left + span * 0.5 + (span * 0.5 - pier) * a.cos(), springing - rise * a.sin())),
        );
        points.push((left + pier, springing + span * 0.10));
    }
    points.push((offset.min(0.0), springing + span * 0.10));
    c.gradient(&polygon(&points), &[mix(tone, rgb(0xff_cf_a4), 0.16), tone], (0.0, deck), (0.0, springing));
    c.fill(&rectangle(0.0, deck - thick * 0.62, w, thick * 0.34), mix(tone, rgb(0x10_08_14), 0.18));
    let lamps = arches * 2;
    for k in 0..lamps {
        let x = offset + k as f32 * span * 0.5;
        c.fill(&rectangle(x - span * 0.008, deck - thick * 2.3, span * 0.016, thick * 2.0), mix(tone, rgb(0x10_08_14), 0.25));
        c.fill(&circle(x, deck - thick * 2.4, span * 0.022), rgb(0xff_e9_b8));
    }
}

/// Long bands of swell, foam to deep.
pub fn waves(c: &mut Canvas) {
    c.sky(&[rgb(0xfb_ef_dc), rgb(0xf3_dd_bf), rgb(0xe8_c8_a2)]);
    let (w, h, u) = (c.w, c.h, c.unit());
    let sun = if c.is_poster() { (w * 0.36, h * 0.235) } else { (w * 0.68, h * 0.29) };
    c.fill(&circle(sun.0, sun.1, u * 118.0), rgb(0xe8_5d_3c));
    let tones = [rgb(0xb9_dc_d0), rgb(0x6f_bd_b8), rgb(0x2b_8f_9b), rgb(0x12_66_7d), rgb(0x0b_42_5e), rgb(0x07_26_3f)];
    let count = 15;
    for i in 0..count {
        let t = i as f32 / (count - 1) as f32;
        let base = h * (0.33 + 0.70 * t.powf(1.12));
        let (tall, long) = (u * (20.0 + 74.0 * t), u * (330.0 + 420.0 * t));
        let shift = i as f32 * 1.9;
        let crest = |x: f32| {
            let p = x / long * std::f32::consts::TAU + shift;
            // A swell is steep at its crest and flat in its trough.
            let s = (p + 0.55 * p.sin()).sin();
            base - tall * (s * 0.75 + 0.5 * (fractal(x / long * 0.9 + shift, 0.5, 3, 5) - 0.5))
        };
        let mut points: Vec<_> = (0..=300).map(|k| k as f32 / 300.0 * w).map(|x| (x, crest(x))).collect();
        let edge = points.clone();
        points.extend([(w, h), (0.0, h)]);
        let tone = ramp(&tones, t);
        c.gradient(
            &polygon(&points),
            &[mix(tone, rgb(0xff_ff_ff), 0.22), tone, mix(tone, rgb(0x04_1a_2c), 0.30)],
            (0.0, base - tall),
            (0.0, base + tall * 2.2),
        );
        for (depth, width, ink) in [(0.0, 5.2, 0.95), (0.28, 1.9, 0.5), (0.48, 1.4, 0.35), (0.66, 1.1, 0.22)] {
            let down: Vec<_> = edge.iter().map(|(x, y)| (*x, y + tall * depth)).collect();
            c.stroke(&line(&down, false), fade(rgb(0xfd_f6_e8), ink), u * width * (0.5 + 0.6 * t));
        }
    }
}
