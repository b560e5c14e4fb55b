//! What the rule for growth is given: the shapes of several looks.

use bloathound_detect::{GrowthReport, GrowthRound, GrowthUnit, Thresholds, find_growth};
use bloathound_heap::ShapeTree;

/// What one look gives to the rule that compares looks.
#[derive(Debug)]
pub(super) struct RoundShapes {
    pub(super) shapes: ShapeTree,
    /// Of the load since the look before.
    pub(super) requests: u64,
}

/// Judges all looks together.
pub(super) fn find(rounds: &[RoundShapes], unit: GrowthUnit, thresholds: &Thresholds) -> GrowthReport {
    let rounds: Vec<GrowthRound<'_>> =
        rounds.iter().map(|round| GrowthRound { shapes: &round.shapes, requests: round.requests }).collect();
    find_growth(&rounds, unit, thresholds)
}
