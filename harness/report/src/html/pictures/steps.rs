//! A figure over its commits: a line, and where it changed for good.

use maud::{Markup, html};

use super::super::plot::Plot;
use super::super::shown::short;
use crate::units;

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 24.0;
/// Between the axis and the first point.
const GAP: f64 = 8.0;
/// Least height of the scale, as a share of the figure: what differs by less looks flat.
const SPAN_MIN: f64 = 0.04;
/// Share of the span above and below the middle, so that no point lies on an edge.
const HALF: f64 = 0.62;

/// From moments and figures to places.
struct Scale {
    low: f64,
    high: f64,
    last: f64,
}

impl Scale {
    fn of(plot: &Plot) -> Self {
        let values = plot.points.iter().map(|point| point.value);
        let (low, high) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(0.0, f64::max));
        let span = (high - low).max(high * SPAN_MIN).max(f64::MIN_POSITIVE);
        let middle = f64::midpoint(low, high);
        let last = plot.points.len().saturating_sub(1).max(1) as f64;
        Self { low: (middle - HALF * span).max(0.0), high: middle + HALF * span, last }
    }

    fn x(&self, index: f64) -> f64 {
        LEFT + GAP + index / self.last * (WIDTH - LEFT - RIGHT - GAP)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)
    }

    /// Figures to be written beside the axis: near its ends and in the middle.
    fn written(&self) -> [f64; 3] {
        let tenth = (self.high - self.low) * 0.1;
        [self.low + tenth, f64::midpoint(self.low, self.high), self.high - tenth]
    }
}

fn place(number: f64) -> String {
    format!("{number:.1}")
}

/// Draws it.
pub(crate) fn steps(plot: &Plot) -> Markup {
    let scale = Scale::of(plot);
    let floor = HEIGHT - BOTTOM;
    let at = |index: usize| scale.x(index as f64 - 0.5);
    let line: Vec<String> = plot
        .points
        .iter()
        .enumerate()
        .map(|(index, point)| format!("{:.1},{:.1}", scale.x(index as f64), scale.y(point.value)))
        .collect();
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(spoken(plot)) {
            path class="axis" d=(format!("M{LEFT} {TOP}V{floor:.1}H{:.1}", WIDTH - RIGHT)) {}
            @for value in scale.written() {
                text x=(place(LEFT - 6.0)) y=(place(scale.y(value) + 4.0)) text-anchor="end" { (units::significant(value)) }
            }
            @for (index, blame) in &plot.changes {
                line class="step" x1=(place(at(*index))) x2=(place(at(*index))) y1=(TOP) y2=(place(floor)) { title { (short(blame)) } }
                @if let Some(shift) = plot.shift_at(*index) {
                    text class="step" x=(place(at(*index))) y=(place(TOP - 5.0)) text-anchor="middle" { (units::shift(shift)) }
                }
            }
            @for (index, reason) in &plot.accepted {
                line class="meant" x1=(place(at(*index))) x2=(place(at(*index))) y1=(TOP) y2=(place(floor)) { title { (short(reason)) } }
            }
            polyline class="line s0" points=(line.join(" ")) {}
            @for (index, point) in plot.points.iter().enumerate() {
                circle cx=(place(scale.x(index as f64))) cy=(place(scale.y(point.value))) r="3" {
                    title { (short(&format!("{} · {} · {:.2}", point.commit, point.date, point.value))) }
                }
            }
            @for (point, x, anchor) in [(plot.points.first(), LEFT, "start"), (plot.points.last(), WIDTH - RIGHT, "end")] {
                @if let Some(point) = point {
                    text x=(place(x)) y=(place(HEIGHT - 8.0)) text-anchor=(anchor) { (short(&point.named())) }
                }
            }
        }
    }
}

/// The picture for who doesn't see it.
fn spoken(plot: &Plot) -> String {
    let ends = plot.points.first().zip(plot.points.last()).map_or(String::new(), |(first, last)| {
        format!(" from {} to {}", units::significant(first.value), units::significant(last.value))
    });
    crate::sanitize::fit(&format!("{}, {}{ends}", plot.stage, plot.unit), 400)
}
