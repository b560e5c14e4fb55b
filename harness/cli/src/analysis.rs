//! From a decoded heap to findings: the steps that `run` and `inspect` share.

use std::time::{Duration, Instant};

use bloathound_detect::Thresholds;
use bloathound_detect::fragmentation::{ArenaFacts, FragmentationJudgement, judge};
use bloathound_engine::examine::Examined;
use bloathound_engine::memory_view::MemoryView;
use bloathound_heap::{Dominators, GcReplay, Names, PathFinder, PathTree, ShapeLimits, ShapeTree};

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

/// The arenas of one look in numbers; `None` where they are unknown.
pub(crate) fn arena_facts(examined: &Examined, replay: &GcReplay) -> Option<ArenaFacts> {
    let view = MemoryView::new(examined, &replay.awaiting_collection)?;
    Some(view.facts(&view.census()))
}

/// The fragmentation of one look, against the same process before the load where that is known.
pub(crate) fn fragmentation(
    examined: &Examined,
    replay: &GcReplay,
    before: Option<&ArenaFacts>,
    thresholds: &Thresholds,
) -> FragmentationJudgement {
    let Some(view) = MemoryView::new(examined, &replay.awaiting_collection) else {
        return FragmentationJudgement::default();
    };
    let census = view.census();
    let facts = view.facts(&census);
    let verdict = judge(&facts, before, &[], &thresholds.fragmentation);
    if verdict.findings.is_empty() {
        return verdict;
    }
    // Who pins costs a path for each survivor: asked only where there is something to explain.
    let pins = view.pins(&census, &PathFinder::new(&examined.snapshot));
    judge(&facts, before, &pins.groups, &thresholds.fragmentation)
}

/// Runs `work` and adds the time it took to `sum`.
pub(crate) fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = work();
    *sum += started.elapsed();
    value
}
