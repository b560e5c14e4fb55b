//! A run that the driver made, on its way to be judged.

use std::collections::BTreeMap;
use std::time::Duration;

use bloathound_driver::{BrokenRun, LoadReport, PhaseReport, ToggleOutcome};
use bloathound_engine::looks::RunFindings;
use bloathound_report::sanitize;
use bloathound_scenario::{Scenario, Toggled, Variant};
use bloathound_score::{BaselineFacts, Made, baselines, toggle_mismatches};
use bloathound_vocabulary::{DisturbanceRecord, PhaseRecord, RunErrorRecord, RunRecord, ToggleRecord};
use serde_json::Value;

use crate::host;

/// All that is told of one run.
pub(crate) fn record(
    scenario: &Scenario,
    variant: Variant,
    driven: &bloathound_driver::DrivenRun,
    result: &RunFindings,
) -> RunRecord {
    // What was waited for in vain comes first; then what nobody could judge.
    let reasons: Vec<String> =
        driven.unmet.iter().map(ToString::to_string).chain(result.abstained.iter().cloned()).collect();
    let disturbance = &driven.disturbance;
    let looks: Vec<_> = result.looks.iter().map(|look| (look.record.clone(), look.types.clone())).collect();
    let baselines = baselines(&BaselineFacts { looks: &looks, busiest_thread: result.busiest_thread });
    let made = Made {
        seed: scenario.seed,
        requests: driven.requests,
        seconds: driven.elapsed.as_secs_f64(),
        invalid_because: (!reasons.is_empty()).then(|| reasons.join("; ")),
        error: None,
        findings: result.findings.clone(),
        observations: result.observations.clone(),
        problems: result.problems.clone(),
        detected_after: detected_after(scenario, result),
        looks: looks.into_iter().map(|(look, _)| look).collect(),
        baselines,
        toggle: driven.toggle.as_ref().map(|toggled| toggle_record(scenario, variant, toggled)),
        disturbance: DisturbanceRecord {
            pauses_ms: disturbance.pauses_ms.clone(),
            longest_pause_ms: disturbance.longest_pause_ms,
            latency_p99_ms: disturbance.latency_p99_ms,
            baseline_latency_p99_ms: disturbance.baseline_latency_p99_ms,
            throughput_per_second: disturbance.throughput_per_second,
            baseline_throughput_per_second: disturbance.baseline_throughput_per_second,
        },
        timing: result.timing,
        ledger: ledger(&driven.ledger),
        today: Some(host::today()),
    };
    bloathound_score::record(scenario, variant, made)
}

/// Requests after the warm-up, looks, and seconds until all that was found stood.
fn detected_after(scenario: &Scenario, result: &RunFindings) -> (Option<u64>, Option<u64>, Option<f64>) {
    let Some(detected) = result.detected else { return (None, None, None) };
    let requests = detected.requests.map(|requests| requests.saturating_sub(scenario.warm_up));
    (requests, detected.looks, detected.seconds)
}

/// What is told of a run that could not be made. It has no say in any score.
pub(crate) fn broken(scenario: &Scenario, variant: Variant, broken: &BrokenRun, took: Duration) -> RunRecord {
    let clean = |line: &String| sanitize::line(line).into_owned();
    let error =
        RunErrorRecord { why: clean(&broken.why()), stderr_tail: broken.stderr_tail.iter().map(clean).collect() };
    let made = Made { seed: scenario.seed, seconds: took.as_secs_f64(), error: Some(error), ..Made::default() };
    bloathound_score::record(scenario, variant, made)
}

/// What switching a diagnostic came to, held against what the scenario wants of it.
fn toggle_record(scenario: &Scenario, variant: Variant, toggled: &ToggleOutcome) -> ToggleRecord {
    let facts = Value::Object(toggled.facts.clone());
    ToggleRecord {
        what: toggled.toggle.what.as_str().to_owned(),
        reader: (toggled.toggle.what == Toggled::Trace).then(|| toggled.toggle.reader.as_str().to_owned()),
        phases: toggled.phases.iter().map(phase_record).collect(),
        facts: ledger(&facts),
        broken: toggled.broken.clone(),
        mismatches: toggle_mismatches(scenario, variant, &facts),
    }
}

fn phase_record(phase: &PhaseReport) -> PhaseRecord {
    let load = phase.load.as_ref();
    PhaseRecord {
        phase: phase.phase.as_str().to_owned(),
        requests: phase.requests,
        answered: phase.answered,
        lost: phase.lost,
        seconds: load.map(|load| load.elapsed.as_secs_f64()),
        throughput_per_second: load.map(LoadReport::throughput_per_second),
        latency_p50_ms: load.map(|load| load.latency_ms(0.5)),
        latency_p99_ms: load.map(|load| load.latency_ms(0.99)),
    }
}

/// A service's own account by the names in it.
pub(crate) fn ledger(value: &Value) -> BTreeMap<String, Value> {
    value.as_object().map(|map| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()).unwrap_or_default()
}
