//! Lists of words that rules go by, where a typed kind does not tell enough.

use super::row::{Row, Setting};

/// Words that mean something to a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    rule: &'static str,
    name: &'static str,
    words: &'static [&'static str],
    what: &'static str,
    measured: &'static str,
    needed_by: &'static str,
}

impl Words {
    /// True for a word of the list.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }
}

/// Types in a cycle that say nothing.
pub const PLAIN_IN_CYCLES: Words = Words {
    rule: "cycles",
    name: "PLAIN_IN_CYCLES",
    words: &["dict", "list", "tuple", "set", "cell", "function", "instancemethod", "frame"],
    what: "Types that are left out of a cycle's types: the plain containers between the others are part of every cycle.",
    measured: "reason, not measured: they join the other types of every cycle",
    needed_by: "cli/tests/recorded.rs::replay_gives_the_findings_of_the_run_byte_for_byte",
};

/// Types of weak references.
pub const WEAK_TYPES: Words = Words {
    rule: "growth",
    name: "WEAK_TYPES",
    words: &["weakref", "weakproxy", "weakcallableproxy", "weakref.KeyedRef"],
    what: "Types that grow beside what leaks and go with it: registries of weak references.",
    measured: "reason, not measured: what leaks is often listed weakly as well, in a registry of its own",
    needed_by: "detect/tests/growth.rs::weak_references_beside_a_leak_are_its_shadow",
};

/// Attributes whose growth is the interpreter's own.
pub const BOOKKEEPING: Words = Words {
    rule: "growth",
    name: "BOOKKEEPING",
    words: &["__subclasses__"],
    what: "Labels of places that grow by themselves: a base's list of its subclasses never shrinks.",
    measured: "CPython 2.7 keeps a weak reference for each class that went away in its base's list",
    needed_by: "detect/tests/growth.rs::a_list_of_subclasses_is_bookkeeping",
};

/// Iterators that move and never end.
pub const ENDLESS_ITERATORS: Words = Words {
    rule: "hot-loop",
    name: "ENDLESS_ITERATORS",
    words: &["itertools.count", "itertools.cycle"],
    what: "Iterators that move and never end: their motion is no progress.",
    measured: "Python 2.7's documentation: the others that never end don't move",
    needed_by: "detect/tests/loops.rs::more_that_goes_nowhere",
};

/// Functions that tell the time.
pub const CLOCKS: Words = Words {
    rule: "hot-loop",
    name: "CLOCKS",
    words: &["time", "clock"],
    what: "Functions of the `time` module: a loop that waits for a moment gets nearer to it.",
    measured: "reason, not measured: a loop until a deadline has an exit whose inputs look still",
    needed_by: "detect/tests/loops.rs::work_that_shows_in_no_value_is_busy",
};

/// Types that deliver what is outside the process.
pub const OUTSIDE_TYPES: Words = Words {
    rule: "hot-loop",
    name: "OUTSIDE_TYPES",
    words: &[
        "file",
        "socket",
        "_socketobject",
        "SSLSocket",
        "FileIO",
        "BufferedReader",
        "BufferedRandom",
        "TextIOWrapper",
        "mmap",
        "epoll",
        "Connection",
        "Cursor",
    ],
    what: "Types, without their modules, whose objects deliver what is outside the process.",
    measured: "reason, not measured: each answer is new, and none was in memory before",
    needed_by: "detect/tests/loops.rs::work_that_shows_in_no_value_is_busy",
};

/// Functions in C that read from outside the process.
pub const OUTSIDE_FUNCTIONS: Words = Words {
    rule: "hot-loop",
    name: "OUTSIDE_FUNCTIONS",
    words: &["read", "recv", "readv"],
    what: "Functions in C that deliver what is outside the process by a file's number.",
    measured: "reason, not measured: `os.read` and the like take a number, not an object",
    needed_by: "detect/tests/loops.rs::work_that_shows_in_no_value_is_busy",
};

/// What is known of each list.
#[must_use]
pub fn rows() -> Vec<Row> {
    let all = [WEAK_TYPES, BOOKKEEPING, PLAIN_IN_CYCLES, ENDLESS_ITERATORS, CLOCKS, OUTSIDE_TYPES, OUTSIDE_FUNCTIONS];
    let row = |list: &Words| Row {
        rule: list.rule,
        name: list.name,
        value: Setting::Words(list.words),
        unit: "words",
        what: list.what,
        measured: list.measured,
        needed_by: list.needed_by,
    };
    all.iter().map(row).collect()
}
