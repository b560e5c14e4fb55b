//! Hot loops: threads that stay busy and get nowhere. One file a step: window, candidate, progress, verdict.

mod candidate;
mod outside;
mod progress;
pub mod rule;
mod series;
#[cfg(test)]
mod tests;
mod window;
