//! Colours, mixed in OKLab so that gradients stay clean between hues.
use tiny_skia::Color;

/// `0xRRGGBB`, opaque.
pub fn rgb(hex: u32) -> Color {
    let part = |shift: u32| ((hex >> shift) & 0xff) as u8;
    Color::from_rgba8(part(16), part(8), part(0), 255)
}

/// The same colour, as dense as `alpha` says.
pub fn fade(colour: Color, alpha: f32) -> Color {
    let mut c = colour;
    c.set_alpha((colour.alpha() * alpha).clamp(0.0, 1.0));
    c
}

/// From `a` (0) to `b` (1), by eye.
pub fn mix(a: Color, b: Color, t: f32) -> Color {
    let t = t.clamp(0.0, 1.0);
    let (p, q) = (to_oklab(a), to_oklab(b));
    let lab = [0, 1, 2].map(|i| p[i] + (q[i] - p[i]) * t);
    let [r, g, blue] = from_oklab(lab);
    let alpha = a.alpha() + (b.alpha() - a.alpha()) * t;
    Color::from_rgba(r, g, blue, alpha).unwrap_or(a)
}

/// One colour out of several at even distances, 0 to 1.
pub fn ramp(colours: &[Color], t: f32) -> Color {
    let last = colours.len().saturating_sub(1);
    let at = t.clamp(0.0, 1.0) * last as f32;
    let i = (at as usize).min(last.saturating_sub(1));
    mix(colours[i], colours[(i + 1).min(last)], at - i as f32)
}

fn linear(v: f32) -> f32 {
    if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

fn gamma(v: f32) -> f32 {
    let v = v.clamp(0.0, 1.0);
    if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

/// Björn Ottosson's OKLab.
fn to_oklab(c: Color) -> [f32; 3] {
    let (r, g, b) = (linear(c.red()), linear(c.green()), linear(c.blue()));
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

fn from_oklab([lightness, a, b]: [f32; 3]) -> [f32; 3] {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        gamma(4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s),
        gamma(-1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s),
        gamma(-0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_keeps_the_ends_and_black_to_white_is_grey() {
        let (a, b) = (rgb(0x12_34_56), rgb(0xfe_dc_ba));
        for (t, want) in [(0.0, a), (1.0, b)] {
            let got = mix(a, b, t).to_color_u8();
            let want = want.to_color_u8();
            assert!(
                got.red().abs_diff(want.red()) <= 1
                    && got.green().abs_diff(want.green()) <= 1
                    && got.blue().abs_diff(want.blue()) <= 1
            );
        }
        let grey = mix(rgb(0), rgb(0xff_ff_ff), 0.5).to_color_u8();
        assert!(grey.red().abs_diff(grey.green()) <= 1 && (90..110).contains(&grey.red()));
    }
}
