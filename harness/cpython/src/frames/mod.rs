//! Frames of a running interpreter, read without stopping it.
pub mod bytecode;
