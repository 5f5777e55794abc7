//! A scatter plot as SVG: dots with names.

use std::fmt::Write;

/// One dot.
pub struct Dot<'a> {
    /// Beside it.
    pub name: &'a str,
    /// To the right.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Ours stands out.
    pub ours: bool,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 56.0;

/// The plot, on white so that it can be read on any page.
pub fn svg(dots: &[Dot<'_>], x_title: &str, y_title: &str) -> String {
    let (x_axis, y_axis) = (Axis::of(dots.iter().map(|d| d.x)), Axis::of(dots.iter().map(|d| d.y)));
    let at_x = |v: f64| LEFT + x_axis.part(v) * (WIDTH - LEFT - RIGHT);
    let at_y = |v: f64| HEIGHT - BOTTOM - y_axis.part(v) * (HEIGHT - TOP - BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"Inter, Helvetica, Arial, sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for v in x_axis.ticks() {
        let x = at_x(v);
        let _ = writeln!(out, "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#e4e4e4\"/>");
        let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{v}</text>", bottom + 20.0);
    }
    for v in y_axis.ticks() {
        let y = at_y(v);
        let _ = writeln!(out, "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#e4e4e4\"/>");
        let _ = writeln!(out, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{v}</text>", LEFT - 8.0, y + 4.5);
    }
    let middle = (TOP + bottom) / 2.0;
    let _ = writeln!(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{x_title}</text>", (LEFT + right) / 2.0, HEIGHT - 12.0);
    let _ = writeln!(out, "<text transform=\"translate(18 {middle}) rotate(-90)\" text-anchor=\"middle\">{y_title}</text>");
    let mut placed: Vec<(f64, f64)> = Vec::new();
    for dot in dots {
        let (x, y) = (at_x(dot.x), at_y(dot.y));
        let (colour, radius, weight) = if dot.ours { ("#d9480f", 7, "bold") } else { ("#495057", 4, "normal") };
        let _ = writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{colour}\"/>");
        // Names that would lie on another one go below it.
        let mut label = y + 4.5;
        while placed.iter().any(|(px, py)| (px - x).abs() < 90.0 && (py - label).abs() < 14.0) {
            label += 3.0;
        }
        placed.push((x, label));
        let name = dot.name;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{label:.1}\" fill=\"{colour}\" font-weight=\"{weight}\">{name}</text>",
            x + 11.0
        );
    }
    out + "</svg>\n"
}

/// From where to where, in steps of 1, 2 or 5.
struct Axis {
    from: f64,
    to: f64,
    step: f64,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values.filter(|v| v.is_finite()).fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
        let (least, most) = if least > most { (0.0, 1.0) } else { (least, most.max(least + 1e-6)) };
        let rough = (most - least) / 6.0;
        let ten = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * ten).into_iter().find(|s| *s >= rough).unwrap_or(ten);
        Self { from: (least / step).floor() * step, to: (most / step).ceil() * step, step }
    }

    fn part(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let count = ((self.to - self.from) / self.step).round() as usize;
        (0..=count).map(|i| ((self.from + self.step * i as f64) * 1e6).round() / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_round_and_hold_everything() {
        let ticks = |values: &[f64]| Axis::of(values.iter().copied()).ticks().collect::<Vec<_>>();
        assert_eq!(ticks(&[3.0, 47.0]), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(&[0.11, 0.62]), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
        assert!(ticks(&[]).len() > 1 && ticks(&[5.0]).len() > 1);
    }

    #[test]
    fn every_dot_has_its_name() {
        let dot = |name| Dot { name, x: 1.0, y: 2.0, ours: name == "b" };
        let text = svg(&[dot("a"), dot("b"), Dot { name: "c", x: 3.0, y: 4.0, ours: false }], "x", "y");
        assert_eq!((text.matches("<circle").count(), text.matches("font-weight=\"bold\">b<").count()), (3, 1));
        assert!(!text.contains("NaN"));
    }
}
