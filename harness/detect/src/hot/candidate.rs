//! Which loop holds a thread: the innermost back-jump range that one call never left and went round in.

use bloathound_profile::frameworks::is_trampoline;
use bloathound_profile::{CalleeKind, Code, Frame, Loop, LoopKind};

use super::handful::happens_on_and_on;
use super::window::{Window, same_call, same_place};
use crate::thresholds::fixed::GENERATOR_SHARE_MIN;
use crate::thresholds::words;

/// A call that was in progress in the samples, and one of its loops that it never left.
pub(crate) struct Candidate<'a> {
    pub code: &'a Code,
    /// Index into the code's loops.
    pub index: usize,
    pub found: &'a Loop,
    pub depth: usize,
    /// The call's frames, in order of time.
    pub frames: Vec<&'a Frame>,
}

impl Candidate<'_> {
    /// Turns that its frames show: steps back. There may have been any number between two of them.
    pub(super) fn turns_seen(&self) -> usize {
        let steps_back = |pair: &&[&Frame]| matches!(pair, [before, after] if after.lasti < before.lasti);
        self.frames.windows(2).filter(steps_back).count()
    }
}

/// The loops to judge, the most telling first: of the innermost call that stood still below what moves, innermost loop
/// first; then of its callers, as far as there is evidence that they went round too.
pub(crate) fn candidates<'a>(window: &Window<'a>) -> Vec<Candidate<'a>> {
    let Some(pivot) = pivot(window) else {
        return Vec::new();
    };
    let mut found = resumed_generator(window, pivot);
    let base = window.event_loop.map_or(0, |depth| depth + 1);
    for depth in (base..=pivot).rev() {
        let frames: Vec<&Frame> = window.frames_at(depth).flatten().collect();
        let Some(code) = frames.first().and_then(|frame| window.profile.code(frame.code)) else {
            break;
        };
        let called_anew = child_was_called_anew(window, depth);
        let here = loops_never_left(code, &frames);
        for (rank, index) in here.into_iter().enumerate() {
            let Some(of_code) = code.loops.get(index) else {
                continue;
            };
            // What was called anew was called by the innermost loop around the call.
            let by_calling = called_anew && rank == 0;
            if by_calling || goes_round(code, index, &frames) || restarts_inside(code, index, &frames) {
                found.push(Candidate { code, index, found: of_code, depth, frames: frames.clone() });
            }
        }
        // A caller went round only if what it called was called anew.
        if !was_called_anew(code, &frames) {
            break;
        }
    }
    found
}

/// Depth of the outermost common frame that moved; of the innermost one, when none did.
fn pivot(window: &Window<'_>) -> Option<usize> {
    let innermost = window.common_depth.checked_sub(1)?;
    let first = window.samples.first()?;
    let moved = (0..window.common_depth).find(|&depth| {
        let of_first = first.stack.0.get(depth);
        window.frames_at(depth).flatten().any(|frame| of_first.is_some_and(|first| !same_place(frame, first)))
    });
    Some(moved.unwrap_or(innermost))
}

/// Loops of `code` that contain the place of every frame, innermost first.
fn loops_never_left(code: &Code, frames: &[&Frame]) -> Vec<usize> {
    let mut indices: Vec<usize> = code
        .loops
        .iter()
        .enumerate()
        .filter(|(_, candidate)| frames.iter().all(|frame| frame.lasti.is_some_and(|at| candidate.contains(at))))
        .map(|(index, _)| index)
        .collect();
    indices.sort_by_key(|index| std::cmp::Reverse(code.loops.get(*index).map(|l| l.first)));
    indices
}

/// True when a frame stepped back again and again, and not inside a smaller loop: then this one came round. A single
/// step back may be all that happened before something else began.
fn goes_round(code: &Code, index: usize, frames: &[&Frame]) -> bool {
    let Some(this) = code.loops.get(index) else {
        return false;
    };
    // A jump to itself is all there is: nothing can be seen to step.
    if this.first == this.last {
        return true;
    }
    let inner: Vec<&Loop> =
        code.loops.iter().filter(|l| this.contains(l.first) && (l.first, l.last) != (this.first, this.last)).collect();
    let steps_back = |pair: &[&Frame]| {
        let &[before, after] = pair else { return false };
        let (Some(from), Some(to)) = (before.lasti, after.lasti) else {
            return false;
        };
        let in_smaller_one = inner.iter().any(|l| l.contains(from) && l.contains(to));
        (to < from && !in_smaller_one) || (inner.is_empty() && rebinds_in_place(pair))
    };
    happens_on_and_on(frames.windows(2).map(steps_back))
}

/// Same instruction, other objects in the variables: it went somewhere in between.
fn rebinds_in_place(pair: &[&Frame]) -> bool {
    matches!(pair, [before, after] if before.lasti == after.lasti && before.identity != after.identity)
}

/// True when a smaller loop over an iterator inside this one began again: its position fell.
fn restarts_inside(code: &Code, index: usize, frames: &[&Frame]) -> bool {
    let Some(this) = code.loops.get(index) else {
        return false;
    };
    (0..code.loops.len()).any(|smaller| {
        smaller != index
            && code.loops.get(smaller).is_some_and(|l| {
                l.kind == LoopKind::Iterator && this.contains(l.first) && (l.first, l.last) != (this.first, this.last)
            })
            && iterator_restarts(frames, smaller)
    })
}

/// True when the position of the loop's iterator turned back.
pub(crate) fn iterator_restarts(frames: &[&Frame], index: usize) -> bool {
    let positions: Vec<f64> = frames
        .iter()
        .filter_map(|frame| {
            let detail = frame.detail.as_ref()?;
            let (_, value) = detail.iterators.iter().find(|(of_loop, _)| *of_loop as usize == index)?;
            value.number
        })
        .collect();
    let rises = positions.windows(2).filter(|pair| matches!(pair, [a, b] if b > a)).count();
    let falls = positions.windows(2).filter(|pair| matches!(pair, [a, b] if b < a)).count();
    rises.min(falls) > 0
}

/// True when these frames, all of one address, were more than one call.
fn was_called_anew(code: &Code, frames: &[&Frame]) -> bool {
    let stepped_back = happens_on_and_on(frames.windows(2).map(|pair| {
        let &[before, after] = pair else { return false };
        let (Some(from), Some(to)) = (before.lasti, after.lasti) else {
            return before.lasti.is_some() && after.lasti.is_none();
        };
        to < from && !code.loops.iter().any(|l| l.contains(from) && l.contains(to))
    }));
    let restarted = (0..code.loops.len()).any(|index| {
        // An inner loop begins again with each round of an outer one too.
        let alone = code
            .loops
            .iter()
            .enumerate()
            .all(|(other, l)| other == index || code.loops.get(index).is_some_and(|this| !l.contains(this.first)));
        alone && iterator_restarts(frames, index)
    });
    stepped_back || restarted
}

/// True when what the frame at `depth` called ended and was called again, by the frame's own bytecode.
fn child_was_called_anew(window: &Window<'_>, depth: usize) -> bool {
    // What a function in C calls back says nothing of the caller's loop.
    let through_c = window.frames_at(depth).flatten().any(|frame| {
        let callee = frame.detail.as_ref().and_then(|detail| detail.callee.as_ref());
        callee.is_some_and(|callee| callee.kind == CalleeKind::C)
    });
    if through_c {
        return false;
    }
    let children: Vec<Option<&Frame>> = window.frames_at(depth + 1).collect();
    let changed = happens_on_and_on(children.windows(2).map(|pair| match pair {
        [Some(before), Some(after)] => !same_call(before, after),
        [before, after] => before.is_some() != after.is_some(),
        _ => false,
    }));
    let present: Vec<&Frame> = children.into_iter().flatten().collect();
    let code = present.first().and_then(|child| window.profile.code(child.code));
    let constructor_only = window.frames_at(depth).flatten().any(|frame| {
        let callee = frame.detail.as_ref().and_then(|detail| detail.callee.as_ref());
        callee.is_some_and(|callee| callee.kind == CalleeKind::Class)
    }) && !code.is_some_and(|code| words::MAKES_ITSELF.has(&code.function));
    !constructor_only && (changed || code.is_some_and(|code| was_called_anew(code, &present)))
}

/// The generator that a trampoline at `pivot` resumes again and again, with the loops it never left.
fn resumed_generator<'a>(window: &Window<'a>, pivot: usize) -> Vec<Candidate<'a>> {
    let code_at = |depth: usize| {
        let frame = window.frames_at(depth).flatten().next()?;
        window.profile.code(frame.code)
    };
    if !code_at(pivot).is_some_and(is_trampoline) {
        return Vec::new();
    }
    let children = generators_below(window, pivot);
    // Its frame keeps its address while it is suspended; of several, the one seen most.
    let seen = || children.iter().flatten();
    let times = |child: &Frame| seen().filter(|(_, other)| same_call(child, other)).count();
    let Some(&(depth, most)) = seen().max_by_key(|(_, child)| times(child)) else {
        return Vec::new();
    };
    let frames: Vec<&Frame> = seen().map(|(_, child)| *child).filter(|child| same_call(child, most)).collect();
    let Some(code) = window.profile.code(most.code) else {
        return Vec::new();
    };
    if (frames.len() as f64) < GENERATOR_SHARE_MIN * window.samples.len() as f64 {
        return Vec::new();
    }
    let came_again = was_resumed_where_it_had_been(&children, most);
    loops_never_left(code, &frames)
        .into_iter()
        .filter(|&index| came_again || goes_round(code, index, &frames))
        .filter_map(|index| {
            let found = code.loops.get(index)?;
            Some(Candidate { code, index, found, depth, frames: frames.clone() })
        })
        .collect()
}

/// The generator that the trampoline at `pivot` had resumed, in each sample that saw one, with its depth. An exception is
/// thrown into it by a function in between. What else the trampoline calls is its own work.
fn generators_below<'a>(window: &Window<'a>, pivot: usize) -> Vec<Option<(usize, &'a Frame)>> {
    let is_generator = |frame: &Frame| window.profile.code(frame.code).is_some_and(|code| code.is_generator);
    let of_sample = |sample: &'a bloathound_profile::Sample| {
        [pivot + 1, pivot + 2].into_iter().find_map(|depth| {
            let frame = sample.stack.0.get(depth)?;
            is_generator(frame).then_some((depth, frame))
        })
    };
    window.samples.iter().map(|sample| of_sample(sample)).collect()
}

/// True when the generator was left and, resumed, was again and again at an instruction it had been at or past: without
/// a loop around it, it could not have come there.
fn was_resumed_where_it_had_been(children: &[Option<(usize, &Frame)>], generator: &Frame) -> bool {
    let mut before: Option<(&Frame, bool)> = None;
    let mut happened = Vec::new();
    for child in children {
        match child.filter(|(_, child)| same_call(child, generator)) {
            Some((_, frame)) => {
                if let Some((previous, left)) = before {
                    happened.push(left && frame.lasti <= previous.lasti);
                }
                before = Some((frame, false));
            }
            None => before = before.map(|(frame, _)| (frame, true)),
        }
    }
    happens_on_and_on(happened.into_iter())
}
