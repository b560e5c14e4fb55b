//! A memory dump that a process wrote of itself: read from its lines, and turned into a heap snapshot.

mod build;
mod read;

pub use read::{Dump, DumpFacts};
