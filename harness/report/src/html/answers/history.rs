//! The page of `perf history`: how each stage is now, then each as a line over its commits, with the commits to blame for
//! each step.

use maud::{Markup, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::pictures::steps;
use super::super::plot::Plot;
use super::super::shown::{short, shown};
use crate::units;

/// A change that is worth a colour, as a share.
const SHIFT_MIN: f64 = 0.01;
/// The whole page. `tool`: who made it.
#[must_use]
pub fn history(plots: &[Plot], tool: &str) -> String {
    let groups = by_input(plots);
    let stages = |body: &dyn Fn(&[&Plot]) -> Markup| {
        html! {
            @for ((input, machine), of_input) in &groups {
                h3 { (shown(input)) }
                p class="dim" { (shown(machine)) }
                (body(of_input.as_slice()))
            }
        }
    };
    let mut sections = Vec::new();
    if !plots.is_empty() {
        let now = html! {
            p { "Per cent: how the figure differs from that of the commit before." }
            (stages(&now))
        };
        sections.push(Section { id: "now", title: "Now", body: now });
    }
    // A row is in the table; a line needs two.
    if plots.iter().any(|plot| plot.points.len() > 1) {
        sections.push(Section { id: "commits", title: "Commit by commit", body: stages(&cards) });
    }
    let said = match plots {
        [] => "Nothing was measured yet.",
        _ => {
            "What a look costs for each object of the heap that is looked at. Dashed lines are steps of more than 1 %, \
             with the commits to blame; dotted ones are changes that were meant. The scales don't begin at zero."
        }
    };
    page(&Page {
        title: "performance, commit by commit",
        heading: html! { "Performance, commit by commit" },
        lead: html! { p { (said) } },
        sections,
        foot: tool,
    })
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
fn now(plots: &[&Plot]) -> Markup {
    let (mut stages, mut heads): (Vec<&str>, Vec<&str>) = (Vec::new(), vec!["stage"]);
    for plot in plots {
        if !stages.contains(&plot.stage.as_str()) {
            stages.push(&plot.stage);
        }
        if !heads.contains(&plot.unit.as_str()) {
            heads.push(&plot.unit);
        }
    }
    let of = |stage: &str, unit: &str| plots.iter().find(|plot| plot.stage == stage && plot.unit == unit);
    let rows = html! {
        @for stage in &stages {
            tr {
                th scope="row" { (short(stage)) }
                @for unit in &heads[1..] { td { @if let Some(plot) = of(stage, unit) { (cell(plot)) } @else { "–" } } }
            }
        }
    };
    blocks::table("Every stage", &heads, rows)
}

fn cell(plot: &Plot) -> Markup {
    let Some(last) = plot.points.last() else { return html! { "–" } };
    let shift = plot.shift_at(plot.points.len() - 1);
    html! {
        (units::significant(last.value))
        @if let Some(shift) = shift { " " small class=(class_of(shift)) { (units::shift(shift)) } }
    }
}

/// What costs more is told by its sign as well as by its colour.
fn class_of(shift: f64) -> &'static str {
    match shift {
        _ if shift > SHIFT_MIN => "fail",
        _ if shift < -SHIFT_MIN => "ok",
        _ => "dim",
    }
}

fn cards(plots: &[&Plot]) -> Markup {
    html! {
        div class="cards" { @for plot in plots.iter().filter(|plot| plot.points.len() > 1) { (card(plot)) } }
    }
}

fn card(plot: &Plot) -> Markup {
    html! {
        figure class="card" {
            figcaption { strong { (short(&plot.stage)) } " " (short(&plot.unit)) }
            (steps(plot))
            ul {
                @for (at, blame) in &plot.changes {
                    @if let Some(shift) = plot.shift_at(*at) {
                        li class="step" { (units::shift(shift)) " with commits " code { (shown(blame)) } }
                    }
                }
                @for (_, reason) in &plot.accepted { li class="meant" { "meant: " (shown(reason)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::plot;

    #[test]
    fn steps_are_drawn_and_blamed_and_nothing_is_taken_for_markup() {
        let page = history(&[plot("decode")], "bloathound");
        assert!(page.contains("+100.0 % with commits <code>c2..c3</code>"), "{page}");
        assert!(page.contains("<line class=\"step\"") && page.contains("it reads &lt;more&gt;"), "{page}");
        assert!(page.contains("c0&lt;b&gt;") && !page.contains("<b>") && !page.contains("<script"), "{page}");
        assert_eq!(page.matches("<circle").count(), 6);
    }

    #[test]
    fn no_rows_and_one_row_are_a_page_too() {
        let none = history(&[], "");
        assert!(none.contains("Nothing was measured yet") && !none.contains("id=\"now\""), "{none}");
        let one = Plot {
            points: plot("decode").points[..1].to_vec(),
            changes: Vec::new(),
            accepted: Vec::new(),
            ..plot("decode")
        };
        let page = history(&[one], "");
        assert!(!page.contains("NaN") && page.contains("<td>1.00</td>") && !page.contains("id=\"commits\""), "{page}");
    }

    #[test]
    fn stages_of_one_input_are_one_table() {
        let page = history(&[plot("decode"), Plot { unit: "peak bytes an object".into(), ..plot("decode") }], "");
        assert_eq!(page.matches("<table").count(), 1, "{page}");
        assert_eq!(page.matches("<figure").count(), 2, "{page}");
    }
}
