//! From a decoded heap to findings: the steps that `run` and `inspect` share.

use std::time::{Duration, Instant};

use bloathound_detect::{CycleReport, Thresholds, find_cycles};
use bloathound_driver::examine::Examined;
use bloathound_heap::{Dominators, GcReplay, Names, PathTree, ShapeLimits, ShapeTree};

/// What one look gives to the rules that compare looks.
#[derive(Debug)]
pub(crate) struct RoundShapes {
    pub(crate) shapes: ShapeTree,
    pub(crate) requests: u64,
}

/// The shapes of what stays: all objects but those that merely await collection.
pub(crate) fn shapes(examined: &Examined) -> ShapeTree {
    let snapshot = &examined.snapshot;
    let replay = GcReplay::run(snapshot);
    let names = Names::new(snapshot);
    let paths = PathTree::build(snapshot, Some(&replay.awaiting_collection));
    let dominators = Dominators::build(snapshot, Some(&replay.awaiting_collection));
    ShapeTree::build(&names, &paths, Some(&dominators), ShapeLimits::default()).0
}

/// The cycles of one look.
pub(crate) fn cycles(examined: &Examined, thresholds: &Thresholds) -> CycleReport {
    find_cycles(&examined.snapshot, &GcReplay::run(&examined.snapshot), thresholds)
}

/// Runs `work` and adds the time it took to `sum`.
pub(crate) fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = work();
    *sum += started.elapsed();
    value
}
