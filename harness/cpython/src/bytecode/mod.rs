//! What bytecode tells about loops, without running it.
//!
//! [`analyse`] follows the stack symbolically through a code object: which names each condition and each assignment
//! depends on. From that come the back-jump ranges, the branches that can leave them, what those depend on, and how
//! deep the value stack is at each instruction (where a call's callee and a loop's iterator are to be found).

mod blocks;
mod elsewhere;
mod flow;
mod handlers;
mod instructions;
mod loops;
mod origin;
mod slices;
mod tries;
mod twice;
mod words;

use std::sync::Arc;

use bloathound_profile::{Loop, Returns, Try};

pub use flow::Flow;
pub use handlers::{Range, ranges};
pub(crate) use instructions::can_be_read;
pub use origin::Origin;
pub use words::{Word, compiled, places};

use crate::dialect::{Dialect, InstructionEncoding};
use instructions::Instruction;

/// The names a code object's instructions refer to by index.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// `co_varnames`.
    pub locals: Vec<Arc<str>>,
    /// `co_cellvars`, then `co_freevars`.
    pub cells: Vec<Arc<str>>,
    /// `co_names`.
    pub names: Vec<Arc<str>>,
}

/// What was learned of one code object.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Its loops, outer ones before those inside them.
    pub loops: Vec<Loop>,
    /// What the function's result depends on.
    pub returns: Returns,
    /// Depth of the value stack before the instruction, and how far below the top the callee is, for each call.
    pub calls: Vec<CallSite>,
    /// For each loop over an iterator: index into `loops` and the iterator's slot on the value stack.
    pub iterators: Vec<(u32, u32)>,
    /// Names that module-level code uses inside its loops: what to look up in its dictionary.
    pub loop_names: Vec<Arc<str>>,
    /// Its `try` statements with `except`.
    pub tries: Vec<Try>,
}

/// A call instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSite {
    /// Bytecode offset.
    pub offset: u32,
    /// Slot of the callee on the value stack; `None` where the depth is not known.
    pub callee_slot: Option<u32>,
    /// Slots between the callee's and the first argument's.
    pub receivers: u32,
    /// Arguments by position: the slots behind the callee's. The tuple of `*arguments` is one where none has a name.
    pub positional: u32,
}

/// Longer code objects are only searched for back jumps; following every name through them takes too long.
const INSTRUCTIONS_MAX: usize = 8000;

/// Analyses the bytecode `code` of a series; `line_at` gives the line of an offset.
pub fn analyse(d: &'static Dialect, code: &[u8], names: &Names, line_at: &dyn Fn(u32) -> u32) -> Analysis {
    analyse_with_handlers(d, code, &[], names, line_at)
}

/// The same of code beside which a table `exceptions` says what handles these.
pub fn analyse_with_handlers(
    d: &'static Dialect,
    code: &[u8],
    exceptions: &[u8],
    names: &Names,
    line_at: &dyn Fn(u32) -> u32,
) -> Analysis {
    let ranges = ranges(exceptions);
    let instructions = match &d.instructions.words {
        None => plain(d, code),
        Some(words) => {
            let mut instructions = words::disassemble(d, words, code);
            if instructions.len() <= INSTRUCTIONS_MAX {
                twice::join(&mut instructions);
            }
            handlers::with_setups(instructions, &ranges)
        }
    };
    let tries_of = |flow: &Flow| match d.instructions.words {
        None if d.instruction_encoding == InstructionEncoding::Words => blocks::tries(&flow.instructions),
        None => tries::find(flow),
        Some(_) => handlers::tries(&flow.instructions, &ranges),
    };
    if instructions.len() > INSTRUCTIONS_MAX {
        return unknown(d, instructions, line_at, &tries_of);
    }
    let flow = match Flow::follow(d, instructions, names) {
        Ok(flow) => flow,
        Err(instructions) => return unknown(d, instructions, line_at, &tries_of),
    };
    let mut loops = loops::find(&flow, line_at);
    let mut iterators = Vec::new();
    for (index, found) in loops.iter_mut().enumerate() {
        slices::describe(&flow, found);
        if let Some(slot) = flow.iterator_slot(found.first) {
            iterators.push((index as u32, slot));
        }
    }
    let calls = flow.call_sites();
    let loop_names = flow.names_within(&loops, names);
    let tries = tries_of(&flow);
    Analysis { loops, returns: slices::returns(&flow), calls, iterators, loop_names, tries }
}

/// The instructions of a series that has no table of exceptions.
fn plain(d: &'static Dialect, code: &[u8]) -> Vec<Instruction> {
    match d.instruction_encoding {
        InstructionEncoding::Words => {
            let mut instructions = blocks::disassemble(d, code);
            if instructions.len() <= INSTRUCTIONS_MAX {
                twice::join(&mut instructions);
            }
            instructions
        }
        InstructionEncoding::OneOrThreeBytes | InstructionEncoding::WordsWithCaches => {
            instructions::disassemble(d, code)
        }
    }
}

/// Only the back jumps and the `try` statements.
fn unknown(
    d: &'static Dialect,
    instructions: Vec<Instruction>,
    line_at: &dyn Fn(u32) -> u32,
    tries_of: &dyn Fn(&Flow) -> Vec<Try>,
) -> Analysis {
    let flow = Flow::unknown(d, instructions);
    let mut loops = loops::find(&flow, line_at);
    loops.iter_mut().for_each(slices::describe_unknown);
    let returns = Returns { is_opaque: true, ..Returns::default() };
    Analysis { loops, returns, tries: tries_of(&flow), ..Analysis::default() }
}

#[cfg(test)]
mod tests;
