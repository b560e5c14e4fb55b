//! CPython 3.11: what is otherwise than in 3.12.
//!
//! An instance has two words in front of it, for its attributes' values and for its dict; no count says that an object lives for ever; types keep
//! their dicts and subclasses themselves; pymalloc's arenas and the interned strings are file-local variables, and the runtime
//! has the thread that runs; a call begins with its function, and generators have their code beside it.

use super::twelve::RELEASE_12;
use super::{RUNTIME, fixed, opcodes, symbols, types};
use crate::dialect::{
    AllocatorState, Attributes, Dialect, DigitCount, KnownTypes, ReferenceCounts, StaticTypeState, SymbolNames, layout,
};

/// CPython 3.11.
pub static CPYTHON_3_11: Dialect = RELEASE_11;

/// What the series before it is told from.
pub(super) const RELEASE_11: Dialect = Dialect {
    series: "3.11",
    symbols: SymbolNames {
        local: &["_PyRuntime", "Py_Version", "arenas", "maxarenas", "interned"],
        arenas: "arenas",
        maxarenas: "maxarenas",
        interned: "interned",
        ..symbols::SYMBOLS
    },
    attributes: Attributes::ValuesBefore { values_back: 32, dict_back: 24, header_bytes: 16 },
    allocator_state: AllocatorState::Symbols,
    reference_counts: ReferenceCounts::SingletonsUncounted,
    static_types: StaticTypeState::InTypeByDict,
    type_object: layout::TypeObject {
        bytes: 408,
        ht_name: 848,
        ht_slots: 856,
        ht_cached_keys: 872,
        heap_bytes: 904,
        ..RELEASE_12.type_object
    },
    flags: layout::TypeFlags { managed_weakref: 0, static_builtin: 0, ..RELEASE_12.flags },
    long: layout::LongObject { count: DigitCount::SignedSize, ..RELEASE_12.long },
    unicode: layout::UnicodeObject {
        str: 72,
        bytes: 80,
        compact: layout::CompactText {
            ascii_bytes: 48,
            wide_bytes: 72,
            utf8_length: 48,
            utf8: 56,
            data: 72,
            ..RELEASE_12.unicode.compact
        },
        ..RELEASE_12.unicode
    },
    generator: layout::GeneratorObject {
        gi_frame: 80,
        gi_code: 16,
        frame_state: 75,
        // `FRAME_CREATED` too: its frame runs once, for the exception that ends it.
        states_ended: &[-2, -1],
        gi_qualname: 40,
        ..RELEASE_12.generator
    },
    code: layout::CodeObject {
        co_argcount: 56,
        co_stacksize: 68,
        co_firstlineno: 72,
        co_code: 184,
        // Behind what counts how often it was called.
        constant: (56, 144),
        variables: layout::CodeVariables { count: 76, names: 96, frame_words: 0 },
        ..RELEASE_12.code
    },
    instructions: opcodes::eleven::INSTRUCTIONS,
    interpreter_frame: layout::InterpreterFrame {
        executable: 32,
        previous: 48,
        locals: 24,
        frame_obj: 40,
        owner: 69,
        fields: &[(40, "frame_obj"), (24, "f_locals"), (0, "f_func")],
        ..RELEASE_12.interpreter_frame
    },
    thread_state: layout::ThreadState {
        read_bytes: 360,
        frame_behind: Some(8),
        exc_type: 320,
        thread_id: 152,
        fields: &[
            (80, "c_profileobj"),
            (88, "c_traceobj"),
            (96, "curexc_type"),
            (104, "curexc_value"),
            (112, "curexc_traceback"),
            (128, "dict"),
            (144, "async_exc"),
            (208, "async_gen_firstiter"),
            (216, "async_gen_finalizer"),
            (224, "context"),
            (320, "exc_value"),
        ],
        data_chunk: 296,
        ..RELEASE_12.thread_state
    },
    interpreter_state: layout::InterpreterState {
        read_bytes: 1424,
        next: 0,
        tstate_head: 16,
        modules: 888,
        fields: &[
            (888, "modules"),
            (896, "modules_by_index"),
            (904, "sysdict"),
            (912, "builtins"),
            (920, "importlib"),
            (936, "codec_search_path"),
            (944, "codec_search_cache"),
            (952, "codec_error_registry"),
            (1400, "dict"),
            (1408, "builtins_copy"),
            (1416, "import_func"),
        ],
    },
    runtime: Some(RUNTIME_11),
    types: KnownTypes {
        fixed: &fixed::FIXED_11,
        sizes: &types::SIZES_11,
        heap_type_fields: &[
            (848, "__name__", false),
            (856, "__slots__", false),
            (864, "__qualname__", false),
            (880, "ht_module", true),
        ],
        generator_fields: &[(32, "gi_name", true), (40, "gi_qualname", true), (48, "gi_exc_value", true)],
        core_fields: &[
            ("coroutine", &[(64, "cr_origin", false)]),
            ("async_generator", &[(64, "ag_finalizer", true)]),
            types::STG_DICT,
        ],
        ..RELEASE_12.types
    },
    ..RELEASE_12
};

/// Its `_PyRuntimeState`.
pub(super) const RUNTIME_11: layout::Runtime = layout::Runtime {
    bytes: 166_688,
    interpreter_bytes: 107_752,
    head: 40,
    main: 48,
    gc: 648,
    gil: 0,
    gil_holder: 0,
    current_thread: Some(576),
    interned: None,
    type_cache: layout::TypeCache { at: 9056, ..RUNTIME.type_cache },
    static_types: [(0, 0), (0, 0)],
    arenas: (0, 0),
    debug_offsets: None,
    ..RUNTIME
};
