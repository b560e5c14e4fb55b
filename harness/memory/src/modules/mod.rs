//! Modules: the ELF files that are mapped in a target, their symbols, and what of their constants has to be copied.

mod constants;
mod elf;
mod loaded;
mod symbols;
mod view;

pub use constants::{ConstantModules, is_file_data};
pub(crate) use elf::Module;
pub use elf::{ElfError, FileSymbol, Segment, check_machine};
pub(crate) use loaded::Headers;
pub use loaded::LoadedModule;
pub use symbols::{Symbol, SymbolTable};
pub use view::{ModuleFile, ModuleView, Wanted, load_bias};
