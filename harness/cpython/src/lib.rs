//! CPython's layouts and decoding: bytes to heap, arenas and frames.
//!
//! What differs between series of CPython is data: a [`dialect::Dialect`], of which [`dialect::CPYTHON_2_7`] is the first.
//!
//! [`Interpreter::locate`] finds the interpreter's own data in a target by symbols (or by shape in a stripped build),
//! [`decode`] turns a copied [`bloathound_memory::MemoryImage`] into a [`bloathound_heap::HeapSnapshot`].

pub mod allocator;
pub mod bytecode;
mod collector;
pub mod decode;
pub mod dialect;
mod find;
pub mod frames;
mod interpreter;
mod needed;
mod objects;
mod redaction;

pub use collector::{CollectorState, Generation, LongLived, UntilFull};
pub use decode::{Decoded, analysis_bytes, decode, decode_telling, decode_with, describe, string_bytes};
pub use find::{InterpreterError, exported_only, find_interpreter_in, find_interpreter_in_core};
pub use interpreter::{Interpreter, LocateError, UnicodeWidth};
pub use needed::Needed;
pub use redaction::{FOLDER_FILL, Redaction};
