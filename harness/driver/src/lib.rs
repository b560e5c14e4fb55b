//! Starts services, drives load, runs rounds; emits events.
//!
//! From a machine with a Python 2.7 to a run: [`Search::find`] → [`Cache::prepare`] → [`Launcher`] → [`run()`], which
//! asks an [`Observer`] to look at each [`Moment`]: the engine, by way of [`EngineObserver`]. Nothing here prints, decodes
//! or judges.

mod check;
mod death_signal;
mod http;
mod ledger;
mod load;
mod python;
mod run;
mod service;

pub use bloathound_engine::{Look, Moment};
pub use bloathound_scenario::{PORT, Ready};
pub use check::{
    CheckError, CheckEvent, CheckLoad, CheckPlan, CheckTarget, Checked, CheckedProcess, FoundService, OwnRequest,
    RequestError, check, check_forecasts, find_service, of_scenario,
};
pub use http::{HttpError, ask};
pub use ledger::{Ledger, LedgerError};
pub use load::{LoadError, LoadReport, Progress, Trigger, TriggerState, run_round};
pub use python::{
    BuildError, Builder, Cache, Downloaded, Environment, EnvironmentError, EnvironmentEvent, EnvironmentEvents,
    FoundPython, HOW_TO_GET_A_3, HOW_TO_GET_ONE, Origin, PythonError, PythonProgram, Rejection, Search, Tried,
    VARIABLE, VARIABLE_3,
};
pub use run::{
    BrokenRun, Disturbance, DrivenRun, EngineObserver, Events, Launcher, Limits, Looked, Observer, PhaseReport,
    Recorded, RunError, RunEvent, ToggleOutcome, TogglePhase, run,
};
pub use service::{Launch, OwnCommand, Service, ServiceError, StopHow};
