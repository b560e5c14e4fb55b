//! Scenarios from end to end: real services, real load, the real binary. The findings are compared with `snapshots/`.
//!
//! Without Python 2.7 these are skipped with a notice; `BLOATHOUND_REQUIRE_LIVE` makes that a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bloathound_report::snapshot::{self, Policy};
use bloathound_score::read_results;
use bloathound_vocabulary::{Outcome, RunResults, Variant};
use support::{Bystander, bloathound, children, home_with, live, root, stat, wait_until};

/// Services at work take whole processors: one run at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// One run of the binary.
struct Ran {
    code: Option<i32>,
    results: RunResults,
    text: String,
    junit: String,
}

impl Ran {
    fn outcome(&self, variant: Variant) -> Outcome {
        let run = self.results.runs.iter().find(|run| run.variant == variant);
        run.unwrap_or_else(|| panic!("no run of that twin:\n{}", self.text)).outcome
    }
}

fn run(arguments: &[&str], home: &Path) -> Ran {
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
fn both_twins_end_as_expected(name: &str) -> Option<Ran> {
    if !live() {
        return None;
    }
    let ran = run(&[name], &root());
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
    Some(ran)
}

/// Neither the detector nor the fix may be missing without the suite noticing.
fn nothing_passes_by_itself(name: &str, detector: &str, module: &str) {
    if !live() {
        return;
    }
    let without = run(&[name, "--variant", "buggy", "--without", detector], &root());
    assert_eq!(without.code, Some(1), "{detector} is off:\n{}", without.text);
    assert!(without.text.contains("missed"), "{}", without.text);
    assert!(without.junit.contains("<failure"), "{}", without.junit);

    let undone = home_with(name);
    let service = undone.path().join("reference-services").join(name);
    fs::copy(service.join(module), service.join("fix").join(module)).unwrap();
    let ran = run(&[name, "--variant", "fixed"], undone.path());
    assert_eq!(ran.code, Some(1), "the fix is undone:\n{}", ran.text);
    assert_eq!(ran.outcome(Variant::Fixed), Outcome::Fail);
    assert!(ran.text.contains("seen") && ran.text.contains("evidence"), "{}", ran.text);

    let applied = home_with(name);
    let service = applied.path().join("reference-services").join(name);
    fs::copy(service.join("fix").join(module), service.join(module)).unwrap();
    let ran = run(&[name, "--variant", "buggy"], applied.path());
    assert!(matches!(ran.code, Some(1 | 4)), "the bug is fixed:\n{}", ran.text);
    assert_ne!(ran.outcome(Variant::Buggy), Outcome::Pass);
}

macro_rules! scenario {
    ($name:ident, $detector:literal, $module:literal) => {
        mod $name {
            use super::*;

            #[test]
            fn ends_as_expected() {
                let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
                both_twins_end_as_expected(stringify!($name));
            }

            #[test]
            fn does_not_pass_by_itself() {
                let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
                nothing_passes_by_itself(stringify!($name), $detector, $module);
            }
        }
    };
}

scenario!(leak, "growth", "model.py");
scenario!(cycles, "cycles", "people.py");
scenario!(fragmentation, "fragmentation", "listing.py");
scenario!(tightloop, "hot-loop", "loops.py");

#[test]
fn the_same_run_twice_finds_the_same() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if !live() {
        return;
    }
    let [one, other] = [(), ()].map(|()| run(&["leak", "--variant", "buggy", "--seed", "7"], &root()));
    assert_eq!(one.code, Some(0), "{}", one.text);
    assert!(one.junit.contains("tests=\"1\"") && one.junit.contains("failures=\"0\""), "{}", one.junit);
    assert_eq!(one.results.runs[0].seed, 7);
    assert_eq!(one.results.without_measurements(), other.results.without_measurements());
    let leak = serde_json::to_value(&one.results.runs[0].findings[0].evidence).unwrap();
    assert_eq!(leak["objects_per_request"], 1000);
}

#[test]
fn a_service_dies_with_a_bloathound_that_was_killed() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if !live() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
    command.args(["run", "leak", "--variant", "buggy"]).current_dir(root()).env("TMPDIR", scratch.path());
    let mut hound = Bystander::start(&mut command).unwrap();
    // In the middle of its work: it is being looked at (`t`), or has used a second of processor time.
    let (service, started) = wait_until("a service at work", Duration::from_secs(300), || {
        assert!(!hound.ended(), "the run ended before its service was seen at work");
        children(hound.pid()).into_iter().find_map(|pid| {
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
            let fields = stat(pid)?;
            let ticks: u64 = fields.get(11)?.parse().ok()?;
            let at_work = fields.first()? == "t" || ticks > 100;
            (line.contains("\0service\0") && at_work).then(|| (pid, fields[19].clone()))
        })
    });
    hound.kill();
    wait_until("the service to be gone", Duration::from_secs(20), || {
        let fields = stat(service);
        // Another process may have its number by now; a zombie waits for whoever inherited it.
        let gone = fields.is_none_or(|fields| fields[19] != started || matches!(fields[0].as_str(), "Z" | "X"));
        gone.then_some(())
    });
}
