//! What other programs read: the contract's JSON, harmless to a terminal.

mod compare;
mod merge;
mod scores;
mod write;

pub use bloathound_vocabulary::*;
pub use compare::{compare, outcome_of, outcome_with_toggle};
pub use merge::{Merged, merge, read_results};
pub use scores::{results, scores, wilson};
pub use write::to_json;
