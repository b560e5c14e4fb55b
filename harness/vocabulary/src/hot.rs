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

/// A line of source, and how often it was seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SourceLine {
    /// Its number in the file, from 1.
    pub number: u32,
    /// The line as it stands there, without its end.
    pub text: String,
    /// Samples in which the loop's function was at it.
    pub samples: u64,
}

/// The lines of a loop, out of the file that they came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SourceRecord {
    /// Fingerprint of the finding that they belong to.
    pub fingerprint: String,
    /// The file, as the code object names it.
    pub file: String,
    /// The function.
    pub function: String,
    /// The lines, ascending, without a gap.
    pub lines: Vec<SourceLine>,
    /// The file was written after the process had begun: the lines may read otherwise than what runs.
    pub changed_since_start: bool,
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
    /// The lines of the loops that were found, where their files can be read and are those that run.
    #[serde(default)]
    pub sources: Vec<SourceRecord>,
    /// Worth knowing, and no bug by itself.
    #[serde(default)]
    pub observations: Vec<ObservationRecord>,
    /// What could not be done or is not trusted.
    pub problems: Vec<Problem>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
}
