//! A run's record: what it found, what that is worth, and what it cost.

use std::collections::BTreeMap;

use std::time::Duration;

use bloathound_driver::{BrokenRun, LoadReport, PhaseReport, ToggleOutcome};
use bloathound_engine::looks::RunFindings;
use bloathound_report::json::{DisturbanceRecord, Finding, MismatchRecord, PhaseRecord, RunRecord, ToggleRecord};
use bloathound_report::json::{Outcome, RunErrorRecord, TimingRecord, outcome_of, outcome_with_toggle};
use bloathound_report::sanitize;
use bloathound_scenario::{Expectation, Scenario, Toggled, Variant, lookup};
use serde_json::Value;

use super::expected::{ends_so, held_against, looked_for};

/// All that is told of one run.
pub(crate) fn record(
    scenario: &Scenario,
    variant: Variant,
    driven: &bloathound_driver::RunRecord,
    result: &RunFindings,
) -> RunRecord {
    let findings: Vec<Finding> = result.findings.clone();
    let expectations: &[Expectation] = scenario.variants.get(&variant).map_or(&[], |plan| &plan.expected);
    let expected = held_against(expectations, &findings);
    // What was waited for in vain comes first; then what nobody could judge.
    let reasons: Vec<String> =
        driven.unmet.iter().map(ToString::to_string).chain(result.abstained.iter().cloned()).collect();
    let valid = reasons.is_empty();
    let disturbance = &driven.disturbance;
    let toggle = driven.toggle.as_ref().map(|toggled| toggle_record(scenario, variant, toggled));
    RunRecord {
        scenario: scenario.name.clone(),
        variant,
        seed: scenario.seed,
        valid,
        outcome: outcome_with_toggle(outcome_of(valid, &expected, findings.len()), toggle.as_ref()),
        requests: driven.requests,
        seconds: driven.elapsed.as_secs_f64(),
        looked_for: looked_for(scenario),
        expected,
        findings,
        problems: result.problems.clone(),
        toggle,
        disturbance: DisturbanceRecord {
            pauses_ms: disturbance.pauses_ms.clone(),
            longest_pause_ms: disturbance.longest_pause_ms,
            latency_p99_ms: disturbance.latency_p99_ms,
            baseline_latency_p99_ms: disturbance.baseline_latency_p99_ms,
            throughput_per_second: disturbance.throughput_per_second,
            baseline_throughput_per_second: disturbance.baseline_throughput_per_second,
        },
        timing: result.timing,
        invalid_because: (!valid).then(|| reasons.join("; ")),
        error: None,
        detected_after_requests: None,
        detected_after_seconds: None,
        recording: None,
        ledger: ledger(&driven.ledger),
    }
}

/// What is told of a run that could not be made. It has no say in any score.
pub(crate) fn broken(scenario: &Scenario, variant: Variant, broken: &BrokenRun, took: Duration) -> RunRecord {
    let expectations: &[Expectation] = scenario.variants.get(&variant).map_or(&[], |plan| &plan.expected);
    let clean = |line: &String| sanitize::line(line).into_owned();
    RunRecord {
        scenario: scenario.name.clone(),
        variant,
        seed: scenario.seed,
        valid: false,
        outcome: Outcome::Error,
        requests: 0,
        seconds: took.as_secs_f64(),
        looked_for: looked_for(scenario),
        expected: held_against(expectations, &[]),
        findings: Vec::new(),
        problems: Vec::new(),
        toggle: None,
        disturbance: DisturbanceRecord::default(),
        timing: TimingRecord::default(),
        invalid_because: None,
        error: Some(RunErrorRecord {
            why: clean(&broken.why()),
            stderr_tail: broken.stderr_tail.iter().map(clean).collect(),
        }),
        detected_after_requests: None,
        detected_after_seconds: None,
        recording: None,
        ledger: BTreeMap::new(),
    }
}

/// What switching a diagnostic came to, held against what the scenario wants of it.
fn toggle_record(scenario: &Scenario, variant: Variant, toggled: &ToggleOutcome) -> ToggleRecord {
    let facts = Value::Object(toggled.facts.clone());
    let wanted = scenario.variants.get(&variant).map(|plan| &plan.toggle);
    let mismatches = wanted.into_iter().flatten().filter_map(|(name, matcher)| {
        let seen = lookup(&facts, name);
        let matches = seen.is_some_and(|seen| matcher.matches(seen) || (name == "loop_file" && ends_so(matcher, seen)));
        let mismatch = || MismatchRecord {
            field: format!("toggle.{name}"),
            expected: matcher.to_json(),
            seen: seen.cloned().unwrap_or(Value::Null),
        };
        (!matches).then(mismatch)
    });
    ToggleRecord {
        what: toggled.toggle.what.as_str().to_owned(),
        reader: (toggled.toggle.what == Toggled::Trace).then(|| toggled.toggle.reader.as_str().to_owned()),
        phases: toggled.phases.iter().map(phase_record).collect(),
        facts: ledger(&facts),
        broken: toggled.broken.clone(),
        mismatches: mismatches.collect(),
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

fn ledger(value: &Value) -> BTreeMap<String, Value> {
    value.as_object().map(|map| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()).unwrap_or_default()
}
