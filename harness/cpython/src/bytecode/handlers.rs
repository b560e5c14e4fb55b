//! What handles exceptions, by the table that stands beside the instructions (PEP 657's sibling, `Objects/exception_handling_notes.txt`).
//!
//! Nothing in the instructions says where what is tried begins. For whoever follows them, an instruction that does is put
//! in front of each such range.

use std::collections::BTreeMap;

use bloathound_profile::Try;

use super::instructions::Instruction;
use crate::dialect::{Effect, Operation as Op};

/// Ranges of a table that are read, and `try` statements that are told.
const RANGES_MAX: usize = 4096;
const TRIES_MAX: usize = 256;
/// Instructions of a handler that are looked at to tell what it is.
const HANDLER_BEGIN_MAX: usize = 24;

/// A range of instructions and what handles their exceptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// First byte, and the one behind the last.
    pub bytes: (u32, u32),
    /// Where the handler begins.
    pub handler: u32,
    /// Items on the stack that are left.
    pub depth: u32,
    /// Whether the place of what raised is put on it.
    pub puts_place: bool,
}

/// The ranges of a table; what is cut off is left out.
#[must_use]
pub fn ranges(table: &[u8]) -> Vec<Range> {
    let mut rest = table.iter();
    let mut found = Vec::new();
    while found.len() < RANGES_MAX {
        let mut number = || {
            let mut value = 0_u32;
            loop {
                let byte = *rest.next()?;
                value = value.checked_mul(64)? | u32::from(byte & 63);
                if byte & 64 == 0 {
                    return Some(value);
                }
            }
        };
        let (Some(first), Some(length), Some(handler), Some(depth)) = (number(), number(), number(), number()) else {
            break;
        };
        let bytes = |units: u32| units.saturating_mul(2);
        found.push(Range {
            bytes: (bytes(first), bytes(first.saturating_add(length))),
            handler: bytes(handler),
            depth: depth >> 1,
            puts_place: depth & 1 == 1,
        });
    }
    found
}

/// What a handler is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// `except` clauses, or the end of an `async for`.
    Catches,
    /// It runs and the exception goes on.
    Passes,
}

/// All ranges of one handler as one.
fn by_handler(ranges: &[Range]) -> BTreeMap<u32, Range> {
    let mut found: BTreeMap<u32, Range> = BTreeMap::new();
    for range in ranges {
        let known = found.entry(range.handler).or_insert(*range);
        known.bytes = (known.bytes.0.min(range.bytes.0), known.bytes.1.max(range.bytes.1));
    }
    found
}

fn purpose(instructions: &[Instruction], handler: u32) -> Purpose {
    let from = instructions.partition_point(|one| one.offset < handler);
    let is_one = |operation: &Op| !matches!(operation, Op::SetupExcept | Op::SetupFinally);
    let operations = instructions.iter().skip(from).take(HANDLER_BEGIN_MAX).map(|one| one.operation);
    let mut begin = operations.filter(is_one).peekable();
    match begin.next() {
        Some(Op::EndAsyncFor) => return Purpose::Catches,
        Some(Op::EntersHandler) => {}
        _ => return Purpose::Passes,
    }
    // A clause for whatever comes throws it away; no statement begins like that.
    if begin.peek() == Some(&Op::PopTop) {
        return Purpose::Catches;
    }
    let ends = |operation: &Op| {
        operation.is_conditional()
            || matches!(
                operation,
                Op::JumpForward | Op::JumpBackward | Op::JumpBack | Op::EntersHandler | Op::Reraise | Op::ReturnValue
            )
    };
    match begin.take_while(|operation| !ends(operation)).any(|operation| operation == Op::MatchesException) {
        true => Purpose::Catches,
        false => Purpose::Passes,
    }
}

/// The instructions with one in front of each range that says what handles it, the outer ones first.
pub(super) fn with_setups(instructions: Vec<Instruction>, ranges: &[Range]) -> Vec<Instruction> {
    if ranges.is_empty() {
        return instructions;
    }
    let mut setups: BTreeMap<usize, Vec<Range>> = BTreeMap::new();
    for range in by_handler(ranges).into_values() {
        setups.entry(instructions.partition_point(|one| one.offset < range.bytes.0)).or_default().push(range);
    }
    let mut found = Vec::with_capacity(instructions.len() + setups.len());
    for (at, one) in instructions.iter().enumerate() {
        if let Some(here) = setups.get_mut(&at) {
            here.sort_by_key(|range| std::cmp::Reverse(range.bytes.1));
            for range in here.iter() {
                let operation = match purpose(&instructions, range.handler) {
                    Purpose::Catches => Op::SetupExcept,
                    Purpose::Passes => Op::SetupFinally,
                };
                let argument = range.depth << 1 | u32::from(range.puts_place);
                let (effect, to) = (Effect::Fixed(0, 0), Some(range.handler));
                found.push(Instruction { operation, effect, argument, to, ..*one });
            }
        }
        found.push(*one);
    }
    found
}

/// The `try` statements with `except`, by their first instructions.
pub(super) fn tries(instructions: &[Instruction], ranges: &[Range]) -> Vec<Try> {
    let handled = by_handler(ranges).into_values();
    let mut found: Vec<Try> = handled.filter_map(|range| describe(instructions, ranges, &range)).collect();
    found.sort_by_key(|one| (one.first, u32::MAX - one.otherwise));
    found.truncate(TRIES_MAX);
    found
}

fn describe(instructions: &[Instruction], ranges: &[Range], range: &Range) -> Option<Try> {
    let (first, tried_to) = range.bytes;
    let handler = range.handler;
    // What cleans up after the handlers stands right behind them.
    let covers = |other: &&Range| (other.bytes.0..other.bytes.1).contains(&handler) && other.handler > handler;
    let handled_to = ranges.iter().filter(covers).map(|other| other.handler).min()?;
    let inside = |from: u32, to: u32| {
        let from = instructions.partition_point(|one| one.offset < from);
        instructions.iter().skip(from).take_while(move |one| one.offset < to)
    };
    let goes_on = inside(handler, handled_to)
        .filter(|one| matches!(one.operation, Op::JumpForward | Op::JumpBackward | Op::JumpBack))
        .filter_map(|one| one.to)
        .filter(|to| (tried_to..handler).contains(to));
    let turns = |one: &&Instruction| {
        matches!(
            one.operation,
            Op::JumpBackward | Op::JumpBack | Op::JumpForward | Op::ReturnValue | Op::RaiseVarargs | Op::Reraise
        )
    };
    let straight_on = || inside(tried_to, u32::MAX).find(turns).map_or(tried_to, |one| one.next);
    let always = purpose(instructions, handler) == Purpose::Passes;
    let end = goes_on.min().unwrap_or_else(straight_on);
    let apart = Some((tried_to, handled_to));
    Some(Try { first, handler, otherwise: tried_to, end: end.max(tried_to), apart, always })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_the_interpreter_writes_it() {
        // Units 1 to 9 by the handler at 70 (two bytes), depth 2, with the place.
        let found = ranges(&[0x81, 8, 0x41, 6, 5]);
        assert_eq!(found, [Range { bytes: (2, 18), handler: 140, depth: 2, puts_place: true }]);
        assert!(ranges(&[0x81, 8, 0x41]).is_empty());
        assert!(ranges(&[0xff; 90]).is_empty());
    }
}
