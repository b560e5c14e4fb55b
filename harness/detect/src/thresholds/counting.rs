//! Words by which a count that a program keeps of its own work is known.

use super::row::Row;
use super::words::Words;

/// What programs count of their work.
pub const COUNTS_WORK: Words = Words {
    rule: "growth",
    name: "COUNTS_WORK",
    words: &[
        "request",
        "requests",
        "served",
        "handled",
        "processed",
        "received",
        "sent",
        "message",
        "messages",
        "msgs",
        "call",
        "calls",
        "job",
        "jobs",
        "task",
        "tasks",
        "query",
        "queries",
        "command",
        "commands",
        "transaction",
        "transactions",
        "event",
        "events",
        "packet",
        "packets",
        "hit",
        "hits",
        "seq",
        "sequence",
        "ops",
        "operations",
        "accepted",
        "responses",
        "replies",
        "done",
        "finished",
        "completed",
    ],
    what: "Words, in the name of a number, that say that it counts work done.",
    measured: "reason, not measured: names of counters in Twisted, tornado, gunicorn, scrapy's statistics, statsd",
    needed_by: "detect/tests/counted.rs::a_programs_own_count_tells_a_leak_that_nothing_else_shows",
};

/// What is no count of work although it has such a word.
pub const COUNTS_STATE: Words = Words {
    rule: "growth",
    name: "COUNTS_STATE",
    words: &[
        "max",
        "maximum",
        "min",
        "limit",
        "size",
        "length",
        "pending",
        "queued",
        "waiting",
        "active",
        "open",
        "current",
        "live",
        "stored",
        "kept",
        "cached",
        "misses",
        "missed",
        "timeout",
        "interval",
        "delay",
        "id",
        "type",
        "version",
        "unfinished",
        "outstanding",
        "remaining",
        "inflight",
        "running",
        "idle",
        "backlog",
        "port",
        "level",
        "last",
        "next",
    ],
    what: "Words, in the name of a number, that say that it tells a state, a bound or what a cache took in.",
    measured: "reason, not measured: what a cache took in fills along with it, and comes to rest with it",
    needed_by: "detect/tests/counted.rs::a_count_of_what_is_kept_is_no_count_of_work",
};

/// What holds no number that is a count.
pub const HOLDS_NO_COUNT: Words = Words {
    rule: "growth",
    name: "HOLDS_NO_COUNT",
    words: &[
        "function",
        "code",
        "builtin_function_or_method",
        "instancemethod",
        "method_descriptor",
        "getset_descriptor",
        "member_descriptor",
        "wrapper_descriptor",
        "classmethod",
        "staticmethod",
        "property",
        "str",
        "unicode",
        "bool",
        "float",
        "NoneType",
    ],
    what: "Types of objects in which no count is looked for.",
    measured: "CPython 2.7: code, descriptors and values; modules lead everywhere and are looked at by themselves",
    needed_by: "detect/tests/counted.rs::counts_are_looked_for_within_bounds",
};

/// True for the name of a number that counts work: one of the words of [`COUNTS_WORK`] in it, and none of [`COUNTS_STATE`].
#[must_use]
pub fn counts_work(name: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    let mut lower_before = false;
    for c in name.chars() {
        let begins = c.is_uppercase() && lower_before;
        if begins || !c.is_alphanumeric() {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| c.is_alphanumeric()) {
            part.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    parts.iter().any(|part| COUNTS_WORK.has(part)) && !parts.iter().any(|part| COUNTS_STATE.has(part))
}

/// What is known of each list.
#[must_use]
pub fn rows() -> Vec<Row> {
    [COUNTS_WORK, COUNTS_STATE, HOLDS_NO_COUNT].iter().map(Words::row).collect()
}
