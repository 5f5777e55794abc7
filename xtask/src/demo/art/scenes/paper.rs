//! Printed matter: a sliced sun in two inks, and a map of snow.
use crate::demo::art::canvas::{Canvas, circle, line, rectangle};
use crate::demo::art::colour::{fade, mix, rgb};
use crate::demo::art::noise::fractal;
use tiny_skia::BlendMode;

/// Two discs cut into strips that have slipped past each other, printed in two inks over cream.
pub fn parallax(c: &mut Canvas) {
    c.sky(&[rgb(0xf6_ea_d6), rgb(0xf1_df_c4)]);
    let (w, h) = (c.w, c.h);
    let (centre, r) = if c.is_poster() { ((w * 0.5, h * 0.41), w * 0.335) } else { ((w * 0.71, h * 0.5), h * 0.37) };
    let inks = [(rgb(0xf0_4e_37), 1.0), (rgb(0x1c_6f_8c), -1.0)];
    for (ink, side) in inks {
        let strips = 17;
        for i in 0..strips {
            let t = (i as f32 + 0.5) / strips as f32;
            let top = centre.1 - r + 2.0 * r * i as f32 / strips as f32;
            let height = 2.0 * r / strips as f32;
            let slip = side * r * (0.10 + 0.30 * (t * std::f32::consts::PI * 3.0).sin().abs() * (1.0 - t * 0.45));
            strip(c, centre.0 + slip, centre.1, r, (top, height * 0.86), ink);
        }
    }
    let dot = (centre.0 + r * 0.98, centre.1 - r * 0.92);
    c.blend(&circle(dot.0, dot.1, r * 0.085), rgb(0x1d_1b_2e), BlendMode::Multiply);
    if !c.is_poster() {
        let u = c.unit();
        for i in 0..9 {
            let y = h * 0.5 + (i as f32 - 4.0) * u * 26.0;
            c.blend(
                &rectangle(0.0, y, w * (0.30 - 0.02 * (i as f32 - 4.0).abs()), u * 3.0),
                fade(rgb(0x1c_6f_8c), 0.35),
                BlendMode::Multiply,
            );
        }
    }
}

/// The part of a disc between two heights.
fn strip(c: &mut Canvas, x: f32, y: f32, r: f32, (top, height): (f32, f32), ink: tiny_skia::Color) {
    let half = |at: f32| (r * r - (at - y) * (at - y)).max(0.0).sqrt();
    let steps = 10;
    let heights: Vec<f32> = (0..=steps).map(|i| top + height * i as f32 / steps as f32).collect();
    let mut points: Vec<_> = heights.iter().map(|at| (x + half(*at), *at)).collect();
    points.extend(heights.iter().rev().map(|at| (x - half(*at), *at)));
    c.blend(&line(&points, true), ink, BlendMode::Multiply);
}

/// Contour lines of mountains that nobody has seen, with one red route.
pub fn contours(c: &mut Canvas) {
    let (w, h, u) = (c.w, c.h, c.unit());
    let scale = 1.0 / (u * 470.0);
    let height = |x: f32, y: f32| {
        let warp = fractal(x * scale * 0.8 + 5.0, y * scale * 0.8, 2, 3);
        fractal(x * scale + warp * 0.9, y * scale + warp * 0.7, 4, 17)
    };
    let levels = 26.0;
    c.shade(|x, y| {
        let e = 1.0;
        let (here, right, below) = (height(x, y), height(x + e, y), height(x, y + e));
        let slope = (((right - here).powi(2) + (below - here).powi(2)).sqrt() * levels).max(1e-5);
        // Snow, lit from the north-west, deepening to ice in the valleys.
        let light = ((here - right) + (here - below)) * 34.0 / u.max(0.3);
        let paper = mix(rgb(0xc4_d7_e2), rgb(0xf8_fa_f8), (here - 0.28) * 2.4);
        let paper = mix(paper, if light > 0.0 { rgb(0xff_ff_ff) } else { rgb(0x7f_a3_bd) }, (light.abs() * 0.5).min(0.5));
        let n = here * levels;
        let off = (n - n.round()).abs() / slope;
        let index = (n.round() as i32).rem_euclid(5) == 0;
        let (width, ink) = if index { (u * 1.7, 0.85) } else { (u * 0.8, 0.42) };
        let cover = (width - off + 0.5).clamp(0.0, 1.0);
        mix(paper, rgb(0x1f_46_66), cover * ink)
    });
    let route: Vec<(f32, f32)> = (0..=46)
        .map(|i| i as f32 / 46.0)
        .map(|t| {
            let wander = (fractal(t * 5.0, 1.5, 3, 77) - 0.5) * 0.42;
            if c.is_poster() {
                (w * (0.12 + 0.62 * t + wander * 0.9), h * (0.68 - 0.47 * t + wander * 0.2))
            } else {
                (w * (0.46 + 0.42 * t), h * (0.84 - 0.58 * t + wander * 0.55))
            }
        })
        .collect();
    for pair in route.windows(2).step_by(2) {
        c.stroke(&line(pair, false), rgb(0xd6_33_2b), u * 6.0);
    }
    if let (Some(start), Some(end)) = (route.first(), route.last()) {
        c.fill(&circle(start.0, start.1, u * 13.0), rgb(0xd6_33_2b));
        c.fill(&circle(start.0, start.1, u * 6.0), rgb(0xf8_fa_f8));
        let s = u * 17.0;
        for d in [-1.0, 1.0] {
            c.stroke(&line(&[(end.0 - s, end.1 - s * d), (end.0 + s, end.1 + s * d)], false), rgb(0xd6_33_2b), u * 9.0);
        }
    }
}
