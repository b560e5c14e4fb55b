//! What `watch` keeps of each look beyond its shapes, and what rules say of all of them: garbage, native memory, and cycles
//! that no collection takes.

use std::collections::BTreeMap;

use bloathound_detect::series::LookFacts;
use bloathound_detect::{
    Evidence, Finding, Observation, ObservationRecord, Problem, Report, Seen, Thresholds, find_cycles, judge, settle,
    settle_unexplained,
};
use bloathound_vocabulary::Grade;

use crate::session::Session;

/// The rule whose findings are compared with the first look's here.
pub(super) const CYCLES: &str = "cycles";

/// The looks so far.
#[derive(Debug, Default)]
pub(super) struct Series {
    facts: Vec<LookFacts>,
    /// Objects in cycles at the first look, by the cycles' fingerprint.
    first_cycles: BTreeMap<String, u64>,
    last_cycles: Vec<Finding>,
    problems: Vec<Problem>,
}

impl Series {
    /// One look more, after so many seconds, and after so many requests where they are counted.
    pub(super) fn add(&mut self, session: &Session<'_>, seconds: f64, requests: Option<u64>) {
        let facts = LookFacts { requests, ..session.facts(seconds) };
        let cycles = find_cycles(session.snapshot(), session.replay(), &Thresholds::default());
        if self.facts.is_empty() {
            self.first_cycles = cycles.findings.iter().map(|one| (one.fingerprint.clone(), objects(one))).collect();
        }
        self.last_cycles = cycles.findings;
        let mut problems = cycles.problems;
        if let Some(allocator) = facts.memory.as_ref().and_then(|memory| memory.other_allocator.as_ref()) {
            let message = format!(
                "the C heap is not glibc's but that of {allocator}: what of it is held can't be told from what is free"
            );
            problems.push(Problem { stage: "memory".into(), message });
        }
        if facts.collector.as_ref().is_some_and(|collector| collector.enabled.is_none()) {
            let message = "whether the collector is on was not found".to_owned();
            problems.push(Problem { stage: "garbage".into(), message });
        }
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        self.facts.push(facts);
    }

    /// Adds what all looks together say, by all rules but those named.
    pub(super) fn judge(&self, judged: &mut Report, without: &[&'static str], thresholds: &Thresholds) {
        let seen = Seen { series: Some(&self.facts), ..Seen::default() };
        let report = judge(&seen, without, thresholds);
        judged.findings.extend(report.findings);
        judged.observations.extend(report.observations);
        judged.problems.extend(report.problems.into_iter().chain(self.problems.iter().cloned()));
        settle(&mut judged.findings, thresholds);
        let theirs = settle_unexplained(&mut judged.findings, &self.facts, thresholds);
        judged.observations.extend(theirs.into_iter().map(Observation::Told));
        if without.contains(&CYCLES) {
            return;
        }
        let looks = self.facts.len();
        for cycle in self.last_cycles.iter().cloned() {
            let (now, first) = (objects(&cycle), self.first_cycles.get(&cycle.fingerprint).copied().unwrap_or(0));
            if now > first || looks < 2 {
                judged.findings.push(grown(cycle, now, now.saturating_sub(first)));
            } else {
                let summary =
                    format!("{now} objects in cycles that no collection takes, no more than at the first look");
                let record = ObservationRecord::in_words("uncollectable-cycles", summary).at(cycle.location);
                judged.observations.push(Observation::Told(record.with("objects", now)));
            }
        }
    }
}

fn objects(finding: &Finding) -> u64 {
    match &finding.evidence {
        Evidence::Cycle(cycle) => cycle.objects,
        _ => 0,
    }
}

/// With what it gained between the first look and the last.
fn grown(cycle: Finding, now: u64, gained: u64) -> Finding {
    let summary = format!("Of these {now} objects {gained} came since the first look.");
    let why = "the collector was replayed: what it would leave is known exactly".to_owned();
    cycle.saying(summary).sure(Grade::High, why)
}
