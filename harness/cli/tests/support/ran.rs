//! One run of the binary on scenarios of the checkout, and what has to hold of every scenario with a bug and a fix.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_report::snapshot::{self, Policy};
use bloathound_score::read_results;
use bloathound_vocabulary::{Outcome, RunResults, Variant};

use super::{bloathound, home_with, root};

/// One run of the binary.
pub struct Ran {
    pub code: Option<i32>,
    pub results: RunResults,
    pub text: String,
    pub junit: String,
}

impl Ran {
    pub fn outcome(&self, variant: Variant) -> Outcome {
        let run = self.results.runs.iter().find(|run| run.variant == variant);
        run.unwrap_or_else(|| panic!("no run of that twin:\n{}", self.text)).outcome
    }
}

pub fn run(arguments: &[&str], home: &Path) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let (json, junit) = (folder.path().join("results.json"), folder.path().join("junit.xml"));
    let mut command = bloathound();
    command.arg("run").args(arguments).arg("--home").arg(home);
    command.arg("--json").arg(&json).arg("--junit").arg(&junit);
    let output = command.timeout(Duration::from_secs(600)).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let written = fs::read_to_string(&json).unwrap_or_else(|_| panic!("{:?}, no results:\n{text}", output.status));
    let results = read_results("results.json", &written).unwrap();
    Ran { code: output.status.code(), results, text, junit: fs::read_to_string(&junit).unwrap() }
}

/// Both twins end as expected, and the findings are those of `snapshots/NAME/`.
pub fn both_twins_end_as_expected(name: &str, options: &[&str]) {
    let ran = run(&[&[name], options].concat(), &root());
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert_eq!(ran.results.runs.len(), 2, "{}", ran.text);
    for run in &ran.results.runs {
        let variant = match run.variant {
            Variant::Buggy => "buggy",
            Variant::Fixed => "fixed",
        };
        let yaml = snapshot::yaml(&run.findings, &Policy::from_expected(&run.expected)).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root().join("snapshots").join(name));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(variant, yaml));
    }
}

/// Neither the detector nor the fix may be missing without the suite noticing.
pub fn nothing_passes_by_itself(name: &str, detector: &str, module: &str, options: &[&str]) {
    let given = |more: &[&'static str]| [&[name], options, more].concat();
    without_its_detector(name, detector, options);
    let undone = home_with(name);
    let service = service_of(name, undone.path());
    fs::copy(service.join(module), service.join("fix").join(module)).unwrap();
    let ran = run(&given(&["--variant", "fixed"]), undone.path());
    assert_eq!(ran.code, Some(1), "the fix is undone:\n{}", ran.text);
    assert_eq!(ran.outcome(Variant::Fixed), Outcome::Fail);
    assert!(ran.text.contains("seen") && ran.text.contains("evidence"), "{}", ran.text);

    let applied = home_with(name);
    let service = service_of(name, applied.path());
    fs::copy(service.join("fix").join(module), service.join(module)).unwrap();
    let ran = run(&given(&["--variant", "buggy"]), applied.path());
    assert!(matches!(ran.code, Some(1 | 4)), "the bug is fixed:\n{}", ran.text);
    assert_ne!(ran.outcome(Variant::Buggy), Outcome::Pass);
}

/// Without the detector the bug is missed.
pub fn without_its_detector(name: &str, detector: &str, options: &[&str]) {
    let without = run(&[&[name, "--variant", "buggy", "--without", detector], options].concat(), &root());
    assert_eq!(without.code, Some(1), "{detector} is off:\n{}", without.text);
    assert!(without.text.contains("missed"), "{}", without.text);
    assert!(without.junit.contains("<failure"), "{}", without.junit);
}

/// The folder of a scenario's service, by its file.
fn service_of(name: &str, home: &Path) -> PathBuf {
    let scenario = fs::read_to_string(home.join("scenarios").join(format!("{name}.yaml"))).unwrap();
    let service = scenario.lines().find_map(|line| line.strip_prefix("service: ")).unwrap();
    home.join("reference-services").join(service)
}
