//! The gate: is what was measured now worse than what was measured before, by more than the figure ever wobbled?

use bloathound_vocabulary::{HistoryLine, Measurement};

use crate::{Key, Series, change_points, median, quartiles, series};

/// What is not more than this is no change: figures of the same build differ by less than an eighth of it (0.11 %, `shapes`; most by
/// a hundredth).
pub const SHIFT_MIN: f64 = 0.01;
/// Rows that a spread is taken of, at most: the last ones.
const ROWS_MAX: usize = 50;
/// With fewer rows a spread says nothing, or spans a step: 1 % alone decides.
const ROWS_FOR_SPREAD: usize = 8;

/// Which figure of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StageFigure {
    /// Instructions an object.
    Instructions,
    /// Bytes an object at the peak.
    Bytes,
}

impl StageFigure {
    /// Both that are gated.
    pub const ALL: [Self; 2] = [Self::Instructions, Self::Bytes];

    /// The figure of a row, where it was measured.
    #[must_use]
    pub fn of(self, row: &Measurement) -> Option<f64> {
        match self {
            Self::Instructions => row.instructions,
            Self::Bytes => row.bytes,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Instructions => "instructions an object",
            Self::Bytes => "peak bytes an object",
        }
    }
}

/// What the gate says of one figure of one stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// As before.
    Same,
    /// More than 1 % and above what it ever was: the gate fails.
    Worse,
    /// More than 1 % less.
    Better,
    /// Nothing to compare with.
    Unknown,
}

/// A figure held against its history.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// The series.
    pub key: Key,
    /// Which figure.
    pub figure: StageFigure,
    /// What is said of it.
    pub outcome: Outcome,
    /// What was measured.
    pub now: f64,
    /// The median of what it is compared with; 0 without any.
    pub before: f64,
    /// Rows that it is compared with.
    pub rows: usize,
    /// The commits to blame: after this one, up to that one. The first is empty where nothing is known.
    pub commits: (String, String),
}

impl Judgement {
    /// The change as a share: 0.02 is 2 % more.
    #[must_use]
    pub fn shift(&self) -> f64 {
        if self.before == 0.0 { 0.0 } else { self.now / self.before - 1.0 }
    }
}

/// Holds rows measured now against the history; rows of the same commit in the history are left out.
#[must_use]
pub fn judge(history: &[HistoryLine], now: &[Measurement]) -> Vec<Judgement> {
    let known = series(history);
    let nothing = Series::default();
    let mut found = Vec::new();
    for row in now {
        let key = Key::of(row);
        let of_key = known.get(&key).unwrap_or(&nothing);
        for figure in StageFigure::ALL {
            if let Some(value) = figure.of(row) {
                found.push(judge_figure(&key, figure, of_key, (value, &row.commit)));
            }
        }
    }
    found
}

fn judge_figure(key: &Key, figure: StageFigure, series: &Series<'_>, (now, commit): (f64, &str)) -> Judgement {
    let compared = comparable(series, figure, commit);
    let values: Vec<f64> = compared.iter().map(|(value, _)| *value).collect();
    let last = compared.last().map_or_else(String::new, |(_, row)| row.commit.clone());
    let before = median(&values).unwrap_or_default();
    Judgement {
        key: key.clone(),
        figure,
        outcome: outcome(&values, now),
        now,
        before,
        rows: values.len(),
        commits: (last, commit.to_owned()),
    }
}

/// The rows since the last change point or acceptance, at most [`ROWS_MAX`]. A step below [`SHIFT_MIN`] is none: counts
/// are exact enough for steps of a millionth.
fn comparable<'h>(series: &Series<'h>, figure: StageFigure, commit: &str) -> Vec<(f64, &'h Measurement)> {
    let kept = series.rows.iter().skip(series.accepted_from());
    let mut rows: Vec<(f64, &Measurement)> =
        kept.filter(|row| row.commit != commit).filter_map(|row| figure.of(row).map(|value| (value, *row))).collect();
    let values: Vec<f64> = rows.iter().map(|(value, _)| *value).collect();
    let mut from = 0;
    for change in change_points(&values) {
        let (before, after) = (median(&values[from..change.at]), median(&values[change.at..]));
        if before.zip(after).is_some_and(|(before, after)| (after / before - 1.0).abs() > SHIFT_MIN) {
            from = change.at;
        }
    }
    rows.drain(..from.max(rows.len().saturating_sub(ROWS_MAX)));
    rows
}

fn outcome(before: &[f64], now: f64) -> Outcome {
    let Some(quartiles) = quartiles(before) else { return Outcome::Unknown };
    let beyond = before.len() < ROWS_FOR_SPREAD || now > quartiles.far_out();
    if now > quartiles.median * (1.0 + SHIFT_MIN) && beyond {
        Outcome::Worse
    } else if now < quartiles.median * (1.0 - SHIFT_MIN) {
        Outcome::Better
    } else {
        Outcome::Same
    }
}

#[cfg(test)]
mod tests {
    use bloathound_vocabulary::{Acceptance, MachineKind};
    use proptest::prelude::*;

    use super::*;

    fn row(commit: usize, instructions: f64) -> Measurement {
        Measurement {
            commit: format!("c{commit}"),
            date: "2026-11-27T00:00:00Z".into(),
            input: "generated 100k".into(),
            input_hash: "ab".into(),
            stage: "decode".into(),
            objects: 100_000,
            instructions: Some(instructions),
            bytes: None,
            allocations: None,
            wall_ratio: None,
            machine: MachineKind { processor: "one".into(), ..MachineKind::default() },
        }
    }

    fn history(values: &[f64]) -> Vec<HistoryLine> {
        values.iter().enumerate().map(|(commit, value)| HistoryLine::Measured(row(commit, *value))).collect()
    }

    fn accepted(stage: Option<&str>) -> HistoryLine {
        HistoryLine::Accepted(Acceptance {
            commit: "c".into(),
            date: "2026-11-27T00:00:00Z".into(),
            input: None,
            stage: stage.map(str::to_owned),
            reason: "it reads more".into(),
        })
    }

    fn one(history: &[HistoryLine], now: f64) -> Judgement {
        judge(history, &[row(99, now)]).remove(0)
    }

    #[test]
    fn one_percent_alone_decides_with_few_rows_and_names_the_commits() {
        let history = history(&[100.0, 100.1]);
        assert_eq!(one(&history, 101.0).outcome, Outcome::Same);
        let worse = one(&history, 101.2);
        assert_eq!(worse.outcome, Outcome::Worse);
        assert_eq!(worse.commits, ("c1".into(), "c99".into()));
        assert_eq!(one(&history, 98.0).outcome, Outcome::Better);
        assert_eq!(one(&[], 98.0).outcome, Outcome::Unknown);
    }

    #[test]
    fn with_eight_rows_what_it_always_wobbled_by_is_no_alarm() {
        // Quartiles 99 and 101, so the fence is at 107.
        let wobbling = history(&[99.0, 101.0, 99.0, 101.0, 99.0, 101.0, 99.0, 101.0]);
        assert_eq!(one(&wobbling, 106.9).outcome, Outcome::Same);
        assert_eq!(one(&wobbling, 107.1).outcome, Outcome::Worse);
        let steady = history(&[100.0; 8]);
        assert_eq!(one(&steady, 101.1).outcome, Outcome::Worse);
    }

    #[test]
    fn what_was_before_a_step_or_an_acceptance_does_not_count() {
        let mut values = vec![90.0; 9];
        values.extend([100.0; 9]);
        let judged = one(&history(&values), 100.5);
        assert_eq!((judged.outcome, judged.rows), (Outcome::Same, 9));
        assert_eq!(one(&history(&values), 102.0).outcome, Outcome::Worse);

        let mut lines = history(&[100.0; 3]);
        lines.push(accepted(Some("paths")));
        assert_eq!(one(&lines, 110.0).outcome, Outcome::Worse, "of another stage");
        lines.push(accepted(Some("decode")));
        assert_eq!(one(&lines, 110.0).outcome, Outcome::Unknown);
        lines.push(HistoryLine::Measured(row(7, 110.0)));
        assert_eq!(one(&lines, 110.0).outcome, Outcome::Same);
    }

    #[test]
    fn other_machines_and_the_commit_itself_do_not_count() {
        let mut lines = history(&[100.0]);
        let mut now = row(99, 120.0);
        now.machine.processor = "another".into();
        assert_eq!(judge(&lines, &[now])[0].outcome, Outcome::Unknown);
        lines.push(HistoryLine::Measured(row(99, 120.0)));
        assert_eq!(one(&lines, 120.0).outcome, Outcome::Worse);
    }

    proptest! {
        #[test]
        fn noise_of_counts_never_alarms_and_two_percent_always_does(
            noise in prop::collection::vec(-0.0006..0.0006f64, 1..40), last in -0.0006..0.0006f64, level in 1.0..1e5f64,
        ) {
            let values: Vec<f64> = noise.iter().map(|part| level * (1.0 + part)).collect();
            let lines = history(&values);
            prop_assert_eq!(one(&lines, level * (1.0 + last)).outcome, Outcome::Same);
            prop_assert_eq!(one(&lines, level * (1.02 + last)).outcome, Outcome::Worse);
        }
    }
}
