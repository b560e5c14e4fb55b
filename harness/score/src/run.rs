//! One run judged, as it is made or when its recording is replayed.

use std::collections::BTreeMap;

use bloathound_scenario::{Expectation, Scenario, lookup};
use bloathound_vocabulary::{
    BaselineRecord, DisturbanceRecord, Finding, FindingClass, LookRecord, MismatchRecord, ObservationRecord, Outcome,
    Problem, RunErrorRecord, RunRecord, RunSource, TimingRecord, ToggleFact, ToggleRecord, ToldRecord, Traffic,
    Variant,
};
use chrono::NaiveDate;
use serde_json::Value;

use crate::compare::{outcome_of, outcome_with_toggle};
use crate::dose::dose;
use crate::expected::{ends_so, held_against, told_against};
use crate::known::let_be;

/// What is known of a run before it is judged.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Made {
    /// The seed it was made with.
    pub seed: u64,
    /// Requests the service was sent.
    pub requests: u64,
    /// How long it took; 0 where that is not known.
    pub seconds: f64,
    /// Why by the service's own ledger the bug did not happen; `None` for a valid run.
    pub invalid_because: Option<String>,
    /// Why the run could not be made, and the service's last words; `None` for one that was.
    pub error: Option<RunErrorRecord>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What the rounds tell that is no bug by itself.
    pub observations: Vec<ObservationRecord>,
    /// What did not go well on the way.
    pub problems: Vec<Problem>,
    /// What switching a diagnostic came to, where one was.
    pub toggle: Option<ToggleRecord>,
    /// From when on what was found stood: requests after the warm-up, looks, seconds.
    pub detected_after: (Option<u64>, Option<u64>, Option<f64>),
    /// The looks that are compared with each other, in figures.
    pub looks: Vec<LookRecord>,
    /// What simple baselines say of them.
    pub baselines: Vec<BaselineRecord>,
    /// What looking cost the service.
    pub disturbance: DisturbanceRecord,
    /// What looking cost us.
    pub timing: TimingRecord,
    /// The service's own account.
    pub ledger: BTreeMap<String, Value>,
    /// The day on which what is let be until some day is let be or not; without one it is.
    pub today: Option<NaiveDate>,
}

/// What a recorded run can't say, and whether it says the same again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recorded {
    /// Samples of hot loops were not recorded.
    pub lacks_samples: bool,
    /// Where its findings were kept, if what is found now is not what was found then.
    pub differs_from: Option<String>,
}

/// Judges a run: what it found is held against what its scenario wants of this variant.
#[must_use]
pub fn record(scenario: &Scenario, variant: Variant, made: Made) -> RunRecord {
    let expectations: &[Expectation] = scenario.variants.get(&variant).map_or(&[], |plan| &plan.expected);
    judged(scenario, variant, expectations, made)
}

/// Judges a recorded run anew. Nothing is wanted of what was not recorded, and a finding that is not as it was then is a
/// failure: the same recording gives the same findings.
#[must_use]
pub fn replayed(scenario: &Scenario, variant: Variant, recorded: &Recorded, mut made: Made) -> RunRecord {
    let mut expectations = scenario.variants.get(&variant).map_or_else(Vec::new, |plan| plan.expected.clone());
    let mut problem = |message: String| made.problems.push(Problem { stage: "replay".into(), message });
    if recorded.lacks_samples {
        expectations.retain(|one| one.class != FindingClass::HotLoop);
        problem("samples of hot loops were not recorded: nothing is said about them here".into());
    }
    if scenario.observe.toggle.is_some() {
        problem("what a switched diagnostic did is not recorded: nothing is said about it here".into());
    }
    if let Some(kept) = &recorded.differs_from {
        problem(format!("the findings are not those of the run, which are in {kept}"));
    }
    let mut run = judged(scenario, variant, &expectations, made);
    run.source = RunSource::Recorded;
    if recorded.differs_from.is_some() {
        run.outcome = Outcome::Fail;
    }
    run
}

fn judged(scenario: &Scenario, variant: Variant, expectations: &[Expectation], mut made: Made) -> RunRecord {
    let_known_be(scenario, &mut made);
    let expected = held_against(expectations, &made.findings);
    let told = scenario.variants.get(&variant).map_or(&[][..], |plan| &plan.told);
    let told = told_against(told, &made.observations);
    let valid = made.invalid_because.is_none() && made.error.is_none();
    let outcome = match made.error {
        // Nobody knows what would have been found.
        Some(_) => Outcome::Error,
        None => {
            let found = outcome_of(valid, &expected, made.findings.len());
            let all_told = told.iter().all(ToldRecord::is_met);
            let found = if found == Outcome::Pass && !all_told { Outcome::Fail } else { found };
            outcome_with_toggle(found, made.toggle.as_ref())
        }
    };
    RunRecord {
        scenario: scenario.name.clone(),
        variant,
        seed: made.seed,
        series: scenario.on.clone(),
        traffic: (scenario.traffic != Traffic::Steady).then_some(scenario.traffic),
        source: RunSource::Live,
        valid,
        outcome,
        requests: made.requests,
        seconds: made.seconds,
        looked_for: scenario.observe.classes(),
        expected,
        findings: made.findings,
        told,
        observations: made.observations,
        problems: made.problems,
        toggle: made.toggle,
        disturbance: made.disturbance,
        timing: made.timing,
        invalid_because: made.invalid_because,
        error: made.error,
        detected_after_requests: made.detected_after.0,
        detected_after_looks: made.detected_after.1,
        detected_after_seconds: made.detected_after.2,
        dose: if expectations.is_empty() { None } else { dose(&made.looks) },
        looks: made.looks,
        baselines: made.baselines,
        recording: None,
        ledger: made.ledger,
    }
}

/// The stage of what is said of places that a scenario lets be.
pub const IGNORED: &str = "ignore";

/// What the scenario lets be is told, and no finding any more; what is over, and what was not met, is said.
fn let_known_be(scenario: &Scenario, made: &mut Made) {
    if scenario.ignore.is_empty() || made.error.is_some() {
        return;
    }
    let sorted = let_be(&scenario.ignore, std::mem::take(&mut made.findings), made.today);
    let unmet = scenario.ignore.iter().enumerate().filter(|(at, _)| !sorted.met.contains(at));
    let unmet = unmet.map(|(_, entry)| format!("let be ({}), and not found this time", entry.reason));
    let said = sorted.over.into_iter().chain(unmet);
    made.problems.extend(said.map(|message| Problem { stage: IGNORED.into(), message }));
    made.findings = sorted.findings;
    made.observations.splice(0..0, sorted.accepted);
}

/// The facts of a switched diagnostic that are not as the scenario wants them of this variant.
#[must_use]
pub fn toggle_mismatches(scenario: &Scenario, variant: Variant, facts: &Value) -> Vec<MismatchRecord> {
    let wanted = scenario.variants.get(&variant).map(|plan| &plan.toggle);
    let mismatches = wanted.into_iter().flatten().filter_map(|(name, matcher)| {
        let seen = lookup(facts, name);
        let matches = seen.is_some_and(|seen| {
            matcher.matches(seen) || (name == ToggleFact::LoopFile.as_str() && ends_so(matcher, seen))
        });
        let mismatch = || MismatchRecord {
            field: format!("toggle.{name}"),
            expected: matcher.to_json(),
            seen: seen.cloned().unwrap_or(Value::Null),
        };
        (!matches).then(mismatch)
    });
    mismatches.collect()
}
