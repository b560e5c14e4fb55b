//! What is kept of each look at one process, and how figures of several looks climb.

mod climb;
mod facts;

pub use climb::Climb;
pub use facts::{Amount, CollectorFacts, GarbageFacts, GenerationFacts, HeldFacts, LookFacts, MemoryFacts};

/// The values of one figure, look by look.
pub(crate) fn figures(looks: &[LookFacts], figure: impl Fn(&LookFacts) -> u64) -> Vec<u64> {
    looks.iter().map(figure).collect()
}

/// The looks that have an account of their memory, with it; none unless all have.
pub(crate) fn memories(looks: &[LookFacts]) -> Option<Vec<&MemoryFacts>> {
    looks.iter().map(|look| look.memory.as_ref()).collect()
}

/// An amount of bytes as people read it.
pub(crate) fn bytes_text(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        bytes if bytes >= 1 << 10 => format!("{:.1} KiB", bytes as f64 / f64::from(1 << 10)),
        bytes => format!("{bytes} bytes"),
    }
}
