//! What a hosted CI shows of a run: a summary in Markdown, and workflow commands that stand beside the files.

mod own;

use std::collections::BTreeMap;
use std::fmt::Write;

use bloathound_vocabulary::{Baseline, FindingClass, Outcome, RunRecord, RunResults, ScoreRecord};

use crate::{describe, sanitize, text, units};

pub use own::{check_annotations, check_summary};

/// Runs told of one by one; of more a CI's page shows the head.
const RUNS_MAX: usize = 50;

/// The summary: how many of what, scores beside those of the baselines, floors that don't hold, and what is not as
/// expected with the command that shows it again. `below` has a sentence for each score under its floor.
#[must_use]
pub fn summary(results: &RunResults, below: &[String]) -> String {
    let runs = units::plural(results.runs.len() as u64, "run", "runs");
    let count = |outcome| results.count(outcome);
    let mut out = format!(
        "## Bloathound: {runs}, {} as expected, {} failed, {} invalid, {} not made\n\n",
        count(Outcome::Pass),
        count(Outcome::Fail),
        count(Outcome::Invalid),
        count(Outcome::Error)
    );
    if let Some(partial) = &results.partial {
        let _ = writeln!(out, "**Partial:** {}\n", escaped(&partial.why));
    }
    for line in below {
        let _ = writeln!(out, "- **below its floor:** {}", escaped(line));
    }
    if !below.is_empty() {
        out.push('\n');
    }
    out.push_str(&scores(results));
    let failed: Vec<&RunRecord> = results.runs.iter().filter(|run| run.outcome != Outcome::Pass).collect();
    if !failed.is_empty() {
        out.push_str("### Not as expected\n\n");
    }
    for run in failed.iter().take(RUNS_MAX) {
        let _ = writeln!(out, "- **{}**: {}. Again: `{}`", escaped(&run.title()), escaped(&why(run)), again(run));
    }
    if failed.len() > RUNS_MAX {
        let _ = writeln!(out, "- and {} more", failed.len() - RUNS_MAX);
    }
    out
}

/// A workflow command for every run that is not as expected, and one for each score under its floor. `files` has the
/// file of each scenario, relative to the repository, where that is known.
#[must_use]
pub fn annotations(results: &RunResults, below: &[String], files: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for line in below {
        let _ = writeln!(out, "::error title=below its floor::{}", data(line));
    }
    for run in results.runs.iter().filter(|run| run.outcome != Outcome::Pass) {
        let file = files.get(&run.scenario).map_or_else(String::new, |file| format!("file={},line=1,", property(file)));
        let _ = writeln!(
            out,
            "::error {file}title={}::{}",
            property(&run.title()),
            data(&format!("{}. Again: {}", why(run), again(run)))
        );
    }
    out
}

fn scores(results: &RunResults) -> String {
    if results.scores.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "| class | found | recall (95 %) | right place | false alarms | clean runs with one (95 %) | Youden | baselines: Youden |\n\
         |---|---:|---|---:|---:|---|---:|---|\n",
    );
    for (class, score) in &results.scores {
        let youden = score.youden.map_or_else(|| "–".to_owned(), |index| format!("{index:.2}"));
        let _ = writeln!(
            out,
            "| {class} | {} of {} | {} | {} of {} | {} | {} of {} ({}) | {youden} | {} |",
            score.found,
            score.expected,
            recall(score),
            score.localised,
            score.found,
            score.false_alarms,
            score.alarmed_runs,
            score.clean_runs,
            interval(score.false_alarm_low, score.false_alarm_high),
            baselines(results, *class)
        );
    }
    out.push('\n');
    out
}

fn recall(score: &ScoreRecord) -> String {
    score.recall.map_or_else(
        || "–".to_owned(),
        |recall| format!("{recall:.2} ({})", interval(score.recall_low, score.recall_high)),
    )
}

fn interval(low: Option<f64>, high: Option<f64>) -> String {
    low.zip(high).map_or_else(|| "–".to_owned(), |(low, high)| format!("{low:.2} to {high:.2}"))
}

fn baselines(results: &RunResults, class: FindingClass) -> String {
    let scores = results.baselines.get(&class).map_or(&[][..], Vec::as_slice);
    let one = |baseline: Baseline| {
        let youden = scores.iter().find(|one| one.baseline == baseline)?.youden?;
        Some(format!("{} {youden:.2}", baseline.as_str()))
    };
    let all: Vec<String> = Baseline::ALL.into_iter().filter_map(one).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

/// Why a run is not as expected, in a line.
pub(crate) fn why(run: &RunRecord) -> String {
    let known = run.error.as_ref().map(|error| error.why.clone()).or_else(|| run.invalid_because.clone());
    known.unwrap_or_else(|| describe::failures(run).join("; "))
}

fn again(run: &RunRecord) -> String {
    sanitize::line(&text::again(run)).into_owned()
}

/// Text of services in Markdown: nothing of it is markup.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in sanitize::line(text).chars() {
        if "\\`*_{}[]<>()#|!~&".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The text of a workflow command.
fn data(text: &str) -> String {
    sanitize::line(text).replace('%', "%25")
}

/// The value of a workflow command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_summary_with_one_of_everything() {
        let below = ["leak: recall is 0.5000, the floor 0.9000".to_owned()];
        insta::assert_snapshot!(summary(&samples::mixed_results(), &below));
    }

    #[test]
    fn a_failed_run_is_a_command_a_line_that_no_text_can_break() {
        let mut results = samples::mixed_results();
        results.runs.retain(|run| run.outcome == Outcome::Fail);
        results.runs[0].scenario = "a,b:c\n::error::forged".to_owned();
        let files = BTreeMap::from([(results.runs[0].scenario.clone(), "scenarios/a.yaml".to_owned())]);
        let text = annotations(&results, &["100 % of\nnothing".to_owned()], &files);
        assert_eq!(text.lines().count(), results.runs.len() + 1);
        assert!(text.lines().all(|line| line.starts_with("::error ")), "{text}");
        assert!(text.contains("file=scenarios/a.yaml,line=1,title=a%2Cb%3Ac"), "{text}");
        assert!(text.starts_with("::error title=below its floor::100 %25 of"), "{text}");
    }

    #[test]
    fn what_a_service_says_is_no_markup() {
        assert_eq!(escaped("a|b `c` <img>"), "a\\|b \\`c\\` \\<img\\>");
    }
}
