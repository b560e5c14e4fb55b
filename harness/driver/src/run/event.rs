//! What happens during a run, for whoever shows it. The driver itself prints nothing.

use std::time::Duration;

use bloathound_engine::Moment;
use bloathound_scenario::Variant;

use super::phase::{PhaseReport, TogglePhase};
use crate::load::LoadReport;
use crate::python::EnvironmentEvent;
use crate::service::StopHow;

/// One thing that happened or starts to happen.
#[derive(Debug, Clone)]
pub enum RunEvent {
    /// A variant of a scenario starts.
    RunStarted {
        /// The scenario's name.
        scenario: String,
        /// The variant.
        variant: Variant,
    },
    /// Packages of its own are being made.
    Packages(EnvironmentEvent),
    /// The service answers.
    ServiceReady {
        /// Its process id.
        pid: u32,
        /// Its port on 127.0.0.1.
        port: u16,
    },
    /// Warm-up requests are being made.
    WarmingUp {
        /// How many.
        requests: u64,
    },
    /// A round of load starts.
    RoundStarted {
        /// From 1.
        round: u64,
        /// How many there will be.
        of: u64,
    },
    /// A round of load is over.
    RoundDone {
        /// From 1.
        round: u64,
        /// Its figures.
        load: LoadReport,
    },
    /// Waiting until the ledger says something.
    Waiting {
        /// What, in words.
        conditions: Vec<String>,
    },
    /// The trigger is sent.
    Triggered {
        /// Its path.
        path: String,
    },
    /// The observer is called.
    Looking {
        /// At which moment.
        moment: Moment,
    },
    /// The observer is back.
    Looked {
        /// At which moment.
        moment: Moment,
        /// How long it took.
        took: Duration,
        /// Pauses of the target in it.
        pauses: Vec<Duration>,
    },
    /// A phase of a toggle starts.
    TogglePhaseStarted {
        /// Which.
        phase: TogglePhase,
    },
    /// A phase of a toggle is over.
    TogglePhaseDone {
        /// Its figures.
        report: PhaseReport,
    },
    /// A round is made with a look in the middle of it, to see what the look costs.
    MeasuringDisturbance,
    /// The service is gone.
    ServiceStopped {
        /// How it ended.
        how: StopHow,
    },
}

/// Whoever wants to know what happens.
pub type Events<'e> = &'e mut dyn FnMut(RunEvent);
