//! Why something could not be opened. What to type then is the caller's to say.

use bloathound_bounds::{Room, in_words};
use bloathound_cpython::{InterpreterError, LocateError};
use bloathound_kit::KitError;
use bloathound_memory::{CoreError, CoreProblem, RecordError};

use super::live::ExamineError;

/// Why a target could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A process that can't be examined.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// A recorded image or a core that can't be read.
    #[error(transparent)]
    File(#[from] OpenFileError),
    /// A dump that can't be read, or a manhole that does not give one.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// Neither a process id nor a file of a known kind.
    #[error("{path}: {what}; meant a process id, a recorded image, an ELF core, a memory dump or manhole:ADDRESS")]
    NoTarget {
        /// What was named.
        path: String,
        /// What it is instead.
        what: String,
    },
    /// Recorded samples, which hold no memory.
    #[error("{path}: these are samples, no memory: judge them with `bloathound hot {path}`")]
    Samples {
        /// The file.
        path: String,
    },
    /// A dump without any object.
    #[error("{target}: no object is in this dump")]
    EmptyDump {
        /// The file or manhole.
        target: String,
    },
    /// A file that lacks so much that nothing of the heap could be told.
    #[error("{target}: nothing of the heap is in this file\n  {}", problems.join("\n  "))]
    NoHeap {
        /// The file.
        target: String,
        /// What is missing in it.
        problems: Vec<String>,
    },
}

/// Why a file could not be turned into an examined process.
#[derive(Debug, thiserror::Error)]
pub enum OpenFileError {
    /// It is no recorded image, or damaged beyond use.
    #[error(transparent)]
    Recording(#[from] RecordError),
    /// A recorded image whose manifest lacks what the decoder needs.
    #[error("{path}: the manifest does not say where the interpreter's data is")]
    NoFacts {
        /// The file.
        path: String,
    },
    /// To analyse it takes more memory than there is.
    #[error("{path}: to analyse it takes {} of memory; {room}", in_words(*.needed))]
    NoRoom {
        /// The file.
        path: String,
        /// Bytes it takes.
        needed: u64,
        /// What there is, and who says so.
        room: Room,
    },
    /// It is no core, or damaged beyond use.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// No CPython 2.7 in the core.
    #[error("{path}: {source}")]
    Interpreter {
        /// The core.
        path: String,
        /// What was found instead.
        #[source]
        source: InterpreterError,
    },
    /// An interpreter whose data is not as it must be, or not in the core.
    #[error("{path}: {source}")]
    Layout {
        /// The core.
        path: String,
        /// What is not as it must be.
        #[source]
        source: LocateError,
        /// What the core lacks.
        problems: Vec<CoreProblem>,
    },
}
