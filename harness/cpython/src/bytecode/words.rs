//! Taking apart instructions of two bytes each, and those with caches behind them: from 3.11 on.
//!
//! Code that runs is not what was compiled: instructions are replaced by others made for the types that were met. Each is
//! brought back to the one it stands for, and one that does two things becomes two.

use super::instructions::Instruction;
use crate::dialect::{Dialect, Effect, InstructionEncoding, Operation as Op, WordInstructions};

/// An instruction as it was compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word {
    /// Offset of the opcode itself, after its `EXTENDED_ARG`s.
    pub offset: u32,
    /// The opcode that was compiled.
    pub opcode: u8,
    /// Argument, `EXTENDED_ARG`s folded in.
    pub argument: u32,
    /// Offset of the instruction after, caches skipped.
    pub next: u32,
}

/// The instructions of `code` as they were compiled; none of a series whose instructions are no words. What is cut off at
/// the end is left out.
#[must_use]
pub fn compiled(d: &Dialect, code: &[u8]) -> Vec<Word> {
    let (bases, caches) = match (&d.instructions.words, d.instruction_encoding) {
        (Some(words), _) => (words.bases(), words.cache_bytes()),
        // They stay as they were, and nothing is behind them.
        (None, InstructionEncoding::Words) => (std::array::from_fn(|opcode| opcode as u8), [0; 256]),
        (None, _) => return Vec::new(),
    };
    let mut found = Vec::with_capacity(code.len() / 4);
    let (mut at, mut extended) = (0_usize, 0_u32);
    while let Some(&[opcode, low]) = code.get(at..at + 2).and_then(|word| word.first_chunk()) {
        let opcode = bases.get(usize::from(opcode)).copied().unwrap_or(opcode);
        let argument = extended << 8 | u32::from(low);
        let next = at + 2 + caches.get(usize::from(opcode)).copied().unwrap_or(0);
        if opcode == d.instructions.extended_arg {
            extended = argument;
        } else {
            extended = 0;
            found.push(Word { offset: at as u32, opcode, argument, next: next as u32 });
        }
        at = next;
    }
    found
}

/// The instructions as they are followed.
pub(super) fn disassemble(d: &Dialect, words: &WordInstructions, code: &[u8]) -> Vec<Instruction> {
    let table = d.instructions.table();
    let mut instructions = Vec::with_capacity(code.len() / 3);
    for word in compiled(d, code) {
        if let Some((_, goes_on)) = words.jumps_back_if.iter().find(|(opcode, _)| *opcode == word.opcode) {
            instructions.extend(jump_back_if(&word, *goes_on));
            continue;
        }
        let (operation, effect) = table.get(usize::from(word.opcode)).copied().unwrap_or((Op::Other, NOTHING));
        let to = target(operation, &word);
        let Word { offset, argument, next, .. } = word;
        let one = Instruction { offset, operation, effect, argument, next, to };
        let also = |operation, effect, argument| Instruction { operation, effect, argument, ..one };
        let (upper, lower) = (argument >> 4, argument & 15);
        let empty = also(Op::Other, PUTS_ONE, 0);
        match operation {
            Op::LoadFastLoadFast => {
                instructions.extend([also(Op::LoadFast, PUTS_ONE, upper), also(Op::LoadFast, PUTS_ONE, lower)]);
            }
            Op::StoreFastLoadFast => {
                instructions.extend([also(Op::StoreFast, NOTHING, upper), also(Op::LoadFast, PUTS_ONE, lower)]);
            }
            Op::StoreFastStoreFast => {
                instructions.extend([also(Op::StoreFast, NOTHING, upper), also(Op::StoreFast, NOTHING, lower)]);
            }
            Op::LoadAttrOrMethod => {
                instructions.push(also(Op::LoadAttr, effect, argument >> 1));
                instructions.extend((argument & 1 == 1).then_some(empty));
            }
            Op::LoadMethod => instructions.extend([also(Op::LoadAttr, effect, argument), empty]),
            Op::LoadGlobalOrCallee => {
                instructions.push(also(Op::LoadGlobal, effect, argument >> 1));
                instructions.extend((argument & 1 == 1).then_some(empty));
            }
            Op::LoadSuperAttr => {
                instructions.push(also(Op::Other, effect, argument));
                instructions.extend((argument & 1 == 1).then_some(empty));
            }
            Op::ReturnConst => instructions.extend([empty, also(Op::ReturnValue, NOTHING, 0)]),
            Op::BinaryOp if argument >= words.in_place_from => instructions.push(also(Op::InPlace, effect, argument)),
            Op::BinaryOp => instructions.push(also(Op::Other, effect, argument)),
            Op::CopyItem if argument == 1 => instructions.push(also(Op::DupTop, effect, 0)),
            Op::SwapItems if argument == 2 => instructions.push(also(Op::RotTwo, effect, 0)),
            _ => instructions.push(one),
        }
    }
    instructions
}

/// A jump back by a condition, as the series that have none say it: one over a jump back, by the opposite.
fn jump_back_if(word: &Word, goes_on: Op) -> [Instruction; 2] {
    let Word { offset, argument, next, .. } = *word;
    let back = argument.checked_mul(2).and_then(|bytes| next.checked_sub(bytes));
    let one = Instruction { offset, operation: goes_on, effect: NOTHING, argument, next, to: Some(next) };
    [one, Instruction { operation: Op::JumpBackward, to: back, ..one }]
}

/// Where a call that stands at each unit of two bytes of `code` is: at the opcode that a cache belongs to, and where a call
/// is two instructions at the second.
#[must_use]
pub fn places(d: &Dialect, code: &[u8]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..code.len() / 2).map(|unit| 2 * unit as u32).collect();
    let begins_call = d.instructions.words.and_then(|words| words.begins_call);
    let words = compiled(d, code);
    for (at, word) in words.iter().enumerate() {
        let call = words.get(at + 1).filter(|_| Some(word.opcode) == begins_call);
        let place = call.map_or(word.offset, |call| call.offset);
        let units = (word.offset / 2) as usize..(call.map_or(word.next, |call| call.offset) / 2) as usize;
        let last = places.len().min(units.end);
        places.get_mut(units.start..last).unwrap_or_default().fill(place);
    }
    places
}

const NOTHING: Effect = Effect::Fixed(0, 0);
const PUTS_ONE: Effect = Effect::Fixed(0, 1);

/// Where an instruction jumps to: so many words from the one after it.
fn target(operation: Op, word: &Word) -> Option<u32> {
    let bytes = word.argument.checked_mul(2)?;
    match operation {
        Op::JumpBackward | Op::JumpBack => word.next.checked_sub(bytes),
        Op::ForIter | Op::JumpForward | Op::Send => word.next.checked_add(bytes),
        operation if operation.is_conditional() => word.next.checked_add(bytes),
        _ => None,
    }
}
