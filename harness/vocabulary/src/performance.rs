//! How fast we were, commit by commit: the lines of the history of performance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What figures hang on besides the code. Counts of different kinds are never compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct MachineKind {
    /// The kind of processor, as it calls itself; never the name of a machine.
    pub processor: String,
    /// The compiler's version.
    pub toolchain: String,
    /// valgrind's version; null where nothing was counted by it.
    pub valgrind: Option<String>,
    /// The C library and its version.
    pub libc: String,
}

/// What one stage took at one commit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// The commit, in full or as `git` shortens it; with `+` at its end where files differed from it.
    pub commit: String,
    /// The commit's day and time, UTC: `2026-11-27T04:00:00Z`.
    pub date: String,
    /// What was analysed: `generated 100k`, or the name of a recorded image.
    pub input: String,
    /// CRC-32 of the image as it lies on the disk: rows of other bytes are another series.
    pub input_hash: String,
    /// `decode`, `paths`, … or `inspect` for the whole command.
    pub stage: String,
    /// Objects in the heap.
    pub objects: u64,
    /// Instructions an object, or null.
    pub instructions: Option<f64>,
    /// Bytes an object on our heap at the peak, or null.
    pub bytes: Option<f64>,
    /// Allocations, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocations: Option<u64>,
    /// Wall time of the stage as a multiple of that of a fixed calculation in the same run, or null.
    pub wall_ratio: Option<f64>,
    /// Where it was measured.
    pub machine: MachineKind,
}

/// A deliberate change: the gate compares with rows from here on only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// The commit that made it.
    pub commit: String,
    /// When it was accepted, UTC.
    pub date: String,
    /// Of which input; null for all.
    pub input: Option<String>,
    /// Of which stage; null for all.
    pub stage: Option<String>,
    /// Why.
    pub reason: String,
}

/// A line of the history: what was measured, or what was accepted. Lines are added and never changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "line", rename_all = "lowercase")]
pub enum HistoryLine {
    /// What a stage took.
    Measured(Measurement),
    /// A deliberate change.
    Accepted(Acceptance),
}
