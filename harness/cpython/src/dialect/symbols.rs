//! Names of the interpreter's own symbols, and by which of them a module is told to be one.

/// Symbols of a series, as its sources name them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SymbolNames {
    /// Exported by this series' major version, and by no later one.
    pub of_major: &'static [&'static str],
    /// Exported from this series on.
    pub since: &'static [&'static str],
    /// Only a debug build has one of these.
    pub of_debug_builds: &'static [&'static str],
    /// `type`.
    pub type_type: &'static str,
    /// `object`.
    pub object_type: &'static str,
    /// `dict`.
    pub dict_type: &'static str,
    /// `list`.
    pub list_type: &'static str,
    /// `int`.
    pub int_type: &'static str,
    /// `float`.
    pub float_type: &'static str,
    /// The thread that holds the GIL.
    pub current_thread: &'static str,
    /// Points at the first of the collector's generations.
    pub generation0: &'static str,
    /// Begins what a build with two bytes a character exports.
    pub narrow_unicode: &'static str,
    /// Begins a full collection; asks for `collecting` first.
    pub collect: &'static str,
    /// Allocates a tracked object; asks whether the collector is on.
    pub allocate: &'static str,
    /// Makes the module `gc`; asks for `garbage` first.
    pub init_gc: &'static str,
    /// File-local names that decoding uses where `.symtab` is there.
    pub local: &'static [&'static str],
    /// File-local: pymalloc's arena objects.
    pub arenas: &'static str,
    /// File-local: how many there are.
    pub maxarenas: &'static str,
    /// File-local: interned strings.
    pub interned: &'static str,
    /// File-local: what the collector gave up.
    pub garbage: &'static str,
    /// File-local: whether a collection is under way.
    pub collecting: &'static str,
    /// File-local: whether the collector comes by itself.
    pub enabled: &'static str,
    /// File-local, once for ints and once for floats: their blocks.
    pub block_list: &'static str,
    /// File-local: the first interpreter.
    pub interp_head: &'static str,
    /// File-local: the collector's generations.
    pub generations: &'static str,
}

/// Begins every name that a CPython of any series exports.
pub const EXPORTED_PREFIXES: [&str; 2] = ["Py", "_Py"];
/// Types that any CPython exports; an executable with copies of a library's data has them, too.
pub const EXPORTED_TYPES: [&str; 2] = ["PyDict_Type", "PyType_Type"];
/// The function that evaluates, one of these in any series.
pub const EVALUATORS: [&str; 2] = ["PyEval_EvalFrameEx", "_PyEval_EvalFrameDefault"];
/// What the interpreter is that is read here, for messages. A test holds it against the dialects.
pub const SUPPORTED: &str = "CPython 2.7, 3.10, 3.11, 3.12 and 3.13";
