//! Built-in types of CPython 3.13, from the structures in `Include/`, `Objects/*.c` and `Modules/*.c`.

use bloathound_profile::ValueKind;

use super::fixed::FIXED_13;
use super::joined;
use crate::dialect::known_types::{Chain, Core, Field, KnownTypes, Naming, SingledOut, TeeData, ValueParts, ValueType};

/// What is known of them.
pub(super) const TYPES: KnownTypes = KnownTypes {
    fixed: &FIXED_13,
    sizes: &SIZES_13,
    words: super::words::WORDS,
    cores: &CORES_SINCE_11,
    buffers: &[
        ("_io.BufferedReader", 56, 120, 1),
        ("_io.BufferedWriter", 56, 120, 1),
        ("_io.BufferedRandom", 56, 120, 1),
        // Its places in the order of insertion, and the links between them.
        ("collections.OrderedDict", 64, 72, 8),
        ("collections.OrderedDict", 48, 16, 32),
        ("itertools.combinations", 24, 40, 8),
        ("itertools.combinations_with_replacement", 24, 40, 8),
    ],
    // `Modules/mmapmodule.c`.
    mappings: &[("mmap.mmap", 16, 24)],
    atoms: &[
        "object",
        "float",
        "complex",
        "NoneType",
        "NotImplementedType",
        "ellipsis",
        "bytearray",
        "range_iterator",
        "PyCapsule",
        "_thread.lock",
        "_thread.RLock",
        "array.array",
        "datetime.date",
        "datetime.timedelta",
        "select.epoll",
        "select.poll",
        "decimal.Decimal",
        "_random.Random",
    ],
    numbers: &["object", "int", "bool", "float", "complex", "NoneType"],
    exception_fields: &[
        (16, "__dict__", true),
        (24, "args", true),
        (32, "__notes__", true),
        (40, "__traceback__", true),
        (48, "__context__", true),
        (56, "__cause__", true),
    ],
    exception_bytes: 72,
    type_fields: &[
        (264, "__dict__", true),
        (352, "tp_cache", true),
        (344, "__mro__", true),
        (336, "__bases__", true),
        (256, "__base__", true),
        (360, "__subclasses__", false),
    ],
    heap_type_fields: &[
        (856, "__name__", false),
        (864, "__slots__", false),
        (872, "__qualname__", false),
        (888, "ht_module", true),
    ],
    frame_fields: &[(16, "f_back"), (32, "f_trace"), (48, "f_extra_locals")],
    generator_fields: &[(24, "gi_name", true), (32, "gi_qualname", true), (40, "gi_exc_value", true)],
    shared_keys: "ht_cached_keys",
    items_at: &[("hamt_bitmap_node", 32), ("hamt_collision_node", 32)],
    // `RingBuf` of `Modules/_queuemodule.c`: `items`, `items_cap`.
    items_behind: &[("_queue.SimpleQueue", 40, 48)],
    core_fields: &[
        ("coroutine", &[(56, "cr_origin", false)]),
        ("async_generator", &[(56, "ag_finalizer", true)]),
        STG_DICT,
    ],
    chains: &[
        // `Modules/_functoolsmodule.c`: the ring begins in the cache itself.
        ("functools._lru_cache_wrapper", Chain { first: 24, next: 24, visited: &[8, 40, 48], owned_as: None }),
        // `Objects/odictobject.c`: every node owns its key once more.
        ("collections.OrderedDict", Chain { first: 48, next: 16, visited: &[0], owned_as: Some("order") }),
    ],
    // `Objects/genobject.c`, `Objects/iterobject.c`.
    hand_on: &[
        ("coroutine_wrapper", 16),
        ("async_generator_asend", 16),
        ("async_generator_athrow", 16),
        ("anext_awaitable", 16),
    ],
    call_name: "frame",
    tee_data: TeeData { fields: &[(16, "iterator", true), (32, "next", true)], count: 24, values: 40, values_max: 57 },
    // That of a range is what comes next; of a reversed one as of all others it may fall.
    positions: &[
        ("list_iterator", 16),
        ("list_reverseiterator", 16),
        ("tuple_iterator", 16),
        ("str_iterator", 16),
        ("str_ascii_iterator", 16),
        ("bytes_iterator", 16),
        ("bytearray_iterator", 16),
        ("range_iterator", 16),
        ("iterator", 16),
        ("enumerate", 16),
        ("reversed", 16),
        ("dict_keyiterator", 32),
        ("dict_valueiterator", 32),
        ("dict_itemiterator", 32),
        ("dict_reversekeyiterator", 32),
        ("dict_reversevalueiterator", 32),
        ("dict_reverseitemiterator", 32),
        ("set_iterator", 32),
    ],
    values: &VALUES_SINCE_11,
    told: &[
        ("NoneType", ValueParts::None, ValueKind::None),
        ("bool", ValueParts::Long, ValueKind::Bool),
        ("int", ValueParts::Long, ValueKind::Int),
        ("float", ValueParts::Float, ValueKind::Float),
        ("bytes", ValueParts::Str, ValueKind::Str),
        ("str", ValueParts::Unicode, ValueKind::Unicode),
        ("list", ValueParts::List, ValueKind::List),
        ("tuple", ValueParts::Tuple, ValueKind::Tuple),
        ("dict", ValueParts::Dict, ValueKind::Dict),
        ("set", ValueParts::Set, ValueKind::Set),
        ("frozenset", ValueParts::Set, ValueKind::FrozenSet),
        ("generator", ValueParts::Generator, ValueKind::Generator),
        ("coroutine", ValueParts::Generator, ValueKind::Generator),
        ("async_generator", ValueParts::Generator, ValueKind::Generator),
        ("cell", ValueParts::Cell, ValueKind::Cell),
        ("function", ValueParts::Function, ValueKind::Function),
        ("builtin_function_or_method", ValueParts::Builtin, ValueKind::Builtin),
        ("builtin_method", ValueParts::Builtin, ValueKind::Builtin),
        ("method", ValueParts::Method, ValueKind::Method),
        ("method_descriptor", ValueParts::MethodDescriptor, ValueKind::MethodDescriptor),
        ("type", ValueParts::Fixed, ValueKind::Class),
        ("module", ValueParts::Module, ValueKind::Module),
    ],
    drawing_iterators: "itertools.",
    // `_PyGC_ClearAllFreeLists` of `Python/gc_gil.c`: every list of objects for reuse.
    cleared: &[
        "tuple",
        "list",
        "dict",
        "float",
        "slice",
        "Context",
        "async_generator_asend",
        "async_generator_wrapped_value",
    ],
    without_storage: &[
        "object",
        "float",
        "bool",
        "NoneType",
        "function",
        "method",
        "cell",
        "module",
        "ReferenceType",
        "property",
        "staticmethod",
        "classmethod",
        "generator",
        "coroutine",
        "async_generator",
        "frame",
        "builtin_function_or_method",
        "wrapper_descriptor",
        "method_descriptor",
        "getset_descriptor",
        "member_descriptor",
    ],
    type_not_visited: &[],
    builtin_module: "builtins",
    singled_out: &[
        ("bool", SingledOut::Bool),
        ("bytes", SingledOut::Str),
        ("code", SingledOut::Code),
        ("coroutine", SingledOut::Generator),
        ("async_generator", SingledOut::Generator),
        ("float", SingledOut::Float),
        ("frozenset", SingledOut::Set),
        ("function", SingledOut::Function),
        ("generator", SingledOut::Generator),
        ("int", SingledOut::Int),
        ("module", SingledOut::Module),
        ("NoneType", SingledOut::Nothing),
        ("set", SingledOut::Set),
        ("str", SingledOut::Unicode),
        ("type", SingledOut::Type),
    ],
    // `Modules/_sre/sre.h`.
    pattern: ("re.Pattern", 48),
    at_address: &[("dict", 64), ("list", 56), ("set", 216), ("frozenset", 216), ("bytearray", 56)],
    naming: Naming {
        keys: &["__module__", "__name__", "__package__", "__qualname__"],
        fields: &["__name__", "__qualname__", "__module__", "co_name", "co_qualname", "gi_name", "gi_qualname"],
        file: "co_filename",
        lists: &["co_names", "co_localsplusnames", "__slots__"],
        namespaces: &["__dict__", "f_globals", "f_locals", "f_builtins", "__globals__"],
    },
    text_marks: ("b", ""),
    dummy_key: b"",
};

/// How built-in types are read, in all series alike.
pub(super) const CORES: &[(&str, Core)] = &[
    ("str", Core::Unicode),
    ("bytes", Core::Str),
    ("int", Core::Long),
    ("bool", Core::Long),
    ("bytearray", Core::ByteArray),
    ("array.array", Core::Array),
    ("dict", Core::Dict),
    ("list", Core::List),
    ("tuple", Core::Tuple),
    ("set", Core::Set),
    ("frozenset", Core::Set),
    ("type", Core::Type),
    ("frame", Core::Frame),
    ("weakref.ReferenceType", Core::Weakref),
    ("weakref.ProxyType", Core::Weakref),
    ("weakref.CallableProxyType", Core::Weakref),
    ("collections.deque", Core::Deque),
    ("itertools._tee_dataobject", Core::TeeData),
    ("collections.OrderedDict", Core::Dict),
    ("StgDict", Core::Dict),
    ("hamt_bitmap_node", Core::Tuple),
    ("hamt_collision_node", Core::Tuple),
];

/// From 3.11 on suspended calls contain their frame.
const CORES_SINCE_11: [(&str, Core); CORES.len() + 3] = joined(
    CORES,
    &[("generator", Core::Generator), ("coroutine", Core::Generator), ("async_generator", Core::Generator)],
);

/// `Modules/_ctypes/ctypes.h`, up to 3.12: what the class, which has no place for it, visits of its dict is `proto`.
pub(super) const STG_DICT: (&str, &[Field]) = (
    "StgDict",
    &[
        (96, "proto", true),
        (128, "argtypes", false),
        (136, "converters", false),
        (144, "restype", false),
        (152, "checker", false),
    ],
);

/// What is read of values, in all series alike.
const VALUES: &[ValueType] = &[
    ("NoneType", 0, u64::MAX, ValueParts::None),
    ("float", 24, 24, ValueParts::Float),
    ("set", 200, 200, ValueParts::Set),
    ("frozenset", 200, 200, ValueParts::Set),
    ("method", 48, 48, ValueParts::Method),
    ("builtin_function_or_method", 56, 56, ValueParts::Builtin),
    // One that knows the class it is of: `PyCMethodObject`.
    ("builtin_method", 64, 64, ValueParts::Builtin),
    ("method_descriptor", 0, u64::MAX, ValueParts::MethodDescriptor),
    ("classmethod_descriptor", 0, u64::MAX, ValueParts::MethodDescriptor),
    ("wrapper_descriptor", 0, u64::MAX, ValueParts::MethodDescriptor),
    ("cell", 24, 24, ValueParts::Cell),
    ("module", 56, 56, ValueParts::Module),
    ("code", 0, u64::MAX, ValueParts::Fixed),
    ("frame", 0, u64::MAX, ValueParts::Fixed),
    ("property", 0, u64::MAX, ValueParts::Fixed),
    ("staticmethod", 0, u64::MAX, ValueParts::Fixed),
    ("classmethod", 0, u64::MAX, ValueParts::Fixed),
    ("ellipsis", 0, u64::MAX, ValueParts::Fixed),
    ("NotImplementedType", 0, u64::MAX, ValueParts::Fixed),
    ("getset_descriptor", 0, u64::MAX, ValueParts::Fixed),
    ("member_descriptor", 0, u64::MAX, ValueParts::Fixed),
];

/// The rest from 3.11 on.
const VALUES_SINCE_11: [ValueType; VALUES.len() + 4] = joined(
    VALUES,
    &[
        ("function", 136, 144, ValueParts::Function),
        ("generator", 144, 152, ValueParts::Generator),
        ("coroutine", 144, 152, ValueParts::Generator),
        ("async_generator", 144, 152, ValueParts::Generator),
    ],
);

/// The rest in 3.10.
pub(super) const VALUES_10: [ValueType; VALUES.len() + 4] = joined(
    VALUES,
    &[
        ("function", 128, 128, ValueParts::Function),
        ("generator", 88, 88, ValueParts::Generator),
        ("coroutine", 96, 96, ValueParts::Generator),
        ("async_generator", 112, 112, ValueParts::Generator),
    ],
);

/// Sizes that all series have alike.
const SIZES: &[(&str, u64)] = &[
    ("object", 16),
    ("int", 24),
    ("float", 24),
    ("complex", 32),
    ("bytes", 33),
    ("bytearray", 56),
    ("tuple", 24),
    ("list", 40),
    ("dict", 48),
    ("set", 200),
    ("frozenset", 200),
    ("collections.OrderedDict", 112),
    ("NoneType", 16),
];

/// Those of 3.10.
pub(super) const SIZES_10: [(&str, u64); SIZES.len() + 7] = joined(
    SIZES,
    &[
        ("weakref.ReferenceType", 56),
        ("BaseException", 64),
        ("OSError", 104),
        ("bool", 32),
        ("str", 80),
        ("type", 888),
        ("frame", 360),
    ],
);

/// Those that the later ones have alike.
const SIZES_SINCE_11: [(&str, u64); SIZES.len() + 3] =
    joined(SIZES, &[("weakref.ReferenceType", 64), ("BaseException", 72), ("OSError", 112)]);

/// Those of 3.11.
pub(super) const SIZES_11: [(&str, u64); SIZES_SINCE_11.len() + 7] = joined(
    &SIZES_SINCE_11,
    &[
        ("bool", 32),
        ("str", 80),
        ("generator", 152),
        ("coroutine", 152),
        ("async_generator", 152),
        ("type", 904),
        ("frame", 120),
    ],
);

/// Those of 3.12 and later, in which numbers and text are smaller.
const SIZES_SINCE_12: [(&str, u64); SIZES_SINCE_11.len() + 5] = joined(
    &SIZES_SINCE_11,
    &[("bool", 24), ("str", 64), ("generator", 144), ("coroutine", 144), ("async_generator", 144)],
);

/// Those of 3.13.
const SIZES_13: [(&str, u64); SIZES_SINCE_12.len() + 2] = joined(&SIZES_SINCE_12, &[("type", 928), ("frame", 136)]);

/// Those of 3.12.
pub(super) const SIZES_12: [(&str, u64); SIZES_SINCE_12.len() + 2] =
    joined(&SIZES_SINCE_12, &[("type", 920), ("frame", 120)]);
