//! What `hot` tells: the stacks of a sampled process and what was found in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Finding, FrameRecord, ObservationRecord, Partial, Problem, TargetRecord, ToolRecord};

/// A stack that was seen in this many samples.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StackRecord {
    /// Samples.
    pub samples: u64,
    /// Innermost first.
    pub frames: Vec<FrameRecord>,
}

/// What `hot --json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HotReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// What was looked at.
    pub target: TargetRecord,
    /// Observed for this long.
    pub seconds: f64,
    /// Samples taken.
    pub samples: u64,
    /// Samples that were torn and thrown away.
    pub torn_samples: u64,
    /// CPU time over wall time.
    pub cpu_fraction: Option<f64>,
    /// Voluntary context switches meanwhile.
    pub voluntary_switches: Option<u64>,
    /// In a word or two: `event-loop-starved`, `busy`, `idle`, …
    pub verdict: String,
    /// Stacks, most samples first.
    pub stacks: Vec<StackRecord>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Worth knowing, and no bug by itself.
    #[serde(default)]
    pub observations: Vec<ObservationRecord>,
    /// What could not be done or is not trusted.
    pub problems: Vec<Problem>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
}
