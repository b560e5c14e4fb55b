//! Detection rules, a folder each. Pure: snapshots and profiles in, findings out.
//!
//! Every rule returns findings *and* problems, is listed in [`RULES`], has its thresholds in [`thresholds`] beside the
//! others, and never claims more than its evidence.

mod cycles;
pub mod fragmentation;
mod growth;
mod hot;
mod registry;
mod spin;
pub mod thresholds;

pub use bloathound_profile::frameworks;
pub use bloathound_vocabulary::{
    CycleEvidence, Evidence, Finding, FindingClass, FragmentationEvidence, HotLoopEvidence, Label, LeakEvidence,
    Location, Pin, Problem, RootKind, SpinEvidence, Verdict,
};
pub use cycles::{CycleReport, find_cycles};
pub use growth::{GrowthReport, GrowthRound, GrowthUnit, find_growth};
pub use hot::rule as hot_loop;
pub use hot::rule::{HotObservation, HotObservationKind, HotReport};
pub use registry::{MemorySeen, Needs, Observation, RULES, Report, Rule, Seen, judge, needs, rule};
pub use thresholds::{
    CycleThresholds, FragmentationThresholds, GrowthThresholds, HotLoopThresholds, SpinThresholds, Thresholds,
};
