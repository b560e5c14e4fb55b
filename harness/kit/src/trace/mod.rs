//! The trace pipe: its lines, what they come to, and switching it on for as long as somebody reads.

mod event;
mod repeats;
mod session;
mod summary;

pub use event::{TraceEvent, TraceKind, TraceLine, parse_trace_line};
pub use repeats::RepeatingSequence;
pub use session::{TraceSession, TraceStep};
pub use summary::{Blindness, FunctionRow, LineRow, LoopPlace, TraceLoop, TraceSummary, TraceTally};
