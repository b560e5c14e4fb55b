//! Expected against found: what a run or a recorded run is worth.

mod expected;
pub(crate) mod replayed;
mod run;

pub(crate) use run::{broken, record};
