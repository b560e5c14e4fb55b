//! Why a service is not there, with its own last words.

use std::io;
use std::path::PathBuf;

/// Why a service is not there.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Its scratch folder or its pipes can't be made.
    #[error("can't prepare a folder for the service: {0}")]
    Scratch(#[source] io::Error),
    /// The program can't be started.
    #[error("can't start {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("the service `{name}` ended before it was ready ({status}){}", after(stderr))]
    EndedEarly {
        /// The service.
        name: String,
        /// Its exit status, in words.
        status: String,
        /// The end of its standard error.
        stderr: Vec<String>,
    },
    /// It isn't ready in time.
    #[error("the service `{name}` was not ready in {seconds:.1} s{}", after(stderr))]
    NotReady {
        /// The service.
        name: String,
        /// The deadline.
        seconds: f64,
        /// The end of its standard error.
        stderr: Vec<String>,
    },
    /// Its first line is not the handshake.
    #[error("the service `{name}` began with {line:?} and not with its handshake: {why}{}", after(stderr))]
    BadHandshake {
        /// The service.
        name: String,
        /// The line.
        line: String,
        /// What is wrong with it.
        why: String,
        /// The end of its standard error.
        stderr: Vec<String>,
    },
    /// It ended during the run.
    #[error("the service `{name}` ended during the run ({status}){}", after(stderr))]
    Died {
        /// The service.
        name: String,
        /// Its exit status, in words.
        status: String,
        /// The end of its standard error.
        stderr: Vec<String>,
    },
}

impl ServiceError {
    /// The end of what the service wrote to standard error.
    #[must_use]
    pub fn stderr(&self) -> &[String] {
        match self {
            Self::Scratch(_) | Self::Spawn { .. } => &[],
            Self::EndedEarly { stderr, .. }
            | Self::NotReady { stderr, .. }
            | Self::BadHandshake { stderr, .. }
            | Self::Died { stderr, .. } => stderr,
        }
    }

    /// Why, without what the service wrote.
    #[must_use]
    pub fn why(&self) -> String {
        let whole = self.to_string();
        whole.strip_suffix(&after(self.stderr())).map(str::to_owned).unwrap_or(whole)
    }
}

fn after(stderr: &[String]) -> String {
    if stderr.is_empty() {
        return "; it wrote nothing to standard error".to_owned();
    }
    let lines: Vec<String> = stderr.iter().map(|line| format!("\n  {line}")).collect();
    format!("; the last lines of its standard error:{}", lines.concat())
}
