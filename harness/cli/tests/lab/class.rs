//! A class at once, and what is killed half-way.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use bloathound_testkit::Owned;

use super::support::{bloathound, live, root, stat, wait_until};
use super::{STARTED, Started, marked};

/// Learners at once; `BLOATHOUND_TEST_LEARNERS=20` for a class.
fn learners() -> usize {
    std::env::var("BLOATHOUND_TEST_LEARNERS").ok().and_then(|count| count.parse().ok()).unwrap_or(6)
}

#[test]
fn a_class_at_once_gets_in_nobodys_way() {
    if !live() {
        return;
    }
    let class = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..learners()).map(|number| format!("learner {number}")).collect();
    let started: Vec<Started> =
        names.iter().map(|name| Started::new("telemetry", &class.path().join(name), name, "class")).collect();
    let running: Vec<(u32, u16)> = started.iter().map(Started::running).collect();
    let pids: BTreeSet<u32> = running.iter().map(|(pid, _)| *pid).collect();
    let ports: BTreeSet<u16> = running.iter().map(|(_, port)| *port).collect();
    assert_eq!((pids.len(), ports.len()), (names.len(), names.len()), "{running:?}");
    let services: BTreeSet<String> =
        started.iter().map(|one| fs::read_to_string(one.folder.join("service.py")).unwrap()).collect();
    assert!(services.len() + 1 >= names.len(), "{} of {} services differ", services.len(), names.len());
    let told = bloathound().args(["lab", "report"]).arg(class.path()).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains(&format!("{} labs begun, 0 passed", names.len())), "{told}");
    drop(started);
    wait_until("the end of a class", STARTED, || marked("class").is_empty().then_some(()));
}

#[test]
fn killed_half_way_it_leaves_nothing_running() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut started = Started::new("telemetry", folder.path(), "killed", "killed");
    let (pid, _) = started.running();
    started.child.kill().unwrap();
    started.child.wait().unwrap();
    wait_until("the end of the service", STARTED, || marked("killed").is_empty().then_some(()));
    // Its environment goes before it does, and whoever is to bury it may not have done so yet.
    wait_until("the service to be gone", STARTED, || {
        stat(pid).is_none_or(|fields| matches!(fields[0].as_str(), "Z" | "X")).then_some(())
    });
    // What it left is believed by nobody.
    let mut look = bloathound();
    look.args(["lab", "look", "telemetry", "--folder"]).arg(folder.path());
    look.assert().code(2).stderr(predicates::str::contains("does not run"));
    // A check is killed at several moments, while services of its own run.
    for milliseconds in [400, 1200, 2500] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
        command.args(["lab", "check", "telemetry", "--folder"]).arg(folder.path()).current_dir(root());
        command.env("BLOATHOUND_LAB_TEST", "killed").stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = Owned::from(command.spawn().unwrap());
        let more = Duration::from_millis(milliseconds);
        let begun = std::time::Instant::now();
        wait_until("a moment to kill it at", STARTED, || {
            (begun.elapsed() >= more || child.try_wait().unwrap().is_some()).then_some(())
        });
        let _ = child.kill();
        child.wait().unwrap();
        wait_until("the end of all it had started", STARTED, || marked("killed").is_empty().then_some(()));
    }
}
