//! One detection rule per file. Pure: snapshots and profiles in, findings out.
//!
//! Every rule returns findings *and* problems, has its thresholds in [`thresholds`] beside the others, and never claims
//! more than its evidence.

mod cycles;
mod finding;
pub mod fragmentation;
mod frameworks;
mod growth;
mod hot;
mod thresholds;

pub use cycles::{CycleReport, find_cycles};
pub use finding::{
    CycleEvidence, Evidence, Finding, FindingClass, FragmentationEvidence, HotLoopEvidence, LeakEvidence, Location,
    Pin, Problem,
};
pub use frameworks::telling_path_bytes;
pub use growth::{GrowthReport, GrowthRound, GrowthUnit, find_growth};
pub use hot::rule as hot_loop;
pub use hot::rule::{HotObservation, HotObservationKind, HotReport};
pub use thresholds::{FragmentationThresholds, HotLoopThresholds, Thresholds};
