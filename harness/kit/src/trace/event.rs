//! One line of the trace pipe, parsed.

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum TraceKind {
    /// A function is entered.
    Call,
    /// A line is about to run.
    Line,
    /// A function is left.
    Return,
    /// An exception passes through a frame.
    Exception,
}

/// One event of one thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceEvent<'a> {
    /// What happened.
    pub kind: TraceKind,
    /// Microseconds since this reader came.
    pub at_us: u64,
    /// The thread, as Python's `thread.get_ident` names it.
    pub thread: u64,
    /// Line in the file.
    pub line: u32,
    /// The file as the code object names it.
    pub file: &'a str,
    /// The function.
    pub function: &'a str,
}

/// One line of the trace pipe; the format stands in `reference-services/diagnostics/tracing.py`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TraceLine<'a> {
    /// An event.
    Event(TraceEvent<'a>),
    /// What the service counted so far.
    Totals {
        /// Microseconds since this reader came.
        at_us: u64,
        /// Events seen by the trace functions.
        events: u64,
        /// Events that didn't fit into the pipe.
        dropped: u64,
    },
    /// Between two bursts of events nothing was traced.
    Rested {
        /// Microseconds since this reader came, at the end of the rest.
        at_us: u64,
        /// How long it was.
        rested_us: u64,
    },
    /// Threads that existed before tracing and were not reached so far.
    Untraced(u64),
    /// The opening line: the process.
    Opening {
        /// Its id.
        pid: i32,
    },
}

/// Reads one line; `None` for what is no line of the format (a line cut short among it).
#[must_use]
pub fn parse_trace_line(line: &str) -> Option<TraceLine<'_>> {
    if let Some(comment) = line.strip_prefix("# ") {
        let mut words = comment.split(' ');
        return match words.next()? {
            "untraced" => words.next()?.parse().ok().map(TraceLine::Untraced),
            "bloathound-trace" if words.next() == Some("1") && words.next() == Some("pid") => {
                words.next()?.parse().ok().map(|pid| TraceLine::Opening { pid })
            }
            _ => None,
        };
    }
    let mut fields = line.split('\t');
    let kind = match fields.next()? {
        "c" => TraceKind::Call,
        "l" => TraceKind::Line,
        "r" => TraceKind::Return,
        "e" => TraceKind::Exception,
        "p" => {
            let mut number = || fields.next()?.parse().ok();
            return Some(TraceLine::Rested { at_us: number()?, rested_us: number()? });
        }
        "s" => {
            let mut number = || fields.next()?.parse().ok();
            return Some(TraceLine::Totals { at_us: number()?, events: number()?, dropped: number()? });
        }
        _ => return None,
    };
    let event = TraceEvent {
        kind,
        at_us: fields.next()?.parse().ok()?,
        thread: fields.next()?.parse().ok()?,
        line: fields.next()?.parse().ok()?,
        file: fields.next()?,
        function: fields.next()?,
    };
    fields.next().is_none().then_some(TraceLine::Event(event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let event = parse_trace_line("l\t998106\t140404532071296\t12\t/srv/svc.py\trender_GET").unwrap();
        assert_eq!(
            event,
            TraceLine::Event(TraceEvent {
                kind: TraceKind::Line,
                at_us: 998_106,
                thread: 140_404_532_071_296,
                line: 12,
                file: "/srv/svc.py",
                function: "render_GET",
            })
        );
        assert_eq!(parse_trace_line("s\t10\t500\t32"), Some(TraceLine::Totals { at_us: 10, events: 500, dropped: 32 }));
        assert_eq!(parse_trace_line("p\t90\t70"), Some(TraceLine::Rested { at_us: 90, rested_us: 70 }));
        assert_eq!(parse_trace_line("# untraced 2"), Some(TraceLine::Untraced(2)));
        assert_eq!(parse_trace_line("# bloathound-trace 1 pid 77 service x"), Some(TraceLine::Opening { pid: 77 }));
    }

    #[test]
    fn what_is_no_line_is_nothing() {
        for line in ["", "l", "l\t1\t2\t3\tfile", "l\t1\t2\t3\tfile\tf\tmore", "x\t1", "l\t-1\t2\t3\tf\tf", "s\t1\t2"] {
            assert_eq!(parse_trace_line(line), None, "{line:?}");
        }
    }
}
