//! CPython 3, against the interpreter itself: what is decoded of one of everything, what a collection takes, where the
//! memory is.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says what it lacks and stops")]

#[path = "../support/mod.rs"]
mod support;

/// Tests that take a series, each for all series that are read.
macro_rules! of_every_series {
    ($($test:ident),+) => {
        crate::of_one_series!(of_3_10, "3.10", $($test),+);
        crate::of_one_series!(of_3_11, "3.11", $($test),+);
        crate::of_one_series!(of_3_12, "3.12", $($test),+);
        crate::of_one_series!(of_3_13, "3.13", $($test),+);
    };
}
macro_rules! of_one_series {
    ($module:ident, $series:literal, $($test:ident),+) => {
        mod $module {
            $(#[test] fn $test() { super::$test($series); })+
        }
    };
}
use {of_every_series, of_one_series};

mod code;
mod collector;
mod frames;
mod hostile;
mod memory;
mod stripped;
mod tasks;
mod type_cache;
mod zoo;
