//! A service's own diagnostics, and what switching one tells: one table, by which scenarios ask, the driver tells, scores
//! compare and reports read.

use crate::words::words;

words! {
    /// One of the diagnostics that a service has built in.
    Toggled {
        /// Debug logging of all loggers.
        DebugLog = "debug-log";
        /// The manhole, with somebody logged in.
        Manhole = "manhole";
        /// Tracing.
        Trace = "trace";
        /// A memory dump: made while on, nothing to switch off.
        Dump = "dump";
    }
}

impl Toggled {
    /// What switching it may tell, in the order of the table.
    pub fn facts(self) -> impl Iterator<Item = ToggleFact> {
        ToggleFact::ALL.into_iter().filter(move |fact| fact.of().is_none_or(|of| of == self))
    }
}

/// Declares what is told: each fact once, with its name and which diagnostic tells it; without one, every.
macro_rules! toggle_facts {
    ($($of:expr => { $($(#[$about:meta])* $fact:ident = $name:literal,)* })*) => {
        /// What switching a diagnostic tells, as records and scenarios name it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ToggleFact {
            $($($(#[$about])* $fact,)*)*
        }

        impl ToggleFact {
            /// All of them.
            pub const ALL: [Self; [$($($name,)*)*].len()] = [$($(Self::$fact,)*)*];

            /// The name in records and scenarios.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$fact => $name,)*)*
                }
            }

            /// Which diagnostic tells it; `None` for what every one does.
            #[must_use]
            pub const fn of(self) -> Option<Toggled> {
                match self {
                    $($(Self::$fact => $of,)*)*
                }
            }
        }
    };
}

toggle_facts! {
    Some(Toggled::DebugLog) => {
        /// Lines in the log's file.
        LinesWritten = "lines_written",
        /// Whether the query of a request, a text from outside, got into it.
        QueryLogged = "query_logged",
    }
    Some(Toggled::Manhole) => {
        /// Whether a guess did not let in.
        WrongPasswordRefused = "wrong_password_refused",
        /// Types in the census that it took inside.
        TypesCounted = "types_counted",
        /// Logins that the service's audit has.
        LoginsAudited = "logins_audited",
        /// Logins that failed, by the audit.
        FailedLoginsAudited = "failed_logins_audited",
        /// Commands that the audit has.
        CommandsAudited = "commands_audited",
        /// Whether the audit says the password.
        PasswordAudited = "password_audited",
    }
    Some(Toggled::Trace) => {
        /// Events that were read.
        EventsRead = "events_read",
        /// Events that nobody read in time.
        EventsDropped = "events_dropped",
        /// Readers that got events.
        Readers = "readers",
        /// Most threads that were traced at once.
        ThreadsTraced = "threads_traced",
        /// Threads that could not be.
        UntracedThreads = "untraced_threads",
        /// What the trace could not see, a word each.
        NotSeen = "not_seen",
        /// Whether the reactor answered.
        ReactorAnswers = "reactor_answers",
        /// Whether the manhole let in.
        ManholeAnswers = "manhole_answers",
        /// Whether tracing was begun by a signal's handler.
        BySignal = "by_signal",
        /// Whether a loop was recognised.
        LoopSeen = "loop_seen",
        /// Its file.
        LoopFile = "loop_file",
        /// Its function.
        LoopFunction = "loop_function",
        /// Its first line.
        LoopLineFirst = "loop_line_first",
        /// Its last line.
        LoopLineLast = "loop_line_last",
        /// Whether functions are called in it.
        LoopHasCalls = "loop_has_calls",
    }
    Some(Toggled::Dump) => {
        /// Objects in the dump.
        Objects = "objects",
        /// Its file's length.
        Bytes = "bytes",
        /// Whether it has its last line.
        Whole = "whole",
        /// Its file's permissions, four octal digits.
        Mode = "mode",
    }
    None => {
        /// Throughput while it is on, as a share of that before.
        OnThroughputRatio = "on_throughput_ratio",
        /// Throughput when it is off again, as a share of that before.
        OffAgainThroughputRatio = "off_again_throughput_ratio",
        /// 99th percentile of the latency while it is on, as a multiple of that before.
        OnP99Ratio = "on_p99_ratio",
        /// 99th percentile of the latency when it is off again, as a multiple of that before.
        OffAgainP99Ratio = "off_again_p99_ratio",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_name_of_its_own_and_somebody_who_tells_it() {
        let names: std::collections::BTreeSet<&str> = ToggleFact::ALL.iter().map(|fact| fact.as_str()).collect();
        assert_eq!(names.len(), ToggleFact::ALL.len());
        let names = |what: Toggled| what.facts().map(ToggleFact::as_str).collect::<Vec<_>>();
        assert_eq!(
            names(Toggled::Dump),
            [
                "objects",
                "bytes",
                "whole",
                "mode",
                "on_throughput_ratio",
                "off_again_throughput_ratio",
                "on_p99_ratio",
                "off_again_p99_ratio"
            ]
        );
    }
}
