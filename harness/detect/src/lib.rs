//! One detection rule per file. Pure: snapshots and profiles in, findings out.
//!
//! Every rule returns findings *and* problems, has its thresholds in [`thresholds`] beside the others, and never claims
//! more than its evidence.

mod cycles;
pub mod fragmentation;
mod fragmentation_pins;
mod growth;
mod hot_candidate;
mod hot_event_loops;
mod hot_judge;
pub mod hot_loop;
mod hot_outside;
mod hot_series;
#[cfg(test)]
mod hot_tests;
mod hot_window;
mod thresholds;

pub use bloathound_vocabulary::{
    CycleEvidence, Evidence, Finding, FindingClass, FragmentationEvidence, HotLoopEvidence, Label, LeakEvidence,
    Location, Pin, Problem, RootKind, Verdict,
};
pub use cycles::{CycleReport, find_cycles};
pub use growth::{GrowthReport, GrowthRound, GrowthUnit, find_growth};
pub use hot_event_loops::telling_path_bytes;
pub use hot_loop::{HotObservation, HotObservationKind, HotReport};
pub use thresholds::{FragmentationThresholds, HotLoopThresholds, Thresholds};
