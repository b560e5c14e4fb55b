//! Pauses at their worst moment, by the real binary on real processes: whoever asked for one is stopped, killed or
//! starved, somebody else wants one too, or the target would take it for an error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod budget;
mod foretold;
mod gaps;
mod interrupting;
mod turns;

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/target.rs"]
mod target;

// What `target` expects of the program it is in.
use support::{bloathound, wait_until};
