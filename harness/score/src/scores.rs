//! Recall, precision and localisation by class, with their intervals.

use std::collections::BTreeMap;

use bloathound_vocabulary::{
    FindingClass, HostRecord, Outcome, PartitionRecord, RunRecord, RunResults, SCHEMA_VERSION, ScoreRecord, ToolRecord,
};

/// Results of these runs in their order, with the scores computed from them.
#[must_use]
pub fn results(
    tool: ToolRecord,
    host: HostRecord,
    partition: Option<PartitionRecord>,
    mut runs: Vec<RunRecord>,
) -> RunResults {
    runs.sort_by(|one, other| one.key().cmp(&other.key()));
    let scores = scores(&runs);
    RunResults { schema_version: SCHEMA_VERSION, tool, host, partition, runs, scores, partial: None }
}

/// Scores of all classes that any run looked for.
#[must_use]
pub fn scores(runs: &[RunRecord]) -> BTreeMap<FindingClass, ScoreRecord> {
    FindingClass::ALL
        .into_iter()
        .filter(|class| runs.iter().any(|run| concerns(run, *class)))
        .map(|class| (class, score(class, runs)))
        .collect()
}

/// Whether a detector for the class had a say in this run.
fn concerns(run: &RunRecord, class: FindingClass) -> bool {
    // A run that could not be made says nothing of any detector.
    if run.outcome == Outcome::Error {
        return false;
    }
    run.looked_for.contains(&class)
        || run.expected.iter().any(|expected| expected.class == class)
        || run.findings.iter().any(|finding| finding.class == class)
}

fn score(class: FindingClass, runs: &[RunRecord]) -> ScoreRecord {
    let mut score = ScoreRecord::default();
    for run in runs.iter().filter(|run| concerns(run, class)) {
        if !run.valid {
            score.invalid_runs += 1;
            continue;
        }
        score.runs += 1;
        let of_class = || run.expected.iter().filter(|bug| bug.class == class);
        score.clean_runs += u64::from(of_class().next().is_none());
        score.expected += of_class().count() as u64;
        score.found += of_class().filter(|bug| bug.found).count() as u64;
        score.localised += of_class().filter(|bug| bug.found && bug.localised).count() as u64;
        score.false_alarms += run.unexpected().filter(|finding| finding.class == class).count() as u64;
    }
    let interval = wilson(score.found, score.expected);
    score.recall = share(score.found, score.expected);
    score.recall_low = interval.map(|(low, _)| low);
    score.recall_high = interval.map(|(_, high)| high);
    score.precision = share(score.found, score.found + score.false_alarms);
    score.localisation = share(score.localised, score.found);
    score
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| rounded(part as f64 / whole as f64))
}

/// Four places: the runs are too few for more, and the same on any machine.
fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

/// Wilson's score interval of `successes` in `trials` at 95 %; `None` without trials.
#[must_use]
pub fn wilson(successes: u64, trials: u64) -> Option<(f64, f64)> {
    if trials == 0 {
        return None;
    }
    // The 97.5 % quantile of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let n = trials as f64;
    let p = successes.min(trials) as f64 / n;
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Some((rounded(((centre - spread) / scale).max(0.0)), rounded(((centre + spread) / scale).min(1.0))))
}

#[cfg(test)]
mod tests {
    use bloathound_vocabulary::{Evidence, Verdict};

    use super::*;
    use crate::samples;

    #[test]
    fn the_interval_is_wilsons() {
        // Figures of the closed formula, worked out apart with Python's decimal module.
        assert_eq!(wilson(10, 10), Some((0.7225, 1.0)));
        assert_eq!(wilson(0, 10), Some((0.0, 0.2775)));
        assert_eq!(wilson(8, 10), Some((0.4902, 0.9433)));
        assert_eq!(wilson(1, 1), Some((0.2065, 1.0)));
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_miss_lowers_recall_and_an_alarm_on_the_twin_precision() {
        let runs = vec![samples::run_pass(), samples::run_missed(), samples::run_false_alarm()];
        let score = &scores(&runs)[&FindingClass::Leak];
        assert_eq!((score.expected, score.found, score.false_alarms), (2, 1, 1));
        assert_eq!(score.recall, Some(0.5));
        assert_eq!(score.precision, Some(0.5));
        assert_eq!(score.localisation, Some(1.0));
        assert_eq!((score.runs, score.clean_runs), (3, 1));
    }

    #[test]
    fn an_invalid_run_is_counted_and_left_out() {
        let runs = vec![samples::run_pass(), samples::run_invalid()];
        let score = &scores(&runs)[&FindingClass::Leak];
        assert_eq!((score.runs, score.invalid_runs), (1, 1));
        assert_eq!(score.recall, Some(1.0));
    }

    #[test]
    fn a_run_that_could_not_be_made_counts_in_no_score() {
        let alone = [samples::run_pass()];
        assert_eq!(scores(&[samples::run_pass(), samples::run_error()]), scores(&alone));
        assert!(scores(&[samples::run_error()]).is_empty());
    }

    #[test]
    fn a_class_nobody_looked_for_has_no_score() {
        let all = scores(&[samples::run_pass()]);
        assert_eq!(all.keys().copied().collect::<Vec<_>>(), [FindingClass::Leak]);
    }

    #[test]
    fn two_runs_that_differ_by_the_clock_alone_are_equal_without_measurements() {
        let one = samples::results(vec![samples::run_hot_loop()]);
        let mut other = one.clone();
        other.host.kernel = None;
        let run = &mut other.runs[0];
        run.seconds = 9.0;
        run.timing.copy_ms = Some(99.0);
        if let Evidence::HotLoop(evidence) = &mut run.findings[0].evidence {
            evidence.samples += 1;
            evidence.thread = None;
        }
        assert_ne!(one, other);
        assert_eq!(one.without_measurements(), other.without_measurements());
        other.runs[0].findings[0].verdict = Verdict::HotLoop;
        assert_ne!(one.without_measurements(), other.without_measurements());
    }
}
