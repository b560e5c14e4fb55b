//! The page of `run` and `replay`: the verdict, the scores, a table of the runs, then every run.

mod evidence;
mod overview;
mod section;
mod single;

use std::collections::BTreeMap;

use bloathound_vocabulary::{HeatMap, InspectReport, Outcome, RunResults, Traffic, Variant};
use maud::{Markup, html};

pub use single::as_it_was;

use super::blocks;
use super::frame::{Page, Section, page};
use crate::{glossary, units};

/// Which run something belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunKey {
    /// The scenario's name.
    pub scenario: String,
    /// Buggy or fixed.
    pub variant: Variant,
    /// The seed.
    pub seed: u64,
    /// The series of CPython 3.
    pub series: Option<String>,
    /// How requests were spread, where unevenly.
    pub traffic: Option<Traffic>,
}

impl From<&bloathound_vocabulary::RunRecord> for RunKey {
    fn from(run: &bloathound_vocabulary::RunRecord) -> Self {
        let (series, traffic) = (run.series.clone(), run.traffic);
        Self { scenario: run.scenario.clone(), variant: run.variant, seed: run.seed, series, traffic }
    }
}

/// What belongs to a run beside its record.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunExtras {
    /// The last look: the resident memory's account, arenas and garbage are shown.
    pub inspect: Option<InspectReport>,
    /// The memory before the load and after it.
    pub heat: Option<HeatMap>,
    /// The fix as a unified diff, as the scenario's twin has it.
    pub fix_diff: Option<String>,
}

/// Everything on the page.
#[derive(Clone, Copy, Debug)]
pub struct HtmlReport<'r> {
    /// The run.
    pub results: &'r RunResults,
    /// How all of it ended, as `score` decides.
    pub outcome: Outcome,
    /// More about single runs.
    pub extras: &'r BTreeMap<RunKey, RunExtras>,
}

/// The page, failed runs first.
#[must_use]
pub fn index(report: &HtmlReport<'_>) -> String {
    let results = report.results;
    let counts = counts(results);
    let runs = units::plural(results.runs.len() as u64, "run", "runs");
    let mut sections = vec![Section { id: "overview", title: "Runs", body: overview::table(results) }];
    if !results.scores.is_empty() {
        sections.push(Section { id: "scores", title: "Scores", body: overview::scores(results) });
    }
    sections.push(Section { id: "runs", title: "Each run", body: each(report) });
    sections.push(Section { id: "words", title: "Ten words", body: glossary::definitions() });
    page(&Page {
        title: &counts,
        heading: html! { (runs) },
        lead: html! {
            p class="verdict" { (blocks::badge(report.outcome)) " " (counts) }
            (blocks::partial(results.partial.as_ref()))
        },
        sections,
        foot: &overview::made_by(results),
    })
}

fn each(report: &HtmlReport<'_>) -> Markup {
    let runs = &report.results.runs;
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|index| match runs[*index].outcome {
        Outcome::Error => 0,
        Outcome::Fail => 1,
        Outcome::Invalid => 2,
        Outcome::Pass => 3,
    });
    html! {
        @for index in order {
            @let run = &runs[index];
            (section::section(run, report.extras.get(&RunKey::from(run)), &anchor(index)))
        }
    }
}

fn anchor(index: usize) -> String {
    format!("run-{}", index + 1)
}

fn counts(results: &RunResults) -> String {
    let errors = results.count(Outcome::Error);
    let broken = if errors > 0 { format!(", {errors} could not be made") } else { String::new() };
    format!(
        "{} ok, {} failed, {} invalid{broken}",
        results.count(Outcome::Pass),
        results.count(Outcome::Fail),
        results.count(Outcome::Invalid)
    )
}
