//! What can go wrong with a service's built-in diagnostics, in the user's words.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What can go wrong with a service's built-in diagnostics.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// There is no such process.
    #[error("there is no process {pid}")]
    NoProcess {
        /// The id asked for.
        pid: i32,
    },
    /// The process is another user's, or hidden.
    #[error("process {pid} can't be looked at ({source}); run as its user")]
    NotPermitted {
        /// The id asked for.
        pid: i32,
        /// What the kernel said.
        source: io::Error,
    },
    /// The process has no control socket.
    #[error("process {pid} has no diagnostics built in, or they were not asked for (service option --diagnostics DIR)")]
    NoDiagnostics {
        /// The id asked for.
        pid: i32,
    },
    /// The path given is no control socket.
    #[error("{path} is not a control socket that answers: {source}")]
    NoAnswerer {
        /// The path given.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Something that stands where the kit's things should be is not theirs.
    #[error("{path}: {reason}")]
    Unsafe {
        /// The file, pipe or socket.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another one listens than the one that is meant; nothing was sent to it.
    #[error(
        "{at}: {found}, and {meant} is meant; nothing was sent. Whoever listens there would get the password: \
         --trust-peer sends it all the same"
    )]
    Stranger {
        /// The socket, or address and port.
        at: String,
        /// Who listens, as far as the kernel tells.
        found: String,
        /// Who should.
        meant: String,
    },
    /// No answer in time.
    #[error("no answer to `{command}` within {waited:?}{hint}")]
    TimedOut {
        /// The command sent.
        command: String,
        /// How long was waited.
        waited: Duration,
        /// What to know about it.
        hint: &'static str,
    },
    /// The service refused the command.
    #[error("the service refused `{command}`: {reason}")]
    Refused {
        /// The command sent.
        command: String,
        /// The service's words.
        reason: String,
    },
    /// The answer is none.
    #[error("the answer to `{command}` can't be understood: {reason}")]
    BadAnswer {
        /// The command sent.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A memory dump is no dump of a version we know.
    #[error("{path}, line {line}: {reason}")]
    BadDump {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A memory dump needs more memory than there is.
    #[error("{path}, line {line}: the dump takes more than {} MiB of memory to read", .memory_bytes >> 20)]
    DumpTooLarge {
        /// The file.
        path: PathBuf,
        /// Line, from 1, at which it was given up.
        line: u64,
        /// How much it was allowed.
        memory_bytes: u64,
    },
    /// Somebody pressed Ctrl-C, or told us to end.
    #[error("interrupted")]
    Interrupted,
    /// Name and password for a manhole are missing or can't be used.
    #[error("{0}")]
    Credentials(String),
    /// The manhole didn't let us in or behaved unlike one.
    #[error("manhole: {0}")]
    Manhole(String),
}

impl KitError {
    /// For a step of the exchange that the system refused.
    #[must_use]
    pub fn io(what: impl Into<String>, source: io::Error) -> Self {
        Self::Io { what: what.into(), source }
    }

    pub(super) fn unsafe_path(path: &Path, reason: &'static str) -> Self {
        Self::Unsafe { path: path.to_owned(), reason }
    }
}
