//! What runs are worth: expected held against found, the outcome, scores with their intervals, results joined.
//!
//! Pure: it takes records and scenarios and gives records back. Nothing is printed and no file is read. What is decided of
//! a run is decided here; how it is shown is `report`'s, and which exit code it is `cli`'s.

mod baselines;
mod compare;
mod dose;
mod error;
mod expected;
mod floors;
mod known;
mod merge;
mod run;
#[cfg(test)]
mod samples;
mod scores;
mod shares;

pub use baselines::{BaselineFacts, baseline_scores, baselines};
pub use compare::{compare, outcome_of, outcome_of_all, outcome_with_toggle};
pub use dose::{dose, dose_response};
pub use error::ScoreError;
pub use expected::{held_against, mismatches};
pub use floors::{BelowFloor, Floor, Floors};
pub use known::{Accepted, Sorted, let_be};
pub use merge::{Merged, merge, read_results};
pub use run::{IGNORED, Made, Recorded, record, replayed, toggle_mismatches};
pub use scores::{results, scores};
pub use shares::wilson;
