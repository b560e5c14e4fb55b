//! Loops that turn beside traffic: what a look at the descriptors says of it, on a live process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed test ends by a panic"
)]

mod support;
#[path = "support/target.rs"]
mod target;

use std::process::Command;

use serde_json::Value;
use support::{bloathound, live, python, root, wait_until};
use target::Target;

/// Looks at one program: on a crowded machine one may see too little, and says so.
const LOOKS_MAX: usize = 6;

/// What is found in one of the programs of the rule's own tests: class and function, of the first look that found anything
/// where something `is_expected`; `None` where there is no Python to look at.
fn found(kind: &str, is_expected: bool) -> Option<Vec<(String, String)>> {
    if !live() {
        return None;
    }
    let script = root().join("harness/detect/tests/scripts/asking.py");
    // What a pipe at its input could bring, nobody knows.
    let quiet = ["-c", "exec \"$0\" \"$@\" </dev/null"];
    let target =
        Target::start(Command::new("sh").args(quiet).arg(python()).arg("-B").arg(script).args([kind, "plain"]));
    let pid = target.pid().to_string();
    let look = || {
        let run = bloathound().args(["hot", &pid, "--seconds", "3", "--json", "-"]).assert().success();
        let report: Value = serde_json::from_slice(&run.get_output().stdout).expect("JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = |finding: &Value| (text(&finding["class"]), text(&finding["where"]["function"]));
        report["findings"].as_array().unwrap().iter().map(told).collect::<Vec<_>>()
    };
    let looks = if is_expected { LOOKS_MAX } else { 1 };
    Some((0..looks).map(|_| look()).find(|found| !found.is_empty()).unwrap_or_default())
}

#[track_caller]
fn is_told(kind: &str, class: &str, function: &str) {
    let Some(found) = found(kind, true) else { return };
    assert_eq!(found, [(class.to_owned(), function.to_owned())], "{kind}");
}

#[test]
fn a_file_that_is_read_at_the_same_place_for_ever_brings_nothing() {
    is_told("same_offset", "hot-loop", "same_offset");
}

#[test]
fn a_line_now_and_then_hides_no_spin() {
    is_told("trickle", "spin", "handle_write");
}

#[test]
fn an_event_loop_that_is_turned_by_hand_is_told_by_who_turns_it() {
    is_told("turned_by_hand", "hot-loop", "turned_by_hand");
}

#[test]
fn files_that_are_read_on_and_requests_that_are_served_are_work() {
    for kind in ["summed_image", "served_by_hand"] {
        let Some(found) = found(kind, false) else { return };
        assert!(found.is_empty(), "{kind}: {found:?}");
    }
}
