//! Runs brought to be judged: from what the driver or a recording knows to what `score` takes.

mod driven;
pub(crate) mod replayed;

pub(crate) use driven::{broken, ledger, record};
