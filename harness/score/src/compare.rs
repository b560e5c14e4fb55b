//! What had to be found against what was.

use bloathound_vocabulary::{ExpectedRecord, Finding, MismatchRecord, Outcome, RunRecord, ToggleRecord};

/// Pairs expectations with findings of their class, or of one that it may be told as, the fewest mismatches first, each
/// finding once at most.
///
/// `check` gives the fields of a finding that are not as the expectation with this index wants them; fields of `where`
/// are named `where.…`, and decide whether the bug counts as localised. The class is compared here.
pub fn compare(
    mut expected: Vec<ExpectedRecord>,
    findings: &[Finding],
    check: impl Fn(usize, &Finding) -> Vec<MismatchRecord>,
) -> Vec<ExpectedRecord> {
    let mut pairs = Vec::new();
    for (wanted, expectation) in expected.iter().enumerate() {
        for (index, finding) in findings.iter().enumerate() {
            if finding.class == expectation.class || expectation.also_as.contains(&finding.class) {
                pairs.push((check(wanted, finding), wanted, index));
            }
        }
    }
    pairs.sort_by_key(|(mismatches, wanted, index)| (mismatches.len(), *wanted, *index));
    for expectation in &mut expected {
        expectation.found = false;
        expectation.localised = false;
        expectation.finding = None;
        expectation.mismatches.clear();
    }
    let mut taken = vec![false; findings.len()];
    for (mismatches, wanted, index) in pairs {
        if taken[index] || expected[wanted].found {
            continue;
        }
        taken[index] = true;
        let expectation = &mut expected[wanted];
        expectation.found = true;
        expectation.localised = !mismatches.iter().any(|mismatch| mismatch.field.starts_with("where"));
        expectation.finding = Some(index);
        expectation.mismatches = mismatches;
    }
    expected
}

/// Pass only when the run is valid, every expectation was met in every field and every finding was expected.
///
/// A ledger that disagrees makes a run INVALID, with one exception: where nothing may be found and something was, the
/// twin has the bug (its fix was undone, say), and that is a failure however the ledger puts it.
#[must_use]
pub fn outcome_of(valid: bool, expected: &[ExpectedRecord], findings: usize) -> Outcome {
    if !valid {
        return if expected.is_empty() && findings > 0 { Outcome::Fail } else { Outcome::Invalid };
    }
    let met = expected.iter().all(|expectation| expectation.found && expectation.mismatches.is_empty());
    let paired = expected.iter().filter(|expectation| expectation.finding.is_some()).count();
    if met && paired == findings { Outcome::Pass } else { Outcome::Fail }
}

/// How several runs ended as a whole: as the worst of them. A run that could not be made is worse than a failure, for it
/// says nothing; one that failed is worse than one that is not valid. None is a pass.
#[must_use]
pub fn outcome_of_all(runs: &[RunRecord]) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Pass => 0,
        Outcome::Invalid => 1,
        Outcome::Fail => 2,
        Outcome::Error => 3,
    };
    runs.iter().map(|run| run.outcome).max_by_key(rank).unwrap_or(Outcome::Pass)
}

/// The outcome where a diagnostic was switched: one that lost a request, did not switch or left something behind is a
/// failure however the ledger puts it, since a lost request is missing there too.
#[must_use]
pub fn outcome_with_toggle(outcome: Outcome, toggle: Option<&ToggleRecord>) -> Outcome {
    match toggle {
        Some(toggle) if !toggle.broken.is_empty() => Outcome::Fail,
        // Its figures are judged where the load is known to have happened.
        Some(toggle) if outcome == Outcome::Pass && !toggle.is_as_expected() => Outcome::Fail,
        _ => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use bloathound_vocabulary::Verdict;
    use serde_json::json;

    fn expectation(class: &str) -> ExpectedRecord {
        ExpectedRecord::try_from(json!({ "class": class })).unwrap()
    }

    fn mismatch(field: &str) -> MismatchRecord {
        MismatchRecord { field: field.to_owned(), expected: json!(1), seen: json!(2) }
    }

    #[test]
    fn all_runs_end_as_the_worst_of_them() {
        let of = |outcomes: &[Outcome]| {
            let run = |outcome: &Outcome| RunRecord { outcome: *outcome, ..samples::run_pass() };
            outcome_of_all(&outcomes.iter().map(run).collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), Outcome::Pass);
        assert_eq!(of(&[Outcome::Pass, Outcome::Invalid, Outcome::Pass]), Outcome::Invalid);
        assert_eq!(of(&[Outcome::Fail, Outcome::Invalid]), Outcome::Fail);
        assert_eq!(of(&[Outcome::Invalid, Outcome::Error, Outcome::Fail]), Outcome::Error);
    }

    #[test]
    fn the_finding_that_fits_best_is_taken_and_the_other_is_a_false_alarm() {
        let mut near = samples::leak_finding();
        near.verdict = Verdict::Leaks;
        let findings = [near, samples::leak_finding()];
        let seen = compare(vec![expectation("leak")], &findings, |_, finding| {
            if finding.verdict == Verdict::Leaks { vec![mismatch("where.attribute")] } else { vec![] }
        });
        assert_eq!(seen[0].finding, Some(1));
        assert!(seen[0].found && seen[0].localised);
        assert_eq!(outcome_of(true, &seen, findings.len()), Outcome::Fail);
        assert_eq!(outcome_of(true, &seen, 1), Outcome::Pass);
        assert_eq!(outcome_of(false, &seen, 1), Outcome::Invalid);
    }

    #[test]
    fn a_twin_with_the_bug_fails_whatever_its_ledger_says() {
        assert_eq!(outcome_of(false, &[], 1), Outcome::Fail);
        assert_eq!(outcome_of(false, &[], 0), Outcome::Invalid);
        assert_eq!(outcome_of(true, &[], 0), Outcome::Pass);
    }

    #[test]
    fn a_toggle_that_breaks_something_fails_whatever_the_ledger_says() {
        let good = samples::run_toggle().toggle.unwrap();
        let mut figures = good.clone();
        figures.mismatches = vec![mismatch("toggle.lines_written")];
        let broken = samples::run_toggle_broken().toggle.unwrap();
        for (toggle, when_valid, when_not) in [
            (&good, Outcome::Pass, Outcome::Invalid),
            (&figures, Outcome::Fail, Outcome::Invalid),
            (&broken, Outcome::Fail, Outcome::Fail),
        ] {
            assert_eq!(outcome_with_toggle(outcome_of(true, &[], 0), Some(toggle)), when_valid);
            assert_eq!(outcome_with_toggle(outcome_of(false, &[], 0), Some(toggle)), when_not);
        }
        assert_eq!(outcome_with_toggle(Outcome::Pass, None), Outcome::Pass);
    }

    #[test]
    fn a_wrong_place_is_found_but_not_localised() {
        let findings = [samples::leak_finding()];
        let seen = compare(vec![expectation("leak")], &findings, |_, _| vec![mismatch("where.class")]);
        assert!(seen[0].found && !seen[0].localised);
        assert_eq!(outcome_of(true, &seen, 1), Outcome::Fail);
    }

    #[test]
    fn a_finding_of_another_class_never_counts() {
        let findings = [samples::leak_finding()];
        let seen = compare(vec![expectation("cycle")], &findings, |_, _| vec![]);
        assert!(!seen[0].found);
        assert_eq!(outcome_of(true, &seen, 1), Outcome::Fail);
    }

    #[test]
    fn two_expectations_share_no_finding() {
        let findings = [samples::leak_finding()];
        let both = vec![expectation("leak"), expectation("leak")];
        let seen = compare(both, &findings, |_, _| vec![]);
        assert_eq!((seen[0].found, seen[1].found), (true, false));
    }
}
