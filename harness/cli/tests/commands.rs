//! Commands and exit codes, on the real binary: what needs no scenario run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::Duration;

use predicates::prelude::*;
use predicates::str::contains;
use support::{Bystander, bloathound, live, root, wait_until};

/// Folders of `scenarios/`, by the names people type.
fn scenario_names() -> Vec<String> {
    let files = fs::read_dir(root().join("scenarios")).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

/// Which commit it is of, where it was built in a checkout.
#[test]
fn the_version_names_the_commit() {
    let said = bloathound().arg("--version").assert().code(0).get_output().stdout.clone();
    let said = String::from_utf8_lossy(&said).into_owned();
    let words: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(words[..2], ["bloathound", env!("CARGO_PKG_VERSION")], "{said}");
    if let Some(commit) = words.get(2) {
        let commit = commit.trim_matches(['(', ')']);
        assert!(commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{said}");
    }
}

#[test]
fn list_names_every_scenario() {
    let names = scenario_names();
    assert!(names.contains(&"leak".to_owned()));
    let mut assert = bloathound().arg("list").assert().success().stderr("");
    for name in names {
        assert = assert.stdout(contains(format!("  {name} ")));
    }
}

#[test]
fn doctor_says_what_this_machine_can_do() {
    if !live() {
        bloathound().arg("doctor").assert().code(3).stdout(contains("pyenv install 2.7.18"));
        return;
    }
    let here = contains("Python 2.7").and(contains("C compiler")).and(contains("scenarios"));
    bloathound().arg("doctor").assert().success().stdout(here.and(contains("reading")));
}

#[test]
fn a_bad_scenario_file_is_refused_with_file_and_line() {
    let mut refused = 0;
    for entry in fs::read_dir(root().join("scenarios/invalid")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("scenarios")).unwrap();
        fs::copy(&file, home.path().join("scenarios").join(file.file_name().unwrap())).unwrap();
        symlink(root().join("reference-services"), home.path().join("reference-services")).unwrap();
        let command = if refused == 0 { "run" } else { "list" };
        let mut assert = bloathound().arg(command).arg("--home").arg(home.path()).assert().code(2).stdout("");
        for line in fs::read_to_string(file.with_extension("expected")).unwrap().lines() {
            assert = assert.stderr(contains(line));
        }
        refused += 1;
    }
    assert!(refused > 20, "only {refused} bad files were tried");
}

#[test]
fn wrong_usage_is_code_2() {
    let cases: [(&[&str], &str); 7] = [
        (&["run", "leek"], "no scenario `leek`"),
        (&["run", "--partition", "3/2"], "K/N"),
        (&["run", "--variant", "neither"], "neither"),
        (&["run", "--without", "luck"], "luck"),
        (&["run", "--home", "snapshots"], "scenarios"),
        (&["sniff"], "sniff"),
        (&["inspect", "not-a-process"], "not-a-process"),
    ];
    for (arguments, said) in cases {
        bloathound().args(arguments).assert().code(2).stdout("").stderr(contains(said));
    }
}

#[test]
fn what_can_not_be_written_is_code_6_and_a_reader_that_has_gone_is_none() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let list = |out: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
        command.arg("list").current_dir(root()).stdout(out).stderr(Stdio::piped()).output().unwrap()
    };
    let lost = list(full().into());
    assert_eq!(lost.status.code(), Some(6));
    assert!(String::from_utf8_lossy(&lost.stderr).contains("stdout: No space left"), "{lost:?}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(list(writer.into()).status.code(), Some(0));
    // A file in a folder's place is told before anything is looked at.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let run = root().join("snapshots/recorded/tightloop-fixed");
    let mut replay = bloathound();
    replay.arg("replay").arg(run).arg("--json").arg(file.join("results.json"));
    replay.assert().code(6).stdout("").stderr(contains("results.json"));
}

#[test]
fn without_python_2_7_it_says_what_to_type() {
    // What happens without these, `first.rs` has.
    let lines = || contains("pyenv install 2.7.18").and(contains("conda create")).and(contains("docker run"));
    let empty = tempfile::tempdir().unwrap();
    let bare = |command: &mut assert_cmd::Command| {
        command.env("PATH", "").env("HOME", empty.path()).env_remove("PYENV_ROOT").env_remove("CONDA_PREFIX");
    };
    let mut nowhere = bloathound();
    bare(&mut nowhere);
    nowhere
        .args(["run", "leak", "--live"])
        .env_remove("BLOATHOUND_PYTHON27")
        .assert()
        .code(3)
        .stdout("")
        .stderr(lines());
    let mut wrong = bloathound();
    wrong.args(["run", "leak"]).env("BLOATHOUND_PYTHON27", "/nonexistent");
    wrong.assert().code(3).stdout("").stderr(lines().and(contains("BLOATHOUND_PYTHON27 is set to /nonexistent")));
    let mut doctor = bloathound();
    bare(&mut doctor);
    doctor.arg("doctor").env_remove("BLOATHOUND_PYTHON27").assert().code(3).stdout(lines());
}

#[test]
fn a_process_that_is_no_python_is_code_3() {
    let sleeper = Bystander::start(Command::new("sleep").arg("600")).unwrap();
    let said = contains("no Python interpreter").and(contains("CPython 2.7"));
    bloathound().args(["inspect", &sleeper.pid().to_string()]).assert().code(3).stdout("").stderr(said);
}

#[test]
fn the_machines_python_3_is_read_or_refused_by_name() {
    let version = Command::new("python3").args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).output();
    let Some(version) = version.ok().filter(|asked| asked.status.success()) else {
        bloathound_testkit::skip("no python3 on this machine");
        return;
    };
    let series = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    // It waits for input, which ends with the test.
    let script = "import sys; sys.stdin.read()";
    let mut python = Bystander::start(Command::new("python3").args(["-c", script])).unwrap();
    let pid = python.pid();
    // A version manager's python3 is a shell script first: wait until the interpreter itself is there, and waits.
    wait_until("python3 to start", Duration::from_secs(20), || {
        assert!(!python.ended(), "it asked for its version and ran");
        fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default().contains("python3").then_some(())
    });
    support::asleep(pid);
    let mut inspect = bloathound();
    let told = inspect.args(["inspect", &pid.to_string()]).assert();
    if ["3.10", "3.11", "3.12", "3.13"].contains(&series.as_str()) {
        told.success().stdout(contains(format!("CPython {series}.")));
    } else {
        told.code(3).stdout("").stderr(contains("Python 3").and(contains("CPython 2.7")));
    }
}

#[test]
fn a_process_that_has_ended_is_code_3() {
    let mut sleeper = Bystander::start(Command::new("sleep").arg("600")).unwrap();
    let pid = sleeper.pid();
    sleeper.kill();
    bloathound().args(["inspect", &pid.to_string()]).assert().code(3).stdout("").stderr(contains("is gone"));
}

#[test]
fn another_users_process_is_code_3() {
    let said = || contains("may not be read").and(contains("another user"));
    let first = fs::metadata("/proc/1").unwrap();
    let (me, its) = {
        use std::os::unix::fs::MetadataExt;
        (fs::metadata("/proc/self").unwrap().uid(), first.uid())
    };
    if me != its {
        bloathound().args(["inspect", "1"]).assert().code(3).stdout("").stderr(said());
        return;
    }
    // As root: become nobody, from a copy that nobody may run.
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let copy = folder.path().join("bloathound");
    fs::copy(env!("CARGO_BIN_EXE_bloathound"), &copy).unwrap();
    for path in [folder.path(), &copy] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).unwrap();
    }
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let able = Command::new("setpriv").args(nobody).arg(&copy).arg("--version").output();
    if !able.is_ok_and(|output| output.status.success()) {
        bloathound_testkit::cannot("this user owns process 1 and can't become another one (setpriv)");
        return;
    }
    let mut dropped = assert_cmd::Command::new("setpriv");
    dropped.args(nobody).arg(&copy).args(["inspect", "1"]).current_dir("/");
    dropped.assert().code(3).stdout("").stderr(said());
}
