//! What the rules that compare looks are given: the shapes of several looks.

use bloathound_detect::{GrowthRound, GrowthUnit, Report, Seen, Thresholds, judge};
use bloathound_heap::ShapeTree;

/// What one look gives to the rules that compare looks.
#[derive(Debug)]
pub(super) struct RoundShapes {
    pub(super) shapes: ShapeTree,
    /// Of the load since the look before.
    pub(super) requests: u64,
}

/// Judges all looks together, by all rules but those in `without`.
pub(super) fn find(
    rounds: &[RoundShapes],
    unit: GrowthUnit,
    without: &[&'static str],
    thresholds: &Thresholds,
) -> Report {
    let rounds: Vec<GrowthRound<'_>> =
        rounds.iter().map(|round| GrowthRound { shapes: &round.shapes, requests: round.requests }).collect();
    judge(&Seen { looks: Some((&rounds, unit)), ..Seen::default() }, without, thresholds)
}
