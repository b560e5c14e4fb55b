//! Modules: the ELF files that are mapped in a target, their symbols, and what of their constants has to be copied.

mod constants;
mod elf;
mod file;
mod loaded;
mod symbols;

pub use constants::{ConstantModules, is_file_data};
pub(crate) use elf::Module;
pub use elf::{ElfError, FileSymbol, Segment, check_machine};
pub use file::{ModuleFile, ModuleView, Wanted, load_bias};
pub(crate) use loaded::Headers;
pub use loaded::LoadedModule;
pub use symbols::{Symbol, SymbolTable};
