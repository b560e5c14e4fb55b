//! Loops whose test stands twice: in front of the loop, and again at its end. A turn that ends early jumps to the first, one
//! that does not to behind it; to whoever asks where a loop begins, both are its begin.

use std::collections::{BTreeSet, VecDeque};

use super::instructions::Instruction;
use crate::dialect::Operation as Op;

/// Instructions of a test, and jumps of a code object, that are looked at.
const TEST_MAX: usize = 64;
const JUMPS_MAX: usize = 512;

/// Lets each jump to behind a test that stands twice lead to the test, where others do.
pub(super) fn join(instructions: &mut [Instruction]) {
    let index_of = |instructions: &[Instruction], offset: u32| instructions.partition_point(|one| one.offset < offset);
    let begins: BTreeSet<u32> =
        instructions.iter().filter(|one| one.operation == Op::JumpBackward).filter_map(|one| one.to).collect();
    if begins.len() < 2 || begins.len() > JUMPS_MAX {
        return;
    }
    let begins: Vec<u32> = begins.into_iter().collect();
    for pair in begins.windows(2) {
        let &[test, behind] = pair else { continue };
        let (from, to) = (index_of(instructions, test), index_of(instructions, behind));
        if stands_twice(instructions, from, to) {
            let again = |one: &&mut Instruction| one.operation == Op::JumpBackward && one.to == Some(behind);
            instructions.iter_mut().filter(again).for_each(|one| one.to = Some(test));
        }
    }
}

/// True where the instructions from `from` to before `to` are a test whose other answer does not come back to it, and stand
/// once more before each jump to `to`.
fn stands_twice(instructions: &[Instruction], from: usize, to: usize) -> bool {
    let Some(test) = instructions.get(from..to).filter(|test| !test.is_empty() && test.len() <= TEST_MAX) else {
        return false;
    };
    let (Some(first), Some(behind)) = (test.first(), instructions.get(to)) else { return false };
    let leaves: Vec<u32> = test
        .iter()
        .filter(|one| one.operation.is_conditional())
        .filter_map(|one| one.to)
        .filter(|at| *at > behind.offset)
        .collect();
    if leaves.is_empty() || leaves.iter().any(|at| comes_to(instructions, *at, first.offset)) {
        return false;
    }
    // Where the loop is left to may stand twice, too.
    let same = |(one, other): (&Instruction, &Instruction)| {
        one.operation == other.operation && (one.to.is_some() || one.argument == other.argument)
    };
    let mut jumps = instructions
        .iter()
        .enumerate()
        .skip(to)
        .filter(|(_, one)| one.operation == Op::JumpBackward && one.to == Some(behind.offset));
    jumps.all(|(at, _)| {
        let again = at.checked_sub(test.len()).and_then(|begin| instructions.get(begin..at));
        again.is_some_and(|again| test.iter().zip(again).all(same))
    })
}

/// True where the way from `from` leads to `to`, past nothing in front of that.
fn comes_to(instructions: &[Instruction], from: u32, to: u32) -> bool {
    let index = |offset: u32| instructions.partition_point(|one| one.offset < offset);
    let mut seen = BTreeSet::from([index(from)]);
    let mut open = VecDeque::from([index(from)]);
    while let Some(at) = open.pop_front() {
        let Some(one) = instructions.get(at) else { continue };
        if one.offset == to {
            return true;
        }
        let goes_on = !matches!(
            one.operation,
            Op::JumpForward | Op::JumpBackward | Op::JumpBack | Op::ReturnValue | Op::RaiseVarargs | Op::Reraise
        );
        let next = [goes_on.then_some(at + 1), one.to.map(index)];
        open.extend(next.into_iter().flatten().filter(|next| *next >= index(to) && seen.insert(*next)));
    }
    false
}
