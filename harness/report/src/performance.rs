//! The history of performance as one page that needs nothing else: each stage as a line over its commits, with the commits
//! to blame for each step.

use std::fmt::Write;

use crate::sanitize::markup;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;

/// One figure of one commit.
#[derive(Clone, PartialEq, Debug)]
pub struct PlotPoint {
    /// The commit.
    pub commit: String,
    /// Its day and time.
    pub date: String,
    /// The figure.
    pub value: f64,
}

/// One figure over all commits.
#[derive(Clone, PartialEq, Debug)]
pub struct Plot {
    /// Stage and input.
    pub title: String,
    /// What is counted.
    pub unit: String,
    /// On what it was measured.
    pub machine: String,
    /// Oldest first; not empty.
    pub points: Vec<PlotPoint>,
    /// Steps: the first point of the new level, and the range of commits to blame.
    pub changes: Vec<(usize, String)>,
    /// What was accepted: how many points stood before it, and why.
    pub accepted: Vec<(usize, String)>,
}

/// The whole page.
#[must_use]
pub fn page(plots: &[Plot]) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Performance of bloathound</title>\n<style>\n\
         :root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:820px;margin:2rem auto;padding:0 1rem}\n\
         h2{font-size:1.05rem;margin:2rem 0 0}p{margin:.2rem 0;opacity:.8}svg{width:100%;height:auto}\n\
         text{font:11px system-ui,sans-serif;fill:currentColor}.axis{stroke:currentColor;stroke-opacity:.35}\n\
         .line{fill:none;stroke:#0072b2;stroke-width:1.6}.dot{fill:#0072b2}.step{stroke:#d55e00;stroke-dasharray:4 3}\n\
         .step-text{fill:#d55e00}.meant{stroke:#009e73;stroke-dasharray:2 3}li{margin:.1rem 0}\n\
         </style>\n</head>\n<body>\n<h1>Performance, commit by commit</h1>\n\
         <p>Instructions and peak bytes for each object of the heap that is looked at. Orange lines are steps of more than \
         1 %, with the commits to blame; green ones are changes that were meant.</p>\n",
    );
    if plots.is_empty() {
        out.push_str("<p>Nothing was measured yet.</p>\n");
    }
    for plot in plots {
        section(&mut out, plot);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn section(out: &mut String, plot: &Plot) {
    let _ = writeln!(
        out,
        "<section>\n<h2>{}: {}</h2>\n<p>{}</p>",
        markup(&plot.title),
        markup(&plot.unit),
        markup(&plot.machine)
    );
    picture(out, plot);
    let steps = plot.changes.iter().filter_map(|(at, blame)| {
        let (before, after) = (plot.points.get(at.checked_sub(1)?)?, plot.points.get(*at)?);
        let shift = (after.value / before.value - 1.0) * 100.0;
        Some(format!("<li>{shift:+.1} % with commits {}</li>", markup(blame)))
    });
    let meant = plot.accepted.iter().map(|(_, reason)| format!("<li>meant: {}</li>", markup(reason)));
    let items: String = steps.chain(meant).collect();
    if !items.is_empty() {
        let _ = writeln!(out, "<ul>{items}</ul>");
    }
    out.push_str("</section>\n");
}

fn picture(out: &mut String, plot: &Plot) {
    let top = plot.points.iter().map(|point| point.value).fold(0.0, f64::max).max(f64::MIN_POSITIVE) * 1.05;
    let last = plot.points.len().saturating_sub(1).max(1) as f64;
    let x = |index: f64| LEFT + index / last * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| TOP + (1.0 - value / top) * (HEIGHT - TOP - BOTTOM);
    let floor = y(0.0);
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}, {}\">\n\
         <path class=\"axis\" d=\"M{LEFT} {TOP}V{floor:.1}H{:.1}\"/>",
        markup(&plot.title),
        markup(&plot.unit),
        WIDTH - RIGHT
    );
    for share in [0.0, 0.5, 1.0] {
        let value = top / 1.05 * share;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>",
            LEFT - 6.0,
            y(value) + 4.0
        );
    }
    for (at, blame) in &plot.changes {
        let middle = x(*at as f64 - 0.5);
        let _ = writeln!(
            out,
            "<line class=\"step\" x1=\"{middle:.1}\" y1=\"{TOP}\" x2=\"{middle:.1}\" y2=\"{floor:.1}\"><title>{}</title></line>",
            markup(blame)
        );
    }
    for (at, reason) in &plot.accepted {
        let middle = x(*at as f64 - 0.5);
        let _ = writeln!(
            out,
            "<line class=\"meant\" x1=\"{middle:.1}\" y1=\"{TOP}\" x2=\"{middle:.1}\" y2=\"{floor:.1}\"><title>{}</title></line>",
            markup(reason)
        );
    }
    let line: Vec<String> = (0..)
        .zip(&plot.points)
        .map(|(index, point)| format!("{:.1},{:.1}", x(f64::from(index)), y(point.value)))
        .collect();
    let _ = writeln!(out, "<polyline class=\"line\" points=\"{}\"/>", line.join(" "));
    for (index, point) in (0..).zip(&plot.points) {
        let (at, of) = (x(f64::from(index)), y(point.value));
        let _ = writeln!(
            out,
            "<circle class=\"dot\" cx=\"{at:.1}\" cy=\"{of:.1}\" r=\"3\"><title>{} · {} · {:.2}</title></circle>",
            markup(&point.commit),
            markup(&point.date),
            point.value
        );
    }
    for (index, point) in [(0, plot.points.first()), (plot.points.len().saturating_sub(1), plot.points.last())] {
        if let Some(point) = point {
            let anchor = if index == 0 { "start" } else { "end" };
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                x(index as f64),
                HEIGHT - 12.0,
                markup(&point.commit)
            );
        }
    }
    out.push_str("</svg>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        let point = |index: u32| PlotPoint {
            commit: format!("c{index}<b>"),
            date: "2026-11-27".into(),
            value: f64::from(index / 3 + 1),
        };
        Plot {
            title: "decode · generated 100k".into(),
            unit: "instructions an object".into(),
            machine: "a processor".into(),
            points: (0..6).map(point).collect(),
            changes: vec![(3, "c2..c3".into())],
            accepted: vec![(3, "it reads <more>".into())],
        }
    }

    #[test]
    fn steps_are_drawn_and_blamed_and_nothing_is_taken_for_markup() {
        let page = page(&[plot()]);
        assert!(page.contains("+100.0 % with commits c2..c3"), "{page}");
        assert!(page.contains("class=\"step\"") && page.contains("it reads &lt;more&gt;"), "{page}");
        assert!(!page.contains("<b>") && !page.contains("<script"), "{page}");
        assert_eq!(page.matches("<circle").count(), 6);
    }

    #[test]
    fn no_rows_and_one_row_are_a_page_too() {
        assert!(page(&[]).contains("Nothing was measured yet"));
        let one = Plot { points: plot().points[..1].to_vec(), changes: Vec::new(), accepted: Vec::new(), ..plot() };
        assert!(!page(&[one]).contains("NaN"));
    }
}
