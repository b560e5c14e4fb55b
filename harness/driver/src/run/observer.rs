//! Who looks at a service while a scenario runs.

use std::time::Duration;

use bloathound_engine::Look;

/// What an observer tells of a look; the findings it keeps to itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Each time the target was stopped.
    pub pauses: Vec<Duration>,
}

/// Looks at the running service from outside.
pub trait Observer {
    /// Takes a look. Always called on the thread that runs the scenario.
    ///
    /// # Errors
    /// Whatever keeps it from looking ends the run.
    fn observe(&mut self, pid: u32, look: &Look) -> Result<Looked, Box<dyn std::error::Error + Send + Sync>>;
}
