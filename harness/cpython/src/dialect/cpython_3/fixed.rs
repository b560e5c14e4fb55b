//! Types of CPython 3 whose references are all in fixed fields, from the structures in `Include/`, `Objects/*.c` and
//! `Modules/*.c`: those that the series have alike, and those that each has its own way.

use super::joined;
use crate::dialect::known_types::{Field, FixedType};

/// Those of 3.13.
pub(super) const FIXED_13: [FixedType; SINCE_12.len() + OF_13.len()] = joined(&SINCE_12, OF_13);
/// Those of 3.12.
pub(super) const FIXED_12: [FixedType; SINCE_12.len() + OF_12.len()] = joined(&SINCE_12, OF_12);
/// Those of 3.11.
pub(super) const FIXED_11: [FixedType; SINCE_11.len() + OF_11_WITH_SHARED.len()] =
    joined(&SINCE_11, &OF_11_WITH_SHARED);
/// Those of 3.10.
pub(super) const FIXED_10: [FixedType; SINCE_10.len() + OF_10_WITH_SHARED.len()] = joined(SINCE_10, &OF_10_WITH_SHARED);
/// Those that 3.11 and later have alike.
const SINCE_11: [FixedType; SINCE_10.len() + MORE_SINCE_11.len()] = joined(SINCE_10, MORE_SINCE_11);
/// Those that 3.12 and later have alike.
const SINCE_12: [FixedType; SINCE_11.len() + MORE_SINCE_12.len()] = joined(&SINCE_11, MORE_SINCE_12);

/// All series alike.
const SINCE_10: &[FixedType] = &[
    ("method", 48, &[(16, "__func__", true), (24, "__self__", true)]),
    ("instancemethod", 24, &[(16, "__func__", true)]),
    ("cell", 24, &[(16, "cell_contents", true)]),
    ("module", 56, &[(16, "__dict__", true), (48, "__name__", false)]),
    ("builtin_function_or_method", 56, &[(24, "__self__", true), (32, "__module__", true)]),
    ("builtin_method", 64, &[(24, "__self__", true), (32, "__module__", true), (56, "__objclass__", true)]),
    (
        "property",
        64,
        &[(16, "fget", true), (24, "fset", true), (32, "fdel", true), (40, "__doc__", true), (48, "__name__", true)],
    ),
    ("traceback", 40, &[(16, "tb_next", true), (24, "tb_frame", true)]),
    ("slice", 40, &[(16, "start", true), (24, "stop", true), (32, "step", true)]),
    ("staticmethod", 32, &[(16, "__func__", true), (24, "__dict__", true)]),
    ("classmethod", 32, &[(16, "__func__", true), (24, "__dict__", true)]),
    ("super", 40, &[(16, "__thisclass__", true), (24, "__self__", true), (32, "__self_class__", true)]),
    ("reversed", 32, &[(24, "sequence", true)]),
    ("memoryview", 144, &[(24, "buffer", true)]),
    ("managedbuffer", 112, &[(40, "obj", true)]),
    ("iterator", 32, &[(24, "sequence", true)]),
    ("list_iterator", 32, &[(24, "sequence", true)]),
    ("list_reverseiterator", 32, &[(24, "sequence", true)]),
    ("tuple_iterator", 32, &[(24, "sequence", true)]),
    ("str_iterator", 32, &[(24, "sequence", true)]),
    ("str_ascii_iterator", 32, &[(24, "sequence", true)]),
    ("bytes_iterator", 32, &[(24, "sequence", true)]),
    ("bytearray_iterator", 32, &[(24, "sequence", true)]),
    ("dict_keyiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dict_valueiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dict_itemiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dict_reversekeyiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dict_reversevalueiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dict_reverseitemiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dict_keys", 24, &[(16, "dict", true)]),
    ("dict_values", 24, &[(16, "dict", true)]),
    ("dict_items", 24, &[(16, "dict", true)]),
    ("odict_keys", 24, &[(16, "dict", true)]),
    ("odict_values", 24, &[(16, "dict", true)]),
    ("odict_items", 24, &[(16, "dict", true)]),
    ("set_iterator", 48, &[(16, "set", true)]),
    ("callable_iterator", 32, &[(16, "callable", true), (24, "sentinel", true)]),
    ("getset_descriptor", 48, &[(16, "__objclass__", true), (24, "__name__", false), (32, "__qualname__", false)]),
    ("member_descriptor", 48, &[(16, "__objclass__", true), (24, "__name__", false), (32, "__qualname__", false)]),
    ("method_descriptor", 56, &[(16, "__objclass__", true), (24, "__name__", false), (32, "__qualname__", false)]),
    ("classmethod_descriptor", 56, &[(16, "__objclass__", true), (24, "__name__", false), (32, "__qualname__", false)]),
    ("wrapper_descriptor", 56, &[(16, "__objclass__", true), (24, "__name__", false), (32, "__qualname__", false)]),
    ("method-wrapper", 32, &[(16, "descriptor", true), (24, "__self__", true)]),
    ("mappingproxy", 24, &[(16, "mapping", true)]),
    ("range", 48, &[(16, "start", false), (24, "stop", false), (32, "step", false), (40, "length", false)]),
    ("filter", 32, &[(16, "func", true), (24, "it", true)]),
    ("map", 32, &[(16, "iters", true), (24, "func", true)]),
    ("zip", 48, &[(24, "iters", true), (32, "result", true)]),
    ("generic_alias_iterator", 24, &[(16, "obj", true)]),
    ("types.UnionType", 32, &[(16, "__args__", true), (24, "__parameters__", true)]),
    ("types.SimpleNamespace", 24, &[(16, "__dict__", true)]),
    ("coroutine_wrapper", 24, &[(16, "cw_coroutine", true)]),
    ("async_generator_asend", 40, &[(16, "ags_gen", true), (24, "ags_sendval", true)]),
    ("async_generator_athrow", 40, &[(16, "agt_gen", true), (24, "agt_args", true)]),
    ("async_generator_wrapped_value", 24, &[(16, "agw_val", true)]),
    ("anext_awaitable", 32, &[(16, "wrapped", true), (24, "default_value", true)]),
    ("_contextvars.Context", 48, &[(16, "ctx_prev", true), (24, "ctx_vars", true)]),
    ("_contextvars.ContextVar", 64, &[(16, "name", true), (24, "default", true)]),
    ("_contextvars.Token", 48, &[(16, "ctx", true), (24, "var", true), (32, "old_value", true)]),
    ("hamt", 40, &[(16, "h_root", true)]),
    (
        "functools.partial",
        64,
        &[(16, "func", true), (24, "args", true), (32, "keywords", true), (40, "__dict__", true)],
    ),
    (
        "functools._lru_cache_wrapper",
        152,
        &[
            (72, "cache", true),
            (88, "__wrapped__", true),
            (112, "kwd_mark", true),
            (120, "lru_list_elem_type", true),
            (128, "cache_info_type", true),
            (136, "__dict__", true),
        ],
    ),
    ("functools._lru_list_elem", 56, &[(40, "key", false), (48, "result", false)]),
];

/// Those of 3.11 and later that 3.10 has otherwise.
const MORE_SINCE_11: &[FixedType] = &[
    ("enumerate", 56, &[(24, "iterator", true), (32, "result", true), (40, "long_index", true), (48, "one", false)]),
    ("types.GenericAlias", 64, &[(16, "__origin__", true), (24, "__args__", true), (32, "__parameters__", true)]),
];

/// Those of 3.12 and later that 3.11 has otherwise.
const MORE_SINCE_12: &[FixedType] = &[
    (
        "function",
        144,
        &[
            (16, "__globals__", true),
            (24, "__builtins__", true),
            (32, "__name__", true),
            (40, "__qualname__", true),
            (48, "__code__", true),
            (56, "__defaults__", true),
            (64, "__kwdefaults__", true),
            (72, "__closure__", true),
            (80, "__doc__", true),
            (88, "__dict__", true),
            (104, "__module__", true),
            (112, "__annotations__", true),
            (120, "__type_params__", true),
        ],
    ),
    (
        "itertools.groupby",
        72,
        &[
            (16, "it", true),
            (24, "keyfunc", true),
            (32, "tgtkey", true),
            (40, "currkey", true),
            (48, "currvalue", true),
        ],
    ),
    (
        "typing.TypeAliasType",
        56,
        &[
            (16, "__name__", false),
            (24, "type_params", true),
            (32, "compute_value", true),
            (40, "value", true),
            (48, "__module__", true),
        ],
    ),
    ("longrange_iterator", 40, &[(16, "start", false), (24, "step", false), (32, "length", false)]),
];

/// Those of 3.13 only.
const OF_13: &[FixedType] = &[
    ("FrameLocalsProxy", 24, &[(16, "frame", true)]),
    ("code", 200, CODE_FIELDS),
    (
        "_thread._local",
        56,
        &[(16, "args", true), (24, "kw", true), (40, "localdicts", true), (48, "thread_watchdogs", true)],
    ),
    (
        "operator.methodcaller",
        64,
        &[(16, "name", true), (24, "args", true), (32, "kwds", true), (48, "vectorcall_kwnames", false)],
    ),
    (
        "typing.ParamSpec",
        56,
        &[(16, "__name__", false), (24, "__bound__", true), (32, "__default__", true), (40, "evaluate_default", true)],
    ),
    (
        "typing.TypeVar",
        80,
        &[
            (16, "__name__", false),
            (24, "__bound__", true),
            (32, "evaluate_bound", true),
            (40, "__constraints__", true),
            (48, "evaluate_constraints", true),
            (56, "__default__", true),
            (64, "evaluate_default", true),
        ],
    ),
    ("typing.TypeVarTuple", 40, &[(16, "__name__", false), (24, "__default__", true), (32, "evaluate_default", true)]),
    (
        "_pickle.Pickler",
        144,
        &[
            (24, "persistent_id", true),
            (32, "dispatch_table", true),
            (40, "reducer_override", true),
            (48, "write", true),
            (56, "output_buffer", false),
            (128, "fast_memo", true),
            (136, "buffer_callback", true),
        ],
    ),
];

/// Those of 3.12 only.
const OF_12: &[FixedType] = &[
    ("code", 192, CODE_FIELDS),
    LOCAL,
    LOCAL_DUMMY,
    METHOD_CALLER,
    PICKLER,
    ("typing.ParamSpec", 40, &[(16, "__name__", false), (24, "__bound__", true)]),
    (
        "typing.TypeVar",
        64,
        &[
            (16, "__name__", false),
            (24, "__bound__", true),
            (32, "evaluate_bound", true),
            (40, "__constraints__", true),
            (48, "evaluate_constraints", true),
        ],
    ),
    ("typing.TypeVarTuple", 24, &[(16, "__name__", false)]),
];

/// Those of 3.10 and 3.11 that each has with its own.
const OF_11_WITH_SHARED: [FixedType; UP_TO_11.len() + OF_11.len()] = joined(UP_TO_11, OF_11);
const OF_10_WITH_SHARED: [FixedType; UP_TO_11.len() + OF_10.len()] = joined(UP_TO_11, OF_10);

/// Those of 3.10 and 3.11 only.
const UP_TO_11: &[FixedType] = &[
    (
        "itertools.groupby",
        64,
        &[
            (16, "it", true),
            (24, "keyfunc", true),
            (32, "tgtkey", true),
            (40, "currkey", true),
            (48, "currvalue", true),
        ],
    ),
    (
        "longrange_iterator",
        48,
        &[(16, "index", false), (24, "start", false), (32, "step", false), (40, "length", false)],
    ),
    // `Modules/_io/bytesio.c` and `stringio.c`: only their dicts are visited.
    ("_io.BytesIO", 64, &[(16, "buf", false), (40, "__dict__", true)]),
    (
        "_io.StringIO",
        120,
        &[
            (56, "large", false),
            (64, "small", false),
            (80, "decoder", false),
            (88, "readnl", false),
            (96, "writenl", false),
            (104, "__dict__", true),
        ],
    ),
    LOCAL,
    LOCAL_DUMMY,
    METHOD_CALLER,
    PICKLER,
];

/// Those of 3.11 only.
const OF_11: &[FixedType] = &[("function", 136, FUNCTION_FIELDS), ("code", 184, CODE_FIELDS)];

/// Those of 3.10 only.
const OF_10: &[FixedType] = &[
    ("function", 128, FUNCTION_FIELDS),
    ("enumerate", 48, &[(24, "iterator", true), (32, "result", true), (40, "long_index", true)]),
    ("types.GenericAlias", 48, &[(16, "__origin__", true), (24, "__args__", true), (32, "__parameters__", true)]),
    (
        "code",
        176,
        &[
            (48, "co_code", false),
            (56, "co_consts", false),
            (64, "co_names", false),
            (72, "co_varnames", false),
            (80, "co_freevars", false),
            (88, "co_cellvars", false),
            (104, "co_filename", false),
            (112, "co_name", false),
            (120, "co_linetable", false),
        ],
    ),
    ("generator", 88, &GENERATOR_FIELDS),
    ("coroutine", 96, &joined::<_, 8>(&GENERATOR_FIELDS, &[(88, "cr_origin", false)])),
    ("async_generator", 112, &joined::<_, 8>(&GENERATOR_FIELDS, &[(88, "ag_finalizer", true)])),
];

/// `PyGenObject` of 3.10, and what coroutines and asynchronous generators have alike with it.
const GENERATOR_FIELDS: [Field; 7] = [
    (16, "gi_frame", true),
    (24, "gi_code", true),
    (40, "gi_name", true),
    (48, "gi_qualname", true),
    (56, "gi_exc_type", true),
    (64, "gi_exc_value", true),
    (72, "gi_exc_traceback", true),
];

/// `PyFunctionObject` up to 3.11, but for what stands behind.
const FUNCTION_FIELDS: &[Field] = &[
    (16, "__globals__", true),
    (24, "__builtins__", true),
    (32, "__name__", true),
    (40, "__qualname__", true),
    (48, "__code__", true),
    (56, "__defaults__", true),
    (64, "__kwdefaults__", true),
    (72, "__closure__", true),
    (80, "__doc__", true),
    (88, "__dict__", true),
    (104, "__module__", true),
    (112, "__annotations__", true),
];

/// `PyCodeObject`, the same in all series but for what stands behind.
const CODE_FIELDS: &[Field] = &[
    (24, "co_consts", false),
    (32, "co_names", false),
    (40, "co_exceptiontable", false),
    (96, "co_localsplusnames", false),
    (104, "co_localspluskinds", false),
    (112, "co_filename", false),
    (120, "co_name", false),
    (128, "co_qualname", false),
    (136, "co_linetable", false),
];

/// `_thread._local` up to 3.12.
const LOCAL: FixedType = (
    "_thread._local",
    64,
    &[(16, "key", false), (24, "args", true), (32, "kw", true), (48, "dummies", true), (56, "wr_callback", false)],
);

/// What stands in a thread's dict for one, up to 3.12: it borrows the dict.
const LOCAL_DUMMY: FixedType = ("_thread._localdummy", 32, &[]);

/// `operator.methodcaller` up to 3.12.
const METHOD_CALLER: FixedType =
    ("operator.methodcaller", 40, &[(16, "name", true), (24, "args", true), (32, "kwds", true)]);

/// `_pickle.Pickler` up to 3.12.
const PICKLER: FixedType = (
    "_pickle.Pickler",
    152,
    &[
        (24, "pers_func", true),
        (40, "dispatch_table", true),
        (48, "reducer_override", true),
        (56, "write", true),
        (64, "output_buffer", false),
        (136, "fast_memo", true),
        (144, "buffer_callback", true),
    ],
);
