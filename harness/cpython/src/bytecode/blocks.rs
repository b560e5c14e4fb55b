//! Instructions of two bytes each with nothing behind them, and what handles exceptions where instructions begin and end a
//! block: 3.10.
//!
//! What is tried is followed by what a `finally` does where nothing was raised, then come the handlers, then an `else`. Which
//! instructions are tried is found by following all ways with the blocks that are open on them; how far a handler reaches by
//! following it until it is left.

use std::collections::BTreeSet;

use bloathound_profile::Try;

use super::instructions::Instruction;
use super::words::{Word, compiled};
use crate::dialect::{Dialect, Effect, Operation as Op};

/// `try` statements that are told.
const TRIES_MAX: usize = 256;
/// Blocks that are open at once, at most (`CO_MAXBLOCKS`).
const BLOCKS_MAX: usize = 20;
/// Instructions of a handler that are looked at to tell what it is.
const HANDLER_BEGIN_MAX: usize = 24;
/// Instructions of a handler that are followed.
const HANDLER_MAX: usize = 10_000;

const NOTHING: Effect = Effect::Fixed(0, 0);
const PUTS_ONE: Effect = Effect::Fixed(0, 1);

/// The instructions as they are followed. What is cut off at the end is left out.
pub(super) fn disassemble(d: &Dialect, code: &[u8]) -> Vec<Instruction> {
    let table = d.instructions.table();
    let mut instructions = Vec::with_capacity(code.len() / 2);
    for Word { offset, opcode, argument, next } in compiled(d, code) {
        let (operation, effect) = table.get(usize::from(opcode)).copied().unwrap_or((Op::Other, NOTHING));
        let to = target(operation, argument, next);
        add(&mut instructions, Instruction { offset, operation, effect, argument, next, to });
    }
    for at in 0..instructions.len() {
        let catches = |one: &Instruction| {
            one.operation == Op::SetupFinally && one.effect == NOTHING && catches(&instructions, one)
        };
        if instructions.get(at).is_some_and(catches)
            && let Some(one) = instructions.get_mut(at)
        {
            one.operation = Op::SetupExcept;
        }
    }
    instructions
}

/// Adds an instruction: as those of other series say it, where these are several.
fn add(instructions: &mut Vec<Instruction>, one: Instruction) {
    let also = |operation, effect| Instruction { operation, effect, to: None, ..one };
    let is_back = one.to.is_some_and(|to| to <= one.offset);
    match one.operation {
        Op::MatchesException => {
            let goes_on = Instruction { operation: Op::PopJumpIfFalse, effect: NOTHING, ..one };
            instructions.extend([also(Op::MatchesException, Effect::Fixed(2, 1)), goes_on]);
        }
        // A loop that asks at its end: one over a jump back, by the opposite.
        Op::PopJumpIfTrue | Op::PopJumpIfFalse if is_back => {
            let opposite = if one.operation == Op::PopJumpIfTrue { Op::PopJumpIfFalse } else { Op::PopJumpIfTrue };
            let over = Instruction { operation: opposite, effect: NOTHING, to: Some(one.next), ..one };
            instructions.extend([over, Instruction { operation: Op::JumpBackward, effect: NOTHING, ..one }]);
        }
        Op::JumpAbsolute if is_back => instructions.push(Instruction { operation: Op::JumpBackward, ..one }),
        Op::LoadMethod => instructions.extend([also(Op::LoadAttr, one.effect), also(Op::Other, PUTS_ONE)]),
        // It says itself that it is two.
        Op::DupTopx => instructions.push(Instruction { argument: 2, ..one }),
        _ => instructions.push(one),
    }
}

/// Where an instruction jumps to: so many words on, or the word that is counted from the beginning.
fn target(operation: Op, argument: u32, next: u32) -> Option<u32> {
    let bytes = argument.checked_mul(2)?;
    match operation {
        Op::ForIter | Op::JumpForward | Op::SetupFinally | Op::SetupWith => next.checked_add(bytes),
        Op::JumpAbsolute | Op::MatchesException => Some(bytes),
        operation if operation.is_conditional() => Some(bytes),
        _ => None,
    }
}

/// True where the handler of a block is `except` clauses, or the end of an `async for`; else it runs and hands on what was
/// raised.
fn catches(instructions: &[Instruction], begin: &Instruction) -> bool {
    let Some(handler) = begin.to else { return false };
    let from = instructions.partition_point(|one| one.offset < handler);
    let mut operations = instructions.iter().skip(from).take(HANDLER_BEGIN_MAX).map(|one| one.operation);
    match operations.next() {
        // A clause for whatever comes throws it away; no `finally` begins like that.
        Some(Op::EndAsyncFor | Op::PopTop) => true,
        Some(Op::DupTop) => {
            let ends = |one: &Op| one.is_conditional() || matches!(one, Op::Reraise | Op::ReturnValue | Op::PopTop);
            operations.take_while(|one| !ends(one)).any(|one| one == Op::MatchesException)
        }
        _ => false,
    }
}

/// The `try` statements, outer ones before those inside them.
pub(super) fn tries(instructions: &[Instruction]) -> Vec<Try> {
    let open = open_blocks(instructions);
    let begins = instructions.iter().enumerate().filter(|(_, one)| begins_block(one.operation));
    begins.take(TRIES_MAX).filter_map(|(at, begin)| describe(instructions, &open, at, begin)).collect()
}

fn begins_block(operation: Op) -> bool {
    matches!(operation, Op::SetupExcept | Op::SetupFinally | Op::SetupWith)
}

fn describe(instructions: &[Instruction], open: &[Vec<usize>], at: usize, begin: &Instruction) -> Option<Try> {
    let handler = begin.to.filter(|handler| *handler > begin.offset)?;
    let is_tried = |(_, blocks): &(&Instruction, &Vec<usize>)| blocks.contains(&at);
    let tried = instructions.iter().zip(open).filter(|(one, _)| one.offset < handler);
    let tried_to = tried.filter(is_tried).map(|(one, _)| one.next).max()?;
    let from = instructions.partition_point(|one| one.offset < handler);
    let handled_to = left_at(instructions, from)?;
    let to = instructions.partition_point(|one| one.offset < handled_to);
    // Clauses that go on behind the statement jump over its `else`.
    let inside = instructions.get(from..to).unwrap_or_default();
    let jumps = inside.iter().filter(|one| one.operation == Op::JumpForward).filter_map(|one| one.to);
    let end = jumps.filter(|to| *to >= handled_to).max().or_else(|| straight_on(instructions, to));
    Some(Try {
        first: begin.next,
        handler,
        otherwise: handled_to,
        end: end.map_or(handled_to, |end| end.max(handled_to)),
        apart: Some((tried_to, handled_to)),
        always: begin.operation != Op::SetupExcept,
    })
}

/// For each instruction the blocks that are open when it begins, by where they were begun.
fn open_blocks(instructions: &[Instruction]) -> Vec<Vec<usize>> {
    let mut found: Vec<Option<Vec<usize>>> = vec![None; instructions.len()];
    let mut pending = vec![(0, Vec::new())];
    while let Some((at, blocks)) = pending.pop() {
        let (Some(one), Some(slot @ None)) = (instructions.get(at), found.get_mut(at)) else { continue };
        *slot = Some(blocks.clone());
        let mut inside = blocks.clone();
        match one.operation {
            Op::EndsBlock => {
                inside.pop();
            }
            operation if begins_block(operation) && inside.len() < BLOCKS_MAX => inside.push(at),
            _ => {}
        }
        for (next, is_handler) in successors(instructions, at, one) {
            pending.push((next, if is_handler { blocks.clone() } else { inside.clone() }));
        }
    }
    found.into_iter().map(Option::unwrap_or_default).collect()
}

/// What may come after an instruction, and whether as a handler.
fn successors(instructions: &[Instruction], at: usize, one: &Instruction) -> Vec<(usize, bool)> {
    let ends = matches!(
        one.operation,
        Op::JumpForward | Op::JumpAbsolute | Op::JumpBackward | Op::ReturnValue | Op::RaiseVarargs | Op::Reraise
    );
    let target = one.to.map(|to| instructions.partition_point(|other| other.offset < to));
    let after = Some(at + 1).filter(|_| !ends);
    after.map(|next| (next, false)).into_iter().chain(target.map(|to| (to, begins_block(one.operation)))).collect()
}

/// Where the handler that begins at `handler` is left at last.
fn left_at(instructions: &[Instruction], handler: usize) -> Option<u32> {
    let mut seen = BTreeSet::new();
    // How many handlers each is in, that one not counted.
    let mut pending = vec![(handler, 0_usize)];
    let mut last = None;
    while let Some((at, depth)) = pending.pop().filter(|_| seen.len() < HANDLER_MAX) {
        let is_new = depth <= BLOCKS_MAX && seen.insert((at, depth));
        let Some(one) = instructions.get(at).filter(|_| is_new) else { continue };
        let is_left = one.operation == Op::LeavesHandler && depth == 0;
        let to = straight_on(instructions, at).filter(|_| is_left);
        last = last.max(Some(to.unwrap_or(one.next)));
        if is_left {
            continue;
        }
        let below = if one.operation == Op::LeavesHandler { depth.saturating_sub(1) } else { depth };
        for (next, is_handler) in successors(instructions, at, one) {
            // What goes back is a loop around the statement.
            if next >= handler {
                pending.push((next, below + usize::from(is_handler)));
            }
        }
    }
    last
}

/// How far what begins at `from` goes straight on: a name is unbound there, or it is an `else`. `None` where another statement
/// begins first.
fn straight_on(instructions: &[Instruction], from: usize) -> Option<u32> {
    let ends = [Op::JumpForward, Op::JumpAbsolute, Op::JumpBackward, Op::ReturnValue];
    let turns = |one: &&Instruction| ends.contains(&one.operation);
    let binds = |one: &&Instruction| !turns(one) && !begins_block(one.operation);
    let straight = instructions.iter().skip(from).take(HANDLER_BEGIN_MAX).take_while(binds).count();
    instructions.get(from + straight).filter(|one| turns(one)).map(|one| one.next)
}
