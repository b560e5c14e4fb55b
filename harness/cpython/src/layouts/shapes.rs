//! Which built-in type keeps its references where, from the structures in `Include/*.h`, `Objects/*.c` and `Modules/*.c`.
//!
//! A type is recognised by `tp_name` and `tp_basicsize` together; a type of that name with another size is read
//! conservatively instead. The third field of an entry tells whether the type's `tp_traverse` visits it: references
//! that it does not visit still own their target, but the collector does not see them.

/// A pointer field: offset, name, visited by `tp_traverse`.
pub type Field = (u64, &'static str, bool);

/// Types whose references are all in fixed fields.
pub const FIXED: &[(&str, u64, &[Field])] = &[
    (
        "function",
        88,
        &[
            (16, "func_code", true),
            (24, "func_globals", true),
            (32, "func_defaults", true),
            (40, "func_closure", true),
            (48, "func_doc", true),
            (56, "func_name", true),
            (64, "__dict__", true),
            (80, "func_module", true),
        ],
    ),
    ("instancemethod", 48, &[(16, "im_func", true), (24, "im_self", true), (32, "im_class", true)]),
    (
        "classobj",
        72,
        &[
            (16, "__bases__", true),
            (24, "__dict__", true),
            (32, "__name__", true),
            (40, "__getattr__", true),
            (48, "__setattr__", true),
            (56, "__delattr__", true),
        ],
    ),
    ("instance", 40, &[(16, "__class__", true), (24, "__dict__", true)]),
    ("cell", 24, &[(16, "cell_contents", true)]),
    ("generator", 48, &[(16, "gi_frame", true), (32, "gi_code", true)]),
    ("module", 24, &[(16, "__dict__", true)]),
    ("builtin_function_or_method", 40, &[(24, "__self__", true), (32, "__module__", true)]),
    ("property", 56, &[(16, "fget", true), (24, "fset", true), (32, "fdel", true), (40, "__doc__", true)]),
    ("traceback", 40, &[(16, "tb_next", true), (24, "tb_frame", true)]),
    ("slice", 40, &[(16, "start", true), (24, "stop", true), (32, "step", true)]),
    ("staticmethod", 24, &[(16, "__func__", true)]),
    ("classmethod", 24, &[(16, "__func__", true)]),
    ("super", 40, &[(16, "__thisclass__", true), (24, "__self__", true), (32, "__self_class__", true)]),
    ("enumerate", 48, &[(24, "iterator", true), (32, "result", true), (40, "long_index", true)]),
    ("reversed", 32, &[(24, "sequence", true)]),
    ("memoryview", 120, &[(16, "base", true), (32, "obj", true)]),
    ("buffer", 64, &[(16, "base", false)]),
    ("file", 144, &[(24, "name", false), (32, "mode", false), (104, "encoding", false), (112, "errors", false)]),
    ("iterator", 32, &[(24, "sequence", true)]),
    ("listiterator", 32, &[(24, "sequence", true)]),
    ("listreverseiterator", 32, &[(24, "sequence", true)]),
    ("tupleiterator", 32, &[(24, "sequence", true)]),
    ("dictionary-keyiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dictionary-valueiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dictionary-itemiterator", 56, &[(16, "dict", true), (40, "result", true)]),
    ("dict_keys", 24, &[(16, "dict", true)]),
    ("dict_values", 24, &[(16, "dict", true)]),
    ("dict_items", 24, &[(16, "dict", true)]),
    ("setiterator", 48, &[(16, "set", true)]),
    ("callable-iterator", 32, &[(16, "callable", true), (24, "sentinel", true)]),
    ("getset_descriptor", 40, &[(16, "__objclass__", true), (24, "__name__", false)]),
    ("member_descriptor", 40, &[(16, "__objclass__", true), (24, "__name__", false)]),
    ("method_descriptor", 40, &[(16, "__objclass__", true), (24, "__name__", false)]),
    ("classmethod_descriptor", 40, &[(16, "__objclass__", true), (24, "__name__", false)]),
    ("wrapper_descriptor", 48, &[(16, "__objclass__", true), (24, "__name__", false)]),
    ("method-wrapper", 32, &[(16, "descriptor", true), (24, "__self__", true)]),
    ("dictproxy", 24, &[(16, "mapping", true)]),
    (
        "code",
        128,
        &[
            (32, "co_code", false),
            (40, "co_consts", false),
            (48, "co_names", false),
            (56, "co_varnames", false),
            (64, "co_freevars", false),
            (72, "co_cellvars", false),
            (80, "co_filename", false),
            (88, "co_name", false),
            (104, "co_lnotab", false),
        ],
    ),
    (
        "thread._local",
        64,
        &[(16, "key", false), (24, "args", true), (32, "kw", true), (48, "dummies", true), (56, "wr_callback", false)],
    ),
    ("operator.methodcaller", 40, &[(16, "name", false), (24, "args", true), (32, "kwds", true)]),
    (
        "_io.StringIO",
        96,
        &[(56, "decoder", false), (64, "readnl", false), (72, "writenl", false), (80, "__dict__", true)],
    ),
    ("_io.BytesIO", 64, &[(48, "__dict__", true)]),
    (
        "functools.partial",
        56,
        &[(16, "func", true), (24, "args", true), (32, "keywords", true), (40, "__dict__", true)],
    ),
];

/// A malloc buffer that a type's `__sizeof__` counts: `tp_name`, offset of the buffer's pointer, offset of its length,
/// and whether the length counts characters of text instead of bytes.
pub const BUFFERS: &[(&str, u64, u64, bool)] = &[
    ("_io.BufferedReader", 56, 120, false),
    ("_io.BufferedWriter", 56, 120, false),
    ("_io.BufferedRandom", 56, 120, false),
    ("_io.BytesIO", 16, 40, false),
];

/// `itertools.tee_dataobject`: the iterator, the count of values read (an `int`), the next link, the values. Those not
/// read yet are not initialised.
pub const TEE_DATA: &str = "itertools.tee_dataobject";
/// Pointer fields of [`TEE_DATA`].
pub const TEE_FIELDS: &[Field] = &[(16, "iterator", true), (32, "next", true)];
/// `numread`.
pub const TEE_COUNT: u64 = 24;
/// `values`.
pub const TEE_VALUES: u64 = 40;
/// Values there is room for (`LINKCELLS`).
pub const TEE_VALUES_MAX: u32 = 57;

/// Types without any reference.
pub const ATOMS: &[&str] = &[
    "object",
    "str",
    "basestring",
    "int",
    "long",
    "bool",
    "float",
    "complex",
    "NoneType",
    "NotImplementedType",
    "ellipsis",
    "bytearray",
    "xrange",
    "rangeiterator",
    "PyCObject",
    "PyCapsule",
    "thread.lock",
    "array.array",
    "datetime.date",
    "datetime.timedelta",
    "_socket.socket",
    "select.epoll",
    "select.poll",
    "mmap.mmap",
    "_struct.Struct",
    "_hashlib.HASH",
    "cStringIO.StringO",
    "zipimport.zipimporter",
];

/// Prefix of built-in exceptions' `tp_name`; the first three fields of all of them are these.
pub const EXCEPTION_FIELDS: &[Field] = &[(16, "__dict__", true), (24, "args", true), (32, "message", true)];
