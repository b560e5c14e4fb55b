//! Addresses, regions and the sources that a target's memory can be read from.
//!
//! A [`MemorySource`] answers "give me these bytes"; a live process, a recorded image, an ELF core and the
//! tests' synthetic images all do. Decoding works on a [`MemoryImage`]: the copied pages in one flat buffer with
//! a page table over it, so that following a pointer costs two loads and never touches the target.

mod address;
mod core;
mod flat;
mod image;
mod leftovers;
mod modules;
pub mod output;
mod pages;
mod recorded;
mod region;
mod source;

pub use self::core::{Core, CoreError, CoreModules, CoreProblem, CoreThread, open_mapped_file, read_core};
pub use address::{Address, PAGE_BYTES};
pub use flat::{is_zero_page, untouched};
pub use image::{FlatOffset, ImageBuilder, MemoryImage};
pub use leftovers::{remove_unfinished, temporary_folder};
pub use modules::{
    ConstantModules, ElfError, FileSymbol, LoadedModule, ModuleFile, ModuleView, Segment, Symbol, SymbolTable, Wanted,
    check_machine, is_file_data, load_bias,
};
pub use pages::{PageRun, PageState};
pub use recorded::{
    Base, Effort, Manifest, RECORDING_VERSION, ReadRecording, RecordError, RecordProblem, Recording, SealedError,
    SealedKind, Transform, WriteOptions, WrittenRecording, read_recording, read_recording_from, read_sealed,
    write_recording, write_sealed,
};
pub use region::{Permissions, Region, RegionKind};
pub use source::{MemorySource, ReadError, ReadPiece};
