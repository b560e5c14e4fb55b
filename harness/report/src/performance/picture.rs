//! A figure over its commits, drawn.

use std::fmt::Write;

use super::{Plot, figure, shift_at};
use crate::sanitize::markup;

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 24.0;
/// Least height of the scale, as a share of the figure: what differs by less looks flat.
const SPAN_MIN: f64 = 0.04;

/// Where values stand: the lowest and the highest of the scale.
fn scale(plot: &Plot) -> (f64, f64) {
    let values = plot.points.iter().map(|point| point.value);
    let (low, high) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(0.0, f64::max));
    let span = (high - low).max(high * SPAN_MIN).max(f64::MIN_POSITIVE);
    let middle = f64::midpoint(low, high);
    ((middle - 0.62 * span).max(0.0), middle + 0.62 * span)
}

/// Draws it as an SVG.
pub(super) fn draw(out: &mut String, plot: &Plot) {
    let (low, high) = scale(plot);
    let last = plot.points.len().saturating_sub(1).max(1) as f64;
    let x = |index: f64| LEFT + 8.0 + index / last * (WIDTH - LEFT - RIGHT - 8.0);
    let y = |value: f64| TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let floor = HEIGHT - BOTTOM;
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}, {}\">\n\
         <path class=\"axis\" d=\"M{LEFT} {TOP}V{floor:.1}H{:.1}\"/>",
        markup(&plot.stage),
        markup(&plot.unit),
        WIDTH - RIGHT
    );
    for value in [low + (high - low) * 0.1, f64::midpoint(low, high), high - (high - low) * 0.1] {
        let (right, at) = (LEFT - 6.0, y(value) + 4.0);
        let _ = writeln!(out, "<text x=\"{right:.1}\" y=\"{at:.1}\" text-anchor=\"end\">{}</text>", figure(value));
    }
    let line = |out: &mut String, class: &str, at: usize, title: &str| {
        let middle = x(at as f64 - 0.5);
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{middle:.1}\" y1=\"{TOP}\" x2=\"{middle:.1}\" y2=\"{floor:.1}\"><title>{}</title></line>",
            markup(title)
        );
    };
    for (at, blame) in &plot.changes {
        line(out, "step", *at, blame);
        if let Some(shift) = shift_at(plot, *at) {
            let (middle, above, shift) = (x(*at as f64 - 0.5), TOP - 5.0, shift * 100.0);
            let _ = writeln!(
                out,
                "<text class=\"step-text\" x=\"{middle:.1}\" y=\"{above:.1}\" text-anchor=\"middle\">{shift:+.1} %</text>"
            );
        }
    }
    for (at, reason) in &plot.accepted {
        line(out, "meant", *at, reason);
    }
    let places = (0_u32..).zip(&plot.points).map(|(index, point)| (x(f64::from(index)), y(point.value), point));
    let path: Vec<String> = places.clone().map(|(at, of, _)| format!("{at:.1},{of:.1}")).collect();
    let _ = writeln!(out, "<polyline class=\"line\" points=\"{}\"/>", path.join(" "));
    for (at, of, point) in places {
        let _ = writeln!(
            out,
            "<circle class=\"dot\" cx=\"{at:.1}\" cy=\"{of:.1}\" r=\"3\"><title>{} · {} · {:.2}</title></circle>",
            markup(&point.commit),
            markup(&point.date),
            point.value
        );
    }
    for (point, at, anchor) in [(plot.points.first(), LEFT, "start"), (plot.points.last(), WIDTH - RIGHT, "end")] {
        if let Some(point) = point {
            let (below, day) = (HEIGHT - 8.0, point.date.get(..10).unwrap_or_default());
            let _ = writeln!(
                out,
                "<text x=\"{at:.1}\" y=\"{below:.1}\" text-anchor=\"{anchor}\">{} · {}</text>",
                markup(point.commit.get(..7).unwrap_or(&point.commit)),
                markup(day)
            );
        }
    }
    out.push_str("</svg>\n");
}
