//! When of a run a look is taken.

use std::time::Duration;

/// When a look is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The fresh process, before any request of the load.
    Fresh,
    /// After the warm-up (`round` 0) and after each round of load.
    Round {
        /// 0 to `of`.
        round: u64,
        /// Rounds there will be.
        of: u64,
    },
    /// One look after the load.
    Inspect,
    /// Sample for this long; the service is working meanwhile, or stuck.
    Hot {
        /// How long.
        duration: Duration,
    },
    /// The same work as at the last look, while load is running; its findings don't count.
    UnderLoad,
}

/// One look of a run, as whoever looks is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub moment: Moment,
    /// Requests of warm-up and load answered since the service started.
    pub requests: u64,
    /// Those of them since the look before, or since the start.
    pub requests_since: u64,
}
