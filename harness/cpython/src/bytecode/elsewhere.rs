//! What lies between a loop's first instruction and its last and is no part of it: handlers stand at the end of the code, so
//! a loop with one seems to go on until there.

use std::collections::{BTreeSet, VecDeque};

use super::flow::Flow;
use crate::dialect::Operation as Op;

/// The ranges of bytes from `first` to `last` that are no part of the loop that begins at `first`: first byte, and the one
/// behind the last.
pub(super) fn ranges(flow: &Flow, first: u32, last: u32) -> Vec<(u32, u32)> {
    // Of several that one instruction became, all.
    let end = flow.instructions.partition_point(|one| one.offset <= last).checked_sub(1);
    let (Some(head), Some(end)) = (flow.index_at(first), end) else { return Vec::new() };
    let successors = |at: usize| flow.successors.get(at).map_or(&[][..], Vec::as_slice);
    let raises = |at: usize, next: usize| {
        let one = flow.instructions.get(at);
        one.is_some_and(|one| {
            matches!(one.operation, Op::SetupExcept | Op::SetupFinally)
                && one.to.is_some_and(|to| flow.index_at(to) == Some(next))
        })
    };
    // Whatever comes round without an exception is a part, laid out in one piece.
    let mut seen = BTreeSet::from([head]);
    let mut open = VecDeque::from([head]);
    let mut in_one_piece = None;
    while let Some(at) = open.pop_front() {
        for &next in successors(at) {
            if next == head {
                in_one_piece = in_one_piece.max(Some(at));
            }
            if (head..=end).contains(&next) && !raises(at, next) && seen.insert(next) {
                open.push_back(next);
            }
        }
    }
    let Some(in_one_piece) = in_one_piece else { return Vec::new() };
    let mut part: BTreeSet<usize> = BTreeSet::new();
    loop {
        let before = part.len();
        for at in (head..=end).rev() {
            if successors(at).iter().any(|next| *next == head || part.contains(next)) {
                part.insert(at);
            }
        }
        if part.len() == before {
            break;
        }
    }
    let mut found: Vec<(u32, u32)> = Vec::new();
    for at in in_one_piece + 1..=end {
        let Some(one) = flow.instructions.get(at).filter(|_| !part.contains(&at)) else { continue };
        match found.last_mut() {
            Some(known) if known.1 >= one.offset => known.1 = one.next,
            _ => found.push((one.offset, one.next)),
        }
    }
    found
}
