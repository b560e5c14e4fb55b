use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClassName, RunRecord};

/// How well one class of bug is found. INVALID runs are counted and left out of everything else.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ScoreRecord {
    /// Of the bugs that were there, the share that was found; null when there was none.
    pub recall: Option<f64>,
    /// Lower end of the recall's Wilson interval, 95 %.
    pub recall_low: Option<f64>,
    /// Upper end.
    pub recall_high: Option<f64>,
    /// Of the findings, over buggy, fixed and negative runs, the share that is a bug; null when there was none.
    pub precision: Option<f64>,
    /// Of the bugs found, the share whose place is right; null when none was found.
    pub localisation: Option<f64>,
    /// Valid runs in which the class was looked for.
    pub runs: u64,
    /// Of these, runs in which no bug of the class was expected.
    pub clean_runs: u64,
    /// Runs left out because the bug did not happen.
    pub invalid_runs: u64,
    /// Bugs that were there.
    pub expected: u64,
    /// Bugs found.
    pub found: u64,
    /// Bugs found in the right place.
    pub localised: u64,
    /// Findings that no bug accounts for.
    pub false_alarms: u64,
}

/// Scores of all classes that any run looked for.
#[must_use]
pub fn scores(runs: &[RunRecord]) -> BTreeMap<ClassName, ScoreRecord> {
    ClassName::ALL
        .into_iter()
        .filter(|class| runs.iter().any(|run| run.concerns(*class)))
        .map(|class| (class, score(class, runs)))
        .collect()
}

fn score(class: ClassName, runs: &[RunRecord]) -> ScoreRecord {
    let mut score = ScoreRecord::default();
    for run in runs.iter().filter(|run| run.concerns(class)) {
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
        let score = &scores(&runs)[&ClassName::Leak];
        assert_eq!((score.expected, score.found, score.false_alarms), (2, 1, 1));
        assert_eq!(score.recall, Some(0.5));
        assert_eq!(score.precision, Some(0.5));
        assert_eq!(score.localisation, Some(1.0));
        assert_eq!((score.runs, score.clean_runs), (3, 1));
    }

    #[test]
    fn an_invalid_run_is_counted_and_left_out() {
        let runs = vec![samples::run_pass(), samples::run_invalid()];
        let score = &scores(&runs)[&ClassName::Leak];
        assert_eq!((score.runs, score.invalid_runs), (1, 1));
        assert_eq!(score.recall, Some(1.0));
    }

    #[test]
    fn a_class_nobody_looked_for_has_no_score() {
        let all = scores(&[samples::run_pass()]);
        assert_eq!(all.keys().copied().collect::<Vec<_>>(), [ClassName::Leak]);
    }
}
