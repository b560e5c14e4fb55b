//! What `watch` tells: looks one after another, and the types that grew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Finding, ObservationRecord, Partial, Problem, TargetRecord, TasksRecord, ToolRecord};

/// One round of `watch`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WatchRound {
    /// From 1.
    pub round: u64,
    /// Since the first look.
    pub seconds: f64,
    /// Objects.
    pub objects: u64,
    /// Their own bytes.
    pub bytes: u64,
    /// Resident memory.
    pub rss_bytes: Option<u64>,
    /// The target stood still for this long.
    pub pause_ms: Option<f64>,
    /// Processor seconds of the target since it started, by the kernel; null where that is not known.
    #[serde(default)]
    pub processor_seconds: Option<f64>,
}

/// What the program itself counts of its work, look by look.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CountedWork {
    /// The number as one types it, such as `service.requests_done`.
    pub expression: String,
    /// What it said in each round.
    pub values: Vec<u64>,
}

/// A type that grew, round by round.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GrowthRow {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Objects in each round.
    pub counts: Vec<u64>,
    /// Own bytes in each round.
    pub bytes: Vec<u64>,
    /// It grew in every round.
    pub every_round: bool,
}

/// What `watch --json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WatchReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// What was looked at.
    pub target: TargetRecord,
    /// Every look.
    pub rounds: Vec<WatchRound>,
    /// Types that grew, most bytes first.
    pub growth: Vec<GrowthRow>,
    /// Numbers by which the program counts its own work and that only rose, those that rose most first.
    #[serde(default)]
    pub counted: Vec<CountedWork>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Worth knowing, and no bug by itself.
    #[serde(default)]
    pub observations: Vec<ObservationRecord>,
    /// Tasks of event loops that were not done at the last look; null where the series has none.
    #[serde(default)]
    pub tasks: Option<TasksRecord>,
    /// How sure it is, in a sentence; null before there was enough to judge.
    #[serde(default)]
    pub sureness: Option<String>,
    /// What could not be done or is not trusted.
    pub problems: Vec<Problem>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
}
