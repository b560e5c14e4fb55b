//! CPython 2.7 layouts and decoding: bytes to heap, arenas and frames.
//!
//! [`Interpreter::locate`] finds the interpreter's own data in a target by symbols (or by shape in a stripped build),
//! [`decode`] turns a copied [`bloathound_memory::MemoryImage`] into a [`bloathound_heap::HeapSnapshot`].

mod code_search;
pub mod decode;
pub mod frames;
mod interpreter;
pub mod layouts;
pub mod memory_layout;
mod needed;
mod shape_search;

pub use decode::{Decoded, decode, describe, string_bytes};
pub use interpreter::{Interpreter, LocateError, UnicodeWidth};
pub use needed::{Needed, is_telling};
