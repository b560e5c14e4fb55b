//! Fields of types that are read word by word, by name: of the standard library's extension modules, and of greenlet's,
//! numpy's, lxml's and zope.interface's, which Twisted brings.
//!
//! From the structures in `Modules/*.c`, `Objects/exceptions.c` and the packages' own sources (greenlet 0.4, numpy 1.16, lxml
//! 4.9, zope.interface 5.5), each offset compared with `gc.get_referents` and the attributes of a live object. A type of that
//! name with another size keeps its words without names. Only references that are owned stand here.

use crate::dialect::known_types::WordType;

/// See the head of this file.
pub(super) const WORDS: &[WordType] = &[
    // `Modules/cPickle.c`.
    (
        "cPickle.Pickler",
        136,
        &[
            (24, "write"),
            (32, "file"),
            (40, "memo"),
            (48, "arg"),
            (56, "persistent_id"),
            (64, "inst_persistent_id"),
            (112, "dispatch_table"),
        ],
    ),
    (
        "cPickle.Unpickler",
        160,
        &[(24, "file"), (32, "readline"), (40, "read"), (48, "memo"), (56, "arg"), (64, "stack")],
    ),
    // `Modules/_collectionsmodule.c`.
    ("collections.defaultdict", 256, &[(248, "default_factory")]),
    ("deque_iterator", 56, &[(32, "deque")]),
    ("deque_reverse_iterator", 56, &[(32, "deque")]),
    // `Modules/itertoolsmodule.c`.
    ("itertools.chain", 32, &[(16, "source"), (24, "active")]),
    ("itertools.cycle", 40, &[(16, "it"), (24, "saved")]),
    ("itertools.imap", 32, &[(16, "iters"), (24, "func")]),
    ("itertools.izip", 40, &[(24, "iters"), (32, "result")]),
    ("itertools.izip_longest", 56, &[(32, "iters"), (40, "result"), (48, "fillvalue")]),
    ("itertools.ifilter", 32, &[(16, "func"), (24, "it")]),
    ("itertools.ifilterfalse", 32, &[(16, "func"), (24, "it")]),
    ("itertools.groupby", 56, &[(16, "it"), (24, "keyfunc"), (32, "tgtkey"), (40, "currkey"), (48, "currvalue")]),
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
    ("itertools.tee", 40, &[(16, "dataobj")]),
    // `Modules/operator.c`.
    ("operator.itemgetter", 32, &[(24, "item")]),
    ("operator.attrgetter", 32, &[(24, "attr")]),
    // `Modules/_sre.c`.
    ("_sre.SRE_Pattern", 88, &[(32, "groupindex"), (40, "indexgroup"), (48, "pattern")]),
    ("_sre.SRE_Match", 88, &[(24, "string"), (32, "regs"), (40, "re")]),
    ("_sre.SRE_Scanner", 1744, &[(16, "pattern"), (56, "string")]),
    // `Modules/datetimemodule.c`.
    ("datetime.datetime", 48, &[(40, "tzinfo")]),
    ("datetime.time", 40, &[(32, "tzinfo")]),
    // `Modules/cStringIO.c`.
    ("cStringIO.StringI", 136, &[(48, "pbuf")]),
    // `Modules/_io/*.c`.
    ("_io.BufferedReader", 152, &[(16, "raw")]),
    ("_io.BufferedWriter", 152, &[(16, "raw")]),
    ("_io.BufferedRandom", 152, &[(16, "raw")]),
    ("_io.BufferedRWPair", 48, &[(16, "reader"), (24, "writer")]),
    (
        "_io.TextIOWrapper",
        176,
        &[(32, "buffer"), (40, "encoding"), (48, "encoder"), (56, "decoder"), (64, "readnl"), (72, "errors")],
    ),
    ("_io.IncrementalNewlineDecoder", 40, &[(16, "decoder")]),
    // `Modules/pyexpat.c`.
    ("pyexpat.xmlparser", 80, &[(64, "intern")]),
    // `Modules/zlibmodule.c`.
    ("zlib.Compress", 152, &[(128, "unused_data"), (136, "unconsumed_tail")]),
    ("zlib.Decompress", 152, &[(128, "unused_data"), (136, "unconsumed_tail")]),
    // `Modules/_sqlite/connection.h`, `cursor.h`.
    (
        "sqlite3.Connection",
        232,
        &[(48, "isolation_level"), (88, "statements"), (96, "cursors"), (112, "row_factory"), (120, "text_factory")],
    ),
    (
        "sqlite3.Cursor",
        112,
        &[(16, "connection"), (24, "description"), (32, "row_cast_map"), (48, "lastrowid"), (64, "row_factory")],
    ),
    // `Modules/_ctypes/ctypes.h`.
    ("_ctypes._CData", 96, &[(32, "b_base"), (64, "b_objects")]),
    ("_ctypes.PyCFuncPtr", 160, &[(32, "b_base"), (64, "b_objects"), (96, "thunk"), (104, "callable")]),
    // `Modules/_csv.c`.
    ("_csv.reader", 80, &[(16, "input_iter"), (24, "dialect"), (32, "fields")]),
    ("_csv.writer", 56, &[(16, "writeline"), (24, "dialect")]),
    // `Modules/_json.c`.
    (
        "_json.Scanner",
        72,
        &[
            (16, "encoding"),
            (24, "strict"),
            (32, "object_hook"),
            (40, "object_pairs_hook"),
            (48, "parse_float"),
            (56, "parse_int"),
            (64, "parse_constant"),
        ],
    ),
    (
        "_json.Encoder",
        88,
        &[
            (16, "markers"),
            (24, "default"),
            (32, "encoder"),
            (40, "indent"),
            (48, "key_separator"),
            (56, "item_separator"),
            (64, "sort_keys"),
            (72, "skipkeys"),
        ],
    ),
    // `Modules/_elementtree.c`.
    ("TreeBuilder", 104, &[(48, "stack")]),
    // `Include/pyerrors.h`: what follows `args` and `message`.
    ("exceptions.EnvironmentError", 64, &[(40, "errno"), (48, "strerror"), (56, "filename")]),
    (
        "exceptions.SyntaxError",
        88,
        &[(40, "msg"), (48, "filename"), (56, "lineno"), (64, "offset"), (72, "text"), (80, "print_file_and_line")],
    ),
    ("exceptions.UnicodeDecodeError", 80, &[(40, "encoding"), (48, "object"), (72, "reason")]),
    ("exceptions.UnicodeEncodeError", 80, &[(40, "encoding"), (48, "object"), (72, "reason")]),
    ("exceptions.UnicodeTranslateError", 80, &[(48, "object"), (72, "reason")]),
    ("exceptions.SystemExit", 48, &[(40, "code")]),
    // greenlet's `greenlet.h`.
    (
        "greenlet.greenlet",
        128,
        &[(56, "parent"), (64, "run"), (72, "gr_frame"), (96, "exc_type"), (104, "exc_value"), (112, "exc_traceback")],
    ),
    // numpy's `ndarraytypes.h`.
    ("numpy.ndarray", 80, &[(48, "base"), (56, "dtype")]),
    ("numpy.dtype", 96, &[(16, "type"), (48, "fields"), (56, "names"), (72, "metadata")]),
    // zope.interface's `_zope_interface_coptimizations.c`.
    (
        "_interface_coptimizations.SpecificationBase",
        72,
        &[(24, "_implied"), (32, "_dependents"), (40, "_bases"), (48, "_v_attrs"), (56, "__iro__"), (64, "__sro__")],
    ),
    ("_zope_interface_coptimizations.InterfaceBase", 96, &[(72, "__name__"), (80, "__module__")]),
    ("_zope_interface_coptimizations.LookupBase", 40, &[(16, "_cache"), (24, "_mcache"), (32, "_scache")]),
    // lxml's `etree.pyx`, as Cython lays it out.
    ("lxml.etree._Element", 40, &[(16, "_doc"), (32, "_tag")]),
    ("lxml.etree._ElementTree", 40, &[(24, "_doc"), (32, "_context_node")]),
    ("lxml.etree._Document", 56, &[(48, "_parser")]),
];
