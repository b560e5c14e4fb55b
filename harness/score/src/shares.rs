//! Shares with their intervals, and which runs say something of a class.

use bloathound_vocabulary::{FindingClass, Outcome, RunRecord, RunSource};

/// Whether a detector for the class had a say in this run.
pub(crate) fn concerns(run: &RunRecord, class: FindingClass) -> bool {
    // A run that could not be made says nothing of any detector. One that was recorded is the same again, however often it
    // is judged: no new case.
    if run.outcome == Outcome::Error || run.source == RunSource::Recorded {
        return false;
    }
    run.looked_for.contains(&class)
        || run.expected.iter().any(|expected| expected.class == class)
        || run.findings.iter().any(|finding| finding.class == class)
}

pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| rounded(part as f64 / whole as f64))
}

/// Four places: the runs are too few for more, and the same on any machine.
pub(crate) fn rounded(number: f64) -> f64 {
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

/// The lower one of the two in the middle: a figure that some run had.
pub(crate) fn median<T: Copy>(mut values: Vec<T>, order: impl Fn(&T, &T) -> std::cmp::Ordering) -> Option<T> {
    values.sort_by(order);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // Figures of the closed formula, worked out apart with Python's decimal module.
        assert_eq!(wilson(10, 10), Some((0.7225, 1.0)));
        assert_eq!(wilson(0, 10), Some((0.0, 0.2775)));
        assert_eq!(wilson(8, 10), Some((0.4902, 0.9433)));
        assert_eq!(wilson(1, 1), Some((0.2065, 1.0)));
        assert_eq!(wilson(0, 0), None);
    }
}
