//! CPython 3, against the interpreter itself: what is decoded of one of everything, what a collection takes, where the
//! memory is.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test says what it lacks and stops")]

#[path = "../support/mod.rs"]
mod support;

mod code;
mod collector;
mod frames;
mod hostile;
mod memory;
mod zoo;
