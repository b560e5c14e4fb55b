//! What a scenario wants to be found, held against what was found.

use std::collections::BTreeMap;

use bloathound_scenario::{Expectation, Matcher, Told, lookup};
use bloathound_vocabulary::{ExpectedRecord, Finding, MismatchRecord, ObservationRecord, ToldRecord};
use serde_json::Value;

use crate::compare::compare;

/// What had to be found, and what became of it.
#[must_use]
pub fn held_against(expectations: &[Expectation], findings: &[Finding]) -> Vec<ExpectedRecord> {
    // One record for each, in their order: `compare` speaks of them by their index.
    compare(expectations.iter().map(expected_record).collect(), findings, |index, finding| {
        expectations.get(index).map_or_else(Vec::new, |wanted| mismatches(wanted, finding))
    })
}

fn expected_record(wanted: &Expectation) -> ExpectedRecord {
    ExpectedRecord {
        class: wanted.class,
        also_as: wanted.also_as.clone(),
        verdict: wanted.verdict,
        location: wanted.place.iter().map(|(name, matcher)| ((*name).to_owned(), matcher.to_json())).collect(),
        evidence: wanted.evidence.iter().map(|(name, matcher)| (name.clone(), matcher.to_json())).collect(),
        found: false,
        localised: false,
        finding: None,
        mismatches: Vec::new(),
    }
}

/// What had to be told, and which observation of the class comes nearest to it.
#[must_use]
pub fn told_against(wanted: &[Told], observations: &[ObservationRecord]) -> Vec<ToldRecord> {
    let held = |told: &Told| {
        let of_class = observations.iter().enumerate().filter(|(_, seen)| seen.class == told.class);
        let compared = of_class.map(|(index, seen)| {
            let seen = serde_json::to_value(seen).unwrap_or_default();
            (fields_that_differ(&seen, &told.place, &told.evidence), index)
        });
        let nearest = compared.min_by_key(|(mismatches, index)| (mismatches.len(), *index));
        let (mismatches, observation) = nearest.map_or((Vec::new(), None), |(some, index)| (some, Some(index)));
        ToldRecord {
            class: told.class.clone(),
            location: told.place.iter().map(|(name, matcher)| ((*name).to_owned(), matcher.to_json())).collect(),
            evidence: told.evidence.iter().map(|(name, matcher)| (name.clone(), matcher.to_json())).collect(),
            observation,
            mismatches,
        }
    };
    wanted.iter().map(held).collect()
}

/// The fields of a finding that are not as the scenario wants them.
#[must_use]
pub fn mismatches(wanted: &Expectation, finding: &Finding) -> Vec<MismatchRecord> {
    let seen = serde_json::to_value(finding).unwrap_or_default();
    let mut found = Vec::new();
    if let Some(verdict) = wanted.verdict.filter(|verdict| *verdict != finding.verdict) {
        found.push(MismatchRecord {
            field: "verdict".into(),
            expected: Value::from(verdict.as_str()),
            seen: Value::from(finding.verdict.as_str()),
        });
    }
    found.extend(fields_that_differ(&seen, &wanted.place, &wanted.evidence));
    found
}

/// The fields of `where` and `evidence` that are not as wanted.
pub(crate) fn fields_that_differ(
    seen: &Value,
    place: &BTreeMap<&'static str, Matcher>,
    evidence: &BTreeMap<String, Matcher>,
) -> Vec<MismatchRecord> {
    let mut found = Vec::new();
    let place = place.iter().map(|(name, matcher)| ("where", *name, matcher));
    let evidence = evidence.iter().map(|(name, matcher)| ("evidence", name.as_str(), matcher));
    let fields: Vec<(&str, &str, &Matcher)> = place.chain(evidence).collect();
    for (part, name, matcher) in fields {
        let names = (part == "where" && name == "names").then(|| names_in(seen.get(part)));
        let value = names.as_ref().or_else(|| seen.get(part).and_then(|fields| lookup(fields, name)));
        let matches = value.is_some_and(|value| matcher.matches(value) || (name == "file" && ends_so(matcher, value)));
        if !matches {
            found.push(MismatchRecord {
                field: format!("{part}.{name}"),
                expected: matcher.to_json(),
                seen: value.cloned().unwrap_or(Value::Null),
            });
        }
    }
    found
}

/// Every name that stands in a place, whichever field it is in: what a person reads, and can search the source for.
fn names_in(place: Option<&Value>) -> Value {
    fn collect(value: &Value, names: &mut Vec<Value>) {
        match value {
            Value::String(text) => {
                let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
                names.extend(words.map(Value::from));
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, names)),
            _ => {}
        }
    }
    let mut names = Vec::new();
    place.iter().for_each(|place| collect(place, &mut names));
    Value::Array(names)
}

/// A scenario names a file by the end of its path: where the checkout is does not matter.
pub(crate) fn ends_so(matcher: &Matcher, file: &Value) -> bool {
    let path = file.as_str().unwrap_or_default();
    path.match_indices('/').any(|(at, _)| matcher.matches(&Value::from(&path[at + 1..])))
}

#[cfg(test)]
mod tests {
    use bloathound_scenario::{FindingClass, Scalar};
    use bloathound_vocabulary::ObservationClass;

    use super::*;

    #[test]
    fn every_expectation_has_its_own_record_in_its_own_place() {
        let wanted = |class, number: usize| Expectation {
            class,
            also_as: Vec::new(),
            verdict: None,
            place: BTreeMap::new(),
            evidence: BTreeMap::from([(number.to_string(), Matcher::Exact(Scalar::Integer(7)))]),
        };
        let classes: Vec<FindingClass> = FindingClass::ALL.into_iter().chain(FindingClass::ALL).collect();
        let expectations: Vec<Expectation> =
            classes.iter().enumerate().map(|(number, class)| wanted(*class, number)).collect();
        let records = held_against(&expectations, &[]);
        assert_eq!(records.len(), expectations.len());
        for (number, (record, class)) in records.iter().zip(classes).enumerate() {
            let evidence: Vec<&String> = record.evidence.keys().collect();
            assert_eq!((record.class, evidence), (class, vec![&number.to_string()]));
        }
    }

    #[test]
    fn an_observation_is_told_where_its_class_and_its_figures_are_as_wanted() {
        let bounded =
            |limit: u64| ObservationRecord::new(ObservationClass::Bounded, "a buffer".into()).with("limit", limit);
        let wanted = |class: &str, limit: i64| Told {
            class: class.to_owned(),
            place: BTreeMap::new(),
            evidence: BTreeMap::from([("limit".to_owned(), Matcher::Exact(Scalar::Integer(limit)))]),
        };
        let seen = [bounded(7), bounded(20)];
        let held = told_against(&[wanted("bounded", 20), wanted("bounded", 8), wanted("kept-by-design", 7)], &seen);
        assert_eq!(held.iter().map(ToldRecord::is_met).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!((held[0].observation, held[1].observation, held[2].observation), (Some(1), Some(0), None));
        assert_eq!(held[1].mismatches[0].field, "evidence.limit");
    }
}
