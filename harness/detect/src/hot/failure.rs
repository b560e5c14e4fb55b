//! Turns that fail: the same exception, raised at the same place and swallowed, time and again.
//!
//! What a loop does about a failure is no work, however it looks: it counts, it says so in a text that is new each time, it
//! tells somebody. A failure counted a million times is still the same failure. Where nothing fails, or each time something
//! else does, the same texts and numbers are what the loop works on.

use std::collections::BTreeMap;

use bloathound_profile::{Caught, Code, Frame, Sample, Try};

use super::candidate::Candidate;
use super::handful::{Times, happens_on_and_on};
use super::window::Window;
use crate::thresholds::HotLoopThresholds;
use crate::thresholds::fixed::{PAST_FAILURE_SHARE_MAX, SAME_FAILURE_SHARE_MIN};

/// How the turns of a loop fail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    /// Class of the exception.
    pub type_name: String,
    /// What it says, where most say the same.
    pub message: Option<String>,
    /// The function that catches it, and the line in it that raises or calls what does.
    pub function: String,
    pub line: u32,
    /// Where that is: the code and the bytecode offset.
    place: (u32, u32),
}

/// The failure of the loop's turns; `None` where they don't fail, fail otherwise each time, or not always.
pub(crate) fn of(window: &Window<'_>, candidate: &Candidate<'_>, limits: &HotLoopThresholds) -> Option<Failure> {
    let mut places: BTreeMap<(u32, u32), Vec<&Caught>> = BTreeMap::new();
    for sample in &window.samples {
        if let Some((depth, frame, caught)) = catching(candidate, sample)
            && (depth > candidate.depth || candidate.found.contains(caught.lasti))
        {
            places.entry((frame.code.0, caught.lasti)).or_default().push(caught);
        }
    }
    let (place, seen) = places.into_iter().max_by_key(|(_, seen)| seen.len())?;
    let is_new = |pair: &[&Caught]| matches!(pair, [before, after] if before.identity != after.identity);
    if !happens_on_and_on(seen.windows(2).map(is_new)) || !is_same(&seen, limits) || gets_past(window, place) {
        return None;
    }
    let code = window.profile.codes.get(place.0 as usize)?;
    Some(Failure {
        type_name: most(seen.iter().map(|caught| &*caught.type_name)).unwrap_or_default().to_owned(),
        message: most(seen.iter().filter_map(|caught| caught.message.as_deref())).map(str::to_owned),
        function: code.function.to_string(),
        line: code.lines.line_at(place.1).unwrap_or(code.line_first),
        place,
    })
}

impl Failure {
    /// In words: `; each turn fails: socket.error from line 14, which is caught and tried again`.
    pub(crate) fn told(&self, candidate: &Candidate<'_>) -> String {
        format!("; each turn fails: {}, which is caught and tried again", self.in_short(candidate))
    }

    /// `socket.error from line 14`.
    pub(crate) fn in_short(&self, candidate: &Candidate<'_>) -> String {
        let line = if *candidate.code.function == *self.function {
            format!("line {}", self.line)
        } else {
            format!("line {} of {}", self.line, self.function)
        };
        let says = self.message.as_ref().filter(|text| !text.is_empty());
        let says = says.map(|text| format!(" ({text})")).unwrap_or_default();
        format!("{}{says} from {line}", self.type_name)
    }

    /// True for a sample in the middle of what fails.
    pub(crate) fn is_tried_in(&self, sample: &Sample) -> bool {
        let (code, raised) = self.place;
        sample.stack.0.iter().any(|frame| frame.code.0 == code && frame.lasti == Some(raised))
    }

    /// Frames of a sample's stack, from the outermost on, that are no part of what is done about the failure: it is handled
    /// by what is called after it was caught.
    pub(crate) fn frames_before(&self, window: &Window<'_>, sample: &Sample) -> usize {
        let (code, raised) = self.place;
        let tries = window.profile.codes.get(code as usize).map_or(&[][..], |code| &code.tries);
        let handles = |frame: &Frame| {
            let at = frame.lasti.filter(|_| frame.code.0 == code);
            at.is_some_and(|at| tries.iter().any(|one| one.tries(raised) && one.handles(at)))
        };
        let frames = &sample.stack.0;
        frames.iter().position(handles).map_or(frames.len(), |depth| depth + 1)
    }
}

/// The frame of the loop, or of what it calls, that caught what the thread handled last, and its depth.
fn catching<'s>(candidate: &Candidate<'_>, sample: &'s Sample) -> Option<(usize, &'s Frame, &'s Caught)> {
    let caught = sample.caught.as_ref()?;
    let mine = candidate.frames.first()?.address;
    if sample.stack.0.get(candidate.depth)?.address != mine {
        return None;
    }
    let below = sample.stack.0.iter().enumerate().skip(candidate.depth);
    let (depth, frame) = below.into_iter().find(|(_, frame)| frame.address == caught.frame)?;
    Some((depth, frame, caught))
}

/// True where most of the exceptions say one of a handful of things that were said more than once. What was freed before it
/// was read says nothing; what was read while it was made or freed says less than the whole, and that again.
fn is_same(seen: &[&Caught], limits: &HotLoopThresholds) -> bool {
    let said = Times::of(seen.iter().filter_map(|caught| caught.value));
    said.different() <= limits.values_max || said.share_of_repeated(limits.values_max) >= SAME_FAILURE_SHARE_MIN
}

fn most<T: Ord + Copy>(of: impl Iterator<Item = T>) -> Option<T> {
    let mut times: BTreeMap<T, usize> = BTreeMap::new();
    of.for_each(|one| *times.entry(one).or_default() += 1);
    times.into_iter().max_by_key(|(_, times)| *times).map(|(one, _)| one)
}

/// True where the code was seen at what only runs after nothing was raised.
fn gets_past(window: &Window<'_>, (code, raised): (u32, u32)) -> bool {
    let Some(of_code): Option<&Code> = window.profile.codes.get(code as usize) else { return true };
    let is_past = |frame: &Frame| {
        frame.code.0 == code && frame.lasti.is_some_and(|at| Try::any_is_past(&of_code.tries, raised, at))
    };
    let past = window.samples.iter().filter(|sample| sample.stack.0.iter().any(is_past)).count();
    past as f64 > PAST_FAILURE_SHARE_MAX * window.samples.len() as f64
}
