//! Floors: what scores may not fall under, committed beside the rules they were measured with.

use std::collections::BTreeMap;

use bloathound_vocabulary::{FindingClass, RunResults, ScoreRecord};
use serde::{Deserialize, Serialize};

use crate::error::ScoreError;

/// The floors of one suite.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    /// Hash of the thresholds, word lists and rules they were measured with.
    pub rules: String,
    /// By class.
    pub classes: BTreeMap<FindingClass, Floor>,
}

/// What the score of one class has to reach.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// Bugs that were there, at least: a case that is gone can't be found any more, and is no success.
    pub cases: u64,
    /// Runs without such a bug, at least.
    pub clean_runs: u64,
    /// Share of the bugs that is found, at least; not there without cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<f64>,
    /// Share of the bugs found whose place is right, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_place: Option<f64>,
    /// Findings that no bug accounts for, at most.
    #[serde(default)]
    pub false_alarms: u64,
}

/// A score below its floor.
#[derive(Clone, PartialEq, Debug)]
pub struct BelowFloor {
    /// Whose; `None` where the floors are of other rules.
    pub class: Option<FindingClass>,
    /// Class, score and floor in a sentence.
    pub message: String,
}

impl Floors {
    /// Reads floors.
    ///
    /// # Errors
    /// [`ScoreError::Floors`] with the place in the file.
    pub fn read(name: &str, yaml: &str) -> Result<Self, ScoreError> {
        serde_yaml::from_str(yaml).map_err(|source| ScoreError::Floors { name: name.to_owned(), source })
    }

    /// The scores of these results as floors.
    #[must_use]
    pub fn of(results: &RunResults) -> Self {
        let floor = |score: &ScoreRecord| Floor {
            cases: score.expected,
            clean_runs: score.clean_runs,
            recall: score.recall,
            right_place: score.localisation,
            false_alarms: score.false_alarms,
        };
        let classes = results.scores.iter().map(|(class, score)| (*class, floor(score))).collect();
        Self { rules: results.rules.clone().unwrap_or_default(), classes }
    }

    /// As a file has them, with a head that says what it is.
    ///
    /// # Errors
    /// None that is known of: the writer has to be able to say so.
    pub fn to_yaml(&self) -> Result<String, ScoreError> {
        let text = serde_yaml::to_string(self)
            .map_err(|source| ScoreError::Floors { name: "the floors".to_owned(), source })?;
        Ok(format!(
            "# What scores may not fall under: `bloathound run … --floors FILE` exits by 1 where one does. Written by\n\
             # `--write-floors FILE`; read the difference before you keep it. `rules` is the hash of all thresholds, word\n\
             # lists and rules: with others the scores have to be measured anew.\n{text}"
        ))
    }

    /// Every score that is below its floor; empty when all hold.
    #[must_use]
    pub fn below(&self, results: &RunResults) -> Vec<BelowFloor> {
        let mut below = Vec::new();
        let rules = results.rules.as_deref().unwrap_or("unknown");
        if rules != self.rules {
            below.push(BelowFloor {
                class: None,
                message: format!(
                    "the floors were measured with the rules {}, these results with {}: thresholds, words or rules have \
                     changed. Measure anew, with seeds drawn after the change was committed, and write new floors \
                     (--write-floors)",
                    short(&self.rules),
                    short(rules)
                ),
            });
        }
        for (class, floor) in &self.classes {
            let none = ScoreRecord::default();
            let score = results.scores.get(class).unwrap_or(&none);
            let mut say = |message: String| below.push(BelowFloor { class: Some(*class), message });
            let mut at_least = |what: &str, seen: Option<f64>, floor: Option<f64>| {
                if let Some(floor) = floor
                    && seen.is_none_or(|seen| seen < floor)
                {
                    let seen = seen.map_or_else(|| "nothing".to_owned(), |seen| format!("{seen:.4}"));
                    say(format!("{class}: {what} is {seen}, the floor {floor:.4}"));
                }
            };
            at_least("recall", score.recall, floor.recall);
            at_least("right place", score.localisation, floor.right_place);
            let mut count = |what: &str, seen: u64, floor: u64| {
                if seen < floor {
                    say(format!("{class}: {seen} {what}, the floor is {floor}"));
                }
            };
            count("bugs happened", score.expected, floor.cases);
            count("runs without such a bug", score.clean_runs, floor.clean_runs);
            if score.false_alarms > floor.false_alarms {
                say(format!("{class}: {} false alarms, at most {} may be", score.false_alarms, floor.false_alarms));
            }
        }
        // A class that the floors don't know may not cry wolf either.
        for (class, score) in results.scores.iter().filter(|(class, _)| !self.classes.contains_key(class)) {
            if score.false_alarms > 0 {
                let message =
                    format!("{class}: {} false alarms, and the floors know no such class", score.false_alarms);
                below.push(BelowFloor { class: Some(*class), message });
            }
        }
        below
    }
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn results(runs: Vec<bloathound_vocabulary::RunRecord>) -> RunResults {
        let mut results = samples::results(runs);
        results.rules = Some("a".repeat(64));
        results
    }

    fn messages(floors: &Floors, results: &RunResults) -> Vec<String> {
        floors.below(results).into_iter().map(|one| one.message).collect()
    }

    #[test]
    fn a_suite_holds_its_own_floors_and_they_are_read_as_written() {
        let good = results(vec![samples::run_pass(), samples::run_cycle()]);
        let floors = Floors::of(&good);
        assert_eq!(messages(&floors, &good), [] as [&str; 0]);
        assert_eq!(Floors::read("floors.yaml", &floors.to_yaml().unwrap()).unwrap(), floors);
    }

    #[test]
    fn a_miss_a_false_alarm_and_a_case_that_is_gone_are_told_by_class_score_and_floor() {
        let floors = Floors::of(&results(vec![samples::run_pass(), samples::run_cycle()]));
        let missed = results(vec![samples::run_missed(), samples::run_cycle()]);
        assert_eq!(
            messages(&floors, &missed),
            ["leak: recall is 0.0000, the floor 1.0000", "leak: right place is nothing, the floor 1.0000"]
        );
        let gone = results(vec![samples::run_cycle()]);
        assert!(messages(&floors, &gone).contains(&"leak: 0 bugs happened, the floor is 1".to_owned()));
        let alarmed = results(vec![samples::run_pass(), samples::run_false_alarm(), samples::run_cycle()]);
        assert_eq!(messages(&floors, &alarmed), ["leak: 1 false alarms, at most 0 may be"]);
    }

    #[test]
    fn floors_of_other_rules_hold_for_nothing() {
        let floors = Floors::of(&results(vec![samples::run_pass()]));
        let mut other = results(vec![samples::run_pass()]);
        other.rules = Some("b".repeat(64));
        let below = floors.below(&other);
        assert_eq!(below.len(), 1);
        assert!(below[0].message.contains("with the rules aaaaaaaaaaaa, these results with bbbbbbbbbbbb"));
    }

    #[test]
    fn a_file_that_says_more_than_is_known_is_refused_with_its_place() {
        let error = Floors::read("floors.yaml", "rules: x\nclasses:\n  leak: {cases: 1, clean_runs: 1, recal: 1}\n");
        let message = error.unwrap_err().to_string();
        assert!(message.starts_with("floors.yaml: ") && message.contains("recal"), "{message}");
    }
}
