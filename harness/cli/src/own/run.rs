//! One variant of a service of one's own: started, loaded, looked at by all rules, and held against its scenario.

use std::path::Path;
use std::time::{Duration, Instant};

use bloathound_driver::{CheckError, Checked, Limits, check, of_scenario};
use bloathound_engine::Stop;
use bloathound_engine::looks::RunFindings;
use bloathound_report::sanitize;
use bloathound_scenario::{Scenario, Variant};
use bloathound_score::{Made, held_against};
use bloathound_vocabulary::{DisturbanceRecord, Problem, RunErrorRecord, RunRecord};

use crate::looking::OURSELVES;
use crate::{host, output, progress, score};

/// How it is looked at.
pub(crate) struct Looked {
    /// Rules that are switched off.
    pub(crate) without: Vec<&'static str>,
    /// Keep pictures for a page.
    pub(crate) illustrate: bool,
}

/// The record, and everything that was found; nothing where the run could not be made.
type Judged = (RunRecord, Option<RunFindings>);

/// Runs it. `python` is the interpreter where the file names none.
///
/// # Errors
/// Somebody wanted us to end before it was made.
pub(crate) fn run(
    scenario: &Scenario,
    variant: Variant,
    (python, limits): (Option<&Path>, &Limits),
    looked: Looked,
) -> Result<Judged, Stop> {
    let begun = Instant::now();
    let planned =
        scenario.variants.get(&variant).and_then(|plan| of_scenario(scenario, plan, python, limits.ready_within));
    let Some((target, mut plan)) = planned else {
        return Ok(failed(scenario, variant, "this variant is not there", &[], begun.elapsed()));
    };
    plan.without = looked.without;
    plan.illustrate = looked.illustrate;
    plan.look.holder = Some(OURSELVES.into());
    plan.look.notice = Some(output::message);
    let checked = check(&target, &plan, &limits.interrupt, &mut |event| output::progress(&progress::checked(&event)));
    match (checked, limits.interrupt.came()) {
        (_, Some(stop)) => Err(stop),
        (Ok(checked), None) => Ok(made(scenario, variant, checked)),
        (Err(error), None) => {
            let stderr = if let CheckError::Service(error) = &error { error.stderr() } else { &[] };
            let why = if let CheckError::Service(error) = &error { error.why() } else { error.to_string() };
            Ok(failed(scenario, variant, &why, stderr, begun.elapsed()))
        }
    }
}

fn failed(scenario: &Scenario, variant: Variant, why: &str, stderr: &[String], took: Duration) -> Judged {
    let clean = |line: &str| sanitize::line(line).into_owned();
    let error = RunErrorRecord { why: clean(why), stderr_tail: stderr.iter().map(|line| clean(line)).collect() };
    let made = Made { seed: scenario.seed, seconds: took.as_secs_f64(), error: Some(error), ..Made::default() };
    (bloathound_score::record(scenario, variant, made), None)
}

fn made(scenario: &Scenario, variant: Variant, mut checked: Checked) -> Judged {
    let pauses: Vec<f64> =
        checked.processes.iter().flat_map(|one| &one.pauses).map(|pause| pause.as_secs_f64() * 1e3).collect();
    let processes = std::mem::take(&mut checked.processes);
    let Some(found) = together(processes.into_iter().map(|one| one.found)) else {
        return failed(scenario, variant, "no process was looked at", &checked.output, checked.elapsed);
    };
    let mut problems = found.problems.clone();
    let mut reasons = checked.unmet;
    reasons.extend(found.abstained.iter().cloned());
    if let Some(why) = checked.cut_short {
        let why = sanitize::line(&why).into_owned();
        // What was to be found was found before: a loop that answers nobody ends the load, and that is no news.
        let wanted = scenario.variants.get(&variant).map_or(&[][..], |plan| &plan.expected);
        let held = held_against(wanted, &found.findings);
        if !held.is_empty() && held.iter().all(|one| one.found && one.mismatches.is_empty()) {
            problems.push(Problem { stage: "check".into(), message: format!("cut short: {why}") });
        } else {
            reasons.insert(0, format!("cut short: {why}"));
        }
    }
    let load = checked.load;
    let detected = found.detected;
    let made = Made {
        seed: scenario.seed,
        requests: checked.requests,
        seconds: checked.elapsed.as_secs_f64(),
        invalid_because: (!reasons.is_empty()).then(|| reasons.join("; ")),
        findings: found.findings.clone(),
        observations: found.observations.clone(),
        problems,
        detected_after: (
            detected.and_then(|one| one.requests).map(|requests| requests.saturating_sub(scenario.warm_up)),
            detected.and_then(|one| one.looks),
            detected.and_then(|one| one.seconds),
        ),
        looks: found.looks.iter().map(|look| look.record.clone()).collect(),
        disturbance: DisturbanceRecord {
            longest_pause_ms: pauses.iter().copied().reduce(f64::max),
            pauses_ms: pauses,
            baseline_latency_p99_ms: load.as_ref().map(|load| load.latency_ms(0.99)),
            baseline_throughput_per_second: load.as_ref().map(|load| load.throughput_per_second()),
            ..DisturbanceRecord::default()
        },
        timing: found.timing,
        ledger: score::ledger(&checked.ledger),
        today: Some(host::today()),
        ..Made::default()
    };
    (bloathound_score::record(scenario, variant, made), Some(found))
}

/// What was found in all its processes, each thing once.
fn together(mut found: impl Iterator<Item = RunFindings>) -> Option<RunFindings> {
    let mut all = found.next()?;
    for more in found {
        for finding in more.findings {
            if !all.findings.iter().any(|one| one.fingerprint == finding.fingerprint) {
                all.findings.push(finding);
            }
        }
        for seen in more.observations {
            if !all.observations.iter().any(|one| one.class == seen.class && one.location == seen.location) {
                all.observations.push(seen);
            }
        }
        all.problems.extend(more.problems);
        all.abstained.extend(more.abstained);
        all.detected = all.detected.or(more.detected);
    }
    Some(all)
}
