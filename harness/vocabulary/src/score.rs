//! How well bugs of a class are found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How well one class of bug is found. INVALID runs are counted and left out of everything else.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ScoreRecord {
    /// Of the bugs that were there, the share that was found; null when there was none.
    pub recall: Option<f64>,
    /// Lower end of the recall's Wilson interval, 95 %.
    pub recall_low: Option<f64>,
    /// Upper end.
    pub recall_high: Option<f64>,
    /// Of the findings, over buggy, fixed and negative runs, the share that is a bug; null when there was none.
    pub precision: Option<f64>,
    /// Of the bugs found, the share whose place is right; null when none was found.
    pub localisation: Option<f64>,
    /// Valid runs in which the class was looked for.
    pub runs: u64,
    /// Of these, runs in which no bug of the class was expected.
    pub clean_runs: u64,
    /// Runs left out because the bug did not happen.
    pub invalid_runs: u64,
    /// Bugs that were there.
    pub expected: u64,
    /// Bugs found.
    pub found: u64,
    /// Bugs found in the right place.
    pub localised: u64,
    /// Findings that no bug accounts for.
    pub false_alarms: u64,
}
