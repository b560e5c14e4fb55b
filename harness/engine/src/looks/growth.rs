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
    // What one look takes for the key of a dict and another for data is data in all.
    let alike = ShapeTree::alike(&rounds.iter().map(|round| &round.shapes).collect::<Vec<_>>());
    let rounds: Vec<GrowthRound<'_>> =
        rounds.iter().zip(&alike).map(|(round, shapes)| GrowthRound { shapes, requests: round.requests }).collect();
    judge(&Seen { looks: Some((&rounds, unit)), ..Seen::default() }, without, thresholds)
}
