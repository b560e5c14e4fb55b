//! CPython 3 on 64-bit machines, release builds with the GIL: 3.13 in full, and of each series before it what is otherwise.
//!
//! The offsets are of the structures in `Include/`, `Include/internal/` and the sources, as a compiler lays them out and as
//! debug information tells them. What a running interpreter says of itself (`_Py_DebugOffsets`) comes before them.

mod eleven;
mod fixed;
mod opcodes;
mod symbols;
mod tasks;
mod ten;
mod told;
mod twelve;
mod types;
mod words;

use super::layout::{self, BlockLayout, EntryLayout, KeysForm};
use super::obmalloc::{ArenaObject, Obmalloc, PoolHeader};
use super::{
    AllocatorState, Attributes, Collection, CollectorHeads, Dialect, DictTable, DigitCount, Frames,
    InstructionEncoding, LineTableKind, NumberBlockRules, ReferenceCounts, StaticTypeState, TextStorage, ThreadNames,
    TypesOfC,
};

pub use eleven::CPYTHON_3_11;
pub use ten::CPYTHON_3_10;
pub use twelve::CPYTHON_3_12;

/// CPython 3.13.
pub static CPYTHON_3_13: Dialect = RELEASE_13;

/// What the series before it are told from.
const RELEASE_13: Dialect = Dialect {
    series: "3.13",
    symbols: symbols::SYMBOLS,
    attributes: Attributes::Inline { dict_back: 24, header_bytes: 16 },
    frames: Frames::InterpreterFrames { holds_next_instruction: true },
    allocator_state: AllocatorState::Pointer { offset: 10800 },
    reference_counts: ReferenceCounts::Immortal,
    collection: Collection::RunsFinalizers,
    dict_table: DictTable::CombinedKeys,
    instruction_encoding: InstructionEncoding::WordsWithCaches,
    line_table: LineTableKind::Locations,
    collector_heads: CollectorHeads::Flagged { mask: 3, finalized: 1, collecting: 2 },
    text: TextStorage::Compact,
    static_types: StaticTypeState::InInterpreter,
    types_of_c: TypesOfC::StaticAndHeap,
    repeats_interrupted_calls: true,
    object: layout::Object { ob_refcnt: 0, ob_type: 8, ob_size: 16, bytes: 16 },
    type_object: layout::TypeObject {
        tp_name: 24,
        tp_basicsize: 32,
        tp_itemsize: 40,
        tp_flags: 168,
        tp_traverse: 184,
        tp_weaklistoffset: 208,
        tp_base: 256,
        tp_dict: 264,
        tp_dictoffset: 288,
        tp_is_gc: 328,
        tp_bases: 336,
        tp_mro: 344,
        tp_cache: 352,
        tp_subclasses: 360,
        tp_del: 376,
        tp_finalize: 392,
        bytes: 416,
        ht_name: 856,
        ht_slots: 864,
        ht_cached_keys: 880,
        tp_doc: 176,
        heap_bytes: 928,
    },
    flags: layout::TypeFlags {
        heaptype: 1 << 9,
        have_gc: 1 << 14,
        ready: 1 << 12,
        // No bit tells the type of truth values apart from that of whole numbers.
        int_subclass: 0,
        long_subclass: 1 << 24,
        list_subclass: 1 << 25,
        tuple_subclass: 1 << 26,
        string_subclass: 1 << 27,
        unicode_subclass: 1 << 28,
        dict_subclass: 1 << 29,
        base_exc_subclass: 1 << 30,
        type_subclass: 1 << 31,
        inline_values: 1 << 2,
        managed_weakref: 1 << 3,
        managed_dict: 1 << 4,
        static_builtin: 1 << 1,
    },
    member_def: layout::MemberDef { bytes: 40, name: 0, kind: 8, offset: 16, object_ex: 16 },
    collector: layout::Collector {
        head_bytes: 16,
        gc_next: 0,
        gc_prev: 8,
        gc_refs: 8,
        refs_untracked: 0,
        refs_reachable: 0,
        refs_tentatively_unreachable: 0,
        generations: 3,
        generation_strides: &[24],
        usual_thresholds: &[2000, 10, 10],
        put_off_one_in: 4,
        threshold: 16,
        count: 20,
        // 104 in `_gc_runtime_state`, where the generations begin at 24.
        permanent: Some(80),
    },
    number: layout::NumberObject { value: 16, bytes: 24 },
    long: layout::LongObject {
        ob_digit: 24,
        digit_bytes: 4,
        digit_bits: 30,
        count: DigitCount::Tag { shift: 3, sign_mask: 3, negative: 2 },
        count_at: 16,
        digits_min: 1,
    },
    string: layout::StringObject { ob_sstate: 0, ob_sval: 32, base_bytes: 33, ob_shash: 24 },
    unicode: layout::UnicodeObject {
        length: 16,
        str: 56,
        defenc: 0,
        bytes: 64,
        compact: layout::CompactText {
            state: 32,
            kind: (2, 7),
            interned: (0, 3),
            is_compact: 1 << 5,
            is_ascii: 1 << 6,
            ascii_bytes: 40,
            wide_bytes: 56,
            utf8_length: 40,
            utf8: 48,
            data: 56,
        },
    },
    byte_array: layout::ByteArrayObject { ob_alloc: 24, ob_bytes: 32 },
    array: layout::ArrayObject { ob_item: 24, allocated: 32, ob_descr: 40, descr_itemsize: 4 },
    list: layout::ListObject { ob_item: 24, allocated: 32 },
    tuple: layout::TupleObject { ob_item: 24 },
    dict: layout::DictObject {
        ma_fill: 0,
        ma_used: 16,
        ma_mask: 0,
        ma_table: 32,
        ma_smalltable: 48,
        bytes: 48,
        entry_bytes: 0,
        me_key: 0,
        me_value: 0,
        perturb_shift: 5,
        keys: layout::DictKeys {
            ma_keys: 32,
            ma_values: 40,
            refcount: 0,
            form: KeysForm::Logarithms { places: 8, index_bytes: 9, kind: 10, general: 0 },
            usable: 16,
            entries: 24,
            indices: 32,
            general_entry: EntryLayout { bytes: 24, key: 8, value: 16 },
            text_entry: EntryLayout { bytes: 16, key: 0, value: 8 },
            values: layout::DictValues::Headed { capacity: 0, embedded: 2, valid: 3, first: 8 },
        },
    },
    set: layout::SetObject {
        used: 24,
        mask: 32,
        table: 40,
        smalltable: 64,
        entry_bytes: 16,
        entry_key: 0,
        entry_hash: 8,
        deleted_hash: Some(-1),
    },
    deque: layout::DequeObject {
        leftblock: 24,
        rightblock: 32,
        leftindex: 40,
        len: 16,
        maxlen: 64,
        block_items: 64,
        block_bytes: 528,
        data_first: BlockLayout { data: 8, right: 520, left: 0 },
        links_first: BlockLayout { data: 8, right: 520, left: 0 },
    },
    weak_reference: layout::WeakReferenceObject { wr_object: 16, wr_callback: 24 },
    function: layout::FunctionObject { func_name: 32, func_code: 48 },
    method: layout::MethodObject { im_func: 16, im_self: 24 },
    c_function: layout::CFunctionObject { m_ml: 16, m_self: 24, ml_name: 0 },
    descriptor: layout::DescriptorObject { d_type: 16, d_name: 24 },
    // There are no classes of the old sort, and files are objects of `_io`.
    class: layout::ClassObject { cl_bases: 0, cl_dict: 0, cl_name: 0 },
    instance: layout::InstanceObject { in_class: 0, in_dict: 0 },
    module: layout::ModuleObject { md_dict: 16, state: Some(MODULE_STATE) },
    cell: layout::CellObject { ob_ref: 16 },
    generator: layout::GeneratorObject {
        gi_frame: 72,
        gi_code: 72,
        frame_state: 67,
        state_cleared: 4,
        state_executing: 0,
        // `FRAME_SUSPENDED`, `FRAME_SUSPENDED_YIELD_FROM`.
        states_ended: &[-2, -1],
        state_created: -3,
        gi_qualname: 32,
    },
    file: layout::FileObject { f_fp: 0 },
    code: layout::CodeObject {
        co_argcount: 52,
        co_nlocals: 80,
        co_stacksize: 64,
        co_flags: 48,
        co_code: 200,
        co_names: 32,
        co_varnames: 96,
        co_freevars: 96,
        co_cellvars: 96,
        co_filename: 112,
        co_name: 120,
        co_firstlineno: 68,
        co_lnotab: 136,
        // From `ob_size` to before what C code may hang on it.
        constant: (16, 144),
        // `CO_GENERATOR`, `CO_COROUTINE`, `CO_ASYNC_GENERATOR`.
        flag_generator: 0x2a0,
        co_zombieframe: 0,
        variables: layout::CodeVariables { count: 72, names: 96, frame_words: 76 },
        caches: layout::CodeCaches::NONE,
    },
    frame: FRAME,
    interpreter_frame: layout::InterpreterFrame {
        executable: 0,
        previous: 8,
        locals: 40,
        frame_obj: 48,
        instruction: 56,
        stacktop: 64,
        owner: 70,
        owned_by_thread: 0,
        owned_by_object: 2,
        owned_by_c: 3,
        variables: 72,
        fields: &[(48, "frame_obj"), (40, "f_locals"), (16, "f_func")],
        code_field: "f_code",
    },
    exceptions: layout::ExceptionObjects { tb_frame: 24, tb_lasti: 32, tb_bytes: 40, args: 24, base_bytes: 72 },
    thread_state: layout::ThreadState {
        read_bytes: 304,
        next: 8,
        interp: 16,
        frame: 72,
        frame_behind: None,
        exc_type: 256,
        use_tracing: 60,
        thread_id: 152,
        fields: &[
            (96, "c_profileobj"),
            (104, "c_traceobj"),
            (112, "current_exception"),
            (128, "dict"),
            (144, "async_exc"),
            (192, "async_gen_firstiter"),
            (200, "async_gen_finalizer"),
            (208, "context"),
            (256, "exc_value"),
            (288, "threading_local_key"),
            (296, "threading_local_sentinel"),
        ],
        data_chunk: 232,
        chunk: (0, 8),
    },
    interpreter_state: layout::InterpreterState {
        read_bytes: 10928,
        next: 7264,
        tstate_head: 7344,
        modules: 7656,
        fields: &[
            (7640, "sysdict"),
            (7648, "builtins"),
            (7656, "modules"),
            (7664, "modules_by_index"),
            (7672, "importlib"),
            (7696, "import_func"),
            (7960, "codec_search_path"),
            (7968, "codec_search_cache"),
            (7976, "codec_error_registry"),
            (8448, "dict"),
            (8456, "sysdict_copy"),
            (8464, "builtins_copy"),
        ],
    },
    runtime: Some(RUNTIME),
    obmalloc: Obmalloc {
        arena_bytes: 1 << 20,
        pool_bytes: 16 << 10,
        pool_header_bytes: 48,
        block_bytes_max: 512,
        alignments: &[16],
        arenas_initial: 16,
        arena_object: ArenaObject {
            bytes: 48,
            address: 0,
            pool_address: 8,
            nfreepools: 16,
            ntotalpools: 20,
            freepools: 24,
        },
        pool_header: PoolHeader {
            count: 0,
            freeblock: 8,
            nextpool: 16,
            arenaindex: 32,
            szidx: 36,
            nextoffset: 40,
            maxnextoffset: 44,
        },
    },
    // There are no blocks of numbers; the length of one is a divisor.
    number_blocks: NumberBlockRules { header_bytes: 8, number_bytes: 24, numbers: 0 },
    instructions: opcodes::INSTRUCTIONS,
    // Lib/threading.py
    thread_names: ThreadNames { module: "threading", running: "_active", name: "_name" },
    tasks: Some(tasks::TASKS),
    types: types::TYPES,
    words: told::WORDS,
};

/// `PyModuleObject.md_def` and `md_state`; `PyModuleDef.m_size` and `m_traverse`.
const MODULE_STATE: layout::ModuleState = layout::ModuleState { md_def: 24, md_state: 32, m_size: 56, m_traverse: 80 };

/// `PyFrameObject`: what stands for a call where somebody asked for it.
const FRAME: layout::FrameObject = layout::FrameObject {
    f_back: 16,
    // `f_frame`: the call itself; the code is there.
    f_code: 24,
    f_builtins: 0,
    f_globals: 0,
    f_locals: 0,
    f_valuestack: 0,
    f_stacktop: 0,
    f_stackdepth: 0,
    f_state: 0,
    f_trace: 32,
    f_exc_type: 0,
    f_exc_value: 0,
    f_exc_traceback: 0,
    f_lasti: 0,
    f_iblock: 0,
    f_blockstack: 0,
    try_block_bytes: 0,
    blocks_max: 0,
    block_loop: 0,
    f_localsplus: 64,
};

/// Rows of two tables in one.
const fn joined<T: Copy, const N: usize>(first: &[T], second: &[T]) -> [T; N] {
    let mut rows = [first[0]; N];
    let mut at = 0;
    while at < N {
        rows[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    rows
}

const RUNTIME: layout::Runtime = layout::Runtime {
    bytes: 283_320,
    interpreter_bytes: 194_968,
    head: 632,
    main: 640,
    gc: 7400,
    generations: 24,
    enabled: 12,
    collecting: 200,
    garbage: 208,
    long_lived: (224, 232),
    gil: 16,
    gil_holder: 8,
    current_thread: None,
    interned: Some(194_328),
    type_cache: layout::TypeCache { at: 84_656, entries: 1 << 12, entry_bytes: 24, name: 8 },
    static_types: [(182_968, 200), (192_584, 10)],
    static_type: layout::StaticTypeRow { bytes: 48, type_at: 0, tp_dict: 24, tp_subclasses: 32 },
    arenas: (512, 520),
    debug_offsets: Some(symbols::DEBUG_OFFSETS),
};
