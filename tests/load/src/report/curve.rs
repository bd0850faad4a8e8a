//! Latency over the offered rate, as an SVG that needs nothing else.

use std::fmt::Write as _;

/// The size of the picture, and of the margins about the plot, in pixels.
const SIZE: (f64, f64) = (760.0, 440.0);
const LEFT: f64 = 70.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 50.0;
/// About so many lines for rates.
const RATES: f64 = 6.0;
/// The lines: names and colours, which people tell apart who don't see all of them (Okabe and Ito, 2008).
const LINES: [(&str, &str); 3] = [("p50", "#0072B2"), ("p95", "#E69F00"), ("p99", "#CC79A7")];
/// The limit of the specification, in milliseconds.
const LIMIT: f64 = crate::limit::MOST_P95;

/// What one rate was answered with.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Requests a second.
    pub rate: f64,
    /// p50, p95 and p99, in milliseconds.
    pub latencies: [f64; 3],
}

/// Draws the points, whatever their order.
#[must_use]
pub fn draw(title: &str, points: &[Point]) -> String {
    let mut points = points.to_vec();
    points.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    let all = points.iter().flat_map(|point| point.latencies);
    let axes = Axes::around(points.last().map_or(0.0, |point| point.rate), all);
    let (width, height) = SIZE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    text(&mut svg, LEFT, 24.0, "start", &format!("{title}: latency in ms over requests a second"));
    for decade in axes.low..=axes.high {
        let value = 10_f64.powi(decade);
        let y = axes.y(value);
        rule(&mut svg, (LEFT, y), (width - RIGHT, y), "#ddd");
        text(&mut svg, LEFT - 8.0, y + 4.0, "end", &format!("{value}"));
    }
    let mut rate = 0.0;
    while rate <= axes.most {
        let x = axes.x(rate);
        rule(&mut svg, (x, TOP), (x, height - BOTTOM), "#ddd");
        text(&mut svg, x, height - BOTTOM + 18.0, "middle", &format!("{rate}"));
        rate += axes.step;
    }
    if (10_f64.powi(axes.low)..=10_f64.powi(axes.high)).contains(&LIMIT) {
        let y = axes.y(LIMIT);
        rule(&mut svg, (LEFT, y), (width - RIGHT, y), "#999\" stroke-dasharray=\"6 4");
        text(&mut svg, width - RIGHT, y - 5.0, "end", &format!("{LIMIT} ms"));
    }
    for (index, (name, colour)) in LINES.iter().enumerate() {
        let place = |point: &Point| (axes.x(point.rate), axes.y(point.latencies[index]));
        let path: Vec<_> = points.iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            path.join(" ")
        );
        for (x, y) in points.iter().map(place) {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        let x = LEFT + 60.0 * [0.0, 1.0, 2.0][index];
        rule(&mut svg, (x, 38.0), (x + 20.0, 38.0), &format!("{colour}\" stroke-width=\"2"));
        text(&mut svg, x + 25.0, 42.0, "start", name);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Where values lie in the picture: rates from 0 on, latencies by their logarithm.
struct Axes {
    low: i32,
    high: i32,
    most: f64,
    step: f64,
}

impl Axes {
    fn around(most: f64, latencies: impl Iterator<Item = f64>) -> Self {
        let (least, longest) =
            latencies.fold((f64::MAX, 0.001_f64), |(least, most), value| (least.min(value), most.max(value)));
        let decade = |value: f64| value.max(0.001).log10();
        let low = whole(decade(least.min(longest)).floor());
        let step = step(most.max(1.0) / RATES);
        Self { low, high: whole(decade(longest).ceil()).max(low + 1), most: (most / step).ceil().max(1.0) * step, step }
    }

    fn x(&self, rate: f64) -> f64 {
        LEFT + rate / self.most * (SIZE.0 - LEFT - RIGHT)
    }

    fn y(&self, latency: f64) -> f64 {
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        let share = (latency.max(0.001).log10() - low) / (high - low);
        SIZE.1 - BOTTOM - share * (SIZE.1 - BOTTOM - TOP)
    }
}

/// The next 1, 2 or 5 of a decade.
fn step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|step| step * decade).into_iter().find(|step| *step >= least).unwrap_or(10.0 * decade)
}

#[expect(clippy::cast_possible_truncation, reason = "decades of milliseconds are small")]
fn whole(value: f64) -> i32 {
    value as i32
}

fn rule(svg: &mut String, from: (f64, f64), to: (f64, f64), stroke: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(svg, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{stroke}\"/>");
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(rate: f64, p50: f64) -> Point {
        Point { rate, latencies: [p50, p50 * 4.0, p50 * 30.0] }
    }

    /// The places of the three lines, from a picture that has to be well formed.
    fn lines(svg: &str) -> Vec<Vec<(f64, f64)>> {
        let document = roxmltree::Document::parse(svg).unwrap();
        let place = |text: &str| {
            let (x, y) = text.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        let drawn = document.descendants().filter(|node| node.has_tag_name("polyline"));
        let lines = drawn.map(|node| node.attribute("points").unwrap().split_whitespace().map(place).collect());
        lines.collect()
    }

    #[test]
    fn a_curve_is_well_formed_and_within_the_picture() {
        let svg = draw("a < b & c", &[point(4_000.0, 700.0), point(500.0, 0.4), point(1_000.0, 0.9)]);
        let lines = lines(&svg);
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3]);
        for (x, y) in lines.iter().flatten() {
            assert!((LEFT..=SIZE.0 - RIGHT).contains(x) && (TOP..=SIZE.1 - BOTTOM).contains(y), "{x},{y}");
        }
        assert!(lines[0].is_sorted_by(|one, other| one.0 < other.0), "by the rate");
        assert!(lines[0][0].1 > lines[1][0].1 && lines[1][0].1 > lines[2][0].1, "what takes longer is higher up");
    }

    #[test]
    fn one_rate_or_none_is_a_picture_too() {
        assert_eq!(lines(&draw("one", &[point(7.0, 0.0)]))[2].len(), 1);
        assert_eq!(lines(&draw("none", &[])).len(), 3);
    }

    #[test]
    fn a_rate_is_ruled_in_round_steps() {
        for (least, expected) in [(0.9, 1.0), (1.1, 2.0), (666.0, 1_000.0), (300.0, 500.0), (5_001.0, 10_000.0)] {
            assert!((step(least) - expected).abs() < 1e-9, "{least}: {}", step(least));
        }
    }
}
