//! Clients of the diagnostics that a service has built in (`reference-services/diagnostics/`): the control socket,
//! the trace pipe, the manhole and the memory dump.
//!
//! This is the only room that lets a service do something to itself: each of these is the service's own code, switched
//! on by the service's own user, and says so in the service's audit log.

mod control;
mod dump;
mod dump_build;
mod error;
mod locate;
mod manhole;
mod manhole_door;
mod manhole_session;
mod manhole_stream;
mod stop;
mod terminal;
mod trace;
mod trace_event;
mod trace_loop;
mod trace_summary;

pub use control::{ControlClient, Reply};
pub use dump::{Dump, DumpFacts};
pub use error::KitError;
pub use locate::{Card, KitTarget};
pub use manhole::{CensusRow as ManholeCensusRow, ManholeClient};
pub use manhole_door::{Credentials, ManholeAddress};
pub use manhole_session::ManholeSession;
pub use stop::StopSignals;
pub use trace::{TraceSession, TraceStep};
pub use trace_event::{TraceEvent, TraceKind, TraceLine, parse_trace_line};
pub use trace_loop::RepeatingSequence;
pub use trace_summary::{Blindness, FunctionRow, LineRow, LoopPlace, TraceLoop, TraceSummary, TraceTally};
