//! Compares what was found with what had to be found. Pure.

use serde_json::Value;

use crate::ledger::Unmet;
use crate::matcher::{Matcher, Scalar, lookup};
use crate::model::{Expectation, FindingClass};

/// A finding as the results show it (the contract's `FINDING`), whatever rule made it.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingView {
    /// The class.
    pub class: FindingClass,
    /// The verdict.
    pub verdict: String,
    /// The contract's `where`: an object; absent and null fields are the same.
    pub place: Value,
    /// The contract's `evidence`: an object.
    pub evidence: Value,
}

impl FindingView {
    /// Reads a finding out of the results JSON; none if it has no known class or no verdict.
    #[must_use]
    pub fn from_json(finding: &Value) -> Option<Self> {
        Some(Self {
            class: FindingClass::from_word(finding.get("class")?.as_str()?)?,
            verdict: finding.get("verdict")?.as_str()?.to_owned(),
            place: finding.get("where").cloned().unwrap_or(Value::Null),
            evidence: finding.get("evidence").cloned().unwrap_or(Value::Null),
        })
    }
}

/// How a run came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything expected was found as expected, and nothing else.
    Pass,
    /// A bug missed, misplaced or misjudged, or a false alarm.
    Fail,
    /// The bug did not happen, so the run says nothing.
    Invalid,
}

impl Outcome {
    /// The word in the results: `pass`, `fail`, `invalid`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Invalid => "invalid",
        }
    }
}

/// A field in which a finding isn't what was expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// `verdict`, `where.path`, `evidence.rounds`.
    pub field: String,
    /// What was expected, in words.
    pub expected: String,
    /// What was found; none if the finding has no such field.
    pub found: Option<Value>,
}

/// An expectation and the finding of its class that comes nearest to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// Index into the expectations.
    pub expectation: usize,
    /// Index into the findings.
    pub finding: usize,
    /// Where they differ; never empty.
    pub differences: Vec<Difference>,
}

/// The score of one run. Every index stands in one of the lists only, and no list has one twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The outcome.
    pub outcome: Outcome,
    /// Pairs of an expectation and the finding that meets it.
    pub matched: Vec<(usize, usize)>,
    /// Expectations whose class was found, but in another place (and perhaps with other figures).
    pub mislocated: Vec<Mismatch>,
    /// Expectations found in the right place with another verdict or other figures.
    pub misjudged: Vec<Mismatch>,
    /// Expectations with no finding of their class left.
    pub missed: Vec<usize>,
    /// Findings that nobody expected: false alarms.
    pub unexpected: Vec<usize>,
    /// Conditions of the ledger that weren't met; not empty exactly when the outcome is invalid.
    pub unmet: Vec<Unmet>,
}

/// Scores the findings of one run.
///
/// Each finding can meet one expectation. As many expectations as possible are met; what is left is
/// paired class by class with what comes nearest, so that a failure can say what differs.
#[must_use]
pub fn score(expected: &[Expectation], findings: &[FindingView], unmet: Vec<Unmet>) -> Score {
    let differences: Vec<Vec<Option<Vec<Difference>>>> = expected
        .iter()
        .map(|expectation| findings.iter().map(|finding| compare(expectation, finding)).collect())
        .collect();
    let matched = match_most(&differences, findings.len());
    let mut open: Vec<usize> =
        (0..expected.len()).filter(|index| !matched.iter().any(|(taken, _)| taken == index)).collect();
    let mut unexpected: Vec<usize> =
        (0..findings.len()).filter(|index| !matched.iter().any(|(_, taken)| taken == index)).collect();
    let (mut mislocated, mut misjudged) = (Vec::new(), Vec::new());
    while let Some(mismatch) = nearest_pair(&open, &unexpected, &differences) {
        open.retain(|index| *index != mismatch.expectation);
        unexpected.retain(|index| *index != mismatch.finding);
        let elsewhere = mismatch.differences.iter().any(|difference| difference.field.starts_with("where."));
        if elsewhere {
            mislocated.push(mismatch);
        } else {
            misjudged.push(mismatch);
        }
    }
    let clean = open.is_empty() && unexpected.is_empty() && mislocated.is_empty() && misjudged.is_empty();
    let outcome = match (unmet.is_empty(), clean) {
        (false, _) => Outcome::Invalid,
        (true, true) => Outcome::Pass,
        (true, false) => Outcome::Fail,
    };
    Score { outcome, matched, mislocated, misjudged, missed: open, unexpected, unmet }
}

/// The fields in which the two differ; none for different classes, which are never paired.
fn compare(expectation: &Expectation, finding: &FindingView) -> Option<Vec<Difference>> {
    if expectation.class != finding.class {
        return None;
    }
    let mut differences = Vec::new();
    if let Some(verdict) = &expectation.verdict
        && *verdict != finding.verdict
    {
        differences.push(Difference {
            field: "verdict".to_owned(),
            expected: verdict.clone(),
            found: Some(Value::String(finding.verdict.clone())),
        });
    }
    for (name, matcher) in &expectation.place {
        let found = finding.place.get(name).filter(|value| !value.is_null());
        let matches = |found| match *name {
            "file" => same_file(matcher, found),
            _ => matcher.matches(found),
        };
        if !found.is_some_and(matches) {
            differences.push(Difference {
                field: format!("where.{name}"),
                expected: matcher.to_string(),
                found: found.cloned(),
            });
        }
    }
    for (name, matcher) in &expectation.evidence {
        let found = lookup(&finding.evidence, name).filter(|value| !value.is_null());
        if !found.is_some_and(|found| matcher.matches(found)) {
            differences.push(Difference {
                field: format!("evidence.{name}"),
                expected: matcher.to_string(),
                found: found.cloned(),
            });
        }
    }
    Some(differences)
}

/// A file is known by the end of its path: where the services lie differs between machines.
fn same_file(matcher: &Matcher, found: &Value) -> bool {
    let Matcher::Exact(Scalar::Text(expected)) = matcher else {
        return matcher.matches(found);
    };
    found.as_str().is_some_and(|found| {
        found
            .strip_suffix(expected.as_str())
            .is_some_and(|before| before.is_empty() || before.ends_with('/') || expected.starts_with('/'))
    })
}

/// As many pairs without a difference as there can be (augmenting paths), sorted.
fn match_most(differences: &[Vec<Option<Vec<Difference>>>], finding_count: usize) -> Vec<(usize, usize)> {
    let mut taken_by: Vec<Option<usize>> = vec![None; finding_count];
    for expectation in 0..differences.len() {
        let mut tried = vec![false; finding_count];
        augment(expectation, differences, &mut taken_by, &mut tried);
    }
    let mut matched: Vec<(usize, usize)> =
        taken_by.into_iter().enumerate().filter_map(|(finding, expectation)| Some((expectation?, finding))).collect();
    matched.sort_unstable();
    matched
}

/// Finds the expectation a finding, moving others to another one if need be. The depth is bounded by
/// the number of expectations in a file.
fn augment(
    expectation: usize,
    differences: &[Vec<Option<Vec<Difference>>>],
    taken_by: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for finding in 0..taken_by.len() {
        let fits = differences[expectation][finding].as_ref().is_some_and(Vec::is_empty);
        if !fits || tried[finding] {
            continue;
        }
        tried[finding] = true;
        let free = match taken_by[finding] {
            None => true,
            Some(other) => augment(other, differences, taken_by, tried),
        };
        if free {
            taken_by[finding] = Some(expectation);
            return true;
        }
    }
    false
}

fn nearest_pair(open: &[usize], left: &[usize], differences: &[Vec<Option<Vec<Difference>>>]) -> Option<Mismatch> {
    let pairs = open.iter().flat_map(|expectation| left.iter().map(move |finding| (*expectation, *finding)));
    let (_, expectation, finding) = pairs
        .filter_map(|(expectation, finding)| {
            let count = differences[expectation][finding].as_ref()?.len();
            Some((count, expectation, finding))
        })
        .min()?;
    Some(Mismatch { expectation, finding, differences: differences[expectation][finding].clone().unwrap_or_default() })
}

impl Score {
    /// What went wrong, a line each, for people; empty for a pass.
    #[must_use]
    pub fn explain(&self, expected: &[Expectation], findings: &[FindingView]) -> Vec<String> {
        if !self.unmet.is_empty() {
            return self.unmet.iter().map(ToString::to_string).collect();
        }
        let mut lines = Vec::new();
        for index in &self.missed {
            if let Some(expectation) = expected.get(*index) {
                lines.push(format!("missed: {}", expectation.to_json()));
            }
        }
        for (word, mismatches) in [("mislocated", &self.mislocated), ("misjudged", &self.misjudged)] {
            for mismatch in mismatches {
                let class = expected.get(mismatch.expectation).map(|one| one.class.as_str());
                lines.push(format!("{word}: {}", class.unwrap_or_default()));
                lines.extend(mismatch.differences.iter().map(|difference| {
                    let found = difference.found.as_ref();
                    format!(
                        "  {}: expected {}, found {}",
                        difference.field,
                        difference.expected,
                        found.map_or_else(|| "nothing".to_owned(), Value::to_string)
                    )
                }));
            }
        }
        for index in &self.unexpected {
            if let Some(finding) = findings.get(*index) {
                lines.push(format!("false alarm: {} {} at {}", finding.class, finding.verdict, finding.place));
            }
        }
        lines
    }
}
