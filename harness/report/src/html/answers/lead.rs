//! What stands above the findings of every look: how many there are, what was looked at, and that it is not whole.

use bloathound_vocabulary::{Finding, ObservationRecord, Partial, Problem, TargetRecord};
use maud::{Markup, html};

use super::super::blocks;
use super::super::finding::{self, Beside};
use super::super::frame::Section;
use crate::units;

/// The verdict in a line and the facts of the target.
pub(super) fn lead(findings: &[Finding], target: &TargetRecord, partial: Option<&Partial>) -> Markup {
    html! {
        @if findings.is_empty() { p class="verdict ok" { "No finding" } }
        @else {
            p class="verdict fail" { (units::plural(findings.len() as u64, "finding", "findings")) }
        }
        (about(target, partial))
    }
}

/// The same where nothing is judged.
pub(super) fn about(target: &TargetRecord, partial: Option<&Partial>) -> Markup {
    let facts = blocks::target_facts(target);
    html! { (blocks::partial(partial)) @if !facts.is_empty() { (blocks::facts(&facts)) } }
}

/// The findings' section.
pub(super) fn findings(findings: &[Finding], target: &TargetRecord, typed: &str) -> Section {
    let named = if typed.is_empty() { crate::describe::plain::typed(target) } else { typed.to_owned() };
    let body = finding::findings(findings, Beside { anchor: "", typed: &named });
    Section { id: "findings", title: "Findings", body }
}

/// What is said beside the findings, where something is.
pub(super) fn notes(observations: &[ObservationRecord], problems: &[Problem]) -> Vec<Section> {
    let mut sections = Vec::new();
    if !observations.is_empty() {
        sections.push(Section { id: "notes", title: "Worth knowing", body: blocks::observations(observations) });
    }
    if !problems.is_empty() {
        sections.push(Section { id: "problems", title: "Problems", body: blocks::problems(problems) });
    }
    sections
}
