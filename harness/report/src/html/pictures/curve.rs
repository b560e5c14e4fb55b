//! Figures over time as lines, with the load's phases behind them.
//!
//! The drawing is stretched to whatever width the page has; its strokes and the letters beside it are not.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::super::shown::short;
use super::load::Load;
use crate::units;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 160.0;
/// Kept free above and below, so that no line is cut.
const MARGIN: f64 = 6.0;

/// One line.
pub(crate) struct Curve {
    /// What it is of.
    name: String,
    /// Where it is at which moment, and how that moment is called.
    points: Vec<(f64, u64, String)>,
    /// Bytes, or a count.
    is_bytes: bool,
}

impl Curve {
    /// A line through points that have each their moment.
    pub(crate) fn new(name: &str, points: Vec<(f64, u64, String)>, is_bytes: bool) -> Self {
        let points = points.into_iter().filter(|(x, ..)| x.is_finite()).collect();
        Self { name: name.to_owned(), points, is_bytes }
    }

    /// A line through figures of one round after the other.
    pub(crate) fn by_round(name: &str, rounds: &[u64], is_bytes: bool) -> Self {
        let point = |(index, figure): (usize, &u64)| (index as f64, *figure, format!("look {}", index + 1));
        Self::new(name, rounds.iter().enumerate().map(point).collect(), is_bytes)
    }

    fn figure(&self, number: u64) -> String {
        if self.is_bytes { units::bytes(number) } else { units::count(number) }
    }
}

/// The lines in one picture of one unit; nothing where there is no line to draw.
pub(crate) fn curves(title: &str, all: &[Curve], load: Option<&Load>) -> Markup {
    let points = || all.iter().flat_map(|curve| &curve.points);
    let first = points().map(|(x, ..)| *x).fold(f64::INFINITY, f64::min);
    let last = points().map(|(x, ..)| *x).fold(f64::NEG_INFINITY, f64::max);
    let top = points().map(|(_, y, _)| *y).max().unwrap_or(0);
    // From nothing on, so that little growth looks like little; a heap that is large from the start would be a flat line.
    let least = points().map(|(_, y, _)| *y).min().unwrap_or(0);
    let bottom = if least > top - top / 4 { least - (top - least).min(least) } else { 0 };
    if all.iter().all(|curve| curve.points.len() < 2) || last <= first || top <= bottom {
        return html! {};
    }
    let x = |at: f64| (at - first) / (last - first) * WIDTH;
    let y = |figure: u64| {
        let share = figure.saturating_sub(bottom) as f64 / (top - bottom) as f64;
        HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)
    };
    let Some(unit) = all.first() else { return html! {} };
    let ends = |index: usize| unit.points.get(index).map_or(String::new(), |(_, _, moment)| moment.clone());
    html! {
        figure class="curves" {
            figcaption { (title) @if all.len() > 1 { (legend(all)) } }
            div class="axes" {
                div class="y" aria-hidden="true" { span { (unit.figure(top)) } span { (unit.figure(bottom)) } }
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(spoken(title, all, load)) {
                    @if let Some(load) = load { (load.bands(&x, WIDTH, HEIGHT)) }
                    @for (number, curve) in all.iter().enumerate() { (line(curve, number, &x, &y)) }
                }
                @if let Some(load) = load { (load.words()) }
                div class="x" aria-hidden="true" { span { (short(&ends(0))) } span { (short(&ends(unit.points.len() - 1))) } }
            }
        }
    }
}

fn line(curve: &Curve, number: usize, x: &dyn Fn(f64) -> f64, y: &dyn Fn(u64) -> f64) -> Markup {
    let mut path = String::new();
    for (index, (at, figure, _)) in curve.points.iter().enumerate() {
        let _ = write!(path, "{}{:.1} {:.1}", if index == 0 { "M" } else { "L" }, x(*at), y(*figure));
    }
    html! {
        path class={ "line s" (number % 8) } d=(path) {}
        @for (at, figure, moment) in &curve.points {
            // A stroke without length is a dot that stays round however the picture is stretched.
            path class={ "dot s" (number % 8) } d=(format!("M{:.1} {:.1}h0", x(*at), y(*figure))) {
                title { (short(&format!("{moment}: {} {}", curve.figure(*figure), curve.name))) }
            }
        }
    }
}

fn legend(all: &[Curve]) -> Markup {
    html! {
        span class="legend" {
            @for (number, curve) in all.iter().enumerate() {
                span { i class={ "swatch s" (number % 8) } aria-hidden="true" {} (short(&curve.name)) }
            }
        }
    }
}

/// The picture for who doesn't see it.
fn spoken(title: &str, all: &[Curve], load: Option<&Load>) -> String {
    let of = |curve: &Curve| {
        let ends = curve.points.first().zip(curve.points.last());
        ends.map(|(first, last)| format!("{} from {} to {}", curve.name, curve.figure(first.1), curve.figure(last.1)))
    };
    let all: Vec<String> = all.iter().filter_map(of).collect();
    let load = load.map(Load::spoken).unwrap_or_default();
    crate::sanitize::fit(&format!("{title}: {}{load}", all.join("; ")), 400)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heights(markup: &str) -> Vec<f64> {
        let dots = markup.split("<path class=\"dot").skip(1);
        dots.map(|dot| {
            let place = dot.split("d=\"M").nth(1).unwrap().split('h').next().unwrap();
            place.split(' ').nth(1).unwrap().parse().unwrap()
        })
        .collect()
    }

    #[test]
    fn the_largest_figure_is_on_top_and_each_has_its_title() {
        let drawn = curves("Objects", &[Curve::by_round("objects", &[0, 50_000, 100_000], false)], None).into_string();
        assert_eq!(heights(&drawn), [HEIGHT - MARGIN, HEIGHT / 2.0, MARGIN]);
        assert!(drawn.contains("<title>look 2: 50 000 objects</title>"), "{drawn}");
        assert!(drawn.contains("objects from 0 to 100 000"), "{drawn}");
    }

    #[test]
    fn little_growth_on_much_is_seen() {
        let drawn = curves("RSS", &[Curve::by_round("resident", &[1000 << 20, 1001 << 20], true)], None).into_string();
        let heights = heights(&drawn);
        assert!(heights[0] - heights[1] > 20.0, "{heights:?}");
    }

    #[test]
    fn what_can_not_be_drawn_is_nothing() {
        for rounds in [&[][..], &[1], &[7, 7]] {
            assert_eq!(curves("x", &[Curve::by_round("x", rounds, false)], None).into_string(), "", "{rounds:?}");
        }
        let wild = Curve::new("x", vec![(f64::NAN, 1, String::new()), (0.0, u64::MAX, String::new())], false);
        assert_eq!(curves("x", &[wild], None).into_string(), "");
    }
}
