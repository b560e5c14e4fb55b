//! The history of performance as one page that needs nothing else: for each input a table of how it is now, then each stage
//! as a line over its commits, with the commits to blame for each step.

mod picture;

use std::fmt::Write;

use crate::sanitize::markup;

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
    /// The stage.
    pub stage: String,
    /// What it was measured on.
    pub input: String,
    /// What is counted.
    pub unit: String,
    /// On what machine.
    pub machine: String,
    /// Oldest first; not empty.
    pub points: Vec<PlotPoint>,
    /// Steps: the first point of the new level, and the range of commits to blame.
    pub changes: Vec<(usize, String)>,
    /// What was accepted: how many points stood before it, and why.
    pub accepted: Vec<(usize, String)>,
}

/// A change that is worth a colour, as a share.
const SHIFT_MIN: f64 = 0.01;

/// The whole page.
#[must_use]
pub fn page(plots: &[Plot]) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Performance of bloathound</title>\n<style>\n",
    );
    out.push_str(include_str!("page.css"));
    out.push_str(
        "</style>\n</head>\n<body>\n<h1>Performance, commit by commit</h1>\n\
         <p>What a look costs for each object of the heap that is looked at. Orange lines are steps of more than 1 %, with \
         the commits to blame; green ones are changes that were meant. The scales don't begin at zero.</p>\n",
    );
    if plots.is_empty() {
        out.push_str("<p>Nothing was measured yet.</p>\n");
    }
    for ((input, machine), of_input) in by_input(plots) {
        let _ = writeln!(out, "<h2>{}</h2>\n<p class=\"machine\">{}</p>", markup(input), markup(machine));
        table(&mut out, &of_input);
        out.push_str("<div class=\"cards\">\n");
        // A row is in the table; a line needs two.
        of_input.iter().filter(|plot| plot.points.len() > 1).for_each(|plot| card(&mut out, plot));
        out.push_str("</div>\n");
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// An input and a machine.
type Measured<'p> = (&'p str, &'p str);

/// Plots that belong together, in the order in which they come.
fn by_input(plots: &[Plot]) -> Vec<(Measured<'_>, Vec<&Plot>)> {
    let mut groups: Vec<(Measured<'_>, Vec<&Plot>)> = Vec::new();
    for plot in plots {
        let of = (plot.input.as_str(), plot.machine.as_str());
        match groups.iter_mut().find(|(known, _)| *known == of) {
            Some((_, group)) => group.push(plot),
            None => groups.push((of, vec![plot])),
        }
    }
    groups
}

/// How each stage is now, and how that differs from the row before.
fn table(out: &mut String, plots: &[&Plot]) {
    let (mut stages, mut units): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for plot in plots {
        if !stages.contains(&plot.stage.as_str()) {
            stages.push(&plot.stage);
        }
        if !units.contains(&plot.unit.as_str()) {
            units.push(&plot.unit);
        }
    }
    out.push_str("<table>\n<tr><th>now</th>");
    units.iter().for_each(|unit| {
        let _ = write!(out, "<th>{}</th>", markup(unit));
    });
    out.push_str("</tr>\n");
    for stage in stages {
        let _ = write!(out, "<tr><td>{}</td>", markup(stage));
        for unit in &units {
            match plots.iter().find(|plot| plot.stage == stage && plot.unit == *unit) {
                Some(plot) => cell(out, plot),
                None => out.push_str("<td></td>"),
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn cell(out: &mut String, plot: &Plot) {
    let [.., last] = plot.points.as_slice() else { return };
    let _ = write!(out, "<td>{}", figure(last.value));
    if let [.., before, _] = plot.points.as_slice()
        && before.value > 0.0
    {
        let shift = last.value / before.value - 1.0;
        let class = match shift {
            _ if shift > SHIFT_MIN => "worse",
            _ if shift < -SHIFT_MIN => "better",
            _ => "same",
        };
        let _ = write!(
            out,
            "<small class=\"{class}\" title=\"since {}\">{:+.1} %</small>",
            markup(&before.commit),
            shift * 100.0
        );
    }
    out.push_str("</td>");
}

fn card(out: &mut String, plot: &Plot) {
    let _ = writeln!(out, "<section>\n<h3>{}</h3>\n<p>{}</p>", markup(&plot.stage), markup(&plot.unit));
    picture::draw(out, plot);
    let steps = plot.changes.iter().filter_map(|(at, blame)| {
        let shift = shift_at(plot, *at)? * 100.0;
        Some(format!("<li class=\"step-item\">{shift:+.1} % with commits <code>{}</code></li>", markup(blame)))
    });
    let meant =
        plot.accepted.iter().map(|(_, reason)| format!("<li class=\"meant-item\">meant: {}</li>", markup(reason)));
    let items: String = steps.chain(meant).collect();
    if !items.is_empty() {
        let _ = writeln!(out, "<ul>{items}</ul>");
    }
    out.push_str("</section>\n");
}

/// By how much a figure differs from the one before it, as a share.
fn shift_at(plot: &Plot, at: usize) -> Option<f64> {
    let (before, after) = (plot.points.get(at.checked_sub(1)?)?, plot.points.get(at)?);
    Some(after.value / before.value - 1.0)
}

/// A figure with as many digits as tell something.
fn figure(value: f64) -> String {
    match value {
        _ if value >= 1000.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
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
            stage: "decode".into(),
            input: "generated 100k".into(),
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
        assert!(page.contains("+100.0 % with commits <code>c2..c3</code>"), "{page}");
        assert!(page.contains("class=\"step\"") && page.contains("it reads &lt;more&gt;"), "{page}");
        assert!(!page.contains("<b>") && !page.contains("<script"), "{page}");
        assert_eq!(page.matches("<circle").count(), 6);
    }

    #[test]
    fn no_rows_and_one_row_are_a_page_too() {
        assert!(page(&[]).contains("Nothing was measured yet"));
        let one = Plot { points: plot().points[..1].to_vec(), changes: Vec::new(), accepted: Vec::new(), ..plot() };
        let page = page(&[one]);
        assert!(!page.contains("NaN") && page.contains("<td>1.00</td>"), "{page}");
    }

    #[test]
    fn nothing_is_fetched_and_no_shape_is_filled_by_default() {
        let page = page(&[plot(), Plot { unit: "peak bytes an object".into(), ..plot() }]);
        assert!(!page.contains("http") && !page.contains("@import"), "{page}");
        // Outside a style sheet a path without `fill` is a black area.
        for class in page.split("<path class=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(page.contains(&format!(".{class}{{fill:none")), "{class}");
        }
        assert_eq!(page.matches("<h2>").count(), 1, "one input");
        assert_eq!(page.matches("<section>").count(), 2);
    }
}
