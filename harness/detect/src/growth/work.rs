//! What a process had done when it was looked at: the odometers by which growth is judged.

use crate::thresholds::fixed::{LEAST_MOVED_BYTES, LEAST_PROCESSOR_SECONDS, LEAST_SWITCHES};

/// Counters of a process at a look, since its start. What can't be read is left out.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Work {
    /// Requests of a load that counts them.
    pub requests: Option<u64>,
    /// Seconds on the clock, from any beginning.
    pub seconds: Option<f64>,
    /// Processor seconds, of all threads.
    pub processor_seconds: Option<f64>,
    /// Context switches that the threads asked for: each is a wait that came to an end.
    pub switches: Option<u64>,
    /// Bytes read and written, through sockets and files.
    pub moved_bytes: Option<u64>,
    /// Seconds since the process started.
    pub age_seconds: Option<f64>,
}

/// A count that rose from look to look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counter {
    /// The number as one types it.
    pub expression: String,
    /// What it said at each look.
    pub values: Vec<u64>,
}

/// By what growth is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Odometer {
    /// Requests that were counted.
    Requests,
    /// Processor time.
    Processor,
    /// Context switches.
    Switches,
    /// Bytes moved.
    Moved,
    /// The clock.
    Clock,
    /// A count that the program keeps itself: its place among those known.
    Counted(u8),
}

impl Odometer {
    /// All that the kernel or the load counts; where two fit as well the earlier is named.
    pub const ALL: [Self; 5] = [Self::Requests, Self::Moved, Self::Processor, Self::Switches, Self::Clock];

    /// What it counts, for a sentence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Processor => "processor time",
            Self::Switches => "the target's waits",
            Self::Moved => "bytes read and written",
            Self::Clock => "time",
            Self::Counted(_) => "a count of its own",
        }
    }

    /// What it showed.
    #[must_use]
    pub fn of(self, work: &Work) -> Option<f64> {
        match self {
            Self::Requests => work.requests.map(|count| count as f64),
            Self::Processor => work.processor_seconds,
            Self::Switches => work.switches.map(|count| count as f64),
            Self::Moved => work.moved_bytes.map(|bytes| bytes as f64),
            Self::Clock => work.seconds,
            Self::Counted(_) => None,
        }
    }

    /// Less than that in all says nothing: it is what looking and waiting cost, or the grain of the counter.
    fn least(self) -> f64 {
        match self {
            Self::Processor => LEAST_PROCESSOR_SECONDS,
            Self::Switches => LEAST_SWITCHES,
            Self::Moved => LEAST_MOVED_BYTES,
            Self::Requests | Self::Clock | Self::Counted(_) => f64::MIN_POSITIVE,
        }
    }

    /// What was done between looks, as shares of the whole; `None` where it can't be told or nothing moved.
    #[must_use]
    pub fn shares(self, looks: &[Work]) -> Option<Vec<f64>> {
        let shown: Vec<f64> = looks.iter().map(|work| self.of(work)).collect::<Option<_>>()?;
        let steps: Vec<f64> = shown.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect();
        let all: f64 = steps.iter().sum();
        (all >= self.least() && all.is_finite()).then(|| steps.iter().map(|step| step / all).collect())
    }
}
