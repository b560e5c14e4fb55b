//! Runs as SARIF 2.1.0, which code hosts show beside the lines: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>.

use std::collections::BTreeMap;

use bloathound_vocabulary::json::to_json;
use bloathound_vocabulary::{Finding, FindingClass, Outcome, RunRecord, RunResults};
use serde_json::{Value, json};

use crate::{ReportError, ci, describe, sanitize, text};

/// What a run that is not as expected is called as a rule.
const NOT_AS_EXPECTED: &str = "run-not-as-expected";

/// Runs that are not as expected as errors at their scenario's file, and what was found as notes at the place in the
/// source, where it has one. `files` has the file of each scenario, relative to the repository, where that is known.
///
/// # Errors
/// [`ReportError`] when it can't be written as JSON.
pub fn sarif(results: &RunResults, files: &BTreeMap<String, String>) -> Result<String, ReportError> {
    let mut all: Vec<Value> = Vec::new();
    for run in &results.runs {
        all.extend((run.outcome != Outcome::Pass).then(|| failed(run, files.get(&run.scenario))));
        all.extend(run.findings.iter().map(|finding| found(run, finding, files.get(&run.scenario))));
    }
    let classes = FindingClass::ALL.into_iter().map(|class| rule(class.as_str(), &format!("A {class} was found")));
    let rules: Vec<Value> =
        std::iter::once(rule(NOT_AS_EXPECTED, "A run did not end as its scenario expects")).chain(classes).collect();
    Ok(to_json(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Bloathound", "semanticVersion": results.tool.version, "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": all,
        }],
    }))?)
}

fn rule(id: &str, words: &str) -> Value {
    json!({ "id": id, "shortDescription": { "text": format!("{words}.") } })
}

fn clean(text: &str) -> String {
    sanitize::fit(text, 1000)
}

fn failed(run: &RunRecord, file: Option<&String>) -> Value {
    let level = if run.outcome == Outcome::Invalid { "warning" } else { "error" };
    let message = format!("{}: {}. Again: {}", run.title(), ci::why(run), text::again(run));
    let mut result = json!({
        "ruleId": NOT_AS_EXPECTED, "level": level, "message": { "text": clean(&message) },
        "partialFingerprints": { "bloathound/v1": clean(&run.title()) },
    });
    if let Some(file) = file {
        result["locations"] = json!([place(file, 1, 1)]);
    }
    result
}

fn found(run: &RunRecord, finding: &Finding, scenario: Option<&String>) -> Value {
    let is_expected = !run.unexpected().any(|one| std::ptr::eq(one, finding));
    let (first, rest) = describe::paragraph::told(finding);
    let message = format!("{}: {first} {rest}", run.title());
    let mut result = json!({
        "ruleId": finding.class.as_str(), "level": if is_expected { "note" } else { "error" },
        "message": { "text": clean(message.trim_end()) },
        "partialFingerprints": { "bloathound/v1": clean(&finding.fingerprint) },
    });
    let at = &finding.location;
    let first = at.line_first.or(at.line_last);
    let located = match (at.file.as_ref().filter(|file| !file.starts_with('/')), first, scenario) {
        (Some(file), Some(first), _) => Some(place(file, first, at.line_last.unwrap_or(first))),
        (_, _, Some(file)) => Some(place(file, 1, 1)),
        _ => None,
    };
    if let Some(located) = located {
        result["locations"] = json!([located]);
    }
    result
}

/// A line of a file below the root of the repository.
fn place(file: &str, first: u32, last: u32) -> Value {
    let mut uri = String::new();
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    let first = first.max(1);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri, "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": first, "endLine": last.max(first) },
    } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_failure_stands_at_its_scenario_and_what_was_expected_is_a_note() {
        let results = samples::mixed_results();
        let name = results.runs.iter().find(|run| run.outcome == Outcome::Fail).unwrap().scenario.clone();
        let files = BTreeMap::from([(name, "scenarios/a file.yaml".to_owned())]);
        let file: Value = serde_json::from_str(&sarif(&results, &files).unwrap()).unwrap();
        let all = file["runs"][0]["results"].as_array().unwrap();
        let failed = results.runs.iter().filter(|run| run.outcome != Outcome::Pass).count();
        let of =
            |rule: &str, level: &str| all.iter().filter(|one| one["ruleId"] == rule && one["level"] == level).count();
        assert_eq!(of(NOT_AS_EXPECTED, "error") + of(NOT_AS_EXPECTED, "warning"), failed);
        assert!(
            of("leak", "note") > 0 && all.iter().any(|one| one["level"] == "error" && one["ruleId"] == "leak"),
            "{file:#}"
        );
        assert!(file.to_string().contains("scenarios/a%20file.yaml"));
    }
}
