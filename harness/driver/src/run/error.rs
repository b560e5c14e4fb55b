//! Why a run could not be made.

use bloathound_engine::Stop;
use bloathound_scenario::Variant;

use crate::http::HttpError;
use crate::ledger::LedgerError;
use crate::load::LoadError;
use crate::python::EnvironmentError;
use crate::service::ServiceError;

/// A run that could not be made, with what its service said at last.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct BrokenRun {
    /// Why.
    #[source]
    pub error: RunError,
    /// The last lines of the service's standard error; none where it never began.
    pub stderr_tail: Vec<String>,
}

impl BrokenRun {
    /// Why, in a sentence without what the service wrote.
    #[must_use]
    pub fn why(&self) -> String {
        match &self.error {
            RunError::Service(error) => error.why(),
            error => error.to_string(),
        }
    }
}

impl From<ServiceError> for BrokenRun {
    fn from(error: ServiceError) -> Self {
        Self { stderr_tail: error.stderr().to_vec(), error: error.into() }
    }
}

/// Why a run could not be made. A bug that didn't happen is not among these: it makes a run invalid.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario has no such variant.
    #[error("the scenario `{scenario}` has no {variant} variant")]
    NoSuchVariant {
        /// The scenario's name.
        scenario: String,
        /// The variant asked for.
        variant: Variant,
    },
    /// Its packages aren't there.
    #[error(transparent)]
    Packages(#[from] EnvironmentError),
    /// The service isn't there, or not any more.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A round failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The ledger can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The service doesn't answer one of the driver's own requests.
    #[error("the service doesn't answer {path}: {source}")]
    NoAnswer {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: HttpError,
    },
    /// Somebody wanted us to end.
    #[error("ended by {}", stop.as_str())]
    Stopped {
        /// Who.
        stop: Stop,
    },
    /// A trigger was to be sent and the scenario has none.
    #[error("the scenario has no trigger to send")]
    NoTrigger,
    /// The observer failed; its own error is the source.
    #[error("{source}")]
    Observer {
        /// The observer's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
