//! A series of CPython as a value: everything in which one series differs from another, as data.
//!
//! Offsets and sizes are structs that name the C structures they are of ([`layout`]); what differs by more than a number is
//! one of a handful of enums ([`structure`]). There is one value a series, in a file of its own; an
//! [`Interpreter`](crate::Interpreter) carries the one that its target was checked against.

mod bytecode;
mod cpython_2_7;
mod cpython_3;
mod known_types;
pub mod layout;
mod obmalloc;
mod overrides;
mod releases;
mod structure;
mod symbols;
mod tasks;

use bloathound_heap::SeriesWords;

pub use bytecode::{Effect, Instructions, Monitored, Operation, WordInstructions};
pub use cpython_2_7::CPYTHON_2_7;
pub use cpython_3::{CPYTHON_3_10, CPYTHON_3_11, CPYTHON_3_12, CPYTHON_3_13};
pub use known_types::{
    BufferType, Chain, Core, Field, FixedType, KnownTypes, Naming, SingledOut, TeeData, ValueParts, ValueType, WordType,
};
pub use obmalloc::{ArenaObject, BITMAP_WORDS, Obmalloc, PoolHeader};
pub(crate) use releases::with_runtime;
pub use releases::{Refused, refused, release_of};
pub use structure::{
    AllocatorState, Attributes, Collection, CollectorHeads, DictTable, DigitCount, Frames, InstructionEncoding,
    LineTableKind, NotYetRead, ReferenceCounts, StaticTypeState, TextStorage, TypesOfC,
};
pub use symbols::{EVALUATORS, EXPORTED_PREFIXES, EXPORTED_TYPES, SUPPORTED, SymbolNames};
pub use tasks::{TaskClass, TaskObject, Tasks};

/// The blocks that ints and floats live in, never given back to the system (`Objects/intobject.c`, `floatobject.c`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberBlockRules {
    /// `BHEAD_SIZE`: the link to the next block.
    pub header_bytes: u64,
    /// `sizeof(PyIntObject)` and `sizeof(PyFloatObject)`.
    pub number_bytes: u64,
    /// `N_INTOBJECTS` and `N_FLOATOBJECTS`: numbers in a block.
    pub numbers: u32,
}

impl NumberBlockRules {
    /// `BLOCK_SIZE` of both files, rounded down to whole objects.
    #[must_use]
    pub const fn block_bytes(&self) -> u64 {
        self.header_bytes + self.numbers as u64 * self.number_bytes
    }
}

/// Where the standard library keeps what a program calls its threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ThreadNames {
    /// The module that starts threads.
    pub module: &'static str,
    /// Its dict of those that run, by their numbers.
    pub running: &'static str,
    /// The attribute of each with its name.
    pub name: &'static str,
}

/// The series that was there first: recordings that name none are of it, and a target that does not tell its release.
pub const FIRST: &Dialect = &CPYTHON_2_7;

/// All that are read, the oldest first.
pub const ALL: [&Dialect; 5] = [&CPYTHON_2_7, &CPYTHON_3_10, &CPYTHON_3_11, &CPYTHON_3_12, &CPYTHON_3_13];

/// A series of CPython.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dialect {
    /// Major and minor number, such as `2.7`.
    pub series: &'static str,
    /// Names of the interpreter's own symbols.
    pub symbols: SymbolNames,
    /// Where an instance keeps its attributes.
    pub attributes: Attributes,
    /// What a running call is.
    pub frames: Frames,
    /// Where pymalloc keeps its state.
    pub allocator_state: AllocatorState,
    /// What a reference count may say beside a number.
    pub reference_counts: ReferenceCounts,
    /// Which unreachable cycles the collector leaves alone.
    pub collection: Collection,
    /// How a dict keeps its entries.
    pub dict_table: DictTable,
    /// How instructions stand in a code object.
    pub instruction_encoding: InstructionEncoding,
    /// How a code object tells lines.
    pub line_table: LineTableKind,
    /// What heads of the collector's lists say.
    pub collector_heads: CollectorHeads,
    /// What text and names are.
    pub text: TextStorage,
    /// Where the dicts and subclasses of types in C are.
    pub static_types: StaticTypeState,
    /// Which types are made in C.
    pub types_of_c: TypesOfC,
    /// A call that was interrupted is made again by the interpreter itself (PEP 475).
    pub repeats_interrupted_calls: bool,
    /// What a program calls its threads.
    pub thread_names: ThreadNames,
    /// What its event loops run; `None` where the standard library has none.
    pub tasks: Option<Tasks>,
    /// `PyObject` and `PyVarObject`.
    pub object: layout::Object,
    /// `PyTypeObject` and `PyHeapTypeObject`.
    pub type_object: layout::TypeObject,
    /// Bits of `tp_flags`.
    pub flags: layout::TypeFlags,
    /// `PyMemberDef`.
    pub member_def: layout::MemberDef,
    /// The collector's head in front of tracked objects.
    pub collector: layout::Collector,
    /// `PyIntObject` and `PyFloatObject`.
    pub number: layout::NumberObject,
    /// `PyLongObject`.
    pub long: layout::LongObject,
    /// `PyStringObject`.
    pub string: layout::StringObject,
    /// `PyUnicodeObject`.
    pub unicode: layout::UnicodeObject,
    /// `PyByteArrayObject`.
    pub byte_array: layout::ByteArrayObject,
    /// `arrayobject` and `struct arraydescr`.
    pub array: layout::ArrayObject,
    /// `PyListObject`.
    pub list: layout::ListObject,
    /// `PyTupleObject`.
    pub tuple: layout::TupleObject,
    /// `PyDictObject` and `PyDictEntry`.
    pub dict: layout::DictObject,
    /// `PySetObject` and `setentry`.
    pub set: layout::SetObject,
    /// `dequeobject`.
    pub deque: layout::DequeObject,
    /// `PyWeakReference`.
    pub weak_reference: layout::WeakReferenceObject,
    /// `PyFunctionObject`.
    pub function: layout::FunctionObject,
    /// `PyMethodObject`.
    pub method: layout::MethodObject,
    /// `PyCFunctionObject` and `PyMethodDef`.
    pub c_function: layout::CFunctionObject,
    /// `PyDescrObject`.
    pub descriptor: layout::DescriptorObject,
    /// `PyClassObject`.
    pub class: layout::ClassObject,
    /// `PyInstanceObject`.
    pub instance: layout::InstanceObject,
    /// `PyModuleObject`.
    pub module: layout::ModuleObject,
    /// `PyCellObject`.
    pub cell: layout::CellObject,
    /// `PyGenObject`.
    pub generator: layout::GeneratorObject,
    /// `PyFileObject`.
    pub file: layout::FileObject,
    /// `PyCodeObject`.
    pub code: layout::CodeObject,
    /// `PyFrameObject`.
    pub frame: layout::FrameObject,
    /// `_PyInterpreterFrame`.
    pub interpreter_frame: layout::InterpreterFrame,
    /// Exceptions and tracebacks.
    pub exceptions: layout::ExceptionObjects,
    /// `PyThreadState`.
    pub thread_state: layout::ThreadState,
    /// `PyInterpreterState`.
    pub interpreter_state: layout::InterpreterState,
    /// `_PyRuntimeState`: by what a series without file-local variables finds its data.
    pub runtime: Option<layout::Runtime>,
    /// pymalloc's arenas, pools and blocks.
    pub obmalloc: Obmalloc,
    /// Blocks of ints and floats.
    pub number_blocks: NumberBlockRules,
    /// Bytecode.
    pub instructions: Instructions,
    /// What is known of built-in types.
    pub types: KnownTypes,
    /// What types and fields are called, for whoever tells of them.
    pub words: SeriesWords,
}

impl Dialect {
    /// The refusal of what is laid out in a way that nobody wrote a reader for.
    pub(crate) fn not_yet_read(&self, what: &'static str) -> NotYetRead {
        NotYetRead { what, series: self.series }
    }

    /// What may stand in front of a collector's head: of some types, by their flags.
    #[must_use]
    pub const fn header_bytes(&self) -> u64 {
        match self.attributes {
            Attributes::DictSlot => 0,
            Attributes::ValuesBefore { header_bytes, .. }
            | Attributes::TaggedBefore { header_bytes, .. }
            | Attributes::Inline { header_bytes, .. } => header_bytes,
        }
    }

    /// The major version, such as 2.
    #[must_use]
    pub fn major(&self) -> u8 {
        self.series.split('.').next().and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// The dialect of a release such as `2.7.18`; `None` for a series that nobody wrote down yet.
    #[must_use]
    pub fn of_version(version: &str) -> Option<&'static Self> {
        let end = version.match_indices('.').nth(1).map_or(version.len(), |(at, _)| at);
        Self::of_series(version.get(..end)?)
    }

    /// The dialect of a series such as `2.7`; `None` for one that nobody wrote down yet.
    #[must_use]
    pub fn of_series(series: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|dialect| dialect.series == series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_leads_to_its_series() {
        assert_eq!(Dialect::of_version("2.7.18rc1+").map(|d| d.series), Some("2.7"));
        assert_eq!(Dialect::of_version("2.7").map(|d| d.series), Some("2.7"));
        assert_eq!(Dialect::of_version("2.70.1"), None);
        assert_eq!(Dialect::of_version(""), None);
    }

    #[test]
    fn messages_name_the_series_that_are_read() {
        let (last, before) =
            ALL.map(|dialect| dialect.series).split_last().map(|(last, before)| (*last, before.join(", "))).unwrap();
        assert_eq!(SUPPORTED, format!("CPython {before} and {last}"));
        assert_eq!(CPYTHON_3_13.major(), 3);
        assert_eq!(CPYTHON_2_7.major(), 2);
    }

    #[test]
    fn numbers_that_follow_from_others_are_those_of_the_headers() {
        let rules = &CPYTHON_2_7.obmalloc;
        assert_eq!((rules.pools_per_arena(), rules.blocks_per_pool(8)), (64, 506));
        let most = rules.blocks_per_pool(rules.alignments[0]);
        let more = CPYTHON_3_13.obmalloc.blocks_per_pool(16);
        assert_eq!(CPYTHON_3_13.obmalloc.pools_per_arena(), 64);
        let most = most.max(more);
        assert!(most as usize <= BITMAP_WORDS * 64, "{most} blocks have no place in a pool's bitmap");
        assert_eq!(CPYTHON_2_7.number_blocks.block_bytes(), 992);
        assert_eq!(CPYTHON_2_7.number_blocks.number_bytes, CPYTHON_2_7.number.bytes);
        assert_eq!(CPYTHON_2_7.types.frame_fields[0], (CPYTHON_2_7.frame.f_back, "f_back"));
        assert_eq!(CPYTHON_2_7.types.type_fields[0], (CPYTHON_2_7.type_object.tp_dict, "__dict__", true));
    }

    #[test]
    fn every_opcode_is_there_once() {
        let opcodes = CPYTHON_2_7.instructions.opcodes;
        assert!(opcodes.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
