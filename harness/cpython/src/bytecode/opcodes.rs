//! Opcodes of Python 2.7: `Include/opcode.h`, and their effect on the stack as `Python/compile.c` and `ceval.c` have it.

#![allow(missing_docs, reason = "the names are those of opcode.h")]

pub const POP_TOP: u8 = 1;
pub const ROT_TWO: u8 = 2;
pub const ROT_THREE: u8 = 3;
pub const DUP_TOP: u8 = 4;
pub const ROT_FOUR: u8 = 5;
pub const GET_ITER: u8 = 68;
pub const BREAK_LOOP: u8 = 80;
pub const RETURN_VALUE: u8 = 83;
pub const YIELD_VALUE: u8 = 86;
pub const END_FINALLY: u8 = 88;
pub const HAVE_ARGUMENT: u8 = 90;
pub const STORE_NAME: u8 = 90;
pub const DELETE_NAME: u8 = 91;
pub const UNPACK_SEQUENCE: u8 = 92;
pub const FOR_ITER: u8 = 93;
pub const STORE_ATTR: u8 = 95;
pub const STORE_GLOBAL: u8 = 97;
pub const DUP_TOPX: u8 = 99;
pub const LOAD_CONST: u8 = 100;
pub const LOAD_NAME: u8 = 101;
pub const LOAD_ATTR: u8 = 106;
pub const IMPORT_NAME: u8 = 108;
pub const JUMP_FORWARD: u8 = 110;
pub const JUMP_IF_FALSE_OR_POP: u8 = 111;
pub const JUMP_IF_TRUE_OR_POP: u8 = 112;
pub const JUMP_ABSOLUTE: u8 = 113;
pub const POP_JUMP_IF_FALSE: u8 = 114;
pub const POP_JUMP_IF_TRUE: u8 = 115;
pub const LOAD_GLOBAL: u8 = 116;
pub const CONTINUE_LOOP: u8 = 119;
pub const SETUP_LOOP: u8 = 120;
pub const SETUP_EXCEPT: u8 = 121;
pub const SETUP_FINALLY: u8 = 122;
pub const LOAD_FAST: u8 = 124;
pub const STORE_FAST: u8 = 125;
pub const RAISE_VARARGS: u8 = 130;
pub const CALL_FUNCTION: u8 = 131;
pub const CALL_FUNCTION_VAR: u8 = 140;
pub const CALL_FUNCTION_KW: u8 = 141;
pub const CALL_FUNCTION_VAR_KW: u8 = 142;
pub const LOAD_DEREF: u8 = 136;
pub const STORE_DEREF: u8 = 137;
pub const SETUP_WITH: u8 = 143;
pub const EXTENDED_ARG: u8 = 145;
const STORE_SUBSCR: u8 = 60;

/// True for the four forms of a call.
pub fn is_call(opcode: u8) -> bool {
    matches!(opcode, CALL_FUNCTION | CALL_FUNCTION_VAR | CALL_FUNCTION_KW | CALL_FUNCTION_VAR_KW)
}

/// True for jumps that depend on a value.
pub fn is_conditional(opcode: u8) -> bool {
    matches!(opcode, JUMP_IF_FALSE_OR_POP | JUMP_IF_TRUE_OR_POP | POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE)
}

/// Stack slots below the result that a call takes: the arguments, without the callee.
pub fn call_arguments(opcode: u8, argument: u32) -> usize {
    let positional = (argument & 0xff) as usize;
    let keywords = (argument >> 8 & 0xff) as usize;
    let more = match opcode {
        CALL_FUNCTION_VAR | CALL_FUNCTION_KW => 1,
        CALL_FUNCTION_VAR_KW => 2,
        _ => 0,
    };
    positional + 2 * keywords + more
}

/// How many items an instruction takes off the stack and puts on it, on the way to the next instruction.
/// Shuffling instructions, stores and jumps are the caller's business.
pub fn effect(opcode: u8, argument: u32) -> (usize, usize) {
    let count = argument as usize;
    match opcode {
        // UNARY_*, GET_ITER, SLICE+0, YIELD_VALUE, LOAD_ATTR.
        10..=15 | GET_ITER | 30 | YIELD_VALUE | LOAD_ATTR => (1, 1),
        // BINARY_*, INPLACE_*, SLICE+1, SLICE+2, COMPARE_OP, IMPORT_NAME.
        19..=29 | 31 | 32 | 55..=59 | 62..=67 | 75..=79 | 107 | IMPORT_NAME => (2, 1),
        // SLICE+3, BUILD_CLASS.
        33 | 89 => (3, 1),
        // STORE_SLICE+0, DELETE_SLICE+1/+2, DELETE_SUBSCR, PRINT_ITEM_TO, STORE_ATTR, STORE_MAP, MAP_ADD.
        40 | 51 | 52 | 61 | 73 | STORE_ATTR | 54 | 147 => (2, 0),
        // STORE_SLICE+1/+2, DELETE_SLICE+3, STORE_SUBSCR, EXEC_STMT.
        41 | 42 | 53 | STORE_SUBSCR | 85 => (3, 0),
        // STORE_SLICE+3.
        43 => (4, 0),
        // POP_TOP, DELETE_SLICE+0, PRINT_EXPR, PRINT_ITEM, PRINT_NEWLINE_TO, WITH_CLEANUP, RETURN_VALUE, IMPORT_STAR,
        // END_FINALLY, stores of names, LIST_APPEND, SET_ADD, DELETE_ATTR.
        POP_TOP | 50 | 70 | 71 | 74 | 81 | RETURN_VALUE | 84 | END_FINALLY | STORE_NAME | STORE_GLOBAL | STORE_FAST
        | STORE_DEREF | 94 | 146 | 96 => (1, 0),
        // LOAD_LOCALS, LOAD_CONST, LOAD_NAME, BUILD_MAP, LOAD_GLOBAL, LOAD_FAST, LOAD_CLOSURE, LOAD_DEREF.
        82 | LOAD_CONST | LOAD_NAME | 105 | LOAD_GLOBAL | LOAD_FAST | 135 | LOAD_DEREF => (0, 1),
        UNPACK_SEQUENCE => (1, count),
        // BUILD_TUPLE, BUILD_LIST, BUILD_SET, BUILD_SLICE.
        102..=104 | 133 => (count, 1),
        // IMPORT_FROM.
        109 => (1, 2),
        RAISE_VARARGS => (count, 0),
        // MAKE_FUNCTION, MAKE_CLOSURE.
        132 => (count + 1, 1),
        134 => (count + 2, 1),
        _ if is_call(opcode) => (call_arguments(opcode, argument) + 1, 1),
        _ => (0, 0),
    }
}

/// An instruction with its argument, `EXTENDED_ARG` folded in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Offset of the opcode itself (after an `EXTENDED_ARG`): what `f_lasti` shows while it runs.
    pub offset: u32,
    /// Opcode.
    pub opcode: u8,
    /// Argument; 0 where there is none.
    pub argument: u32,
    /// Offset of the instruction after.
    pub next: u32,
}

impl Instruction {
    /// Where it jumps to, or for a `SETUP_*` where its handler or end is.
    pub fn target(&self) -> Option<u32> {
        match self.opcode {
            FOR_ITER | JUMP_FORWARD | SETUP_LOOP | SETUP_EXCEPT | SETUP_FINALLY | SETUP_WITH => {
                self.next.checked_add(self.argument)
            }
            JUMP_ABSOLUTE | CONTINUE_LOOP => Some(self.argument),
            opcode if is_conditional(opcode) => Some(self.argument),
            _ => None,
        }
    }
}

/// The instructions of `code`, in order; what is cut off at the end is left out.
pub fn disassemble(code: &[u8]) -> Vec<Instruction> {
    let mut instructions = Vec::with_capacity(code.len() / 2);
    let mut at = 0_usize;
    let mut extended = 0_u32;
    while let Some(&opcode) = code.get(at) {
        let offset = at as u32;
        let mut argument = 0;
        at += 1;
        if opcode >= HAVE_ARGUMENT {
            let Some(&[low, high]) = code.get(at..at + 2).and_then(|b| b.first_chunk()) else {
                break;
            };
            argument = u32::from(u16::from_le_bytes([low, high])) | extended << 16;
            at += 2;
        }
        if opcode == EXTENDED_ARG {
            extended = argument;
            continue;
        }
        extended = 0;
        instructions.push(Instruction { offset, opcode, argument, next: at as u32 });
    }
    instructions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_arguments_and_a_cut_end() {
        let code = [EXTENDED_ARG, 1, 0, LOAD_CONST, 2, 0, RETURN_VALUE, LOAD_FAST, 1];
        let found = disassemble(&code);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].offset, found[0].argument, found[0].next), (3, 0x1_0002, 6));
        assert_eq!((found[1].offset, found[1].opcode), (6, RETURN_VALUE));
    }

    #[test]
    fn calls_take_their_arguments() {
        assert_eq!(effect(CALL_FUNCTION, 2 | 1 << 8), (5, 1));
        assert_eq!(effect(CALL_FUNCTION_VAR_KW, 1), (4, 1));
    }
}
