//! Why a command could not do its work, and what its user is told of it. By which code it exits, `exit.rs` says.

use std::io;
use std::path::Path;

use bloathound_driver::{BuildError, CheckError, EnvironmentError, HOW_TO_GET_ONE, PythonError, RunError};
use bloathound_engine::looks::WatchError;
use bloathound_engine::source::ExamineError;
use bloathound_engine::{SUPPORTED, Stop};
use bloathound_kit::KitError;
use bloathound_scenario::{ScenarioErrors, UnknownScenario};

use crate::permission;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Wrong usage.
    #[error("{0}")]
    Usage(String),
    /// A scenario file is refused.
    #[error("{0}")]
    Scenario(#[from] ScenarioErrors),
    /// No scenario of that name.
    #[error("{0}")]
    UnknownScenario(#[from] UnknownScenario),
    /// No Python 2.7.
    #[error("{}", no_python(.0))]
    NoPython(#[from] PythonError),
    /// The services' packages could not be installed.
    #[error("{0}")]
    Environment(#[from] EnvironmentError),
    /// No Python 2.7 could be made.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// A process can't be examined.
    #[error("{}", explain(.0))]
    Examine(Box<ExamineError>),
    /// A service of the user's own can't be checked.
    #[error("{0}")]
    Check(Box<CheckError>),
    /// This machine or this process can't.
    #[error("{0}")]
    NotHere(String),
    /// A measurement could not be made: what measures is broken, not this machine.
    #[error("{0}")]
    NotMeasured(String),
    /// A run broke off.
    #[error("{scenario}, {variant}: {source}")]
    Run {
        /// Which scenario.
        scenario: String,
        /// Which twin.
        variant: String,
        /// Why.
        source: Box<RunError>,
    },
    /// A service's own diagnostics, or a dump they made.
    #[error("{}", explain_kit(.0))]
    Kit(Box<KitError>),
    /// A file can't be read.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        cause: String,
    },
    /// An output can't be written.
    #[error("{path}: {cause}")]
    Output {
        /// Which file, or stdout.
        path: String,
        /// Why.
        cause: String,
    },
    /// Somebody wanted us to end before there was anything to keep.
    #[error("{said}")]
    Stopped {
        /// Who.
        stop: Stop,
        /// What that means for the result.
        said: String,
    },
    /// An output can't be written; the text names it.
    #[error("{0}")]
    Unwritten(String),
    /// Whoever read our output has had enough, as `head` does: nothing to tell, and no failure.
    #[error("nobody reads the output any more")]
    ReaderGone,
}

impl From<bloathound_lab::LabError> for CliError {
    fn from(error: bloathound_lab::LabError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<WatchError> for CliError {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Examine(error) => error.into(),
            WatchError::Image(error) => Self::Usage(error.to_string()),
            WatchError::File(error) => Self::Usage(error.to_string()),
        }
    }
}

impl From<ExamineError> for CliError {
    fn from(error: ExamineError) -> Self {
        Self::Examine(Box::new(error))
    }
}

impl From<CheckError> for CliError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Examine(error) => error.into(),
            CheckError::Watch(error) => error.into(),
            CheckError::Sample(error) => error.into(),
            CheckError::NoPython { .. } => Self::NotHere(error.to_string()),
            CheckError::NoPort => Self::Usage(error.to_string()),
            CheckError::Service(_) | CheckError::Load(_) => Self::Check(Box::new(error)),
        }
    }
}

impl From<KitError> for CliError {
    fn from(error: KitError) -> Self {
        Self::Kit(Box::new(error))
    }
}

impl CliError {
    /// For a file that can't be read.
    pub(crate) fn file(path: &Path, cause: impl std::fmt::Display) -> Self {
        Self::File { path: path.display().to_string(), cause: cause.to_string() }
    }

    /// For an output that can't be written.
    pub(crate) fn output(path: &Path, cause: impl std::fmt::Display) -> Self {
        Self::Output { path: path.display().to_string(), cause: cause.to_string() }
    }

    /// For work that was ended early.
    pub(crate) fn stopped(stop: Stop, said: impl std::fmt::Display) -> Self {
        Self::Stopped { stop, said: said.to_string() }
    }

    /// For an output whose error names its file.
    pub(crate) fn unwritten(error: impl std::fmt::Display) -> Self {
        Self::Unwritten(error.to_string())
    }

    /// For results that can't be written to stdout.
    pub(crate) fn stdout(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::output(Path::new("stdout"), cause),
        }
    }
}

/// The error, and what the user can do about it.
fn explain_kit(error: &KitError) -> String {
    let hint = match error {
        KitError::BadDump { .. } => "\n  the dump is damaged: take it again",
        KitError::DumpTooLarge { .. } => "\n  read it on a machine with more memory",
        KitError::NoDiagnostics { .. } => {
            "\n  a manhole of the service's own is named manhole:SOCKET or manhole:127.0.0.1:PORT"
        }
        _ => "",
    };
    format!("{error}{hint}")
}

fn no_python(error: &PythonError) -> String {
    let text = error.to_string();
    // The error of a search names the ways itself; that of a configured interpreter does not.
    if text.contains("pyenv install") { text } else { format!("{text}\n{HOW_TO_GET_ONE}") }
}

/// The error, and what the user can do about it.
fn explain(error: &ExamineError) -> String {
    let hints = match error {
        ExamineError::Live(live) => permission::live_hints(live),
        ExamineError::Interpreter { .. } | ExamineError::Layout { .. } => vec![format!(
            "bloathound reads {SUPPORTED} (64-bit, release builds) on Linux; for others try py-spy or memray"
        )],
    };
    let mut text = error.to_string();
    for hint in hints {
        text.push_str("\n  ");
        text.push_str(&hint);
    }
    text
}
