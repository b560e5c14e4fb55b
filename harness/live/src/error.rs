//! What keeps a process from being read, each with what to know about it.

use std::fmt;
use std::io;
use std::time::Duration;

use bloathound_bounds::{Room, in_words};

use crate::access::NoAccess;

/// What memory is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The copy.
    Copy,
    /// Its objects, once it is there.
    Analyse,
}

impl fmt::Display for Work {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Copy => "copy",
            Self::Analyse => "analyse the copy of",
        })
    }
}

/// What went wrong with a live target.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// No process of that id, or it ended meanwhile.
    #[error("process {pid} is gone")]
    Gone {
        /// Process id.
        pid: u32,
    },
    /// The process ended and another one got its id.
    #[error("process {pid} ended and its id was given to another process")]
    Reused {
        /// Process id.
        pid: u32,
    },
    /// It has ended and only waits for its parent to take note.
    #[error("process {pid} is a zombie: it has ended already")]
    Zombie {
        /// Process id.
        pid: u32,
    },
    /// A kernel thread has no memory of its own.
    #[error("process {pid} is a kernel thread: it has no memory of its own")]
    KernelThread {
        /// Process id.
        pid: u32,
    },
    /// The operating system does not let us.
    #[error("process {pid} may not be read: {}", .access.reason())]
    NoPermission {
        /// Process id.
        pid: u32,
        /// What is known about why.
        access: Box<NoAccess>,
    },
    /// A debugger or another capture has it.
    #[error("process {pid} is already traced by process {tracer}; only one tracer is possible")]
    AlreadyTraced {
        /// Process id.
        pid: u32,
        /// Process id of the tracer.
        tracer: u32,
    },
    /// A 32-bit process, another processor, or no ELF file at all.
    #[error("{executable} (process {pid}) {cause}")]
    Unsupported {
        /// Process id.
        pid: u32,
        /// Path of the executable.
        executable: String,
        /// What it is.
        cause: bloathound_memory::ElfError,
    },
    /// A thread did not stop within the budget; all threads were let go.
    #[error("thread {tid} of process {pid} did not stop within {waited:?}; the process was let go")]
    DidNotStop {
        /// Process id.
        pid: u32,
        /// Thread id.
        tid: u32,
        /// Time waited.
        waited: Duration,
    },
    /// The pause budget was used up before the copy was complete; the target was let go.
    #[error(
        "the pause budget of {budget:?} was used up after {copied_bytes} of {planned_bytes} bytes; the process was let go"
    )]
    PauseBudget {
        /// The budget.
        budget: Duration,
        /// How long it really was stopped.
        paused: Duration,
        /// Bytes copied by then.
        copied_bytes: u64,
        /// Bytes there were to copy.
        planned_bytes: u64,
    },
    /// A thread waits where a stop shows as an error, and is not known to expect that.
    #[error(
        "thread {tid} of process {pid} waits in {call} {place}, which would see the stop as EINTR; \
         nothing shows that the program expects that, so it was not stopped"
    )]
    WouldInterrupt {
        /// Process id.
        pid: u32,
        /// Thread id.
        tid: u32,
        /// The system call it waits in.
        call: &'static str,
        /// Where in the program, such as `at FILE:LINE FUNCTION`.
        place: String,
    },
    /// Everybody else comes first, the pause would last accordingly, and we may not change that.
    #[error(
        "to copy {bytes} bytes, process {pid} would stand still for about {:.1} s: our priority is below its own and \
         can't be raised, and we get {share_percent:.0} % of a processor; it was not stopped",
        .predicted.as_secs_f64()
    )]
    TooLowPriority {
        /// Process id.
        pid: u32,
        /// How long the pause would be.
        predicted: Duration,
        /// Bytes to copy.
        bytes: u64,
        /// Of one processor, what we get.
        share_percent: f64,
    },
    /// The pause would be longer than what was asked for; nobody was stopped.
    #[error(
        "process {pid} would stand still for about {:.0} ms, with {bytes} bytes to copy at {bytes_per_second:.0} a second, and {:.0} ms \
         are allowed; it never slept meanwhile and was not stopped",
        .predicted.as_secs_f64() * 1e3,
        .budget.as_secs_f64() * 1e3
    )]
    PauseTooLong {
        /// Process id.
        pid: u32,
        /// How long the pause would be.
        predicted: Duration,
        /// How long it may be.
        budget: Duration,
        /// Bytes to copy.
        bytes: u64,
        /// How fast copying is, measured.
        bytes_per_second: f64,
    },
    /// The process that held the pause was ended from outside; the target was let go by that.
    #[error("the process that held process {pid} still was ended in the middle of it; process {pid} runs on")]
    HolderLost {
        /// Process id of the target.
        pid: u32,
    },
    /// Every stop fell into a moment that was no use (a collection was running).
    #[error("all {tries} stops of process {pid} fell into an unusable moment ({reason})")]
    NeverAcceptable {
        /// Process id.
        pid: u32,
        /// Stops made.
        tries: u32,
        /// What the last one was refused for.
        reason: String,
    },
    /// Looking at it would take more memory than there is.
    #[error("to {work} process {pid} takes {} of memory; {room}", in_words(*.needed))]
    TooLarge {
        /// Process id.
        pid: u32,
        /// What for.
        work: Work,
        /// Bytes it takes.
        needed: u64,
        /// What there is, and who says so.
        room: Room,
    },
    /// A file under `/proc` that the kernel should have could not be read.
    #[error("reading {path}: {cause}")]
    Procfs {
        /// The file.
        path: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A file under `/proc` does not look as it should.
    #[error("{path} has an unexpected form: {what}")]
    Malformed {
        /// The file.
        path: String,
        /// What is missing or wrong.
        what: &'static str,
    },
    /// A system call failed in a way that has no name here.
    #[error("{call} on process {pid}: {cause}")]
    System {
        /// Process id.
        pid: u32,
        /// The system call.
        call: &'static str,
        /// What the system said.
        cause: io::Error,
    },
}
