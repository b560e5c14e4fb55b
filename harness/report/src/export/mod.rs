//! What was seen in the formats of other people's programs: profiles, heaps, findings and figures.
//!
//! Each is opened in a test by what people open it with (`ci/readers`).

mod heap_snapshot;
mod open_metrics;
mod pprof;
mod sarif;
mod speedscope;

pub use heap_snapshot::{HeapSnapshotFile, heap_snapshot};
pub use open_metrics::open_metrics;
pub use pprof::pprof;
pub use sarif::sarif;
pub use speedscope::speedscope;
