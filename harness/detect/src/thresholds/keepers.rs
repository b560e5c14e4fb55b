//! What the standard library and Twisted keep by design, each with its bound: growth below it is no bug.

use super::away;
use super::row::{Row, Setting};

/// A place that keeps something by design.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keeper {
    /// Its module.
    pub module: &'static str,
    /// Its attribute, of the module or of one of its classes.
    pub attribute: &'static str,
    /// The most entries it holds; `None` where it is bounded by something that varies.
    pub most: Option<u64>,
    /// What bounds it, in words.
    pub bound: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

const fn keeper(
    module: &'static str,
    attribute: &'static str,
    most: Option<u64>,
    bound: &'static str,
    source: &'static str,
) -> Keeper {
    Keeper { module, attribute, most, bound, source }
}

/// All that are known.
pub const KEEPERS: &[Keeper] = &[
    keeper("re", "_cache", Some(100), "emptied at 100 patterns (`re._MAXCACHE`)", "CPython 2.7, Lib/re.py"),
    keeper("re", "_cache_repl", Some(100), "emptied at 100 templates (`re._MAXCACHE`)", "CPython 2.7, Lib/re.py"),
    keeper("sre_parse", "_cache", Some(100), "emptied at 100 patterns", "CPython 2.7, Lib/sre_parse.py"),
    keeper(
        "fnmatch",
        "_cache",
        Some(100),
        "emptied at 100 patterns (`fnmatch._MAXCACHE`)",
        "CPython 2.7, Lib/fnmatch.py",
    ),
    keeper(
        "urlparse",
        "_parse_cache",
        Some(20),
        "emptied at 20 URLs (`MAX_CACHE_SIZE`)",
        "CPython 2.7, Lib/urlparse.py",
    ),
    keeper("_strptime", "_regex_cache", Some(5), "emptied above 5 formats", "CPython 2.7, Lib/_strptime.py"),
    keeper("struct", "_cache", Some(100), "emptied at 100 formats", "CPython 2.7, Modules/_struct.c"),
    keeper(
        "linecache",
        "cache",
        None,
        "one entry for each source file that a traceback named",
        "CPython 2.7, Lib/linecache.py",
    ),
    keeper("encodings", "_cache", None, "one entry for each name of a codec", "CPython 2.7, Lib/encodings/__init__.py"),
    keeper("sys", "path_importer_cache", None, "one entry for each folder of sys.path", "CPython 2.7, Python/import.c"),
    keeper("sys", "modules", None, "one entry for each module imported", "CPython 2.7, Python/import.c"),
    keeper("warnings", "onceregistry", None, "one entry for each warning of its own", "CPython 2.7, Lib/warnings.py"),
    keeper("copy_reg", "_extension_cache", None, "one entry for each extension code", "CPython 2.7, Lib/copy_reg.py"),
    keeper("mimetypes", "_db", None, "read once", "CPython 2.7, Lib/mimetypes.py"),
    keeper(
        "twisted.logger._buffer",
        "_buffer",
        Some(65_536),
        "the last 64 Ki events (`LimitedHistoryLogObserver`)",
        "Twisted 16.0.0, twisted/logger/_buffer.py",
    ),
    keeper(
        "twisted.logger._global",
        "_temporaryObserver",
        Some(65_536),
        "the last 64 Ki events, until logging begins",
        "Twisted 16.0.0, twisted/logger/_global.py",
    ),
];

/// The keeper of that module or of one of its classes.
#[must_use]
pub fn keeper_of<'k>(module: &str, names: impl Iterator<Item = &'k str>) -> Option<&'static Keeper> {
    let names: Vec<&str> = names.collect();
    let known = KEEPERS.iter().find(|keeper| keeper.module == module && names.contains(&keeper.attribute))?;
    (!away::is_entry("KEEPERS", (known.module, known.attribute))).then_some(known)
}

/// A row for all of them.
pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        rule: "growth",
        name: "KEEPERS",
        value: Setting::Count(KEEPERS.len() as u64),
        unit: "places",
        what: "What the standard library and Twisted keep by design, each with its bound and its source.",
        measured: "read in the sources named beside each",
        needed_by: "detect/tests/uneven.rs::what_the_library_keeps_by_design_is_told",
    }]
}
