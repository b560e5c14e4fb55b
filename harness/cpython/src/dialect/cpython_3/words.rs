//! Fields of types that are read word by word, by name: of the standard library's extension modules.
//!
//! From the structures in `Modules/*.c`, as debug information tells them; of a type that grew there is a row for each size.
//! A type of that name with another size keeps its words without names. Only references that are owned stand here.

use crate::dialect::known_types::WordType;

/// See the head of this file.
pub(super) const WORDS: &[WordType] = &[
    // `Modules/_collectionsmodule.c`.
    ("collections.defaultdict", 56, &[(48, "default_factory")]),
    ("collections._deque_iterator", 56, &[(32, "deque")]),
    ("collections._deque_reverse_iterator", 56, &[(32, "deque")]),
    ("collections._tuplegetter", 32, &[(24, "__doc__")]),
    ("_collections._deque_iterator", 56, &[(32, "deque")]),
    ("_collections._deque_reverse_iterator", 56, &[(32, "deque")]),
    ("_collections._tuplegetter", 32, &[(24, "__doc__")]),
    // `Modules/itertoolsmodule.c`.
    ("itertools.chain", 32, &[(16, "source"), (24, "active")]),
    ("itertools.cycle", 48, &[(16, "it"), (24, "saved")]),
    ("itertools.zip_longest", 56, &[(32, "iters"), (40, "result"), (48, "fillvalue")]),
    ("itertools.filterfalse", 32, &[(16, "func"), (24, "it")]),
    ("itertools._grouper", 32, &[(16, "parent"), (24, "tgtkey")]),
    ("itertools.islice", 56, &[(16, "it")]),
    ("itertools.takewhile", 40, &[(16, "func"), (24, "it")]),
    ("itertools.dropwhile", 40, &[(16, "func"), (24, "it")]),
    ("itertools.starmap", 32, &[(16, "func"), (24, "it")]),
    ("itertools.repeat", 32, &[(16, "element")]),
    ("itertools.count", 40, &[(24, "long_cnt"), (32, "long_step")]),
    ("itertools.product", 48, &[(16, "pools"), (32, "result")]),
    ("itertools.permutations", 64, &[(16, "pool"), (40, "result")]),
    ("itertools.combinations", 56, &[(16, "pool"), (32, "result")]),
    ("itertools.combinations_with_replacement", 56, &[(16, "pool"), (32, "result")]),
    ("itertools.compress", 32, &[(16, "data"), (24, "selectors")]),
    ("itertools._tee", 48, &[(16, "dataobj")]),
    ("itertools._tee", 40, &[(16, "dataobj")]),
    ("itertools.accumulate", 48, &[(16, "total"), (24, "it"), (32, "binop"), (40, "initial")]),
    ("itertools.accumulate", 56, &[(16, "total"), (24, "it"), (32, "binop"), (40, "initial")]),
    ("itertools.pairwise", 40, &[(16, "it"), (24, "old"), (32, "result")]),
    ("itertools.pairwise", 32, &[(16, "it"), (24, "old")]),
    ("itertools.batched", 40, &[(16, "it")]),
    ("itertools.batched", 32, &[(16, "it")]),
    // `Modules/_operator.c`.
    ("operator.itemgetter", 48, &[(24, "item")]),
    ("operator.itemgetter", 40, &[(24, "item")]),
    ("operator.attrgetter", 40, &[(24, "attr")]),
    ("operator.attrgetter", 32, &[(24, "attr")]),
    // `Modules/_sre/sre.h`.
    ("re.Pattern", 96, &[(32, "groupindex"), (40, "indexgroup"), (48, "pattern")]),
    ("re.Match", 88, &[(24, "string"), (32, "regs"), (40, "pattern")]),
    // `Modules/_io/*.c`.
    ("_io.BufferedReader", 152, &[(16, "raw")]),
    ("_io.BufferedWriter", 152, &[(16, "raw")]),
    ("_io.BufferedRandom", 152, &[(16, "raw")]),
    ("_io.BufferedRWPair", 48, &[(16, "reader"), (24, "writer")]),
    ("_io.TextIOWrapper", 200, TEXT_IO),
    ("_io.TextIOWrapper", 192, TEXT_IO),
    ("_io.BytesIO", 64, &[(16, "buf")]),
    // `Modules/_asynciomodule.c`.
    ("_asyncio.Task", 192, TASK_192),
    ("_asyncio.Task", 176, TASK_176),
    ("_asyncio.Task", 144, TASK_144),
    // `Modules/_abc.c`.
    ("_abc._abc_data", 48, &[(16, "_abc_registry"), (24, "_abc_cache"), (32, "_abc_negative_cache")]),
];

/// `textio` of `Modules/_io/textio.c`; what is new in 3.12 stands behind.
const TEXT_IO: &[(u64, &str)] = &[
    (32, "buffer"),
    (40, "encoding"),
    (48, "encoder"),
    (56, "decoder"),
    (64, "readnl"),
    (72, "errors"),
    (120, "decoded_chars"),
    (136, "pending_bytes"),
    (152, "snapshot"),
    (168, "raw"),
];

/// `TaskObj` of `Modules/_asynciomodule.c` in 3.10.
const TASK_192: &[(u64, &str)] = &[
    (16, "task_loop"),
    (24, "task_callback0"),
    (32, "task_context0"),
    (40, "task_callbacks"),
    (48, "task_exception"),
    (56, "task_exception_tb"),
    (64, "task_result"),
    (72, "task_source_tb"),
    (80, "task_cancel_msg"),
    (120, "task_cancelled_exc_type"),
    (128, "task_cancelled_exc_value"),
    (136, "task_cancelled_exc_tb"),
    (152, "task_fut_waiter"),
    (160, "task_coro"),
    (168, "task_name"),
    (176, "task_context"),
];

/// The same in 3.11 and 3.12.
const TASK_176: &[(u64, &str)] = &[
    (16, "task_loop"),
    (24, "task_callback0"),
    (32, "task_context0"),
    (40, "task_callbacks"),
    (48, "task_exception"),
    (56, "task_exception_tb"),
    (64, "task_result"),
    (72, "task_source_tb"),
    (80, "task_cancel_msg"),
    (120, "task_cancelled_exc"),
    (128, "task_fut_waiter"),
    (136, "task_coro"),
    (144, "task_name"),
    (152, "task_context"),
];

/// The same from 3.13 on.
const TASK_144: &[(u64, &str)] = &[
    (16, "task_loop"),
    (24, "task_callback0"),
    (32, "task_context0"),
    (40, "task_callbacks"),
    (48, "task_exception"),
    (56, "task_exception_tb"),
    (64, "task_result"),
    (72, "task_source_tb"),
    (80, "task_cancel_msg"),
    (88, "task_cancelled_exc"),
    (112, "task_fut_waiter"),
    (120, "task_coro"),
    (128, "task_name"),
    (136, "task_context"),
];
