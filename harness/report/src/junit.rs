//! JUnit XML, as CI servers read it.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::{ReportError, describe, sanitize, text};
use bloathound_vocabulary::{Finding, Outcome, RunRecord, RunResults};

/// A suite a scenario and traffic, a test case a variant; of results that are partial one more, which says why, as an error. A failed
/// run is a failure, an INVALID one and one that could not be made are errors: neither a pass nor a miss. Where a variant
/// ran with several seeds, the seed is in the name.
///
/// # Errors
/// When the XML writer gives up.
pub fn junit(results: &RunResults) -> Result<String, ReportError> {
    let mut report = Report::new("bloathound");
    let mut scenarios: BTreeMap<String, Vec<&RunRecord>> = BTreeMap::new();
    for run in &results.runs {
        scenarios.entry(run.name()).or_default().push(run);
    }
    let mut total = Duration::ZERO;
    for (scenario, runs) in scenarios {
        let mut suite = TestSuite::new(sanitize::line(&scenario).as_ref());
        let mut time = Duration::ZERO;
        for run in &runs {
            let alone = runs.iter().filter(|other| other.variant == run.variant).count() == 1;
            suite.add_test_case(test_case(run, alone));
            time = time.saturating_add(duration(run));
        }
        suite.set_time(time);
        total = total.saturating_add(time);
        report.add_test_suite(suite);
    }
    report.set_time(total);
    // Runs that were not made are no success of whatever reads only this file.
    if let Some(partial) = &results.partial {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("PARTIAL").set_message(sanitize::line(&partial.why).as_ref());
        let mut suite = TestSuite::new("bloathound");
        suite.add_test_case(TestCase::new("all runs were made", status));
        report.add_test_suite(suite);
    }
    Ok(without_skipped_of_all(&report.to_string()?))
}

/// Jenkins' schema knows `skipped` of a suite and not of all suites together. We never skip: nothing is lost.
fn without_skipped_of_all(xml: &str) -> String {
    let attribute = |all: &str| all.find(" skipped=\"").map(|from| (from, from + " skipped=\"".len()));
    let found = xml.find("<testsuites").and_then(|start| {
        let end = start + xml[start..].find('>')?;
        let (from, value) = attribute(&xml[start..end])?;
        let close = xml[start + value..end].find('"')?;
        Some((start + from, start + value + close + 1))
    });
    match found {
        Some((from, to)) => [&xml[..from], &xml[to..]].concat(),
        None => xml.to_owned(),
    }
}

fn duration(run: &RunRecord) -> Duration {
    Duration::try_from_secs_f64(run.seconds).unwrap_or_default()
}

fn test_case(run: &RunRecord, alone: bool) -> TestCase {
    let status = match run.outcome {
        Outcome::Error => {
            let why = run.error.as_ref().map_or("the run could not be made", |error| &error.why);
            not_passed(run, NonSuccessKind::Error, "ERROR", why.to_owned())
        }
        Outcome::Pass => TestCaseStatus::success(),
        Outcome::Fail => not_passed(run, NonSuccessKind::Failure, "expectation", failure_line(run)),
        Outcome::Invalid => {
            let reason = run.invalid_because.clone().unwrap_or_else(|| "the bug did not happen".to_owned());
            not_passed(run, NonSuccessKind::Error, "INVALID", reason)
        }
    };
    let name =
        if alone { run.variant.as_str().to_owned() } else { format!("{} (seed {})", run.variant.as_str(), run.seed) };
    let mut case = TestCase::new(name, status);
    case.set_classname(sanitize::line(&run.name()).as_ref());
    case.set_time(duration(run));
    let said = |finding: &Finding| {
        let summary = Some(finding.summary.as_str()).filter(|summary| !summary.is_empty());
        let lines = [Some(describe::sentence(finding)), summary.map(str::to_owned)];
        lines.into_iter().flatten().map(|line| sanitize::line(&line).into_owned()).collect::<Vec<_>>()
    };
    let mut found: Vec<String> = run.findings.iter().flat_map(said).collect();
    for phase in run.toggle.iter().flat_map(|toggle| &toggle.phases) {
        let line = format!("{}: {}", phase.phase, describe::toggle::phase(phase));
        found.push(sanitize::line(&line).into_owned());
    }
    if !found.is_empty() {
        case.set_system_out(found.join("\n"));
    }
    case
}

fn not_passed(run: &RunRecord, kind: NonSuccessKind, word: &str, message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(word)
        .set_message(sanitize::line(&message).as_ref())
        .set_description(text::Page::default().printing(|| text::failure(run, false)));
    status
}

fn failure_line(run: &RunRecord) -> String {
    let lines = describe::failures(run);
    match lines.split_first() {
        Some((first, [])) => first.clone(),
        Some((first, rest)) => format!("{first} (and {} more)", rest.len()),
        None => "not as expected".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn one_of_everything() {
        insta::assert_snapshot!(junit(&samples::mixed_results()).unwrap());
    }

    #[test]
    fn all_suites_together_have_no_attribute_that_jenkins_does_not_know() {
        let xml = junit(&samples::mixed_results()).unwrap();
        let all = xml.lines().find(|line| line.contains("<testsuites")).unwrap();
        let names: Vec<&str> = all.split_whitespace().filter_map(|word| word.split_once('=')).map(|(n, _)| n).collect();
        let known = ["name", "time", "tests", "failures", "disabled", "errors"];
        assert!(!names.is_empty() && names.iter().all(|name| known.contains(name)), "{all}");
        assert!(xml.lines().any(|line| line.contains("<testsuite ") && line.contains("skipped=")), "{xml}");
    }

    #[test]
    fn a_toggle_tells_its_phases_and_what_is_broken() {
        let xml = junit(&samples::results(vec![samples::run_toggle(), samples::run_toggle_broken()])).unwrap();
        assert!(xml.contains("off again: 150 of 150 answered, 300/s, p50 6.1 ms, p99 9.2 ms"), "{xml}");
        assert!(xml.contains("message=\"on: 149 of 150 requests were answered"), "{xml}");
    }

    #[test]
    fn a_run_that_could_not_be_made_is_an_error_with_what_the_service_said() {
        let xml = junit(&samples::results(vec![samples::run_error()])).unwrap();
        assert!(xml.contains("errors=\"1\""), "{xml}");
        assert!(xml.contains("<error message=\"the service `leak` ended during the run"), "{xml}");
        assert!(xml.contains("type=\"ERROR\"") && xml.contains("MemoryError: &lt;no&gt; more"), "{xml}");
    }

    #[test]
    fn hostile_names_stay_text() {
        let xml = junit(&samples::results(vec![samples::run_hostile()])).unwrap();
        assert!(!xml.contains("<script>"), "{xml}");
        assert!(!xml.chars().any(|c| sanitize::is_hostile(c) && c != '\n'), "{xml}");
    }

    #[test]
    fn seeds_tell_apart_what_a_name_does_not() {
        let mut other = samples::run_pass();
        other.seed = 9;
        let xml = junit(&samples::results(vec![samples::run_pass(), other])).unwrap();
        assert!(xml.contains("name=\"buggy (seed 1)\"") && xml.contains("name=\"buggy (seed 9)\""));
    }
}
