//! Finding an interpreter in a target: which module it is, and where its own data is.

mod checks;
mod code_search;
mod locate;
mod module;
mod runtime;
mod shape_search;

pub use module::{InterpreterError, exported_only, find_interpreter_in, find_interpreter_in_core};
