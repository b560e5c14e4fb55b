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
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use support::ran::{both_twins_end_as_expected, nothing_passes_by_itself, run};
use support::{Bystander, children, live, root, stat, wait_until};

/// Services at work take whole processors: one run at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

macro_rules! scenario {
    ($name:ident, $detector:literal, $module:literal) => {
        mod $name {
            use super::*;

            #[test]
            fn ends_as_expected() {
                let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
                if live() {
                    both_twins_end_as_expected(stringify!($name), &[]);
                }
            }

            #[test]
            fn does_not_pass_by_itself() {
                let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
                if live() {
                    nothing_passes_by_itself(stringify!($name), $detector, $module, &[]);
                }
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
