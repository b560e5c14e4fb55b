//! Loops whose whole state is in sight, and comes back: nothing is left by which they could end.

use bloathound_profile::{Frame, ValueHash};

use super::candidate::Candidate;
use super::series::{Motion, Series};
use super::window::Window;
use crate::thresholds::HotLoopThresholds;
use crate::thresholds::fixed::COMES_BACK_SHARE_MIN;

/// True where a loop that has no effect but on its own variables takes these back to what they were, to the very same
/// objects, time and again: what it does follows from its state alone, and that has no other way to go.
pub(crate) fn comes_back(window: &Window<'_>, candidate: &Candidate<'_>, limits: &HotLoopThresholds) -> bool {
    // An attribute may be a function in disguise.
    let calls = || window.samples.iter().any(|sample| sample.stack.0.len() > candidate.depth + 1);
    if !candidate.found.is_pure || candidate.found.writes.is_empty() || calls() {
        return false;
    }
    let limits = HotLoopThresholds { recurring_fraction_min: COMES_BACK_SHARE_MIN, ..*limits };
    // One by one: of two that change as fast as they are read, one is seldom whole beside the other.
    candidate.found.writes.iter().all(|write| {
        let variable = |frame: &&Frame| {
            let variables = &frame.detail.as_ref()?.variables;
            let value = variables.iter().find(|one| one.name == write.target.name)?.value.as_ref()?;
            Some(if value.kind.is_atom() { value.shallow } else { ValueHash(value.identity) })
        };
        let values: Vec<ValueHash> = candidate.frames.iter().filter_map(variable).collect();
        let motion = Series::motion_of(&values, candidate.frames.len(), &limits);
        matches!(motion, Motion::Constant | Motion::Recurring)
    })
}
