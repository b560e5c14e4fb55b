//! What the tool takes and what it opens: memory where there is little, and files that are none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod files;
mod groups;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/target.rs"]
mod target;

use support::{bloathound, wait_until};
