//! How well bugs of a class are found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How well one class of bug is found. INVALID runs are counted and left out of everything else.
///
/// A case is scored at four levels: planted, triggered (`expected`: the ledger says that it happened), found, and found
/// in the right place. Intervals are Wilson's, at 95 %.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ScoreRecord {
    /// Of the bugs that were there, the share that was found; null when there was none.
    pub recall: Option<f64>,
    /// Lower end of the recall's interval.
    pub recall_low: Option<f64>,
    /// Upper end.
    pub recall_high: Option<f64>,
    /// Of the findings, over buggy, fixed and negative runs, the share that is a bug; null when there was none.
    pub precision: Option<f64>,
    /// Of the bugs found, the share whose place is right; null when none was found.
    pub localisation: Option<f64>,
    /// Lower end of its interval.
    #[serde(default)]
    pub localisation_low: Option<f64>,
    /// Upper end.
    #[serde(default)]
    pub localisation_high: Option<f64>,
    /// Of the clean runs, the share with a finding of the class; null when there was none.
    #[serde(default)]
    pub false_alarm_rate: Option<f64>,
    /// Lower end of its interval.
    #[serde(default)]
    pub false_alarm_low: Option<f64>,
    /// Upper end.
    #[serde(default)]
    pub false_alarm_high: Option<f64>,
    /// Youden's index: recall less the rate of false alarms. 1 is perfect, 0 is a coin.
    #[serde(default)]
    pub youden: Option<f64>,
    /// Valid runs in which the class was looked for.
    pub runs: u64,
    /// Of these, runs in which no bug of the class was expected.
    pub clean_runs: u64,
    /// Of these, runs with a finding of the class all the same.
    #[serde(default)]
    pub alarmed_runs: u64,
    /// Runs left out because the bug did not happen.
    pub invalid_runs: u64,
    /// Bugs in the code of the cases, whether they happened or not.
    #[serde(default)]
    pub planted: u64,
    /// Bugs that were there: the ledger says so.
    pub expected: u64,
    /// Bugs found.
    pub found: u64,
    /// Bugs found in the right place.
    pub localised: u64,
    /// Findings that no bug accounts for.
    pub false_alarms: u64,
    /// Requests until the verdict stood, the median of the bugs found; null where no run says.
    #[serde(default)]
    pub requests_to_detection: Option<u64>,
    /// Looks until the verdict stood, the median.
    #[serde(default)]
    pub looks_to_detection: Option<u64>,
    /// Seconds until the verdict stood, the median.
    #[serde(default)]
    pub seconds_to_detection: Option<f64>,
}

/// A simple way to notice a bug, scored on the same cases: a rule that does not beat it has no right to be complicated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// Resident memory rises over the looks.
    RssSlope,
    /// Some type has more objects at every look than at any before, as `objgraph.show_growth` tells.
    GrowthByType,
    /// A thread uses a whole processor.
    BusyThread,
}

impl Baseline {
    /// All, in their order.
    pub const ALL: [Self; 3] = [Self::RssSlope, Self::GrowthByType, Self::BusyThread];

    /// As JSON has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RssSlope => "rss-slope",
            Self::GrowthByType => "growth-by-type",
            Self::BusyThread => "busy-thread",
        }
    }
}

/// What a baseline says of one run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BaselineRecord {
    /// Which.
    pub baseline: Baseline,
    /// Whether it would wake somebody up.
    pub alarm: bool,
    /// The figures it says so by.
    pub why: String,
}

/// How well a baseline tells runs with a bug of a class from runs without any.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BaselineScore {
    /// Which.
    pub baseline: Baseline,
    /// Of the runs with such a bug, the share with an alarm.
    pub recall: Option<f64>,
    /// Of the runs with no bug at all, the share with an alarm.
    pub false_alarm_rate: Option<f64>,
    /// Youden's index.
    pub youden: Option<f64>,
    /// Runs with a bug of the class that it could judge.
    pub expected: u64,
    /// Of these, with an alarm.
    pub found: u64,
    /// Runs without a bug in which the class was looked for, and that it could judge.
    pub clean_runs: u64,
    /// Of these, with an alarm.
    pub alarmed_runs: u64,
}

/// One look of a run, in figures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LookRecord {
    /// Requests answered by then, the warm-up's too.
    pub requests: u64,
    /// Since the first look; null in a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Resident bytes of the process.
    pub rss_bytes: u64,
    /// Objects on the heap.
    pub objects: u64,
    /// Their bytes.
    pub object_bytes: u64,
}

/// How much of a bug there was in a run that had one: what the heap grew by, a request.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DoseRecord {
    /// Objects more, a request.
    pub objects_per_request: f64,
    /// Bytes of objects more, a request.
    pub bytes_per_request: f64,
}

/// One point of dose and response: runs whose heap grew by about as much a request, and how many of them were found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DosePoint {
    /// From so many bytes a request on; the next point begins at twice as many.
    pub bytes_from: u64,
    /// Objects more a request, the median.
    pub objects_per_request: f64,
    /// Bytes more a request, the median.
    pub bytes_per_request: f64,
    /// Runs with a bug of growth.
    pub cases: u64,
    /// Found.
    pub found: u64,
    /// Lower end of the share's interval.
    pub found_low: f64,
    /// Upper end.
    pub found_high: f64,
    /// What each baseline that could judge them noticed of them.
    pub baselines: Vec<(Baseline, u64)>,
}
