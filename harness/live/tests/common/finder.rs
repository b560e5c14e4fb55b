//! Which module of a process is the interpreter: asked of the room that knows, since this one does not.

use bloathound_cpython::{InterpreterError, find_interpreter_in};
use bloathound_live::Process;
use bloathound_memory::SymbolTable;

/// The interpreter's module and its symbols.
pub fn interpreter(process: &Process) -> Result<SymbolTable, InterpreterError> {
    find_interpreter_in(process, Some(process.executable()), &mut |region| process.open_region(region))
}
