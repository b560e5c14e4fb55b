//! Starts services, drives load, runs rounds; emits events.
//!
//! From a machine with a Python 2.7 to a run: [`Search::find`] → [`Cache::prepare`] → [`Launcher`] →
//! [`run`], which calls the caller's [`Observer`] at each [`Moment`] and prints nothing.
//!
//! Beside it, and apart from it: [`examine`] and [`hot`] look into a process, [`memory_view`] says what its memory is used
//! for, [`recording`] and [`samples`] keep a look, [`kit`] talks to diagnostics that a service has built in.

mod death_signal;
mod disturbance;
mod environment;
mod error;
mod event;
pub mod examine;
pub mod hot;
mod http;
mod interpreter;
pub mod kit;
mod ledger;
mod load;
pub mod memory_view;
mod pip;
mod python;
pub mod recording;
mod redaction;
pub mod samples;
mod service;
mod session;
mod toggle;

pub use disturbance::Disturbance;
pub use environment::{Cache, Environment, EnvironmentError};
pub use error::RunError;
pub use event::{Events, RunEvent};
pub use http::HttpError;
pub use interpreter::{Interpreter, Rejection};
pub use ledger::{Ledger, LedgerError};
pub use load::{LoadError, LoadReport, Progress, Trigger, TriggerState, run_round};
pub use python::{FoundPython, HOW_TO_GET_ONE, Origin, PythonError, Search, Tried, VARIABLE};
pub use service::{Launch, Service, ServiceError, StopHow};
pub use session::{Launcher, Limits, Look, Looked, Moment, Observer, RunRecord, run};
pub use toggle::{PhaseReport, ToggleOutcome, TogglePhase};
