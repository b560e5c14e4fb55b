//! The page of `hot`: the verdict, and the stacks it rests on.

use bloathound_vocabulary::HotReport;
use maud::{Markup, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::shown::shown;
use super::lead::{about, findings, notes};
use crate::units;

/// What a process spends its time with. `typed`: the target, as the next command is to name it.
#[must_use]
pub fn hot(report: &HotReport, typed: &str) -> String {
    let target = blocks::target(&report.target);
    let mut sections = vec![findings(&report.findings, &report.target, typed)];
    sections.push(Section { id: "stacks", title: "Stacks", body: stacks(report) });
    sections.extend(notes(&report.observations, &report.problems));
    let class = if report.findings.is_empty() { "verdict ok" } else { "verdict fail" };
    page(&Page {
        title: &format!("{target}: {}", report.verdict),
        heading: html! { (shown(&target)) },
        lead: html! {
            p class=(class) { (shown(&report.verdict)) }
            (about(&report.target, report.partial.as_ref()))
            (blocks::facts(&facts(report)))
        },
        sections,
        foot: &blocks::tool(&report.tool),
    })
}

fn facts(report: &HotReport) -> Vec<(&'static str, String)> {
    let mut facts = vec![(
        "samples",
        format!("{} in {}, {} torn", units::count(report.samples), units::seconds(report.seconds), report.torn_samples),
    )];
    facts.extend(report.cpu_fraction.map(|share| ("processor", units::ratio(share))));
    facts.extend(
        report
            .voluntary_switches
            .map(|count| ("went to sleep", units::plural(count, "time by itself", "times by itself"))),
    );
    facts
}

fn stacks(report: &HotReport) -> Markup {
    html! {
        @if report.stacks.is_empty() { p class="none" { "No stack was seen." } }
        @for (index, stack) in report.stacks.iter().enumerate() {
            details open[index == 0] {
                summary {
                    (units::plural(stack.samples, "sample", "samples")) " (" (units::percent(stack.samples, report.samples)) " %)"
                    @if let Some(frame) = stack.frames.first() { " in " code { (shown(&frame.function)) } }
                }
                (blocks::stack(&stack.frames))
            }
        }
    }
}
