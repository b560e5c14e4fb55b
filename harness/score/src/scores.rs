//! Recall, precision and localisation by class, with their intervals.

use std::collections::BTreeMap;

use bloathound_vocabulary::{
    FindingClass, HostRecord, PartitionRecord, RunRecord, RunResults, SCHEMA_VERSION, ScoreRecord, ToolRecord,
};

use crate::baselines::baseline_scores;
use crate::dose::dose_response;
use crate::shares::{concerns, median, rounded, share, wilson};

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
    let baselines = baseline_scores(&runs);
    let dose = dose_response(&runs);
    let schema_version = SCHEMA_VERSION;
    RunResults { schema_version, tool, host, partition, runs, scores, baselines, dose, rules: None, partial: None }
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

fn score(class: FindingClass, runs: &[RunRecord]) -> ScoreRecord {
    let mut score = ScoreRecord::default();
    let (mut requests, mut looks, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for run in runs.iter().filter(|run| concerns(run, class)) {
        score.planted += run.expected.iter().filter(|bug| bug.class == class).count() as u64;
        if !run.valid {
            score.invalid_runs += 1;
            continue;
        }
        score.runs += 1;
        let of_class = || run.expected.iter().filter(|bug| bug.class == class);
        let is_clean = of_class().next().is_none();
        score.clean_runs += u64::from(is_clean);
        score.expected += of_class().count() as u64;
        score.found += of_class().filter(|bug| bug.found).count() as u64;
        score.localised += of_class().filter(|bug| bug.found && bug.localised).count() as u64;
        let unexpected = run.unexpected().filter(|finding| finding.class == class).count() as u64;
        score.false_alarms += unexpected;
        score.alarmed_runs += u64::from(is_clean && unexpected > 0);
        if of_class().any(|bug| bug.found) {
            requests.extend(run.detected_after_requests);
            looks.extend(run.detected_after_looks);
            seconds.extend(run.detected_after_seconds);
        }
    }
    (score.recall, score.recall_low, score.recall_high) = estimate(score.found, score.expected);
    (score.localisation, score.localisation_low, score.localisation_high) = estimate(score.localised, score.found);
    (score.false_alarm_rate, score.false_alarm_low, score.false_alarm_high) =
        estimate(score.alarmed_runs, score.clean_runs);
    score.precision = share(score.found, score.found + score.false_alarms);
    score.youden = score.recall.zip(score.false_alarm_rate).map(|(recall, rate)| rounded(recall - rate));
    score.requests_to_detection = median(requests, |one, other| one.cmp(other));
    score.looks_to_detection = median(looks, |one, other| one.cmp(other));
    score.seconds_to_detection = median(seconds, f64::total_cmp).map(rounded);
    score
}

/// A share with the ends of its interval.
fn estimate(part: u64, whole: u64) -> (Option<f64>, Option<f64>, Option<f64>) {
    let interval = wilson(part, whole);
    (share(part, whole), interval.map(|(low, _)| low), interval.map(|(_, high)| high))
}

#[cfg(test)]
mod tests {
    use bloathound_vocabulary::{Evidence, Verdict};

    use super::*;
    use crate::samples;

    #[test]
    fn a_miss_lowers_recall_and_an_alarm_on_the_twin_precision() {
        let runs = vec![samples::run_pass(), samples::run_missed(), samples::run_false_alarm()];
        let score = &scores(&runs)[&FindingClass::Leak];
        assert_eq!((score.expected, score.found, score.false_alarms), (2, 1, 1));
        assert_eq!(score.recall, Some(0.5));
        assert_eq!(score.precision, Some(0.5));
        assert_eq!(score.localisation, Some(1.0));
        assert_eq!((score.runs, score.clean_runs, score.alarmed_runs), (3, 1, 1));
        assert_eq!((score.false_alarm_rate, score.youden), (Some(1.0), Some(-0.5)));
        assert_eq!((score.false_alarm_low, score.false_alarm_high), (Some(0.2065), Some(1.0)));
    }

    #[test]
    fn time_to_detection_is_the_median_of_what_was_found() {
        let detected = |requests, looks| {
            let mut run = samples::run_pass();
            (run.detected_after_requests, run.detected_after_looks) = (Some(requests), Some(looks));
            run
        };
        let mut missed = samples::run_missed();
        missed.detected_after_requests = Some(1);
        let runs = [detected(20, 5), detected(8, 2), detected(12, 3), detected(16, 4), missed, samples::run_pass()];
        let score = &scores(&runs)[&FindingClass::Leak];
        assert_eq!((score.requests_to_detection, score.looks_to_detection), (Some(12), Some(3)));
        assert_eq!(score.seconds_to_detection, None);
    }

    #[test]
    fn an_invalid_run_is_counted_and_left_out() {
        let runs = vec![samples::run_pass(), samples::run_invalid()];
        let score = &scores(&runs)[&FindingClass::Leak];
        assert_eq!((score.runs, score.invalid_runs, score.planted, score.expected), (1, 1, 2, 1));
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
