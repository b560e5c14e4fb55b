//! Which interpreters scenarios run on: by what the machine has, and by `--python`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use bloathound_vocabulary::RunResults;
use predicates::str::contains;
use support::{bloathound, home_with, root};
use tempfile::TempDir;

const NOWHERE: &str = "/nonexistent/python";

/// The binary on a machine that has no Python 2.7, and of 3 what is named; nobody gates on it.
fn without_27(python3: &Path) -> Command {
    let mut command = bloathound();
    // Nothing is found by PATH, by pyenv or below the home; a variable that names nothing would be a mistake.
    command.env("PATH", "/nonexistent").env("HOME", "/nonexistent").env_remove("BLOATHOUND_PYTHON27");
    command.env("PYENV_ROOT", "/nonexistent").env_remove("CONDA_PREFIX").env("BLOATHOUND_CACHE", "/nonexistent");
    command.env("BLOATHOUND_PYTHON3", python3).env_remove("CI").env_remove("BLOATHOUND_REQUIRE_LIVE");
    command
}

/// A folder with `leak`, for 2.7, and `aio-tasks`, for 3.
fn both() -> TempDir {
    let home = home_with("leak");
    fs::copy(root().join("scenarios/aio-tasks.yaml"), home.path().join("scenarios/aio-tasks.yaml")).unwrap();
    home
}

#[test]
fn where_only_a_3_is_its_scenarios_run_live_and_no_gate_is_content_with_that() {
    let Some(python) = bloathound_testkit::python3("3.13") else { return };
    let home = both();
    let mut command = without_27(&python);
    command.arg("run").arg("--home").arg(home.path());
    let ran = command.assert().success().stderr(contains("left out: 2 runs of services for 2.7: no Python 2.7 here"));
    let told = String::from_utf8_lossy(&ran.get_output().stdout).into_owned();
    assert!(told.contains("aio-tasks 3.13") && told.contains("2 runs: 2 ok"), "{told}");
    assert!(!told.contains("recorded, not live"), "{told}");

    // Named, or gated on, what is lacking is an error.
    for more in [&["leak", "aio-tasks"][..], &["--json", "-"], &["--live"]] {
        let mut command = without_27(&python);
        command.arg("run").args(more).arg("--home").arg(home.path());
        command.assert().code(3).stderr(contains("no CPython 2.7"));
    }
    // Unless somebody says which are meant.
    let mut command = without_27(&python);
    command.args(["run", "--json", "-", "--python", "3.13"]).arg("--home").arg(home.path());
    let ran = command.assert().success();
    let results: RunResults = serde_json::from_slice(&ran.get_output().stdout).unwrap();
    assert_eq!(results.runs.len(), 2);
    assert!(results.runs.iter().all(|run| run.series.as_deref() == Some("3.13")), "{:?}", results.runs);
    assert!(results.host.python.is_some_and(|python| python.starts_with("3.13.")));
}

#[test]
fn where_none_is_it_is_said_what_to_type() {
    let home = both();
    let lacking = |more: &[&str], code: i32| {
        let mut command = without_27(Path::new(NOWHERE));
        command.arg("run").args(more).arg("--home").arg(home.path());
        let ran = command.assert().code(code);
        String::from_utf8_lossy(&ran.get_output().stderr).into_owned()
    };
    assert!(lacking(&["aio-tasks"], 3).contains("BLOATHOUND_PYTHON3 is set to /nonexistent/python"));
    assert!(lacking(&["--json", "-"], 3).contains("no CPython 2.7"));
    assert!(lacking(&["leak", "--python", "3"], 2).contains("none of these runs on what --python says: leak"));
    assert!(lacking(&["--python", NOWHERE], 3).contains(NOWHERE));
    assert!(lacking(&["--python", "4"], 2).contains("a series of 3 such as 3.12"));
}

#[test]
fn list_says_what_runs_on_which() {
    let Some(python) = bloathound_testkit::python3("3.13") else { return };
    let home = both();
    let listed = |python: &Path| {
        let mut command = without_27(python);
        let ran = command.arg("list").arg("--home").arg(home.path()).assert().success();
        String::from_utf8_lossy(&ran.get_output().stdout).into_owned()
    };
    let line = |text: &str, name: &str| {
        text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default().to_owned()
    };
    let here = listed(&python);
    assert!(line(&here, "aio-tasks").contains("3.13."), "{here}");
    assert!(line(&here, "leak").contains("no 2.7"), "{here}");
    assert!(line(&listed(Path::new(NOWHERE)), "aio-tasks").contains("no 3"), "{here}");
}
