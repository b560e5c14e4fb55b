//! Fragmentation: the verdict on a process's arenas, and who keeps the sparse ones.

mod pins;
mod rule;

pub use pins::{ArenaLoad, HeldBlock, Holder, PinGroup, PinLimits, Pins, group_pins};
pub use rule::{ARENA_BYTES, ArenaFacts, FragmentationJudgement, FragmentationObservation, judge};
