//! Back-jump ranges.

use std::collections::{BTreeMap, BTreeSet};

use bloathound_profile::{Loop, LoopKind};

use super::elsewhere;
use super::flow::Flow;
use crate::dialect::Operation as Op;

/// Loops a code object may have; more are not looked at.
const LOOPS_MAX: usize = 256;

/// The loops of the code, outer ones before those inside them, without their exits and writes.
pub fn find(flow: &Flow, line_at: &dyn Fn(u32) -> u32) -> Vec<Loop> {
    // Several back jumps to one target (`continue`) are one loop.
    let mut ends: BTreeMap<u32, u32> = BTreeMap::new();
    for (at, instruction) in flow.instructions.iter().enumerate() {
        let jumps_back = !matches!(
            instruction.operation,
            Op::ForIter | Op::SetupLoop | Op::SetupExcept | Op::SetupFinally | Op::SetupWith | Op::JumpBack
        );
        let Some(target) = instruction.target().filter(|_| jumps_back) else {
            continue;
        };
        if target <= instruction.offset && flow.is_reached(at) && comes_round(flow, target, at) {
            // The target as f_lasti shows it: after an EXTENDED_ARG.
            let first = flow
                .index_at(target)
                .and_then(|index| flow.instructions.get(index))
                .map_or(target, |first| first.offset);
            let end = ends.entry(first).or_insert(instruction.offset);
            *end = (*end).max(instruction.offset);
        }
    }
    let mut loops: Vec<Loop> =
        ends.into_iter().take(LOOPS_MAX).map(|(first, last)| describe(flow, first, last, line_at)).collect();
    loops.sort_by_key(|found| (found.first, u32::MAX - found.last));
    loops
}

/// True where the way from `target` leads to the jump back at the index `jump`, past nothing in front of it. A handler that
/// stands at the end jumps back to behind its statement, which is no loop; series without a table of handlers have none such.
fn comes_round(flow: &Flow, target: u32, jump: usize) -> bool {
    let Some(head) = flow.index_at(target).filter(|_| flow.d.instructions.words.is_some()) else { return true };
    if flow.successors.is_empty() {
        return true;
    }
    let mut seen = BTreeSet::from([head]);
    let mut open = vec![head];
    while let Some(at) = open.pop() {
        if at == jump {
            return true;
        }
        let next = flow.successors.get(at).map_or(&[][..], Vec::as_slice);
        open.extend(next.iter().copied().filter(|next| (head..=jump).contains(next) && seen.insert(*next)));
    }
    false
}

fn describe(flow: &Flow, first: u32, last: u32, line_at: &dyn Fn(u32) -> u32) -> Loop {
    // Where nothing is known of the ways, all of it may be a part.
    let apart = match flow.d.instructions.words {
        Some(_) => elsewhere::ranges(flow, first, last),
        None => Vec::new(),
    };
    let is_apart = |offset: u32| apart.iter().any(|(from, to)| (*from..*to).contains(&offset));
    let inside = |offset: u32| first <= offset && offset <= last && !is_apart(offset);
    let body = || flow.instructions.iter().filter(|i| inside(i.offset));
    let head = flow.index_at(first);
    let begins_with = head.and_then(|at| flow.instructions.get(at));
    let kind = match begins_with {
        Some(instruction) if instruction.operation == Op::ForIter => LoopKind::Iterator,
        _ => LoopKind::Condition,
    };
    // `while True:` leaves no instruction on its own line but the block's set-up.
    let setup = head
        .and_then(|at| flow.instructions.get(at.checked_sub(1)?))
        .filter(|before| before.operation == Op::SetupLoop)
        .map(|before| line_at(before.offset));
    let lines = || body().map(|i| line_at(i.offset)).chain(setup);
    Loop {
        first,
        last,
        line_first: lines().min().unwrap_or_default(),
        line_last: lines().max().unwrap_or_default(),
        kind,
        exits: Vec::new(),
        writes: Vec::new(),
        is_pure: !body().any(|i| i.operation.has_effects()),
        has_calls: body().any(|i| {
            i.operation == Op::Call
                || matches!(
                    i.operation,
                    Op::ForIter | Op::YieldValue | Op::ImportName | Op::SetupWith | Op::EnterWith | Op::Send
                )
        }),
        apart: apart.clone(),
    }
}
