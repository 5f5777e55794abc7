//! A tower block at night, and the one who is awake.
use crate::demo::art::canvas::{Canvas, circle, polygon, rectangle};
use crate::demo::art::colour::{fade, mix, rgb};
use crate::demo::art::noise::chance;

/// Rows of dark windows; one is lit.
pub fn windows(c: &mut Canvas) {
    c.sky(&[rgb(0x0a_12_1d), rgb(0x0d_1a_2a), rgb(0x08_0e_18)]);
    let (w, h) = (c.w, c.h);
    let (columns, lit) = if c.is_poster() { (7, (4, 4)) } else { (16, (11, 3)) };
    let cell_w = w / columns as f32;
    let cell_h = cell_w * if c.is_poster() { 1.22 } else { 1.28 };
    let rows = (h / cell_h).ceil() as i32 + 1;
    let mut lamp = (0.0, 0.0);
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (column as f32 * cell_w, row as f32 * cell_h - cell_h * 0.3);
            if (column, row) == lit {
                lamp = (x, y);
            } else {
                dark(c, (x, y), (cell_w, cell_h), column, row);
            }
        }
        // The slab between two floors.
        let y = row as f32 * cell_h - cell_h * 0.3;
        c.gradient(
            &rectangle(0.0, y - cell_h * 0.07, w, cell_h * 0.09),
            &[rgb(0x22_36_4c), rgb(0x0c_17_25)],
            (0.0, y - cell_h * 0.07),
            (0.0, y + cell_h * 0.02),
        );
    }
    let middle = (lamp.0 + cell_w * 0.5, lamp.1 + cell_h * 0.5);
    c.glow(middle, cell_w * 3.4, rgb(0xff_9e_3d), 0.40);
    bright(c, lamp, (cell_w, cell_h));
    c.glow(middle, cell_w * 1.15, rgb(0xff_c0_6a), 0.35);
    if c.is_poster() {
        c.gradient(
            &rectangle(0.0, h * 0.55, w, h * 0.45),
            &[fade(rgb(0x05_09_11), 0.0), rgb(0x05_09_11)],
            (0.0, h * 0.55),
            (0.0, h * 0.95),
        );
    }
}

fn pane((x, y): (f32, f32), (w, h): (f32, f32)) -> (f32, f32, f32, f32) {
    (x + w * 0.15, y + h * 0.17, w * 0.70, h * 0.68)
}

fn dark(c: &mut Canvas, at: (f32, f32), size: (f32, f32), column: i32, row: i32) {
    let (x, y, w, h) = pane(at, size);
    let tone = chance(column, row, 9);
    let glass = mix(rgb(0x10_1f_31), rgb(0x24_43_5c), tone * tone);
    c.gradient(
        &rectangle(x, y, w, h),
        &[mix(glass, rgb(0x3a_5f_78), 0.30), glass, mix(glass, rgb(0x05_0a_12), 0.5)],
        (x, y),
        (x + w * 0.4, y + h),
    );
    // Blinds, some drawn.
    let drawn = chance(column, row, 31);
    if drawn > 0.45 {
        let depth = h * (drawn - 0.3) * 1.1;
        let slats = (depth / (h * 0.06)) as i32;
        for i in 0..slats {
            c.fill(&rectangle(x, y + i as f32 * h * 0.06, w, h * 0.034), fade(rgb(0x5a_7a_90), 0.16));
        }
    }
    // The sky in the glass.
    c.fill(
        &polygon(&[(x + w * 0.55, y), (x + w * 0.78, y), (x + w * 0.30, y + h), (x + w * 0.07, y + h)]),
        fade(rgb(0x9c_c4_dc), 0.05 + 0.05 * tone),
    );
    frame(c, (x, y, w, h), rgb(0x07_0e_18));
}

fn bright(c: &mut Canvas, at: (f32, f32), size: (f32, f32)) {
    let (x, y, w, h) = pane(at, size);
    c.gradient(&rectangle(x, y, w, h), &[rgb(0xff_e7_ab), rgb(0xff_bb_55), rgb(0xe9_82_2c)], (x, y), (x, y + h));
    // Someone stands there, looking out.
    let person = rgb(0x2a_13_10);
    let (px, foot) = (x + w * 0.34, y + h);
    c.fill(&circle(px, y + h * 0.40, w * 0.088), person);
    c.fill(&rectangle(px - w * 0.035, y + h * 0.45, w * 0.07, h * 0.1), person);
    let shoulder = y + h * 0.545;
    let coat = [
        (-0.20, 0.055),
        (-0.145, 0.01),
        (-0.05, -0.02),
        (0.05, -0.02),
        (0.145, 0.01),
        (0.20, 0.055),
        (0.235, 0.46),
        (-0.235, 0.46),
    ];
    c.fill(&polygon(&coat.map(|(dx, dy)| (px + dx * w, (shoulder + dy * h).min(foot)))), person);
    c.fill(&polygon(&[(x + w * 0.86, y), (x + w, y), (x + w, y + h), (x + w * 0.78, y + h)]), fade(rgb(0x7c_38_14), 0.55));
    frame(c, (x, y, w, h), rgb(0x1a_10_0c));
}

fn frame(c: &mut Canvas, (x, y, w, h): (f32, f32, f32, f32), colour: tiny_skia::Color) {
    let t = w * 0.035;
    for (rx, ry, rw, rh) in
        [(x, y, w, t), (x, y + h - t, w, t), (x, y, t, h), (x + w - t, y, t, h), (x + w * 0.56, y, t * 0.8, h)]
    {
        c.fill(&rectangle(rx, ry, rw, rh), colour);
    }
    c.fill(&rectangle(x - t * 1.2, y + h, w + t * 2.4, t * 1.4), mix(colour, rgb(0x3c_56_6c), 0.55));
}
