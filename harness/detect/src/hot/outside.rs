//! Loops whose end comes from outside the process: what a file or a socket delivers is in nobody's memory before.

use std::collections::BTreeMap;
use std::sync::Arc;

use bloathound_profile::{LoopExit, LoopInput, Write};

use super::candidate::Candidate;
use super::series::{Motion, Series};
use crate::thresholds::{predicates, words};

/// Values of a loop by the name they have in it.
pub(crate) type SeriesByName = BTreeMap<Arc<str>, Series>;

/// True when the exit depends on what C code brings from outside the process, where nobody saw it come.
pub(crate) fn asks_outside(
    candidate: &Candidate<'_>,
    inputs: &SeriesByName,
    variables: &SeriesByName,
    exit: &LoopExit,
) -> bool {
    let is_outside = |input: &LoopInput| inputs.get(input.to_string().as_str()).is_some_and(brings_from_outside);
    // Where the answer was never looked at, none came: the call raised each time.
    let (first, last) = exit.condition;
    let answered = exit.calls.iter().copied().filter(|call| (first..=last).contains(call)).max();
    let after = answered.map_or(first, |call| call + 1);
    let is_looked_at = || candidate.frames.iter().any(|f| f.lasti.is_some_and(|at| after <= at && at <= last));
    // Raised is only what was seen to go on elsewhere after the question; of a loop that does nothing but ask, the question
    // may be all that is ever seen.
    let asked = exit.calls.iter().copied().max().unwrap_or(first);
    let is_handled = || {
        let handled = |at: u32| at > asked && !(after..=last).contains(&at);
        candidate.frames.iter().any(|f| f.lasti.is_some_and(handled))
    };
    // An answer that is always empty, the end of a stream, is no new one either. A text that each turn adds an answer to, and
    // that stays as it is, was given an empty one.
    let is_empty = |write: &Write| {
        let name = write.target.to_string();
        let series = variables.get(name.as_str()).or_else(|| inputs.get(name.as_str()));
        let adds_nothing =
            |series: &Series| predicates::ADDS_NOTHING.says(write.each_turn_in_place && series.kind.is_text());
        write.from_call
            && series.is_some_and(|series| {
                series.motion == Motion::Constant && (series.truth == Some(false) || adds_nothing(series))
            })
    };
    !exit.calls.is_empty()
        && exit.inputs.iter().any(is_outside)
        && (is_looked_at() || !is_handled())
        && !candidate.found.writes.iter().any(is_empty)
}

/// True for an object that reads from outside the process, and for a method or function that does.
fn brings_from_outside(series: &Series) -> bool {
    let of_type = |name: &str| words::OUTSIDE_TYPES.has(name.rsplit('.').next().unwrap_or(name));
    of_type(&series.type_name)
        || series.c_function.as_deref().is_some_and(|name| match name.rsplit_once('.') {
            Some((of, _)) => of_type(of),
            None => words::OUTSIDE_FUNCTIONS.has(name),
        })
}
