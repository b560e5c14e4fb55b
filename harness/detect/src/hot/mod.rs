//! Hot loops: threads that stay busy and get nowhere. One file a step: window, candidate, progress, verdict.

mod backtracking;
mod bare;
mod candidate;
mod closed;
mod failure;
mod handful;
mod outside;
pub(crate) mod place;
mod progress;
pub mod rule;
pub(crate) mod series;
mod telling;
#[cfg(test)]
mod tests;
pub(crate) mod window;
pub(crate) mod work;
