//! All runs at once: a row each, the scores with their intervals, and who made them.

use bloathound_vocabulary::{HostRecord, Outcome, RunResults, ScoreRecord};
use maud::{Markup, html};

use super::super::blocks;
use super::super::shown::{short, shown};
use super::anchor;
use crate::{describe, units};

/// A row a run, each with the way to its section.
pub(super) fn table(results: &RunResults) -> Markup {
    let step = |step: Option<f64>| step.map_or_else(|| "–".to_owned(), units::milliseconds);
    let rows = html! {
        @for (index, run) in results.runs.iter().enumerate() {
            @let timing = &run.timing;
            tr {
                th scope="row" { a href={ "#" (anchor(index)) } { (short(&run.name())) } }
                td class="word" { (blocks::badge(run.outcome)) }
                td class="word" { (run.variant.as_str()) }
                td class="text" { (shown(told(run))) }
                td { (run.seed) }
                td { (latency(run)) }
                @for part in [timing.pause_ms, timing.copy_ms, timing.decode_ms, timing.analyse_ms] { td { (step(part)) } }
            }
        }
    };
    let heads = [
        "scenario",
        "<result",
        "<variant",
        "<found",
        "seed",
        "p99 ms, unobserved",
        "pause ms",
        "copy ms",
        "decode ms",
        "analyse ms",
    ];
    blocks::table("Every run, with what was found and what looking cost", &heads, rows)
}

fn told(run: &bloathound_vocabulary::RunRecord) -> String {
    match (&run.outcome, &run.invalid_because, &run.error) {
        (Outcome::Invalid, Some(reason), _) => reason.clone(),
        (Outcome::Error, _, Some(error)) => error.why.clone(),
        _ => describe::seen(run, usize::MAX),
    }
}

/// The service's latency while we looked, and while nobody did: `8.1, 7.9`.
fn latency(run: &bloathound_vocabulary::RunRecord) -> String {
    let seen = &run.disturbance;
    match (seen.latency_p99_ms, seen.baseline_latency_p99_ms) {
        (Some(with), Some(without)) => {
            format!("{}, {}", units::milliseconds(with), units::milliseconds(without))
        }
        (Some(with), None) => units::milliseconds(with),
        (None, _) => "–".to_owned(),
    }
}

/// A row a class; the intervals are drawn as well as told.
pub(super) fn scores(results: &RunResults) -> Markup {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    let rows = html! {
        @for (class, score) in &results.scores {
            tr {
                th scope="row" { (class.as_str()) }
                td { (score.found) " of " (score.expected) }
                td { (share(score.recall)) }
                td class="interval" { (interval(score)) }
                td { (share(score.precision)) } td { (share(score.localisation)) }
                td { (score.false_alarms) } td { (score.invalid_runs) }
            }
        }
    };
    let heads =
        ["class", "bugs found", "recall", "95 % interval", "precision", "right place", "false alarms", "invalid runs"];
    blocks::table("How well each class of bug is found", &heads, rows)
}

/// The interval of the recall from 0 to 1, and its figures.
fn interval(score: &ScoreRecord) -> Markup {
    let (Some(low), Some(high)) = (score.recall_low, score.recall_high) else { return html! { "–" } };
    let percent = |share: f64| format!("{:.1}%", share.clamp(0.0, 1.0) * 100.0);
    html! {
        svg class="range" width="100%" height="10" aria-hidden="true" {
            line class="rail" x1="0" x2="100%" y1="5" y2="5" {}
            line class="span" x1=(percent(low)) x2=(percent(high)) y1="5" y2="5" {}
            @if let Some(recall) = score.recall { circle cx=(percent(recall)) cy="5" r="4" {} }
        }
        (format!("{low:.2} to {high:.2}"))
    }
}

/// `bloathound 0.1.0 on linux, …`.
pub(super) fn made_by(results: &RunResults) -> String {
    let host = host(&results.host);
    let on = if host.is_empty() { String::new() } else { format!(" on {host}") };
    format!("{}{on}", blocks::tool(&results.tool))
}

fn host(host: &HostRecord) -> String {
    let mut parts: Vec<String> = [&host.os, &host.kernel, &host.architecture].into_iter().flatten().cloned().collect();
    parts.extend(host.cpus.map(|cpus| units::plural(cpus, "processor", "processors")));
    parts.extend(host.memory_bytes.map(units::bytes));
    parts.extend(host.python.as_ref().map(|python| format!("CPython {python}")));
    parts.join(", ")
}
