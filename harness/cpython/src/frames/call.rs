//! A running call, whatever it is: an object, or a piece of a thread's own memory.

use bloathound_memory::Address;

use crate::dialect::{Dialect, Frames};
use crate::objects::{half_at, word_at};

/// Where a call keeps its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallLayout {
    /// The calling frame.
    pub caller: u64,
    /// Its code.
    pub code: u64,
    /// The dict of module level and class level code.
    pub locals: u64,
    pub globals: u64,
    pub builtins: u64,
    /// Variables, then the value stack. All else stands before.
    pub slots: u64,
}

impl CallLayout {
    pub(super) fn of(d: &Dialect) -> Self {
        match d.frames {
            Frames::Objects => Self {
                caller: d.frame.f_back,
                code: d.frame.f_code,
                locals: d.frame.f_locals,
                globals: d.frame.f_globals,
                builtins: d.frame.f_builtins,
                slots: d.frame.f_localsplus,
            },
            // `f_globals`, `f_builtins`, `f_locals` stand in this order in all series.
            Frames::InterpreterFrames { .. } => Self {
                caller: d.interpreter_frame.previous,
                code: d.interpreter_frame.executable,
                locals: d.interpreter_frame.locals,
                globals: d.interpreter_frame.locals.saturating_sub(16),
                builtins: d.interpreter_frame.locals.saturating_sub(8),
                slots: d.interpreter_frame.variables,
            },
        }
    }
}

/// Bytecode offset of the instruction that the call with the head `head`, which runs `code`, is at, of `bytes` of bytecode:
/// `Some(None)` before the first, `None` for what can't be.
pub(super) fn instruction(d: &Dialect, head: &[u8], code: Address, bytes: u32) -> Option<Option<u32>> {
    let at = match d.frames {
        Frames::Objects => {
            let steps = Some(half_at(head, d.frame.f_lasti)).filter(|at| *at != u32::MAX);
            steps.map(|steps| steps.saturating_mul(d.instruction_encoding.lasti_bytes()))
        }
        Frames::InterpreterFrames { holds_next_instruction } => {
            return at_pointer(d, holds_next_instruction, word_at(head, d.interpreter_frame.instruction), code, bytes);
        }
    };
    at.is_none_or(|at| at < bytes).then_some(at)
}

/// The same by the pointer to the instruction.
fn at_pointer(d: &Dialect, holds_next: bool, pointer: u64, code: Address, bytes: u32) -> Option<Option<u32>> {
    let begin = code.offset(d.code.co_code).0;
    // Where it points at the last one begun, it points in front of all before the first.
    if !holds_next && pointer.checked_add(2) == Some(begin) {
        return Some(None);
    }
    let at = u32::try_from(pointer.checked_sub(begin)?).ok()?;
    (at < bytes && at.is_multiple_of(2)).then_some(Some(at))
}
