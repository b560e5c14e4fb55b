//! The section of one run.

use bloathound_vocabulary::{Outcome, RunRecord};
use maud::{Markup, html};

use super::super::blocks;
use super::super::finding::{Beside, findings};
use super::super::shown::{command, shown};
use super::RunExtras;
use super::evidence::{disturbance, fix, heat, looks, memory, toggle};
use crate::{describe, text, typing};

/// One run: expected and seen, findings with evidence, memory, pictures, the fix, and what to type.
pub(super) fn section(run: &RunRecord, extras: Option<&RunExtras>, anchor: &str) -> Markup {
    let open = run.outcome != Outcome::Pass;
    let prefix = format!("{anchor}-");
    html! {
        section class="run" id=(anchor) aria-labelledby={ (anchor) "-title" } {
            h3 class="run-title" id={ (anchor) "-title" } {
                (blocks::badge(run.outcome)) " " a class="here" href={ "#" (anchor) } { (shown(run.title())) }
            }
            (not_made(run))
            (expected(run))
            (wrong(run))
            @if let Some(record) = &run.toggle { (toggle(record)) }
            @if run.toggle.is_none() || !run.findings.is_empty() {
                (findings(&run.findings, Beside { anchor: &prefix, typed: "" }))
            }
            (looks(&run.looks))
            @if let Some(extras) = extras {
                @if let Some(inspect) = &extras.inspect { (memory(inspect, open)) }
                @if let Some(map) = &extras.heat { (heat(map)) }
                @if let Some(diff) = &extras.fix_diff { (fix(diff)) }
            }
            (disturbance(run, &run.disturbance))
            @if !run.observations.is_empty() { h4 { "Worth knowing" } (blocks::observations(&run.observations)) }
            @if !run.problems.is_empty() { h4 { "Problems" } (blocks::problems(&run.problems)) }
            @if let Some(recording) = &run.recording {
                p {
                    "Recorded in " code { (shown(recording)) } ". Next: "
                    (command(&typing::command(&format!("replay {}", text::shell_word(recording)))))
                }
            }
        }
    }
}

/// Why there is nothing to judge; nothing where there is.
fn not_made(run: &RunRecord) -> Markup {
    html! {
        @if let Some(reason) = &run.invalid_because {
            p class="warn" { strong { "The run is not valid: " } (shown(reason)) }
        }
        @if let Some(error) = &run.error {
            p class="warn" { strong { "The run could not be made: " } (shown(&error.why)) }
            @if !error.stderr_tail.is_empty() {
                pre tabindex="0" aria-label="The service's last lines on standard error" {
                    @for line in &error.stderr_tail { (shown(line)) "\n" }
                }
            }
        }
    }
}

fn wrong(run: &RunRecord) -> Markup {
    let wrong = describe::failures(run);
    html! {
        @if run.outcome == Outcome::Fail && !wrong.is_empty() {
            h4 { "What is wrong" }
            ul class="wrong" { @for line in &wrong { li { (shown(line)) } } }
        }
    }
}

fn expected(run: &RunRecord) -> Markup {
    if run.expected.is_empty() {
        return html! { @if run.toggle.is_none() { p { "Expected: nothing." } } };
    }
    let met = |expected: &bloathound_vocabulary::ExpectedRecord| match (
        run.outcome,
        expected.found,
        expected.mismatches.is_empty(),
    ) {
        (Outcome::Invalid | Outcome::Error, ..) => "not judged",
        (_, false, _) => "missed",
        (_, true, false) => "found, but not as expected",
        (_, true, true) => "found",
    };
    html! {
        h4 { "Expected" }
        ul {
            @for expected in &run.expected {
                li { (shown(describe::expectation(expected))) " " strong { "(" (met(expected)) ")" } }
            }
        }
    }
}
