//! What happens while an environment is made, for whoever shows it.

use std::path::PathBuf;
use std::time::Duration;

/// One thing that happened or starts to happen.
#[derive(Debug, Clone)]
pub enum EnvironmentEvent {
    /// Another run is making the environment; we wait for it.
    Awaited {
        /// Where it will be.
        dir: PathBuf,
    },
    /// What is there is not what was installed; it is taken away and made anew.
    Changed {
        /// Where it is.
        dir: PathBuf,
        /// What is different.
        why: String,
    },
    /// The environment is being made; this takes up to a minute.
    Building {
        /// Where it will be.
        dir: PathBuf,
        /// What goes into it, such as `Twisted==16.0.0`.
        packages: Vec<String>,
    },
    /// Packages are being downloaded, for other machines.
    Downloading {
        /// Which, such as `Twisted==16.0.0`.
        packages: Vec<String>,
    },
    /// A line of pip's output.
    Progress {
        /// The line.
        line: String,
    },
    /// The environment is made.
    Built {
        /// Where it is.
        dir: PathBuf,
        /// How long it took.
        took: Duration,
    },
}

/// Whoever wants to know what happens.
pub type EnvironmentEvents<'e> = &'e mut dyn FnMut(EnvironmentEvent);
