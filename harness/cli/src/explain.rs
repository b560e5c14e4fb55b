//! Errors of the engine, each with what the user can type about it and the code it exits by.

use bloathound_bounds::Room;
use bloathound_engine::SUPPORTED;
use bloathound_engine::looks::{ReplayError, SampleError, WhyError};
use bloathound_engine::record::{CaptureError, FileError, ReadRunError};
use bloathound_engine::source::{OpenFileError, SourceError};
use bloathound_memory::{CoreError, ElfError, RecordError, SealedError};

use crate::error::CliError;
use crate::typed;

/// The error of a file of samples, and what the user can do about it.
fn explain_samples(error: SealedError) -> CliError {
    let text = error.to_string();
    match error {
        SealedError::OtherVersion { .. } => {
            CliError::NotHere(format!("{text}\n  use the release of bloathound that wrote it"))
        }
        SealedError::Damaged { .. } => {
            let again = typed::command("hot PID --record FILE");
            CliError::Usage(format!("{text}\n  take it again with `{again}`"))
        }
        SealedError::OtherKind { .. } => {
            CliError::Usage(format!("{text}\n  `bloathound inspect` reads recorded images and ELF cores"))
        }
        SealedError::Io { .. } => CliError::Usage(text),
    }
}

/// The error, and what the user can do about it.
fn explain(error: OpenFileError) -> CliError {
    let text = error.to_string();
    match &error {
        OpenFileError::Recording(RecordError::TooLarge { .. })
        | OpenFileError::Core(CoreError::TooLarge { .. })
        | OpenFileError::NoRoom { .. } => CliError::NotHere(format!(
            "{text}\n  {}: read it where there is more, or raise the limit of the memory group",
            Room::now()
        )),
        OpenFileError::Recording(RecordError::OtherVersion { .. }) => {
            CliError::NotHere(format!("{text}\n  use the release of bloathound that wrote it"))
        }
        OpenFileError::Recording(RecordError::BadBase { .. }) => CliError::Usage(format!(
            "{text}\n  images of one run belong together in one folder: put them side by side, as `run --record` wrote them"
        )),
        OpenFileError::Recording(_) | OpenFileError::NoFacts { .. } => {
            let again = typed::command("capture PID -o FILE");
            CliError::Usage(format!("{text}\n  the file is damaged: take it again with `{again}`"))
        }
        OpenFileError::Core(CoreError::Elf { cause: ElfError::OtherMachine(_), .. }) => {
            CliError::NotHere(format!("{text}\n  bloathound reads {SUPPORTED} (64-bit x86, release builds)"))
        }
        OpenFileError::Core(_) => {
            CliError::Usage(format!("{text}\n  the file is damaged or no core: take it again with `gcore PID`"))
        }
        OpenFileError::Interpreter { .. } => CliError::NotHere(format!(
            "{text}\n  bloathound reads cores of {SUPPORTED} (64-bit, release builds); the interpreter's own files must be\n  on this machine at the paths they had, and of the same build"
        )),
        OpenFileError::Layout { problems, .. } => {
            let lacks: String = problems.iter().map(|problem| format!("\n  {problem}")).collect();
            CliError::NotHere(format!(
                "{text}{lacks}\n  the core may lack memory: take it with `gcore PID`, or write 0x3f to /proc/PID/coredump_filter and\n  lift `ulimit -c` before the crash"
            ))
        }
    }
}

impl From<FileError> for CliError {
    fn from(FileError { path, cause }: FileError) -> Self {
        Self::File { path, cause }
    }
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Examine(error) => error.into(),
            SourceError::File(error) => explain(error),
            SourceError::Kit(error) => error.into(),
            SourceError::NoTarget { .. }
            | SourceError::Samples { .. }
            | SourceError::EmptyDump { .. }
            | SourceError::NoHeap { .. } => Self::Usage(error.to_string()),
        }
    }
}

impl From<CaptureError> for CliError {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::Examine(error) => error.into(),
            CaptureError::Record(error) => Self::unwritten(error),
            CaptureError::Kit(error) => error.into(),
            CaptureError::File(error) => Self::Output { path: error.path, cause: error.cause },
            CaptureError::Stopped { stop } => Self::stopped(stop, error),
        }
    }
}

impl From<SampleError> for CliError {
    fn from(error: SampleError) -> Self {
        match error {
            SampleError::Examine(error) => error.into(),
            SampleError::Frames(error) => Self::NotHere(match error.is_of_a_series() {
                true => format!("{error}\n  `inspect`, `why`, `watch` and `diff` read its heap"),
                false => error.to_string(),
            }),
            SampleError::Read(error) => explain_samples(error),
            SampleError::NoFile { .. } => Self::Usage(error.to_string()),
        }
    }
}

impl From<WhyError> for CliError {
    fn from(error: WhyError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<ReplayError> for CliError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Image(error) => explain(error),
            ReplayError::Samples(error) => explain_samples(error),
            ReplayError::File(error) => error.into(),
        }
    }
}

impl From<ReadRunError> for CliError {
    fn from(error: ReadRunError) -> Self {
        match error {
            ReadRunError::NoRun { .. } => Self::Usage(error.to_string()),
            ReadRunError::File(error) => error.into(),
        }
    }
}
