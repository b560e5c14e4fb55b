//! Fragmentation: the verdict on a process's arenas, and who keeps the sparse ones.

mod arenas;
mod holes;
mod pins;
mod rule;

pub use arenas::ArenaFacts;
pub use holes::{HeldChunk, HolePin, group_holes};
pub use pins::{ArenaLoad, Holder, PinGroup, PinningBlock, Pins, group_pins, sparse};
pub use rule::{FragmentationJudgement, FragmentationObservation, HOLES, judge};

pub use crate::thresholds::PinLimits;
