//! What the rules that compare looks are given: the shapes of several looks.

use bloathound_detect::{GrowthRound, GrowthUnit, Report, Seen, Thresholds, Work, judge};
use bloathound_heap::ShapeTree;

/// What one look gives to the rules that compare looks.
#[derive(Debug)]
pub(super) struct RoundShapes {
    pub(super) shapes: ShapeTree,
    /// Of the load since the look before.
    pub(super) requests: u64,
    /// What the process had done by then.
    pub(super) work: Work,
}

/// As the rules take them.
pub(super) fn rounds(rounds: &[RoundShapes]) -> Vec<GrowthRound<'_>> {
    rounds
        .iter()
        .map(|round| GrowthRound { shapes: &round.shapes, requests: round.requests, work: round.work })
        .collect()
}

/// Judges all looks together, by all rules but those in `without`.
pub(super) fn find(
    looks: &[RoundShapes],
    unit: GrowthUnit,
    without: &[&'static str],
    thresholds: &Thresholds,
) -> Report {
    judge(&Seen { looks: Some((&rounds(looks), unit)), ..Seen::default() }, without, thresholds)
}
