//! Clients of the diagnostics that a service has built in (`reference-services/diagnostics/`): the control socket,
//! the trace pipe, the manhole and the memory dump.
//!
//! This is the only room that lets a service do something to itself: each of these is the service's own code, switched
//! on by the service's own user, and says so in the service's audit log.

mod control;
mod dump;
mod error;
mod locate;
mod manhole;
mod peer;
mod stop;
mod trace;

pub use control::{ControlClient, Reply};
pub use dump::{Dump, DumpFacts};
pub use error::KitError;
pub use locate::{Card, KitTarget};
pub use manhole::{Credentials, ManholeAddress, ManholeCensusRow, ManholeClient, ManholeSession};
pub use peer::{PeerTrust, UnixRow, unix_sockets_of};
pub use stop::{ReportSignal, Stop, StopSignals, hold_back_size_signal, leave_terminal_stops_to_others, spawn_deaf};
pub use trace::{
    Blindness, FunctionRow, LineRow, LoopPlace, RepeatingSequence, TraceEvent, TraceKind, TraceLine, TraceLoop,
    TraceSession, TraceStep, TraceSummary, TraceTally, parse_trace_line,
};
