//! CPython 3.10: what is otherwise than in 3.11.
//!
//! A call is an object, and a generator has a pointer to its own; an instance has a pointer to its dict or none, and dicts
//! share keys; keys tell their size and by which function they are looked up; code has its instructions as bytes, which
//! remember beside themselves what they met, and a table of ranges of lines.

use bloathound_heap::{CodeFields, SeriesWords};

use super::eleven::{RELEASE_11, RUNTIME_11};
use super::{fixed, opcodes, told, types};
use crate::dialect::layout::{self, DictValues, KeysForm};
use crate::dialect::{
    Attributes, Dialect, Frames, InstructionEncoding, KnownTypes, LineTableKind, Naming, ReferenceCounts, SymbolNames,
};

/// CPython 3.10.
pub static CPYTHON_3_10: Dialect = Dialect {
    series: "3.10",
    symbols: SymbolNames { since: &[], ..RELEASE_11.symbols },
    attributes: Attributes::DictSlot,
    frames: Frames::Objects,
    reference_counts: ReferenceCounts::Plain,
    instruction_encoding: InstructionEncoding::Words,
    line_table: LineTableKind::Ranges,
    type_object: layout::TypeObject { heap_bytes: 888, ..RELEASE_11.type_object },
    flags: layout::TypeFlags { inline_values: 0, managed_dict: 0, ..RELEASE_11.flags },
    long: layout::LongObject { digits_min: 0, ..RELEASE_11.long },
    dict: layout::DictObject {
        keys: layout::DictKeys {
            form: KeysForm::Sized { places: 8, lookup: 16 },
            usable: 24,
            entries: 32,
            indices: 40,
            text_entry: RELEASE_11.dict.keys.general_entry,
            values: DictValues::Bare,
            ..RELEASE_11.dict.keys
        },
        ..RELEASE_11.dict
    },
    generator: layout::GeneratorObject {
        gi_frame: 16,
        gi_code: 24,
        frame_state: 0,
        gi_qualname: 48,
        ..RELEASE_11.generator
    },
    code: layout::CodeObject {
        co_argcount: 16,
        co_nlocals: 28,
        co_stacksize: 32,
        co_flags: 36,
        co_firstlineno: 40,
        co_code: 48,
        co_names: 64,
        co_varnames: 72,
        co_freevars: 80,
        co_cellvars: 88,
        co_filename: 104,
        co_name: 112,
        co_lnotab: 120,
        constant: (16, 128),
        co_zombieframe: 128,
        variables: layout::CodeVariables::NONE,
        caches: layout::CodeCaches { arguments: 96, map: 152, entries: 160, count: 172, entry_bytes: 32 },
        ..RELEASE_11.code
    },
    frame: layout::FrameObject {
        f_back: 24,
        f_code: 32,
        f_builtins: 40,
        f_globals: 48,
        f_locals: 56,
        f_valuestack: 64,
        f_trace: 72,
        f_stackdepth: 80,
        f_lasti: 96,
        f_iblock: 104,
        f_state: 108,
        f_blockstack: 112,
        try_block_bytes: 12,
        blocks_max: 20,
        f_localsplus: 352,
        ..RELEASE_11.frame
    },
    instructions: opcodes::ten::INSTRUCTIONS,
    interpreter_frame: layout::InterpreterFrame::NONE,
    exceptions: layout::ExceptionObjects { base_bytes: 64, ..RELEASE_11.exceptions },
    thread_state: layout::ThreadState {
        read_bytes: 280,
        frame: 24,
        frame_behind: None,
        exc_type: 112,
        // `c_tracefunc`, the lower half of it.
        use_tracing: 64,
        thread_id: 176,
        fields: &[
            (72, "c_profileobj"),
            (80, "c_traceobj"),
            (88, "curexc_type"),
            (96, "curexc_value"),
            (104, "curexc_traceback"),
            (112, "exc_type"),
            (120, "exc_value"),
            (128, "exc_traceback"),
            (152, "dict"),
            (168, "async_exc"),
            (224, "async_gen_firstiter"),
            (232, "async_gen_finalizer"),
            (240, "context"),
        ],
        data_chunk: 0,
        chunk: (0, 0),
        ..RELEASE_11.thread_state
    },
    interpreter_state: layout::InterpreterState {
        read_bytes: 3512,
        next: 0,
        tstate_head: 8,
        modules: 856,
        fields: &[
            (856, "modules"),
            (864, "modules_by_index"),
            (872, "sysdict"),
            (880, "builtins"),
            (888, "importlib"),
            (912, "codec_search_path"),
            (920, "codec_search_cache"),
            (928, "codec_error_registry"),
            (1344, "dict"),
            (1352, "builtins_copy"),
            (1360, "import_func"),
        ],
    },
    runtime: Some(layout::Runtime {
        bytes: 672,
        interpreter_bytes: 113_528,
        head: 32,
        main: 40,
        gc: 616,
        current_thread: Some(568),
        type_cache: layout::TypeCache { at: 15_216, ..RUNTIME_11.type_cache },
        ..RUNTIME_11
    }),
    types: KnownTypes {
        fixed: &fixed::FIXED_10,
        sizes: &types::SIZES_10,
        cores: types::CORES,
        exception_fields: &[
            (16, "__dict__", true),
            (24, "args", true),
            (32, "__traceback__", true),
            (40, "__context__", true),
            (48, "__cause__", true),
        ],
        exception_bytes: 64,
        frame_fields: &[
            (24, "f_back"),
            (32, "f_code"),
            (40, "f_builtins"),
            (48, "f_globals"),
            (56, "f_locals"),
            (72, "f_trace"),
        ],
        generator_fields: &[],
        core_fields: &[types::STG_DICT],
        values: &types::VALUES_10,
        // `clear_freelists` of `Modules/gcmodule.c`.
        cleared: &[
            "frame",
            "tuple",
            "float",
            "list",
            "dict",
            "async_generator_asend",
            "async_generator_wrapped_value",
            "Context",
        ],
        naming: Naming {
            fields: &["__name__", "__qualname__", "__module__", "co_name", "gi_name", "gi_qualname"],
            lists: &["co_names", "co_varnames", "co_freevars", "co_cellvars", "__slots__"],
            ..RELEASE_11.types.naming
        },
        ..RELEASE_11.types
    },
    words: SeriesWords {
        code: CodeFields { free_variables: "co_freevars", variables: "co_varnames", ..told::WORDS.code },
        ..RELEASE_11.words
    },
    ..RELEASE_11
};
