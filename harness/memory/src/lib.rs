//! Addresses, regions and the sources that a target's memory can be read from.
//!
//! A [`MemorySource`] answers "give me these bytes"; a live process, a recorded image, an ELF core and the
//! tests' synthetic images all do. Decoding works on a [`MemoryImage`]: the copied pages in one flat buffer with
//! a page table over it, so that following a pointer costs two loads and never touches the target.

mod address;
mod elf;
mod image;
mod interpreter;
mod region;
mod source;
mod symbols;

pub use address::{Address, PAGE_BYTES};
pub use elf::{ElfError, Segment, check_machine};
pub use image::{FlatOffset, ImageBuilder, MemoryImage};
pub use interpreter::{InterpreterError, find_interpreter};
pub use region::{Permissions, Region, RegionKind};
pub use source::{MemorySource, ReadError};
pub use symbols::{Symbol, SymbolTable};
