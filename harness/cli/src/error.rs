//! Why a command could not do its work, what to type about it, and by which code it exits.

use bloathound_driver::{EnvironmentError, HOW_TO_GET_ONE, PythonError, RunError};
use bloathound_engine::source::ExamineError;
use bloathound_scenario::{ScenarioErrors, UnknownScenario};

use crate::permission;

/// Why a command could not do its work, and by which code it exits.
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
    /// A process can't be examined.
    #[error("{}", explain(.0))]
    Examine(Box<ExamineError>),
    /// This machine or this process can't.
    #[error("{0}")]
    NotHere(String),
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
    /// A file can't be written or read.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        cause: String,
    },
}

impl From<ExamineError> for CliError {
    fn from(error: ExamineError) -> Self {
        Self::Examine(Box::new(error))
    }
}

impl CliError {
    /// The contract's exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Scenario(_) | Self::UnknownScenario(_) | Self::File { .. } => 2,
            Self::NoPython(_) | Self::Environment(_) | Self::Examine(_) | Self::NotHere(_) => 3,
            // Something broke that should not: neither a miss nor a pass.
            Self::Run { .. } => 1,
        }
    }

    /// For a file that can't be read or written.
    pub(crate) fn file(path: &std::path::Path, cause: impl std::fmt::Display) -> Self {
        Self::File { path: path.display().to_string(), cause: cause.to_string() }
    }
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
        ExamineError::Interpreter { .. } | ExamineError::Layout { .. } => vec![
            "bloathound reads CPython 2.7 (64-bit, release builds) on Linux; for Python 3 try py-spy or memray"
                .to_owned(),
        ],
    };
    let mut text = error.to_string();
    for hint in hints {
        text.push_str("\n  ");
        text.push_str(&hint);
    }
    text
}
