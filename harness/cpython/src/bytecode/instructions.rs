//! Taking bytecode apart into instructions.

use crate::dialect::{Dialect, Effect, InstructionEncoding, NotYetRead, Operation};

/// An instruction with its argument, `EXTENDED_ARG` folded in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Offset of the opcode itself (after an `EXTENDED_ARG`): what `f_lasti` shows while it runs.
    pub offset: u32,
    /// What it does.
    pub operation: Operation,
    /// What it takes and puts.
    pub effect: Effect,
    /// Argument; 0 where there is none.
    pub argument: u32,
    /// Offset of the instruction after.
    pub next: u32,
    /// Where it jumps to, or for a `SETUP_*` where its handler or end is.
    pub to: Option<u32>,
}

impl Instruction {
    /// Where it jumps to, or for a `SETUP_*` where its handler or end is.
    pub fn target(&self) -> Option<u32> {
        self.to
    }
}

fn target(operation: Operation, argument: u32, next: u32) -> Option<u32> {
    match operation {
        Operation::ForIter
        | Operation::JumpForward
        | Operation::SetupLoop
        | Operation::SetupExcept
        | Operation::SetupFinally
        | Operation::SetupWith => next.checked_add(argument),
        Operation::JumpAbsolute | Operation::ContinueLoop => Some(argument),
        operation if operation.is_conditional() => Some(argument),
        _ => None,
    }
}

/// What is not in a table.
const UNKNOWN: (Operation, Effect) = (Operation::Other, Effect::Fixed(0, 0));

/// Refuses a series whose instructions would be misread.
pub(crate) fn can_be_read(d: &Dialect) -> Result<(), NotYetRead> {
    match d.instruction_encoding {
        InstructionEncoding::OneOrThreeBytes | InstructionEncoding::Words => Ok(()),
        InstructionEncoding::WordsWithCaches if d.instructions.words.is_some() => Ok(()),
        InstructionEncoding::WordsWithCaches => Err(d.not_yet_read("bytecode")),
    }
}

/// The instructions of `code`, in order; what is cut off at the end is left out. None of a series that is refused: who
/// begins to read it asks `can_be_read`.
pub fn disassemble(d: &Dialect, code: &[u8]) -> Vec<Instruction> {
    if can_be_read(d).is_err() {
        return Vec::new();
    }
    let table = d.instructions.table();
    let mut instructions = Vec::with_capacity(code.len() / 2);
    let mut at = 0_usize;
    let mut extended = 0_u32;
    while let Some(&opcode) = code.get(at) {
        let offset = at as u32;
        let mut argument = 0;
        at += 1;
        if opcode >= d.instructions.have_argument {
            let Some(&[low, high]) = code.get(at..at + 2).and_then(|b| b.first_chunk()) else {
                break;
            };
            argument = u32::from(u16::from_le_bytes([low, high])) | extended << 16;
            at += 2;
        }
        if opcode == d.instructions.extended_arg {
            extended = argument;
            continue;
        }
        extended = 0;
        let (operation, effect) = table.get(usize::from(opcode)).copied().unwrap_or(UNKNOWN);
        let next = at as u32;
        let to = target(operation, argument, next);
        instructions.push(Instruction { offset, operation, effect, argument, next, to });
    }
    instructions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::CPYTHON_2_7;

    #[test]
    fn extended_arguments_and_a_cut_end() {
        // EXTENDED_ARG, LOAD_CONST, RETURN_VALUE, and a LOAD_FAST that is cut off.
        let code = [145, 1, 0, 100, 2, 0, 83, 124, 1];
        let found = disassemble(&CPYTHON_2_7, &code);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].offset, found[0].argument, found[0].next), (3, 0x1_0002, 6));
        assert_eq!((found[1].offset, found[1].operation), (6, Operation::ReturnValue));
    }

    #[test]
    fn calls_take_their_arguments() {
        let table = CPYTHON_2_7.instructions.table();
        assert_eq!(table[131].1.items(2 | 1 << 8), (5, 1), "CALL_FUNCTION");
        assert_eq!(table[142].1.items(1), (4, 1), "CALL_FUNCTION_VAR_KW");
    }
}
