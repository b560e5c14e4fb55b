//! CPython 3.12: what is otherwise than in 3.13.
//!
//! An instance has one word in front of it that is its dict, or its attributes' values in memory of their own; a thread
//! finds its calls through a structure on its stack; pymalloc's state is a part of the interpreter's, which tells nothing of
//! its own layout.

use bloathound_heap::SeriesWords;

use super::{RELEASE_13, RUNTIME, fixed, opcodes, told, types};
use crate::dialect::{AllocatorState, Attributes, Dialect, Frames, KnownTypes, layout};

/// CPython 3.12.
pub static CPYTHON_3_12: Dialect = RELEASE_12;

/// What the series before it is told from.
pub(super) const RELEASE_12: Dialect = Dialect {
    series: "3.12",
    attributes: Attributes::TaggedBefore { word_back: 24, header_bytes: 16 },
    frames: Frames::InterpreterFrames { holds_next_instruction: false },
    allocator_state: AllocatorState::Embedded { offset: 3960 },
    type_object: layout::TypeObject { heap_bytes: 920, ..RELEASE_13.type_object },
    flags: layout::TypeFlags { inline_values: 0, ..RELEASE_13.flags },
    collector: layout::Collector { usual_thresholds: &[700, 10, 10], ..RELEASE_13.collector },
    dict: layout::DictObject {
        keys: layout::DictKeys { values: layout::DictValues::BehindLength, ..RELEASE_13.dict.keys },
        ..RELEASE_13.dict
    },
    generator: layout::GeneratorObject { states_ended: &[-1], state_created: -2, ..RELEASE_13.generator },
    code: layout::CodeObject { co_code: 192, ..RELEASE_13.code },
    frame: layout::FrameObject { f_localsplus: 48, ..RELEASE_13.frame },
    instructions: opcodes::twelve::INSTRUCTIONS,
    thread_state: layout::ThreadState {
        read_bytes: 288,
        frame: 56,
        frame_behind: Some(0),
        exc_type: 256,
        use_tracing: 44,
        thread_id: 136,
        fields: &[
            (80, "c_profileobj"),
            (88, "c_traceobj"),
            (96, "current_exception"),
            (112, "dict"),
            (128, "async_exc"),
            (192, "async_gen_firstiter"),
            (200, "async_gen_finalizer"),
            (208, "context"),
            (256, "exc_value"),
        ],
        data_chunk: 232,
        ..RELEASE_13.thread_state
    },
    interpreter_state: layout::InterpreterState {
        read_bytes: 3960,
        next: 0,
        tstate_head: 72,
        modules: 944,
        fields: &[
            (352, "sysdict"),
            (360, "builtins"),
            (944, "modules"),
            (952, "modules_by_index"),
            (960, "importlib"),
            (984, "import_func"),
            (1248, "codec_search_path"),
            (1256, "codec_search_cache"),
            (1264, "codec_error_registry"),
            (1720, "dict"),
            (1728, "sysdict_copy"),
            (1736, "builtins_copy"),
        ],
    },
    runtime: Some(layout::Runtime {
        bytes: 459_944,
        interpreter_bytes: 383_552,
        head: 40,
        main: 48,
        gc: 112,
        gil: 384,
        interned: Some(382_936),
        type_cache: layout::TypeCache { at: 275_392, ..RUNTIME.type_cache },
        // Types of extensions have their dicts and subclasses themselves.
        static_types: [(373_704, 200), (0, 0)],
        static_type: layout::StaticTypeRow { bytes: 40, type_at: 0, tp_dict: 16, tp_subclasses: 24 },
        debug_offsets: None,
        ..RUNTIME
    }),
    types: KnownTypes {
        fixed: &fixed::FIXED_12,
        sizes: &types::SIZES_12,
        // A queue has a list.
        items_behind: &[],
        frame_fields: &[(16, "f_back"), (32, "f_trace")],
        // `clear_freelists` of `Modules/gcmodule.c`.
        cleared: &[
            "tuple",
            "list",
            "dict",
            "float",
            "Context",
            "async_generator_asend",
            "async_generator_wrapped_value",
        ],
        ..types::TYPES
    },
    words: SeriesWords { thread_dicts: "dummies", ..told::WORDS },
    ..RELEASE_13
};
