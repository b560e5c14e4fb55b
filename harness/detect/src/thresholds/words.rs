//! Lists of words that rules go by, where a typed kind does not tell enough.

use bloathound_profile::frameworks;

use super::away;
use super::row::{Row, Setting};

/// Words that mean something to a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    pub(super) rule: &'static str,
    pub(super) name: &'static str,
    pub(super) words: &'static [&'static str],
    pub(super) what: &'static str,
    pub(super) measured: &'static str,
    pub(super) needed_by: &'static str,
}

impl Words {
    /// What is known of it.
    pub(super) fn row(&self) -> Row {
        Row {
            rule: self.rule,
            name: self.name,
            value: Setting::Words(self.words),
            unit: "words",
            what: self.what,
            measured: self.measured,
            needed_by: self.needed_by,
        }
    }

    /// True for a word of the list.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.words.contains(&word) && !away::is_row(self.name)
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
    words: &[
        "weakref",
        "weakproxy",
        "weakcallableproxy",
        "weakref.KeyedRef",
        "weakref.WeakKeyDictionary",
        "weakref.WeakValueDictionary",
        "_weakrefset.WeakSet",
    ],
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

/// Types of what holds names for others.
pub const NAMELESS: Words = Words {
    rule: "growth",
    name: "NAMELESS",
    words: &["module", "dict", "frame", "function", "cell", "tuple", "list"],
    what: "Types of holders that are no class of a program's: a finding names none for what they hold.",
    measured: "CPython 2.7's own containers and namespaces; who holds by one of them is its module or function",
    needed_by: "cli/tests/recorded.rs::replay_gives_the_findings_of_the_run_byte_for_byte",
};

/// Classes of libraries that are there to contain.
pub const CONTAINERS: Words = Words {
    rule: "growth",
    name: "CONTAINERS",
    words: &[
        "Queue.Queue",
        "Queue.LifoQueue",
        "Queue.PriorityQueue",
        "queue.Queue",
        "queue.LifoQueue",
        "queue.PriorityQueue",
        "asyncio.queues.Queue",
        "asyncio.queues.LifoQueue",
        "asyncio.queues.PriorityQueue",
        "multiprocessing.queues.Queue",
        "gevent.queue.Queue",
        "gevent._queue.Queue",
        "tornado.queues.Queue",
        "twisted.internet.defer.DeferredQueue",
        "collections.OrderedDict",
        "collections.Counter",
        "collections.UserDict",
        "collections.UserList",
        "UserDict.UserDict",
        "UserDict.IterableUserDict",
        "UserList.UserList",
        "_weakrefset.WeakSet",
        "weakref.WeakKeyDictionary",
        "weakref.WeakValueDictionary",
        "sets.Set",
    ],
    what: "Classes of libraries that are there to contain: who keeps one is told as the holder, and not the attribute inside it.",
    measured: "a service whose `outbox` is a `Queue.Queue` without a bound was told as `Queue.queue (Queue.py:26)`",
    needed_by: "detect/tests/names.rs::who_keeps_a_librarys_container_is_the_holder",
};

/// Types of classes.
pub const CLASSES: Words = Words {
    rule: "growth",
    name: "CLASSES",
    words: &["type", "classobj"],
    what: "Types of holders that are classes themselves: their own name is the label that led to them.",
    measured: "CPython 2.7 has new-style and old-style classes",
    needed_by: "cli/tests/recorded.rs::replay_gives_the_findings_of_the_run_byte_for_byte",
};

/// Types of what runs code.
pub const RUNS_CODE: Words = Words {
    rule: "growth",
    name: "RUNS_CODE",
    words: &["function", "frame"],
    what: "Types of holders that are named as the finding's function.",
    measured: "CPython 2.7 keeps variables in frames, and defaults and closures in functions",
    needed_by: "cli/tests/recorded.rs::replay_gives_the_findings_of_the_run_byte_for_byte",
};

/// Variables of event loops that hold the number of the descriptor that is ready.
pub const READY: Words = Words {
    rule: "spin",
    name: "READY",
    words: &["fd", "fileno"],
    what: "Variables of event loops that hold the number of the descriptor that is ready.",
    measured: "Twisted 16.0.0, twisted/internet/epollreactor.py and pollreactor.py; tornado 5.1.1, tornado/ioloop.py",
    needed_by: "detect/src/spin/tests.rs::the_same_descriptor_each_turn_and_nothing_done",
};

/// Attributes that hold calls until their time.
pub const TIMED: Words = Words {
    rule: "growth",
    name: "TIMED",
    words: frameworks::TIMED_LISTS,
    what: "Attributes of event loops that hold calls until their time: what grows there goes by itself.",
    measured: "Twisted 16.0.0, twisted/internet/base.py; tornado 5.1.1, tornado/ioloop.py",
    needed_by: "detect/tests/uneven.rs::timed_calls_only_grow",
};

/// Numbers that bound a container.
pub const LIMITS: Words = Words {
    rule: "growth",
    name: "LIMITS",
    words: &[
        "max",
        "maximum",
        "maxsize",
        "maxlen",
        "maxlength",
        "maxentries",
        "maxitems",
        "maxcount",
        "maxkeys",
        "maxelements",
        "maxcachesize",
        "cachesize",
        "cachemax",
        "cachelimit",
        "size",
        "limit",
        "capacity",
        "bound",
        "upperbound",
        "sizelimit",
        "sizemax",
        "itemsmax",
        "entriesmax",
        "countmax",
    ],
    what: "Attributes, without their underscores, beside a container or on its class, that say how much it takes.",
    measured: "field case `ok_lru`; the parameters of cachetools, functools32, repoze.lru, Django's locmem, beaker",
    needed_by: "detect/tests/uneven.rs::a_limit_beside_it_is_told_and_no_finding",
};

/// What a limit's name has beside the container's: `max_jobs`, `jobs_limit`.
pub const LIMIT_PARTS: Words = Words {
    rule: "growth",
    name: "LIMIT_PARTS",
    words: &["max", "maximum", "limit", "size", "maxsize", "maxlen", "capacity", "maxlength"],
    what: "Words that make a number the limit of the container whose name stands beside them.",
    measured: "reason, not measured: `max_jobs` bounds `jobs`",
    needed_by: "detect/tests/uneven.rs::a_limit_beside_it_is_told_and_no_finding",
};

/// Methods that make an object.
pub const MAKES_ITSELF: Words = Words {
    rule: "hot-loop",
    name: "MAKES_ITSELF",
    words: &["__init__", "__new__"],
    what: "Methods by which calling a class runs Python code: what else is below such a call is called by them.",
    measured: "Python's data model",
    needed_by: "detect/tests/loops.rs::more_that_goes_nowhere",
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

/// Types that tell the time.
pub const CLOCK_TYPES: Words = Words {
    rule: "hot-loop",
    name: "CLOCK_TYPES",
    words: &["datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "time.struct_time"],
    what: "Types whose objects tell the time: that they take new values is no progress.",
    measured: "Python 2.7's documentation",
    needed_by: "detect/tests/loops.rs::counting_failures_is_no_progress",
};

/// Methods that an event loop asks.
pub const QUESTIONS: Words = Words {
    rule: "spin",
    name: "QUESTIONS",
    words: &["fileno", "readable", "writable", "logPrefix", "timeout"],
    what: "Methods that an event loop asks each turn whatever is ready: another one that it calls is the more telling.",
    measured: "Twisted's select reactor asks `fileno` of all, asyncore `readable` and `writable`",
    needed_by: "detect/src/spin/tests.rs::what_is_only_asked_is_not_what_is_called",
};

/// Functions in C that only tell what they are asked of.
pub const PURE: Words = Words {
    rule: "hot-loop",
    name: "PURE",
    words: &[
        "dict.get",
        "dict.has_key",
        "dict.__contains__",
        "len",
        "list.count",
        "list.index",
        "tuple.count",
        "tuple.index",
        "set.isdisjoint",
        "set.issubset",
        "set.issuperset",
        "str.count",
        "str.endswith",
        "str.find",
        "str.isdigit",
        "str.isspace",
        "str.rfind",
        "str.startswith",
        "unicode.count",
        "unicode.endswith",
        "unicode.find",
        "unicode.isdigit",
        "unicode.isspace",
        "unicode.rfind",
        "unicode.startswith",
    ],
    what: "Functions in C whose result is what a built-in object holds: while that and what they are asked for stay, so does the result.",
    measured: "Python 2.7's documentation of the built-in types",
    needed_by: "detect/tests/loops.rs::a_question_that_is_answered_alike_for_ever_is_no_progress",
};

/// Functions in C that ask.
pub const ASKING: Words = Words {
    rule: "hot-loop",
    name: "ASKING",
    words: &[
        "accept",
        "access",
        "acquire",
        "clock",
        "close",
        "connect",
        "connect_ex",
        "epoll_wait",
        "flock",
        "fstat",
        "get",
        "get_nowait",
        "getaddrinfo",
        "getattr",
        "hasattr",
        "isinstance",
        "kill",
        "len",
        "link",
        "listdir",
        "lockf",
        "lstat",
        "mkdir",
        "next",
        "open",
        "poll",
        "pop",
        "popleft",
        "read",
        "readinto",
        "readline",
        "recv",
        "recv_into",
        "recvfrom",
        "release",
        "rename",
        "select",
        "send",
        "sleep",
        "socket",
        "stat",
        "time",
        "unlink",
        "wait",
        "waitpid",
        "write",
    ],
    what: "Functions in C that ask whether something is there, or try: time spent in any other is work that shows in no \
           variable.",
    measured: "field cases: a retry loop spends its time in `connect` (hot_reconnect), a followed file in `readline` \
               (hot_eof_readline), an import in `execute` (cpu_sqlite)",
    needed_by: "detect/tests/loops.rs::counting_failures_is_no_progress",
};

/// Functions in C that try what their arguments name.
pub const TRYING: Words = Words {
    rule: "hot-loop",
    name: "TRYING",
    words: &[
        "access",
        "connect",
        "connect_ex",
        "getaddrinfo",
        "gethostbyname",
        "link",
        "listdir",
        "lstat",
        "mkdir",
        "open",
        "rename",
        "rmdir",
        "stat",
        "unlink",
    ],
    what: "Functions in C that try what their arguments name: with others each time, a failure is never the same again.",
    measured: "reason, not measured: a walk over ports or files that counts what it does not find gets on",
    needed_by: "detect/tests/loops.rs::a_walk_that_counts_what_it_misses_is_busy",
};

/// Functions in C that hand on what their arguments hold.
pub const WRITING: Words = Words {
    rule: "hot-loop",
    name: "WRITING",
    words: &["send", "sendall", "sendto", "write", "writelines", "writev"],
    what: "Functions in C that hand on what their arguments hold: where nothing fails, something else each time is work.",
    measured: "reason, not measured: a thread that writes numbered lines to a pipe which another thread reads",
    needed_by: "detect/tests/loops.rs::another_question_to_c_is_work_and_so_is_what_is_handed_on",
};

/// What is known of each list.
#[must_use]
pub fn rows() -> Vec<Row> {
    let all = [
        WEAK_TYPES,
        BOOKKEEPING,
        NAMELESS,
        CONTAINERS,
        CLASSES,
        RUNS_CODE,
        READY,
        TIMED,
        LIMITS,
        LIMIT_PARTS,
        PLAIN_IN_CYCLES,
        MAKES_ITSELF,
        ENDLESS_ITERATORS,
        CLOCKS,
        OUTSIDE_TYPES,
        OUTSIDE_FUNCTIONS,
        CLOCK_TYPES,
        PURE,
        ASKING,
        TRYING,
        WRITING,
        QUESTIONS,
    ];
    all.iter().map(Words::row).collect()
}

/// True for the name of a number that bounds a container: one of [`LIMITS`], by itself or with the container's name.
#[must_use]
pub fn is_limit(name: &str, attribute: &str) -> bool {
    let plain = |text: &str| text.trim_matches('_').to_ascii_lowercase().replace('_', "");
    let (name, attribute) = (plain(name), plain(attribute));
    if LIMITS.has(&name) {
        return true;
    }
    let beside = |rest: &str| LIMIT_PARTS.has(rest);
    !attribute.is_empty()
        && (name.strip_prefix(&attribute).is_some_and(beside) || name.strip_suffix(&attribute).is_some_and(beside))
}
