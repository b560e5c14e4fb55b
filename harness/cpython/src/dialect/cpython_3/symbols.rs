//! Symbols of CPython 3.13, and what it tells of its own layout (`Include/internal/pycore_runtime.h`).

use crate::dialect::SymbolNames;
use crate::dialect::layout::{DebugField, DebugOffsets, Told};

/// Its symbols. All its variables are in one structure, so nearly none is asked for by name.
pub(super) const SYMBOLS: SymbolNames = SymbolNames {
    of_major: &["_PyRuntime"],
    since: &["Py_Version"],
    // Names that only `--with-pydebug` and `--with-trace-refs` bring.
    of_debug_builds: &["_Py_NegativeRefcount", "_Py_AddRefTotal", "_Py_INCREF_IncRefTotal", "_PyRefchain_Trace"],
    type_type: "PyType_Type",
    object_type: "PyBaseObject_Type",
    dict_type: "PyDict_Type",
    list_type: "PyList_Type",
    int_type: "PyLong_Type",
    float_type: "PyFloat_Type",
    current_thread: "",
    generation0: "",
    narrow_unicode: "",
    collect: "PyGC_Collect",
    allocate: "",
    init_gc: "",
    local: &["_PyRuntime", "Py_Version"],
    arenas: "",
    maxarenas: "",
    interned: "",
    garbage: "",
    collecting: "",
    enabled: "",
    block_list: "",
    interp_head: "",
    generations: "",
};

/// `_Py_DebugOffsets`.
pub(super) const DEBUG_OFFSETS: DebugOffsets = DebugOffsets {
    cookie: b"xdebugpy",
    version: 8,
    free_threaded: 16,
    rows: &[
        row(40, "runtime_state.interpreters_head", Told::Fixed, 632),
        row(64, "interpreter_state.next", Told::InterpreterNext, 7264),
        row(72, "interpreter_state.threads_head", Told::ThreadsHead, 7344),
        row(80, "interpreter_state.gc", Told::Collector, 7400),
        row(88, "interpreter_state.imports_modules", Told::Modules, 7656),
        row(112, "interpreter_state.ceval_gil", Told::Gil, 16),
        row(168, "thread_state.next", Told::ThreadNext, 8),
        row(176, "thread_state.interp", Told::ThreadInterpreter, 16),
        row(184, "thread_state.current_frame", Told::ThreadFrame, 72),
        row(192, "thread_state.thread_id", Told::ThreadId, 152),
        row(232, "interpreter_frame.previous", Told::Fixed, 8),
        row(240, "interpreter_frame.executable", Told::Fixed, 0),
        row(248, "interpreter_frame.instr_ptr", Told::Fixed, 56),
        row(256, "interpreter_frame.localsplus", Told::Fixed, 72),
        row(264, "interpreter_frame.owner", Told::Fixed, 70),
        row(272, "code_object.size", Told::Fixed, 208),
        row(280, "code_object.filename", Told::Fixed, 112),
        row(288, "code_object.name", Told::Fixed, 120),
        row(312, "code_object.firstlineno", Told::Fixed, 68),
        row(328, "code_object.localsplusnames", Told::Fixed, 96),
        row(352, "pyobject.size", Told::Fixed, 16),
        row(360, "pyobject.ob_type", Told::Fixed, 8),
        row(368, "type_object.size", Told::Fixed, 416),
        row(376, "type_object.tp_name", Told::Fixed, 24),
        row(392, "type_object.tp_flags", Told::Fixed, 168),
        row(408, "tuple_object.ob_item", Told::Fixed, 24),
        row(416, "tuple_object.ob_size", Told::Fixed, 16),
        row(432, "list_object.ob_item", Told::Fixed, 24),
        row(448, "dict_object.size", Told::Fixed, 48),
        row(456, "dict_object.ma_keys", Told::Fixed, 32),
        row(464, "dict_object.ma_values", Told::Fixed, 40),
        row(480, "float_object.ob_fval", Told::Fixed, 16),
        row(496, "long_object.lv_tag", Told::Fixed, 16),
        row(504, "long_object.ob_digit", Told::Fixed, 24),
        row(528, "bytes_object.ob_sval", Told::Fixed, 32),
        row(544, "unicode_object.state", Told::Fixed, 32),
        row(552, "unicode_object.length", Told::Fixed, 16),
        row(560, "unicode_object.asciiobject_size", Told::Fixed, 40),
        row(576, "gc.collecting", Told::Fixed, 200),
    ],
};

const fn row(at: u64, name: &'static str, which: Told, expected: u64) -> (u64, DebugField) {
    (at, DebugField { name, which, expected })
}
