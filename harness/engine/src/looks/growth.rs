//! What the rules that compare looks are given: the shapes of several looks.

use std::borrow::Cow;

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

/// The shapes of all looks: what one takes for the key of a dict and another for data is data in all.
pub(super) fn alike(looks: &[RoundShapes]) -> Vec<Cow<'_, ShapeTree>> {
    ShapeTree::alike(&looks.iter().map(|round| &round.shapes).collect::<Vec<_>>())
}

/// As the rules take them, with the shapes that [`alike`] gave.
pub(super) fn rounds<'t>(looks: &[RoundShapes], alike: &'t [Cow<'_, ShapeTree>]) -> Vec<GrowthRound<'t>> {
    let with = |(round, shapes): (&RoundShapes, &'t Cow<'_, ShapeTree>)| GrowthRound {
        shapes,
        requests: round.requests,
        work: round.work,
    };
    looks.iter().zip(alike).map(with).collect()
}

/// Judges all looks together, by all rules but those in `without`.
pub(super) fn find(
    looks: &[RoundShapes],
    unit: GrowthUnit,
    without: &[&'static str],
    thresholds: &Thresholds,
) -> Report {
    let alike = alike(looks);
    judge(&Seen { looks: Some((&rounds(looks, &alike), unit)), ..Seen::default() }, without, thresholds)
}
