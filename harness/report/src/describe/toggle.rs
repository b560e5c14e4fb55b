//! A toggle in words, for terminal, JUnit and HTML alike. As in [`super`], not yet harmless.

use serde_json::Value;

use super::{plain, wanted};
use crate::{sanitize, units};
use bloathound_vocabulary::{PhaseRecord, ToggleFact, ToggleRecord};

/// `debug-log`, `trace, reader slow`.
pub(crate) fn title(toggle: &ToggleRecord) -> String {
    match &toggle.reader {
        Some(reader) => format!("{}, reader {reader}", toggle.what),
        None => toggle.what.clone(),
    }
}

/// What matters most, in the longest of a few forms that takes at most `cells`: a loop that was seen; else what became
/// of the requests, and p99 while off, on and off again.
pub(crate) fn few_words(toggle: &ToggleRecord, cells: usize) -> String {
    let fact = |fact: ToggleFact| toggle.facts.get(fact.as_str());
    let text = |what: ToggleFact| fact(what).map(plain);
    if let Some(seen) = fact(ToggleFact::LoopSeen) {
        let place = match (text(ToggleFact::LoopFile), text(ToggleFact::LoopLineFirst), text(ToggleFact::LoopLineLast))
        {
            (Some(file), Some(first), Some(last)) => {
                format!("{}:{first}-{last}", file.rsplit('/').next().unwrap_or(&file))
            }
            _ => "a loop".to_owned(),
        };
        return if *seen == Value::Bool(true) { format!("traced {place}") } else { "no loop traced".to_owned() };
    }
    let lost = lost(toggle);
    let p99: Vec<String> =
        toggle.phases.iter().map(|phase| phase.latency_p99_ms.map_or("-".to_owned(), units::milliseconds)).collect();
    let long = match p99.as_slice() {
        [off, on, again] => format!("{lost}, p99 off {off}, on {on}, off again {again} ms"),
        others => format!("{lost}, p99 {} ms", others.join(", ")),
    };
    if sanitize::width(&long) <= cells { long } else { lost }
}

fn lost(toggle: &ToggleRecord) -> String {
    let lost: u64 = toggle.phases.iter().map(|phase| phase.lost).sum();
    format!("{} lost", units::count(lost))
}

/// `150 of 150 answered, 312/s, p50 6.1 ms, p99 8.1 ms`.
pub(crate) fn phase(phase: &PhaseRecord) -> String {
    let mut parts = vec![format!("{} of {} answered", units::count(phase.answered), units::count(phase.requests))];
    parts.extend(phase.throughput_per_second.map(|rate| format!("{}/s", units::count(rate.round() as u64))));
    for (name, value) in [("p50", phase.latency_p50_ms), ("p99", phase.latency_p99_ms)] {
        parts.extend(value.map(|value| format!("{name} {} ms", units::milliseconds(value))));
    }
    parts.join(", ")
}

/// Name and text of every fact.
pub(crate) fn facts(toggle: &ToggleRecord) -> Vec<(String, String)> {
    toggle.facts.iter().map(|(name, value)| (name.replace('_', " "), plain(value))).collect()
}

/// What is wrong, a line each.
pub(crate) fn failures(toggle: &ToggleRecord) -> Vec<String> {
    let mut lines = toggle.broken.clone();
    for mismatch in &toggle.mismatches {
        let (expected, seen) = (wanted(&mismatch.expected), plain(&mismatch.seen));
        lines.push(format!("{}: expected {expected}, seen {seen}", mismatch.field));
    }
    lines
}
