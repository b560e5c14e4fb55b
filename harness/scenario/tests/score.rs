//! The score: passes, misses, false alarms, wrong places, wrong figures and invalid runs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use bloathound_scenario::{Expectation, FindingView, Outcome, Score, Unmet, Variant, parse, score};
use proptest::prelude::*;
use serde_json::{Value, json};

fn expectations(items: &str) -> Vec<Expectation> {
    let services = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(services.path().join("x")).unwrap();
    std::fs::write(services.path().join("x/service.py"), "").unwrap();
    let yaml = format!(
        "{{name: x, title: x, service: x, load: {{path: /, requests: 1}}, \
         observe: {{growth: {{rounds: 3}}, inspect: {{}}, hot: {{seconds: 1}}}}, \
         buggy: {{expect: {items}, ledger: {{requests: 3}}}}}}"
    );
    let scenario = parse(&yaml, Path::new("x.yaml"), services.path());
    let scenario = scenario.unwrap_or_else(|errors| panic!("{errors}"));
    scenario.variants[&Variant::Buggy].expected.clone()
}

fn leak() -> Value {
    json!({
        "class": "leak", "verdict": "grows-with-requests",
        "where": {
            "module": "model", "class": "DBModel", "attribute": "_field_cache", "file": null,
            "path": ["module model", "DBModel", "_field_cache", "key"]
        },
        "evidence": {"objects_per_request": 1000, "bytes_per_request": 1_600_000, "type": "type"}
    })
}

fn hot(file: &str) -> Value {
    json!({"class": "hot-loop", "verdict": "no-observed-progress",
           "where": {"file": file, "line_first": 12, "line_last": 14}, "evidence": {"unchanging": ["done", "row"]}})
}

fn scored(items: &str, findings: &[Value]) -> (Score, Vec<String>) {
    let expected = expectations(items);
    let views: Vec<FindingView> = findings.iter().map(|finding| FindingView::from_json(finding).unwrap()).collect();
    let score = score(&expected, &views, Vec::new());
    let lines = score.explain(&expected, &views);
    (score, lines)
}

const LEAK: &str = "[{class: leak, verdict: grows-with-requests, \
    where: {module: model, path: [module model, DBModel, _field_cache, key]}, \
    evidence: {objects_per_request: 1000, bytes_per_request: {min: 1000000, max: 2000000}, type: type}}]";

#[test]
fn what_was_expected_and_nothing_else_passes() {
    let (score, lines) = scored(LEAK, &[leak()]);
    assert_eq!(score.outcome, Outcome::Pass);
    assert_eq!(score.matched, [(0, 0)]);
    assert!(lines.is_empty());
}

#[test]
fn nothing_found_is_a_miss() {
    let (score, lines) = scored(LEAK, &[]);
    assert_eq!(score.outcome, Outcome::Fail);
    assert_eq!(score.missed, [0]);
    assert!(lines[0].starts_with("missed: {"), "{lines:?}");
}

#[test]
fn one_object_too_many_fails_with_both_figures() {
    let mut finding = leak();
    finding["evidence"]["objects_per_request"] = json!(1001);
    let (score, lines) = scored(LEAK, &[finding]);
    assert_eq!(score.outcome, Outcome::Fail);
    assert_eq!(score.misjudged.len(), 1);
    assert!(score.missed.is_empty() && score.unexpected.is_empty());
    assert_eq!(lines, ["misjudged: leak", "  evidence.objects_per_request: expected 1000, found 1001"]);
}

#[test]
fn another_path_is_mislocated_not_missed() {
    let mut finding = leak();
    finding["where"]["path"] = json!(["module model", "DBModel"]);
    let (score, lines) = scored(LEAK, &[finding]);
    assert_eq!(score.outcome, Outcome::Fail);
    assert_eq!(score.mislocated.len(), 1);
    assert!(lines[1].contains("where.path"), "{lines:?}");
}

#[test]
fn a_field_that_is_null_or_absent_differs() {
    let (score, _) = scored("[{class: leak, where: {file: model.py}}]", &[leak()]);
    assert_eq!(score.mislocated.len(), 1);
    let (score, _) = scored("[{class: leak, evidence: {rounds: [1]}}]", &[leak()]);
    assert_eq!(score.misjudged[0].differences[0].found, None);
}

#[test]
fn any_finding_that_nobody_expected_is_a_false_alarm() {
    let (score, lines) = scored(LEAK, &[leak(), hot("service.py")]);
    assert_eq!(score.outcome, Outcome::Fail);
    assert_eq!(score.unexpected, [1]);
    assert!(lines[0].starts_with("false alarm: hot-loop"), "{lines:?}");
    // The same bug reported twice is one report too many.
    let (score, _) = scored(LEAK, &[leak(), leak()]);
    assert_eq!(score.outcome, Outcome::Fail);
    assert_eq!((score.matched.len(), score.unexpected.len()), (1, 1));
}

#[test]
fn a_twin_passes_with_no_findings_and_fails_with_one() {
    let expected: Vec<Expectation> = Vec::new();
    assert_eq!(score(&expected, &[], Vec::new()).outcome, Outcome::Pass);
    let view = FindingView::from_json(&leak()).unwrap();
    assert_eq!(score(&expected, &[view], Vec::new()).outcome, Outcome::Fail);
}

#[test]
fn an_unmet_ledger_makes_even_a_perfect_run_invalid() {
    let expected = expectations(LEAK);
    let views = [FindingView::from_json(&leak()).unwrap()];
    let unmet = vec![Unmet { name: "leaked_objects".to_owned(), required: "24000".to_owned(), found: Some(json!(0)) }];
    let score = score(&expected, &views, unmet);
    assert_eq!(score.outcome, Outcome::Invalid);
    assert_eq!(score.explain(&expected, &views), ["the ledger's `leaked_objects` is 0; required: 24000"]);
}

#[test]
fn a_file_is_known_by_the_end_of_its_path() {
    let expectation = "[{class: hot-loop, where: {file: tightloop/service.py}}]";
    let outcome = |file: &str| scored(expectation, &[hot(file)]).0.outcome;
    assert_eq!(outcome("/srv/reference-services/tightloop/service.py"), Outcome::Pass);
    assert_eq!(outcome("tightloop/service.py"), Outcome::Pass);
    assert_eq!(outcome("/srv/nottightloop/service.py"), Outcome::Fail);
    assert_eq!(outcome("/srv/tightloop/service.pyc"), Outcome::Fail);
}

#[test]
fn a_wide_expectation_leaves_room_for_a_narrow_one() {
    // Taken greedily, the first would use up the only finding that the second can have.
    let items = "[{class: leak}, {class: leak, where: {module: model}}]";
    let mut other = leak();
    other["where"]["module"] = json!("views");
    let (score, _) = scored(items, &[leak(), other]);
    assert_eq!(score.outcome, Outcome::Pass);
    assert_eq!(score.matched, [(0, 1), (1, 0)]);
}

#[test]
fn findings_of_no_known_class_are_not_read() {
    assert_eq!(FindingView::from_json(&json!({"class": "mood", "verdict": "x"})), None);
    assert_eq!(FindingView::from_json(&json!({"class": "leak"})), None);
}

proptest! {
    /// Every expectation and every finding is accounted for once, whatever they are, and a pass means
    /// that all of them matched.
    #[test]
    fn nothing_is_lost_or_counted_twice(
        wanted in prop::collection::vec((0..3u8, 0..3u8), 1..6),
        found in prop::collection::vec((0..3u8, 0..3u8), 0..8),
    ) {
        let items: Vec<String> = wanted
            .iter()
            .map(|(module, rate)| format!(
                "{{class: leak, where: {{module: m{module}}}, evidence: {{objects_per_request: {rate}}}}}"
            ))
            .collect();
        let findings: Vec<Value> = found
            .iter()
            .map(|(module, rate)| json!({
                "class": "leak", "verdict": "v", "where": {"module": format!("m{module}")},
                "evidence": {"objects_per_request": rate}
            }))
            .collect();
        let (score, lines) = scored(&format!("[{}]", items.join(", ")), &findings);
        let mismatches = || score.mislocated.iter().chain(&score.misjudged);
        let mut expectations: Vec<usize> = score.matched.iter().map(|pair| pair.0)
            .chain(mismatches().map(|one| one.expectation))
            .chain(score.missed.iter().copied())
            .collect();
        expectations.sort_unstable();
        prop_assert_eq!(expectations, (0..wanted.len()).collect::<Vec<_>>());
        let mut seen: Vec<usize> = score.matched.iter().map(|pair| pair.1)
            .chain(mismatches().map(|one| one.finding))
            .chain(score.unexpected.iter().copied())
            .collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..found.len()).collect::<Vec<_>>());
        // Here a pair matches exactly when it is equal, so the best score is known without matching.
        let mut left = found.clone();
        let mut equal = 0;
        for one in &wanted {
            if let Some(at) = left.iter().position(|other| other == one) {
                left.swap_remove(at);
                equal += 1;
            }
        }
        prop_assert_eq!(score.matched.len(), equal);
        let perfect = equal == wanted.len() && equal == found.len();
        prop_assert_eq!(score.outcome == Outcome::Pass, perfect);
        prop_assert_eq!(lines.is_empty(), perfect);
    }
}
