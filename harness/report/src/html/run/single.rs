//! The page of one run that nobody judges: what was found of a service as it was, without expectation, verdict and score.

use bloathound_vocabulary::{RunRecord, ToolRecord};
use maud::html;

use super::super::blocks;
use super::super::finding::{Beside, findings};
use super::super::frame::{Page, Section, page};
use super::super::shown::shown;
use super::RunExtras;
use super::evidence::{disturbance, heat, looks, memory};
use crate::{text, units};

/// A service as it was, under `title`.
#[must_use]
pub fn as_it_was(title: &str, run: &RunRecord, extras: &RunExtras, tool: &ToolRecord) -> String {
    let found = findings(&run.findings, Beside { anchor: "", typed: text::PROCESS });
    let mut sections = vec![Section { id: "findings", title: "Findings", body: found }];
    let over_time = looks(&run.looks);
    if !over_time.0.is_empty() {
        sections.push(Section { id: "time", title: "Memory over time", body: over_time });
    }
    if let Some(inspect) = &extras.inspect {
        sections.push(Section { id: "memory", title: "Memory at the end", body: memory(inspect, true) });
    }
    if let Some(map) = &extras.heat {
        sections.push(Section { id: "heat", title: "Heat map", body: heat(map) });
    }
    sections.push(Section { id: "load", title: "What was done", body: disturbance(run, &run.disturbance) });
    page(&Page {
        title,
        heading: html! { (shown(title)) },
        lead: html! {
            p class="verdict" {
                @if run.findings.is_empty() { "Nothing was found" }
                @else { (units::plural(run.findings.len() as u64, "finding", "findings")) }
            }
            p { "This is the service as it was in the beginning, under the load that it is checked by." }
        },
        sections,
        foot: &blocks::tool(tool),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn nobody_reads_of_a_failure() {
        let run = samples::run_false_alarm();
        let page = as_it_was("The attendees", &run, &RunExtras::default(), &ToolRecord::bloathound("0.1.0"));
        assert!(page.contains("<h1>The attendees</h1>") && page.contains("1 finding"), "{page}");
        for judged in ["FAIL", "not expected", "Scores", "badge ok"] {
            assert!(!page.contains(judged), "{judged}: {page}");
        }
    }
}
