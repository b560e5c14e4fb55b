//! Dose and response as a picture: the share that is found against what the heap grows by a request.

use std::fmt::Write;

use bloathound_vocabulary::{Baseline, DosePoint};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 56.0;

/// Colours that differ in lightness too, for whoever sees them differently: Okabe and Ito's.
const OURS: &str = "#0072b2";
const OF_BASELINES: [&str; 3] = ["#d55e00", "#009e73", "#cc79a7"];

/// The curve as SVG, with the baselines' beside it; an empty picture says that there is nothing to draw.
#[must_use]
pub fn dose_response(points: &[DosePoint]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-label=\"Dose and response\">\n\
         <style>text{{font:13px system-ui,sans-serif;fill:currentColor}}.axis{{stroke:currentColor;stroke-opacity:.4}}\
         .grid{{stroke:currentColor;stroke-opacity:.12}}</style>\n\
         <title>Dose and response: share of leaks found, by bytes kept a request</title>\n"
    );
    if points.is_empty() {
        out.push_str("<text x=\"56\" y=\"60\">No run with a leak and counted requests.</text>\n</svg>\n");
        return out;
    }
    let scale = Scale::of(points);
    axes(&mut out, points, &scale);
    for (baseline, color) in Baseline::ALL.into_iter().zip(OF_BASELINES) {
        let of = |point: &DosePoint| {
            let noticed = point.baselines.iter().find(|(one, _)| *one == baseline)?.1;
            Some((scale.x(point.bytes_per_request), scale.y(share(noticed, point.cases))))
        };
        let line: Vec<(f64, f64)> = points.iter().filter_map(of).collect();
        if !line.is_empty() {
            polyline(&mut out, &line, color, "4 3");
        }
    }
    for point in points {
        let x = scale.x(point.bytes_per_request);
        let (low, high) = (scale.y(point.found_low), scale.y(point.found_high));
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" y1=\"{low:.1}\" x2=\"{x:.1}\" y2=\"{high:.1}\" stroke=\"{OURS}\" stroke-opacity=\".45\" stroke-width=\"5\"/>"
        );
    }
    let ours: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (scale.x(point.bytes_per_request), scale.y(share(point.found, point.cases))))
        .collect();
    polyline(&mut out, &ours, OURS, "none");
    for (point, (x, y)) in points.iter().zip(&ours) {
        let _ = writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{OURS}\"><title>{} of {} found at {:.0} bytes, {:.1} objects \
             a request</title></circle>",
            point.found, point.cases, point.bytes_per_request, point.objects_per_request
        );
    }
    legend(&mut out, points);
    out.push_str("</svg>\n");
    out
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Bytes a request by powers of ten, and shares.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(points: &[DosePoint]) -> Self {
        let logs = || points.iter().map(|point| point.bytes_per_request.max(1.0).log10());
        let low = logs().fold(f64::INFINITY, f64::min).floor();
        let high = logs().fold(0.0, f64::max).ceil().max(low + 1.0);
        Self { low, high }
    }

    fn x(&self, bytes: f64) -> f64 {
        let along = (bytes.max(1.0).log10() - self.low) / (self.high - self.low);
        LEFT + along * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, share: f64) -> f64 {
        TOP + (1.0 - share) * (HEIGHT - TOP - BOTTOM)
    }
}

fn axes(out: &mut String, points: &[DosePoint], scale: &Scale) {
    let bottom = HEIGHT - BOTTOM;
    for quarter in 0..=4_u32 {
        let share = f64::from(quarter) / 4.0;
        let y = scale.y(share);
        let class = if quarter == 0 { "axis" } else { "grid" };
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} %</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0,
            share * 100.0
        );
    }
    let mut power = scale.low as i32;
    while f64::from(power) <= scale.high {
        let x = scale.x(10_f64.powi(power));
        let _ = writeln!(
            out,
            "<line class=\"axis\" x1=\"{x:.1}\" y1=\"{bottom}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 5.0,
            bottom + 20.0,
            bytes_of_power(power)
        );
        power += 1;
    }
    let cases: u64 = points.iter().map(|point| point.cases).sum();
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">kept a request, bytes ({cases} cases)</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        HEIGHT - 14.0
    );
}

fn bytes_of_power(power: i32) -> String {
    let names = ["1 B", "10 B", "100 B", "1 kB", "10 kB", "100 kB", "1 MB", "10 MB", "100 MB", "1 GB"];
    usize::try_from(power)
        .ok()
        .and_then(|power| names.get(power))
        .map_or_else(|| format!("1e{power} B"), |name| (*name).into())
}

fn polyline(out: &mut String, line: &[(f64, f64)], color: &str, dashes: &str) {
    let points: Vec<String> = line.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
        points.join(" ")
    );
}

fn legend(out: &mut String, points: &[DosePoint]) {
    let has = |baseline: &Baseline| points.iter().any(|point| point.baselines.iter().any(|(one, _)| one == baseline));
    let baselines = Baseline::ALL.into_iter().zip(OF_BASELINES).filter(|(one, _)| has(one));
    let entries = [("bloathound", OURS)].into_iter().chain(baselines.map(|(one, color)| (one.as_str(), color)));
    let mut x = LEFT;
    for (name, color) in entries {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"16\" width=\"12\" height=\"12\" fill=\"{color}\"/><text x=\"{:.1}\" y=\"27\">{name}</text>",
            x + 17.0
        );
        x += 40.0 + 8.0 * name.len() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(bytes: f64, cases: u64, found: u64) -> DosePoint {
        DosePoint {
            bytes_from: bytes as u64,
            objects_per_request: bytes / 64.0,
            bytes_per_request: bytes,
            cases,
            found,
            found_low: share(found, cases) * 0.7,
            found_high: 1.0,
            baselines: vec![(Baseline::RssSlope, found / 2), (Baseline::GrowthByType, found)],
        }
    }

    #[test]
    fn a_sweep_is_a_curve_with_its_intervals_and_baselines() {
        let points = [point(80.0, 4, 1), point(900.0, 6, 5), point(12_000.0, 8, 8), point(2.1e6, 3, 3)];
        insta::assert_snapshot!(dose_response(&points));
    }

    #[test]
    fn every_point_is_inside_whatever_the_dose() {
        for bytes in [0.0, 1.0, 9.9, 1e3, 1e12] {
            let points = [point(bytes, 1, 1)];
            let scale = Scale::of(&points);
            let x = scale.x(bytes);
            assert!((LEFT..=WIDTH - RIGHT).contains(&x), "{bytes}: {x}");
        }
        assert!(dose_response(&[]).contains("No run with a leak"));
    }
}
