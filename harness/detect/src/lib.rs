//! Detection rules, a folder each. Pure: snapshots and profiles in, findings out.
//!
//! Every rule returns findings *and* problems, is listed in [`RULES`], has its thresholds in [`thresholds`] beside the
//! others, and never claims more than its evidence.

mod cycles;
pub mod fragmentation;
mod garbage;
mod growth;
mod hash;
mod hot;
mod native;
mod registry;
pub mod series;
mod spin;
pub mod thresholds;

pub use bloathound_profile::frameworks;
pub use bloathound_vocabulary::{
    CycleEvidence, Evidence, Finding, FindingClass, FragmentationEvidence, GarbageEvidence, Grade, HotLoopEvidence,
    Label, LeakEvidence, Location, NativeMemoryEvidence, ObservationRecord, Pin, Problem, RootKind, SpinEvidence,
    Verdict,
};
pub use cycles::{CycleReport, find_cycles};
pub use garbage::{GarbageReport, find_garbage};
pub use growth::{
    Counter, Counts, GrowthReport, GrowthRound, GrowthUnit, LastLook, Odometer, Values, Work, find_growth,
    find_growth_below_limits, place_of, rising,
};
pub use hash::rules_hash;
pub use hot::rule as hot_loop;
pub use hot::rule::{HotJudgement, HotObservation, HotObservationKind};
pub use native::{NativeReport, find_native_memory, settle, settle_unexplained};
pub use registry::{MemorySeen, Needs, Observation, RULES, Report, Rule, Seen, judge, needs, rule};
pub use thresholds::{
    CycleThresholds, FragmentationThresholds, GarbageThresholds, GrowthThresholds, HotLoopThresholds, NativeThresholds,
    SeriesThresholds, SpinThresholds, Thresholds,
};
