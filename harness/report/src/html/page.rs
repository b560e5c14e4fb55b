//! The page as a whole: its head, the scores, the overview of runs, and their sections in order.

use super::badge::badge;
use super::{HtmlReport, RunKey, runs};
use crate::glossary;
use crate::sanitize::markup;
use crate::units;
use bloathound_vocabulary::{HostRecord, Outcome, RunResults};

const STYLE: &str = include_str!("style.css");

/// `index.html`: the verdict, the scores, a table of the runs, then every run with its findings and evidence, failed ones
/// first.
#[must_use]
pub fn index(report: &HtmlReport<'_>) -> String {
    let results = report.results;
    let mut body = String::new();
    body.push_str(&header(results));
    body.push_str("<main>\n");
    body.push_str(&scores(results));
    body.push_str(&overview(results));
    let mut order: Vec<usize> = (0..results.runs.len()).collect();
    order.sort_by_key(|index| match results.runs[*index].outcome {
        Outcome::Error => 0,
        Outcome::Fail => 1,
        Outcome::Invalid => 2,
        Outcome::Pass => 3,
    });
    for index in order {
        let run = &results.runs[index];
        let extras = report.extras.get(&RunKey::from(run));
        body.push_str(&runs::section(run, extras, &anchor(index)));
    }
    body.push_str(&glossary::html());
    body.push_str("</main>\n");
    body.push_str(&footer(results));
    // The policy stops whatever might slip through the escaping from doing anything.
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; base-uri 'none'; form-action 'none'\">\n<title>Bloathound: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#runs\">To the runs</a>\n{body}</body>\n</html>\n",
        markup(&counts(results))
    )
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

fn header(results: &RunResults) -> String {
    let outcome = if results.count(Outcome::Error) > 0 {
        Outcome::Error
    } else if results.count(Outcome::Fail) > 0 {
        Outcome::Fail
    } else if results.count(Outcome::Invalid) > 0 {
        Outcome::Invalid
    } else {
        Outcome::Pass
    };
    let runs = units::plural(results.runs.len() as u64, "run", "runs");
    let partial = results.partial.as_ref().map(|partial| format!("<p>Partial: {}</p>\n", markup(&partial.why)));
    format!(
        "<header>\n<h1>Bloathound</h1>\n<p class=\"verdict\">{} {runs}: {}</p>\n{}</header>\n",
        badge(outcome),
        counts(results),
        partial.unwrap_or_default()
    )
}

fn scores(results: &RunResults) -> String {
    if results.scores.is_empty() {
        return String::new();
    }
    let mut rows = String::new();
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    for (class, score) in &results.scores {
        let interval = match (score.recall_low, score.recall_high) {
            (Some(low), Some(high)) => format!("{low:.2} to {high:.2}"),
            _ => "–".to_owned(),
        };
        rows.push_str(&format!(
            "<tr><th scope=\"row\">{class}</th><td>{} of {}</td><td>{}</td><td>{interval}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            score.found,
            score.expected,
            share(score.recall),
            share(score.precision),
            share(score.localisation),
            score.false_alarms,
            score.invalid_runs
        ));
    }
    format!(
        "<section aria-labelledby=\"scores\">\n<h2 id=\"scores\">Scores</h2>\n<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th scope=\"col\">class</th><th scope=\"col\">bugs found</th><th scope=\"col\">recall</th><th scope=\"col\">95 % interval</th><th scope=\"col\">precision</th><th scope=\"col\">localisation</th><th scope=\"col\">false alarms</th><th scope=\"col\">invalid runs</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn overview(results: &RunResults) -> String {
    let mut rows = String::new();
    for (index, run) in results.runs.iter().enumerate() {
        let found = match (&run.outcome, &run.invalid_because, &run.error) {
            (Outcome::Invalid, Some(reason), _) => reason.clone(),
            (Outcome::Error, _, Some(error)) => error.why.clone(),
            _ => crate::describe::seen(run, usize::MAX),
        };
        let step = |step: Option<f64>| step.map_or_else(|| "–".to_owned(), units::milliseconds);
        rows.push_str(&format!(
            "<tr><td>{}</td><th scope=\"row\"><a href=\"#{}\">{}</a></th><td>{}</td><td>{}</td><td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            badge(run.outcome),
            anchor(index),
            markup(&run.name()),
            run.variant.as_str(),
            run.seed,
            markup(&found),
            step(run.timing.pause_ms),
            step(run.timing.copy_ms),
            step(run.timing.decode_ms),
            step(run.timing.analyse_ms)
        ));
    }
    format!(
        "<section aria-labelledby=\"runs\">\n<h2 id=\"runs\">Runs</h2>\n<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th scope=\"col\">result</th><th scope=\"col\">scenario</th><th scope=\"col\">variant</th><th scope=\"col\">seed</th><th scope=\"col\">found</th><th scope=\"col\">pause ms</th><th scope=\"col\">copy ms</th><th scope=\"col\">decode ms</th><th scope=\"col\">analyse ms</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn footer(results: &RunResults) -> String {
    let tool = format!("{} {}", results.tool.name, results.tool.version);
    let host = host(&results.host);
    let on = if host.is_empty() { String::new() } else { format!(" on {host}") };
    format!("<footer><p>{}</p></footer>\n", markup(&format!("{tool}{on}")))
}

fn host(host: &HostRecord) -> String {
    let mut parts: Vec<String> = [&host.os, &host.kernel, &host.architecture].into_iter().flatten().cloned().collect();
    parts.extend(host.cpus.map(|cpus| units::plural(cpus, "processor", "processors")));
    parts.extend(host.memory_bytes.map(units::bytes));
    parts.extend(host.python.as_ref().map(|python| format!("CPython {python}")));
    parts.join(", ")
}
