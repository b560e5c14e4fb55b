//! One detection rule per file. Pure: snapshots and profiles in, findings out.
//!
//! Every rule returns findings *and* problems, has its thresholds in [`thresholds`] beside the others, and never claims
//! more than its evidence.

mod finding;

pub use finding::{
    CycleEvidence, Evidence, Finding, FindingClass, FragmentationEvidence, HotLoopEvidence,
    LeakEvidence, Location, Pin, Problem,
};
