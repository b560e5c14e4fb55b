//! The memory layout engine against a real Python 2.7, and against bytes written by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at what must not be")]

mod account;
mod allocators;
mod glibc;
mod synthetic;
mod target;
