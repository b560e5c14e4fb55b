//! The scenarios of CPython 3 from end to end, as `scenarios.rs` has those of 2.7: the newest series that is read in full.
//!
//! Without a CPython 3.13 these are skipped with a notice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::sync::{Mutex, PoisonError};

use bloathound_vocabulary::{Outcome, Variant};
use support::home_with;
use support::ran::{both_twins_end_as_expected, nothing_passes_by_itself, run, without_its_detector};

/// Services at work take whole processors: one run at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The options that run a scenario on that interpreter, whatever else this machine has.
fn on_3(then: impl FnOnce(&[&str])) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(python) = bloathound_testkit::python3("3.13") else { return };
    then(&["--python", python.to_str().expect("a path that is text")]);
}

macro_rules! scenario {
    ($test:ident, $name:literal, $detector:literal, $module:literal) => {
        mod $test {
            use super::*;

            #[test]
            fn ends_as_expected() {
                on_3(|options| both_twins_end_as_expected($name, options));
            }

            #[test]
            fn does_not_pass_by_itself() {
                on_3(|options| nothing_passes_by_itself($name, $detector, $module, options));
            }
        }
    };
}

scenario!(aio_leak, "aio-leak", "growth", "registry.py");
scenario!(aio_tasks, "aio-tasks", "growth", "notes.py");
scenario!(aio_exception, "aio-exception", "growth", "failures.py");
scenario!(aio_freeze, "aio-freeze", "garbage", "memory.py");
scenario!(aio_fragmentation, "aio-fragmentation", "fragmentation", "listing.py");
scenario!(aio_tightloop, "aio-tightloop", "hot-loop", "loops.py");
scenario!(aio_never_awaits, "aio-never-awaits", "hot-loop", "loops.py");
scenario!(twisted_leak, "twisted-leak", "growth", "model.py");

/// Here the twins differ by a release of Twisted alone.
mod twisted_canceller {
    use super::*;

    const NAME: &str = "twisted-canceller";

    #[test]
    fn ends_as_expected() {
        on_3(|options| both_twins_end_as_expected(NAME, options));
    }

    #[test]
    fn does_not_pass_by_itself() {
        on_3(|options| {
            without_its_detector(NAME, "garbage", options);
            for (variant, expected) in [("buggy", Variant::Buggy), ("fixed", Variant::Fixed)] {
                let swapped = home_with(NAME);
                let locks = swapped.path().join("scenarios/twisted-3");
                let other = if variant == "buggy" { "fixed" } else { "buggy" };
                let lock = |which: &str| locks.join(format!("canceller-{which}.lock"));
                fs::copy(lock(other), lock(variant)).unwrap();
                let ran = run(&[&[NAME, "--variant", variant], options].concat(), swapped.path());
                assert!(matches!(ran.code, Some(1 | 4)), "{variant} on the other release:\n{}", ran.text);
                assert_ne!(ran.outcome(expected), Outcome::Pass);
            }
        });
    }
}
