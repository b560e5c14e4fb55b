//! What a scenario wants to be found, held against what was found.

use bloathound_report::json::compare;
use bloathound_report::json::{ClassName, ExpectedRecord, FindingRecord, MismatchRecord};
use bloathound_scenario::{Expectation, Matcher, Scenario, lookup};
use serde_json::Value;

use crate::names::class_name;

/// What had to be found, and what became of it.
pub(crate) fn held_against(expectations: &[Expectation], findings: &[FindingRecord]) -> Vec<ExpectedRecord> {
    compare(
        expectations.iter().filter_map(|one| ExpectedRecord::try_from(one.to_json()).ok()).collect(),
        findings,
        |index, finding| expectations.get(index).map_or_else(Vec::new, |wanted| mismatches(wanted, finding)),
    )
}

pub(crate) fn looked_for(scenario: &Scenario) -> Vec<ClassName> {
    scenario.observe.classes().into_iter().map(class_name).collect()
}

/// The fields of a finding that are not as the scenario wants them.
fn mismatches(wanted: &Expectation, finding: &FindingRecord) -> Vec<MismatchRecord> {
    let seen = serde_json::to_value(finding).unwrap_or_default();
    let mut found = Vec::new();
    let mut check = |field: String, expected: Value, value: Option<&Value>, matches: bool| {
        if !matches {
            found.push(MismatchRecord { field, expected, seen: value.cloned().unwrap_or(Value::Null) });
        }
    };
    if let Some(verdict) = &wanted.verdict {
        let is_it = *verdict == finding.verdict;
        check("verdict".into(), Value::from(verdict.as_str()), seen.get("verdict"), is_it);
    }
    let place = wanted.place.iter().map(|(name, matcher)| ("where", *name, matcher));
    let evidence = wanted.evidence.iter().map(|(name, matcher)| ("evidence", name.as_str(), matcher));
    let fields: Vec<(&str, &str, &Matcher)> = place.chain(evidence).collect();
    for (part, name, matcher) in fields {
        let value = seen.get(part).and_then(|fields| lookup(fields, name));
        let matches = value.is_some_and(|value| matcher.matches(value) || (name == "file" && ends_so(matcher, value)));
        check(format!("{part}.{name}"), matcher.to_json(), value, matches);
    }
    found
}

/// A scenario names a file by the end of its path: where the checkout is does not matter.
pub(super) fn ends_so(matcher: &Matcher, file: &Value) -> bool {
    let path = file.as_str().unwrap_or_default();
    path.match_indices('/').any(|(at, _)| matcher.matches(&Value::from(&path[at + 1..])))
}
